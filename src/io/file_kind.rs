//! Which kind of file was given in the place of the one that was asked for: a download gone wrong, an archive, another program's format.

/// How many bytes of a file's beginning tell its kind: the mark of a tar archive stands last, at 257.
pub(crate) const BEGINNING: usize = 512;

/// The kind of a file with this beginning, in words for a message, with the way out where there is one; `None` for a kind that is not known.
///
/// A beginning that could be that of a table is `None`, and so is a damaged safetensors file, of which its reader says more.
pub(crate) fn kind(beginning: &[u8]) -> Option<&'static str> {
    if beginning.is_empty() {
        return Some("an empty file");
    }
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    let is_text =
        |start: &[u8]| text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start));
    if is_text(b"version https://git-lfs.github.com/spec/") {
        return Some("a pointer of Git LFS (`git lfs pull` fetches the file itself)");
    }
    if [&b"<!doctype html"[..], b"<html", b"<head>"].into_iter().any(is_text) {
        return Some("a page of HTML, which is what a server sends in the place of a file");
    }
    if is_text(b"<?xml") {
        return Some("an XML document");
    }
    if let Some(rest) = beginning.strip_prefix(b"PK\x03\x04") {
        return Some(zip(rest));
    }
    // A pickle of the protocols 2 to 5 says which at its beginning.
    if let [0x80, 2..=5, b'}' | b'c' | b']' | b'(' | 0x8a | 0x95, ..] = beginning {
        return Some(
            "a pickle of Python, which is what old versions of `torch.save` write (`safetensors.torch.save_file` writes safetensors)",
        );
    }
    if beginning.get(257..262) == Some(b"ustar") {
        return Some("a tar archive (unpack it first)");
    }
    MARKS.iter().find(|(mark, _)| beginning.starts_with(mark)).map(|(_, what)| *what)
}

/// Whether this is how a text begins, a server's message in the place of a file for example.
pub(crate) fn is_text(beginning: &[u8]) -> bool {
    let beginning = &beginning[..beginning.len().min(BEGINNING)];
    let whole = match core::str::from_utf8(beginning) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => {
            core::str::from_utf8(&beginning[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !whole.is_empty() && whole.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n'))
}

/// What begins so, in any case: as [`kind`], or the text or the bytes themselves.
#[cfg(feature = "files")]
pub(crate) fn describe(beginning: &[u8]) -> String {
    if let Some(what) = kind(beginning) {
        return what.to_owned();
    }
    // A safetensors file is the length of its header, then the header, which is JSON.
    if let Some((length, header)) = beginning.split_first_chunk::<8>()
        && u64::from_le_bytes(*length) < 1 << 40
        && header.starts_with(b"{\"")
    {
        return "a safetensors file".to_owned();
    }
    if is_text(beginning) {
        let text = beginning.trim_ascii();
        let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or(text);
        return format!("text, which begins with {}", quoted(&String::from_utf8_lossy(line)));
    }
    let bytes: Vec<String> = beginning.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("something else, which begins with the bytes {}", bytes.join(" "))
}

/// A text of a file for a message: in backquotes, on one line, and not longer than a line.
#[cfg(feature = "files")]
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    // A character more tells whether something is left out; the whole may be gigabytes long.
    let shown: Vec<char> = text.chars().take(MOST + 1).collect();
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    let begins: String = shown.iter().take(MOST).copied().map(escape).collect();
    if shown.len() <= MOST {
        format!("`{begins}`")
    } else {
        format!("`{begins}…` ({} bytes)", text.len())
    }
}

/// A zip archive by its first entry: many formats are one.
fn zip(header: &[u8]) -> &'static str {
    let length =
        header.get(22..24).map_or(0, |bytes| usize::from(bytes[0]) | usize::from(bytes[1]) << 8);
    let name = header.get(26..).map_or(&b""[..], |rest| &rest[..length.min(rest.len())]);
    if name.ends_with(b"/data.pkl") || name.ends_with(b"/.format_version") {
        "a zip archive of PyTorch's `torch.save` (`safetensors.torch.save_file` writes safetensors)"
    } else if name.ends_with(b".npy") {
        "a zip archive of NumPy's arrays (npz)"
    } else if name == b"[Content_Types].xml"
        || name.starts_with(b"_rels/")
        || name.starts_with(b"xl/")
    {
        "an Excel workbook (save the sheet as CSV)"
    } else {
        "a zip archive (unpack it first)"
    }
}

/// Marks long enough not to be the beginning of a table.
const MARKS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "a gzip stream"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras and h5py write"),
    (b"\x93NUMPY", "an array of NumPy (npy)"),
    (b"\0\0\x08\x01", "an IDX file of labels"),
    (b"\0\0\x08\x03", "an IDX file of images"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"BZh91AY&SY", "a bzip2 stream (unpack it first)"),
    (b"\xfd7zXZ\0", "an xz stream (unpack it first)"),
    (b"\x28\xb5\x2f\xfd", "a zstd stream (unpack it first)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive (unpack it first)"),
    (b"Rar!\x1a\x07", "a RAR archive (unpack it first)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"PAR1\x15", "a Parquet file"),
    (b"ARROW1\0\0", "an Arrow file"),
    (b"GGUF\x02\0\0\0", "a GGUF file"),
    (b"GGUF\x03\0\0\0", "a GGUF file"),
    (b"MATLAB 5.0 MAT-file", "a MAT file of MATLAB"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (save the sheet as CSV)"),
    (b"\xff\xfe", "UTF-16 text (save it as UTF-8)"),
    (b"\xfe\xff", "UTF-16 text (save it as UTF-8)"),
];

#[cfg(test)]
mod tests {
    use super::{describe, kind, quoted};

    #[test]
    fn what_people_have_instead() {
        let mut torch =
            b"PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\x12\0".to_vec();
        torch.extend(b"archive/data.pklFB");
        for (beginning, what) in [
            (
                &b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n"[..],
                "a pointer of Git LFS",
            ),
            (b"\n <!DOCTYPE HTML>\n<html>", "a page of HTML"),
            (&torch, "a zip archive of PyTorch's `torch.save`"),
            (b"PK\x03\x04", "a zip archive"),
            (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
            (b"\x80\x02\x8a\nl\xfc\x9cF", "a pickle of Python"),
            (b"\x10\0\0\0\0\0\0\0{\"a\":{\"dtype\":", "a safetensors file"),
            (b"404: Not Found", "text, which begins with `404: Not Found`"),
            (b"a\tb\r\n1\t2", "text, which begins with `a\\tb`"),
            ("accès refusé : 403".as_bytes(), "text, which begins with `accès refusé : 403`"),
            (b"\x01\x02", "something else, which begins with the bytes 01 02"),
            (b"", "an empty file"),
        ] {
            let found = describe(beginning);
            assert!(found.starts_with(what), "{found}");
        }
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\0");
        assert_eq!(kind(&tar), Some("a tar archive (unpack it first)"));
    }

    #[test]
    fn tables_are_not_taken_for_something_else() {
        for beginning in [
            "<DATE>,<OPEN>\n",
            "PAR1,PAR2\n",
            "version,class\n",
            "{a},b\n",
            "\u{feff}a,b\n",
            "GGUF,b",
        ] {
            assert_eq!(kind(beginning.as_bytes()), None, "{beginning}");
        }
    }

    #[test]
    fn texts_are_cut_short() {
        assert_eq!(quoted("a\r\nb"), "`a\\r\\nb`");
        let long = quoted(&"é".repeat(1000));
        assert_eq!(long, format!("`{}…` (2000 bytes)", "é".repeat(60)));
    }
}
