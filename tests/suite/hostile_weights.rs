//! Bytes that are no weights: an error that says why, whatever they are, and the verdict of the format's own library.
#![cfg(all(feature = "train", feature = "files"))]

use axonal::prelude::*;
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

// It has no tensors: all that are in a sound file are said to be too many.
network! { struct Nothing<input 3 => relu>; }

network! { struct Net<input 3 => dense 2>; }

/// A header, and so many bytes behind it.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// What is wrong with a file, if it is no sound one.
fn flaw(bytes: &[u8]) -> Option<String> {
    let error = Nothing::zeros().load_bytes(bytes).err()?.to_string();
    let flaw = error.strip_prefix("weights, header: expected a safetensors file, found ");
    flaw.map(str::to_owned)
}

const TENSOR: &str = r#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#;

#[test]
fn a_sound_header_however_it_is_written() {
    for (header, data) in [
        (r#"{}"#, 0),
        ("{}    ", 0),
        (" { } ", 0),
        (r#"{"__metadata__":null}"#, 0),
        (r#"{"__metadata__":{}}"#, 0),
        (r#"{"__metadata__":{"format":"pt","\"{":"}\u00e9\ud83e\udd80"}}"#, 0),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8),
        (r#"{"a":{"shape":[2],"data_offsets":[0,8],"dtype":"F32"},"__metadata__":{"a":"b"}}"#, 8),
        (
            " {\n\t\"a\" : { \"dtype\" : \"F32\" , \"shape\" : [ 1 , 2 ] , \"data_offsets\" : [ 0 , 8 ] } }\r\n",
            8,
        ),
        (r#"{"a":{"d\u0074ype":"F32","shape":[],"data_offsets":[0,4]}}"#, 4),
        (r#"{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}"#, 2),
        (r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, 0),
        // Not in the order of the data.
        (
            r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[5,8]},"b":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}"#,
            8,
        ),
    ] {
        let bytes = file(header, data);
        SafeTensors::deserialize(&bytes).unwrap_or_else(|error| panic!("{header}: {error}"));
        assert_eq!(flaw(&bytes), None, "{header}");
    }
}

#[test]
fn what_can_be_wrong_with_a_header() {
    let huge = u64::MAX;
    let deep = "[".repeat(100_000);
    for (header, data, expected) in [
        ("", 0, "no `{` at the beginning of the header (byte 8)"),
        ("[]", 0, "no `{` at the beginning of the header (byte 8)"),
        ("{", 0, "no string where one belongs (byte 9)"),
        ("{,}", 0, "no string where one belongs (byte 9)"),
        ("{} {}", 0, "something behind the end of the header's JSON (byte 11)"),
        ("{'a':1}", 0, "no string where one belongs (byte 9)"),
        (r#"{"a"}"#, 0, "no `:` behind a name (byte 12)"),
        (r#"{"a":1}"#, 0, "no `{` at the beginning of a tensor (byte 13)"),
        (r#"{"a":{}}"#, 0, "no string where one belongs (byte 14)"),
        (&format!(r#"{{"a":{{{TENSOR},}}}}"#), 8, "no string where one belongs (byte 61)"),
        (&format!(r#"{{"a":{{{TENSOR}}},}}"#), 8, "no string where one belongs (byte 62)"),
        (&format!(r#"{{"a":{{{TENSOR}}}"#), 8, "no `,` or `}` behind a tensor (byte 61)"),
        (&format!(r#"{{"a":{{{TENSOR}"#), 8, "no `,` or `}` in a tensor (byte 60)"),
        (&format!(r#"{{"a":{{{TENSOR}}} "b""#), 8, "no `,` or `}` behind a tensor (byte 62)"),
        ("{\"a", 0, "a string without an end (byte 11)"),
        ("{\"a\n\":", 0, "a control character in a string (byte 11)"),
        (r#"{"\x":1}"#, 0, "a wrong escape in a string (byte 10)"),
        (r#"{"\ud800":1}"#, 0, "a wrong escape in a string (byte 10)"),
        (r#"{"\ud800\u0041":1}"#, 0, "a wrong escape in a string (byte 10)"),
        (r#"{"\udc00":1}"#, 0, "a wrong escape in a string (byte 10)"),
        (r#"{"\u12"#, 0, "a wrong escape in a string (byte 10)"),
        (
            r#"{"a":{"dtype":"F32"}}"#,
            0,
            "a tensor without `dtype`, `shape` or `data_offsets` (byte 28)",
        ),
        (r#"{"a":{"dtype":"f32"}}"#, 0, "an unknown `dtype` (byte 27)"),
        (r#"{"a":{"dtype":"F32","dtype":"F32"}}"#, 0, "a key twice (byte 41)"),
        (
            r#"{"a":{"kind":"F32"}}"#,
            0,
            "a key other than `dtype`, `shape` and `data_offsets` (byte 21)",
        ),
        (r#"{"a":{"shape":[-1]}}"#, 0, "something else than a whole number (byte 23)"),
        (r#"{"a":{"shape":[1.5]}}"#, 0, "a `shape` that is no list of numbers (byte 24)"),
        (r#"{"a":{"shape":[01]}}"#, 0, "something else than a whole number (byte 23)"),
        (r#"{"a":{"shape":[1,]}}"#, 0, "something else than a whole number (byte 25)"),
        (&format!(r#"{{"a":{{"shape":[{huge}0]}}}}"#), 0, "a number that is too large (byte 23)"),
        (
            &format!(r#"{{"a":{{"shape":{deep}}}}}"#),
            0,
            "something else than a whole number (byte 23)",
        ),
        (&format!(r#"{{"a":{deep}"#), 0, "no `{` at the beginning of a tensor (byte 13)"),
        (r#"{"a":{"data_offsets":[1]}}"#, 0, "`data_offsets` that are not two numbers (byte 31)"),
        (
            r#"{"a":{"data_offsets":[1,2,3]}}"#,
            0,
            "`data_offsets` that are not two numbers (byte 33)",
        ),
        (
            r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[8,4]}}"#,
            8,
            "`data_offsets` beyond the end of the file (byte 60)",
        ),
        (
            r#"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#,
            8,
            "`data_offsets` beyond the end of the file (byte 60)",
        ),
        (
            &format!(r#"{{"a":{{"dtype":"U8","shape":[{huge}],"data_offsets":[0,{huge}]}}}}"#),
            8,
            "`data_offsets` beyond the end of the file (byte 98)",
        ),
        (
            &format!(r#"{{"a":{{"dtype":"F32","shape":[{huge},4],"data_offsets":[0,8]}}}}"#),
            8,
            "`data_offsets` that do not fit the `shape` and the `dtype` (byte 82)",
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
            8,
            "`data_offsets` that do not fit the `shape` and the `dtype` (byte 61)",
        ),
        (
            r#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}"#,
            1,
            "`data_offsets` that do not fit the `shape` and the `dtype` (byte 60)",
        ),
        (r#"{"__metadata__":{"a":1}}"#, 0, "no string where one belongs (byte 29)"),
        (r#"{"__metadata__":[]}"#, 0, "`__metadata__` that is no object of strings (byte 24)"),
        (r#"{"__metadata__":{},"__metadata__":{}}"#, 0, "`__metadata__` twice (byte 42)"),
    ] {
        let bytes = file(header, data);
        assert_eq!(flaw(&bytes).as_deref(), Some(expected), "{:.200}", header);
    }
}

#[test]
fn tensors_that_overlap_and_data_of_none() {
    let expected = "tensors that overlap, or data that belong to none of them";
    let tensor = |name: char, begin: usize, end: usize| {
        format!(
            r#""{name}":{{"dtype":"U8","shape":[{}],"data_offsets":[{begin},{end}]}}"#,
            end - begin
        )
    };
    for places in [
        // A hole, at the beginning, between, at the end.
        &[(1, 8)][..],
        &[(0, 3), (4, 8)],
        &[(0, 7)],
        &[],
        // As many bytes as there are, or more of them.
        &[(0, 4), (0, 4)],
        &[(0, 5), (3, 8)],
        &[(0, 8), (0, 8)],
        &[(0, 8), (2, 6)],
        &[(0, 4), (4, 8), (2, 6)],
    ] {
        let tensors: Vec<_> =
            ('a'..).zip(places).map(|(name, (begin, end))| tensor(name, *begin, *end)).collect();
        let bytes = file(&format!("{{{}}}", tensors.join(",")), 8);
        assert!(SafeTensors::deserialize(&bytes).is_err());
        assert_eq!(flaw(&bytes).as_deref(), Some(expected), "{places:?}");
    }
}

#[test]
fn other_bytes() {
    let mut far = u64::MAX.to_le_bytes().to_vec();
    far.extend_from_slice(b"{}");
    let mut text = file(r#"{"a":1}"#, 0);
    text[10] = 0xff;
    for (bytes, expected) in [
        (&b"\x01\0\0\0\0\0\0"[..], "fewer than 8 bytes"),
        (&far, "a header that would end beyond the end of the file"),
        (&[2, 0, 0, 0, 0, 0, 0, 0, b'{'], "a header that would end beyond the end of the file"),
        (&text, "a header that is no UTF-8 (byte 10)"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614\nsize 132735\n",
            "a pointer of Git LFS (`git lfs pull` fetches the file itself)",
        ),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0", "an HDF5 file, as Keras and h5py write"),
        (
            b"<!DOCTYPE html>\n<html>",
            "a page of HTML, which is what a server sends in the place of a file",
        ),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "a gzip stream"),
        (b"404: Not Found", "text, and no weights"),
        (b"404", "text, and no weights"),
        ("acc\u{e8}s refus\u{e9} : 403\r\n".as_bytes(), "text, and no weights"),
        // The length of a header that is cut short.
        (b"\x60\x20\0\0\0\0\0\0{\"a\"", "a header that would end beyond the end of the file"),
    ] {
        assert_eq!(flaw(bytes).as_deref(), Some(expected));
    }
}

#[test]
fn a_name_twice() {
    let tensor = |name: &str, shape: &str, begin: usize, end: usize| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
    };
    let weight = tensor("dense1.weight", "[2,3]", 0, 24);
    let bias = tensor("dense1.bias", "[2]", 24, 32);
    // Written in another way, the second time.
    let again = tensor(r"dense1.bi\u0061s", "[2]", 32, 40);
    let bytes = file(&format!("{{{weight},{bias},{again}}}"), 40);
    assert_eq!(
        Net::from_bytes(&bytes).unwrap_err().to_string(),
        "weights, tensor `dense1.bias`: expected F32 [2], found two tensors of this name"
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    std::fs::write(&path, bytes).unwrap();
    for error in [Net::load(&path).map(|_| ()), Net::zeros().load_matching(&path).map(|_| ())] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("tensor `dense1.bias`: expected"), "{error}");
        assert!(error.contains("found two"), "{error}");
    }
}

/// A good file, to be spoiled.
fn good() -> Vec<u8> {
    let numbers = [7; 64];
    let view = |dtype, shape: &[usize], bytes| {
        TensorView::new(dtype, shape.to_vec(), &numbers[..bytes]).unwrap()
    };
    let tensors = [
        ("dense1.weight", view(Dtype::F32, &[2, 3], 24)),
        ("dense1.bias", view(Dtype::F16, &[2], 4)),
        ("größe", view(Dtype::U8, &[2, 1, 2], 4)),
    ];
    safetensors::serialize(tensors, Some([("format".into(), "pt".into())].into())).unwrap()
}

/// That the other library says the same. What it lets pass and this does not, is not in the files of these tests or has words of its own.
fn same_verdict(bytes: &[u8]) -> Result<(), TestCaseError> {
    let theirs = SafeTensors::deserialize(bytes);
    let ours = flaw(bytes);
    match (&theirs, &ours) {
        (Ok(_), Some(flaw)) => {
            // There, a tensor may have any other keys, and be a list.
            prop_assert!(
                flaw.starts_with("a key other than")
                    || flaw.starts_with("no `{` at the beginning of a tensor"),
                "only here: {flaw}: {:?}",
                String::from_utf8_lossy(bytes)
            );
        }
        (Err(error), None) => {
            // There, a tensor of nothing must be where another one ends.
            let text = String::from_utf8_lossy(bytes);
            prop_assert!(text.contains('0'), "only there: {error}: {text:?}");
            let empty = text.contains("[0]")
                || text.contains(",0,")
                || text.contains("[0,")
                || text.contains(",0]");
            prop_assert!(empty, "only there: {error}: {text:?}");
        }
        (Ok(theirs), None) => {
            // The same tensors: all of them are too many for this network, so it names one.
            let error = Nothing::zeros().load_bytes(bytes).err().map(|error| error.to_string());
            prop_assert_eq!(
                error.is_some(),
                theirs.names().iter().any(|name| !name.ends_with("num_batches_tracked"))
            );
        }
        (Err(_), Some(_)) => {}
    }
    Ok(())
}

/// Pieces of headers, of which some become files.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        " ",
        "\\u0041",
        "\\ud83e",
        "null",
        "1",
        "2",
        "8",
        "1e3",
        "-1",
        "\"a\"",
        "\"b\":",
        "\"__metadata__\":",
        "{\"a\":\"b\"}",
        "\"dtype\":\"F32\"",
        "\"dtype\":\"U8\"",
        "\"shape\":[1]",
        "\"shape\":[2,4]",
        "\"data_offsets\":[4,8]",
        "\"data_offsets\":[8,16]",
        "{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}",
        "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}",
        "18446744073709551615",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Some bytes of a good file are others.
    #[test]
    fn spoiled_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = good();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        same_verdict(&bytes)?;
        let _ = Net::from_bytes(&bytes);
    }

    /// Some characters of a good header are other ones that headers are made of.
    #[test]
    fn spoiled_headers(changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"{}[]\",:0123456789\\ud.-en \n".to_vec())), 1..4)) {
        let mut bytes = good();
        let header = bytes.len() - 32 - 8;
        for (index, byte) in changes {
            bytes[8 + index.index(header)] = byte;
        }
        same_verdict(&bytes)?;
        let _ = Net::from_bytes(&bytes);
    }

    /// Pieces of headers in any order.
    #[test]
    fn pieces(pieces in prop::collection::vec(piece(), 0..12), data in prop::sample::select(vec![0_usize, 8, 16])) {
        let header = format!("{{\"a\":{}", pieces.concat());
        same_verdict(&file(&header, data))?;
    }

    /// Any bytes, and any bytes as a header.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        same_verdict(&bytes)?;
        let mut header = (bytes.len() as u64).to_le_bytes().to_vec();
        header.extend_from_slice(&bytes);
        same_verdict(&header)?;
    }
}
