//! Networks in files: to the bit and back, from PyTorch, and everything that a file can have wrong.
#![cfg(all(feature = "train", feature = "files"))]

use std::fs;
use std::path::{Path, PathBuf};

use approx::assert_relative_eq;
use axonal::Error;
use axonal::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

network! {
    /// The network of fixtures/linear_stack.py.
    struct Stack<input 5 => dense 7 tanh => middle: dense 4 no_bias relu => dense 3 softmax>;
    struct Other<input 5 => dense 7 tanh => dense 3>;
}

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    (directory, path)
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/linear_stack.safetensors")
}

fn files(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

macro_rules! round_trip {
    ($($name:ident: $scalar:ty;)+) => {$(
        #[test]
        fn $name() {
            let (_directory, path) = directory();
            let mut net = <Stack<$scalar> as Network>::random(&mut StdRng::seed_from_u64(1));
            // Values that a decimal format would not keep.
            net.dense1.bias[0] = <$scalar>::MIN_POSITIVE / 8.0;
            net.dense1.bias[1] = -0.0;
            net.dense1.bias[2] = <$scalar>::INFINITY;
            net.dense1.bias[3] = <$scalar>::NAN;
            net.dense1.bias[4] = 0.1;
            net.save(&path).unwrap();
            let loaded = <Stack<$scalar> as Network>::load(&path).unwrap();
            let bits = |net: &Stack<$scalar>| -> Vec<_> {
                net.as_slice().iter().map(|value| value.to_bits()).collect()
            };
            assert_eq!(bits(&loaded), bits(&net));
        }
    )+};
}

round_trip! {
    round_trip_f32: f32;
    round_trip_f64: f64;
}

#[test]
fn a_file_of_pytorch() {
    let net = Stack::load(fixture()).unwrap();
    let lines: Vec<Vec<f32>> = include_str!("../fixtures/linear_stack.txt")
        .lines()
        .map(|line| line.split(' ').map(|word| word.parse().unwrap()).collect())
        .collect();
    assert_eq!(lines.len(), 9);
    for line in lines {
        let (input, expected) = line.split_at(5);
        let output = net.forward(&SVector::from_column_slice(input));
        assert_relative_eq!(output, SVector::from_column_slice(expected), max_relative = 1e-5);
    }
}

#[test]
fn names_shapes_and_order_are_pytorchs() {
    let (_directory, path) = directory();
    let net = Stack::load(fixture()).unwrap();
    net.save(&path).unwrap();
    let (ours, theirs) = (fs::read(&path).unwrap(), fs::read(fixture()).unwrap());
    let ours = safetensors::SafeTensors::deserialize(&ours).unwrap();
    let theirs = safetensors::SafeTensors::deserialize(&theirs).unwrap();
    assert_eq!(ours.len(), 5);
    for (name, expected) in theirs.iter() {
        let tensor = ours.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), expected.dtype(), "{name}");
        assert_eq!(tensor.shape(), expected.shape(), "{name}");
        assert_eq!(tensor.data(), expected.data(), "{name}");
    }
    let weight = ours.tensor("dense1.weight").unwrap();
    assert_eq!(weight.shape(), [7, 5]);
    // The second number of the file is the second weight of the first neuron.
    let second = f32::from_le_bytes(weight.data()[4..8].try_into().unwrap());
    assert_eq!(second, net.dense1.weight[(0, 1)]);
}

/// The tensors of `Stack`, to be changed.
fn tensors() -> Vec<(&'static str, Dtype, Vec<usize>)> {
    vec![
        ("dense1.weight", Dtype::F32, vec![7, 5]),
        ("dense1.bias", Dtype::F32, vec![7]),
        ("middle.weight", Dtype::F32, vec![4, 7]),
        ("dense2.weight", Dtype::F32, vec![3, 4]),
        ("dense2.bias", Dtype::F32, vec![3]),
    ]
}

fn write(path: &Path, tensors: &[(&'static str, Dtype, Vec<usize>)]) {
    let zeros = vec![0; 4096];
    let views = tensors.iter().map(|(name, dtype, shape)| {
        let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (*name, TensorView::new(*dtype, shape.clone(), &zeros[..bytes]).unwrap())
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// The message of a load that fails, without the directory.
fn message(path: &Path) -> String {
    let error = Stack::load(path).map(|_| ()).unwrap_err();
    let directory = format!("{}/", path.parent().unwrap().display());
    error.to_string().replace(&directory, "")
}

#[test]
fn the_files_of_these_tests_are_good() {
    let (_directory, path) = directory();
    write(&path, &tensors());
    assert_eq!(Stack::load(&path).unwrap(), Stack::zeros());
}

#[test]
fn a_missing_file() {
    let (_directory, path) = directory();
    let text = message(&path);
    assert!(text.starts_with("cannot read `net.safetensors`: "), "{text}");
    assert!(matches!(Stack::load(&path), Err(Error::Io { action: "read", .. })));
}

#[test]
fn no_safetensors_file() {
    let (_directory, path) = directory();
    for content in [&b""[..], b"PK\x03\x04", b"a text of more than eight bytes", &[0xff; 100]] {
        fs::write(&path, content).unwrap();
        let text = message(&path);
        assert!(
            text.starts_with("`net.safetensors`, header: expected a safetensors file, found "),
            "{text}"
        );
    }
    fs::write(&path, "404: Not Found").unwrap();
    assert!(message(&path).ends_with("found text, which begins with `404: Not Found`"));
}

#[test]
fn a_truncated_file() {
    let (_directory, path) = directory();
    write(&path, &tensors());
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 7, 8, 9, 100, whole.len() / 2, whole.len() - 4, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = Stack::load(&path).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{length}: {error}");
        assert!(error.to_string().contains("net.safetensors"), "{error}");
    }
    let mut longer = whole;
    longer.push(0);
    fs::write(&path, longer).unwrap();
    assert!(Stack::load(&path).is_err());
}

#[test]
fn a_missing_tensor() {
    let (_directory, path) = directory();
    let mut tensors = tensors();
    tensors.remove(2);
    write(&path, &tensors);
    assert_eq!(
        message(&path),
        "`net.safetensors`, tensor `middle.weight`: expected F32 [4, 7], found no tensor of this name \
         (the file has `dense1.bias`, `dense1.weight`, `dense2.bias`, `dense2.weight`)"
    );
    write(&path, &[]);
    assert_eq!(
        message(&path),
        "`net.safetensors`, tensor `dense1.weight`: expected F32 [7, 5], found no tensor of this name \
         (the file has no tensors)"
    );
}

#[test]
fn one_tensor_too_many() {
    let (_directory, path) = directory();
    let mut tensors = tensors();
    tensors.push(("middle.bias", Dtype::F32, vec![4]));
    write(&path, &tensors);
    assert_eq!(
        message(&path),
        "`net.safetensors`, tensor `middle.bias`: expected no such tensor in `Stack`, found F32 [4]"
    );
}

#[test]
fn another_shape() {
    let (_directory, path) = directory();
    for shape in [vec![5, 7], vec![7, 6], vec![35], vec![7, 5, 1], vec![1, 7, 5]] {
        let mut tensors = tensors();
        let found = format!("{shape:?}");
        tensors[0].2 = shape;
        write(&path, &tensors);
        assert_eq!(
            message(&path),
            format!(
                "`net.safetensors`, tensor `dense1.weight`: expected F32 [7, 5], found F32 {found}"
            )
        );
    }
}

#[test]
fn another_type() {
    let (_directory, path) = directory();
    for (dtype, name) in [(Dtype::I64, "I64"), (Dtype::BOOL, "BOOL"), (Dtype::F8_E4M3, "F8_E4M3")] {
        let mut tensors = tensors();
        tensors[4].1 = dtype;
        write(&path, &tensors);
        assert_eq!(
            message(&path),
            format!(
                "`net.safetensors`, tensor `dense2.bias`: expected F16, BF16, F32 or F64 [3], found {name} [3]"
            )
        );
    }
    // A shape that does not fit is what is wrong with it, not the type.
    let mut tensors = tensors();
    tensors[0] = ("dense1.weight", Dtype::F16, vec![5, 7]);
    write(&path, &tensors);
    assert_eq!(
        message(&path),
        "`net.safetensors`, tensor `dense1.weight`: expected F16 [7, 5], found F16 [5, 7]"
    );
}

#[test]
fn another_network() {
    let (_directory, path) = directory();
    Other::zeros().save(&path).unwrap();
    let text = message(&path);
    assert!(
        text.starts_with("`net.safetensors`, tensor `middle.weight`: expected F32 [4, 7], found"),
        "{text}"
    );
    let error = Other::load(fixture()).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Tensor { .. }), "{error}");
    assert!(error.to_string().contains("dense2.weight"), "{error}");
}

#[test]
fn a_file_that_was_there_is_replaced() {
    let (directory, path) = directory();
    fs::write(&path, "something else, which is longer than nothing").unwrap();
    let net = Stack::random(&mut StdRng::seed_from_u64(2));
    net.save(&path).unwrap();
    Stack::zeros().save(&path).unwrap();
    net.save(&path).unwrap();
    assert_eq!(Stack::load(&path).unwrap(), net);
    assert_eq!(files(&directory), ["net.safetensors"]);
}

#[test]
fn a_directory_that_is_missing() {
    let (directory, path) = directory();
    let path = path.with_file_name("missing").join("net.safetensors");
    let error = Stack::zeros().save(&path).unwrap_err();
    assert!(matches!(error, Error::Io { action: "write", .. }));
    let expected = format!("cannot write `{}`: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(files(&directory).is_empty());
}

#[test]
fn a_save_that_fails_leaves_nothing_aside() {
    // A directory stands where the file should: the file is written aside, but cannot take its place.
    let (directory, path) = directory();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), "kept").unwrap();
    assert!(Stack::zeros().save(&path).is_err());
    assert_eq!(files(&directory), ["net.safetensors"]);
    assert_eq!(fs::read_to_string(path.join("inside")).unwrap(), "kept");
}

#[test]
fn a_network_without_parameters() {
    network! { struct Flat<input 3 => relu>; }
    let (_directory, path) = directory();
    Flat::zeros().save(&path).unwrap();
    assert!(Flat::load(&path).is_ok());
}

// A part of a file, and of a network.

network! {
    struct Head<input 7 => middle: dense 4 no_bias relu => dense 3>;
    /// `Stack` with its last layers in a network of their own.
    struct Outer<input 5 => dense1: dense 7 tanh => head: Head>;
    struct Normalized<input 5 => norm: batchnorm>;
    struct Bare<input 5 => relu>;
}

fn random<N: Network>(seed: u64) -> Box<N> {
    N::random(&mut StdRng::seed_from_u64(seed))
}

#[test]
fn one_layer_from_a_file_of_pytorch() {
    let whole = Stack::load(fixture()).unwrap();
    let mut net = random::<Stack>(1);
    let start = net.clone();
    net.middle.load_from(fixture(), "middle").unwrap();
    assert_eq!(net.middle, whole.middle);
    assert_eq!((&net.dense1, &net.dense2), (&start.dense1, &start.dense2));
    // The label in the file may be another one than the field's.
    let mut other = random::<Outer>(1);
    other.head.middle.load_from(fixture(), "middle").unwrap();
    assert_eq!(other.head.middle, whole.middle);
}

#[test]
fn a_network_inside_a_network_from_and_to_files() {
    let (_directory, path) = directory();
    let outer = random::<Outer>(1);
    outer.save(&path).unwrap();
    let mut head = random::<Head>(2);
    head.load_from(&path, "head").unwrap();
    assert_eq!(*head, outer.head);
    let mut layer = random::<Head>(2);
    layer.middle.load_from(&path, "head.middle").unwrap();
    assert_eq!(layer.middle, outer.head.middle);

    // Back, with and without a prefix.
    outer.head.save_to(&path, "").unwrap();
    assert_eq!(Head::load(&path).unwrap(), head);
    outer.head.save_to(&path, "decoder.0").unwrap();
    let mut again = random::<Head>(3);
    again.load_from(&path, "decoder.0").unwrap();
    assert_eq!(again, head);
    outer.dense1.save_to(&path, "").unwrap();
    let mut layer = random::<Stack>(2);
    layer.dense1.load_from(&path, "").unwrap();
    assert_eq!(layer.dense1, outer.dense1);
}

#[test]
fn a_part_that_does_not_fit_is_not_loaded_at_all() {
    let (_directory, path) = directory();
    let mut net = random::<Outer>(1);
    let start = net.clone();
    let load = |net: &mut Outer, prefix: &str| {
        let error = net.head.load_from(&path, prefix).unwrap_err();
        let directory = format!("{}/", path.parent().unwrap().display());
        (error.to_string().replace(&directory, ""), matches!(error, Error::Tensor { .. }))
    };
    let good = [
        ("head.middle.weight", Dtype::F32, vec![4, 7]),
        ("head.dense1.weight", Dtype::F32, vec![3, 4]),
        ("head.dense1.bias", Dtype::F32, vec![3]),
        ("header.weight", Dtype::F32, vec![9]),
    ];
    // The last tensor is the one that does not fit.
    let mut tensors = good.clone();
    tensors[2].2 = vec![4];
    write(&path, &tensors);
    let expected = "`net.safetensors`, tensor `head.dense1.bias`: expected F32 [3], found F32 [4]";
    assert_eq!(load(&mut net, "head"), (expected.to_owned(), true));

    let mut tensors = good.clone();
    tensors[0].1 = Dtype::I32;
    write(&path, &tensors);
    let expected = "`net.safetensors`, tensor `head.middle.weight`: expected F16, BF16, F32 or F64 [4, 7], found I32 [4, 7]";
    assert_eq!(load(&mut net, "head"), (expected.to_owned(), true));

    write(&path, &good[..2]);
    let expected = "`net.safetensors`, tensor `head.dense1.bias`: expected F32 [3], found no tensor of this name \
                    (the file has `head.dense1.weight`, `head.middle.weight`)";
    assert_eq!(load(&mut net, "head"), (expected.to_owned(), true));

    // A misspelt label.
    write(&path, &good);
    let expected = "`net.safetensors`, tensor `haed.middle.weight`: expected F32 [4, 7], found no tensor of this name \
                    (the file has `head.dense1.bias`, `head.dense1.weight`, `head.middle.weight`, `header.weight`)";
    assert_eq!(load(&mut net, "haed"), (expected.to_owned(), true));

    let mut tensors = good.to_vec();
    tensors.push(("head.middle.bias", Dtype::F32, vec![4]));
    write(&path, &tensors);
    let expected = "`net.safetensors`, tensor `head.middle.bias`: expected no such tensor in the layer loaded from `head`, \
                    found F32 [4]";
    assert_eq!(load(&mut net, "head"), (expected.to_owned(), true));

    assert_eq!(net, start);
    assert!(matches!(net.head.load_from("missing", "head"), Err(Error::Io { .. })));
    write(&path, &good);
    net.head.load_from(&path, "head").unwrap();
    assert_eq!(net.head, *Head::zeros());
}

#[test]
fn what_fits_is_loaded() {
    let (_directory, path) = directory();
    let mut tensors = tensors();
    tensors[4] = ("dense2.bias", Dtype::F32, vec![4]);
    tensors.push(("fc.weight", Dtype::F32, vec![2, 2]));
    tensors.push(("fc.num_batches_tracked", Dtype::I64, vec![]));
    tensors.remove(1);
    write(&path, &tensors);
    let mut net = random::<Stack>(1);
    let start = net.clone();
    let matching = net.load_matching(&path).unwrap();
    assert_eq!(matching.loaded, ["dense1.weight", "middle.weight", "dense2.weight"]);
    assert_eq!(matching.unused, ["fc.weight"]);
    let kept: Vec<_> =
        matching.kept.iter().map(|kept| (&*kept.tensor, kept.found.as_deref())).collect();
    assert_eq!(kept, [("dense1.bias", None), ("dense2.bias", Some("F32 [4]"))]);
    assert_eq!(
        matching.to_string(),
        "3 tensors loaded; kept: `dense1.bias` (not in the file), `dense2.bias` (F32 [3], the file has F32 [4]); \
         unused: `fc.weight`"
    );
    assert_eq!((net.dense1.bias, net.dense2.bias), (start.dense1.bias, start.dense2.bias));
    assert_eq!(net.dense1.weight, SMatrix::<f32, 7, 5>::zeros());

    // Everything, and another type.
    let matching = net.load_matching(fixture()).unwrap();
    assert_eq!(matching.to_string(), "5 tensors loaded");
    assert_eq!(net, Stack::load(fixture()).unwrap());
    let mut double = random::<Stack<f64>>(1);
    assert_eq!(double.load_matching(fixture()).unwrap().to_string(), "5 tensors loaded");
    let single =
        |net: &Stack<f64>| net.as_slice().iter().map(|&weight| weight as f32).collect::<Vec<_>>();
    assert_eq!(single(&double), net.as_slice());
}

#[test]
fn a_file_of_which_nothing_fits() {
    let (_directory, path) = directory();
    write(
        &path,
        &[("fc1.weight", Dtype::F32, vec![7, 5]), ("dense1.weight", Dtype::F32, vec![5, 7])],
    );
    let mut net = random::<Stack>(1);
    let start = net.clone();
    let error = net.load_matching(&path).unwrap_err();
    let directory = format!("{}/", path.parent().unwrap().display());
    assert_eq!(
        error.to_string().replace(&directory, ""),
        "`net.safetensors`, tensors: expected one at least that fits the network, such as `dense1.weight` F32 [7, 5], \
         found `dense1.weight` F32 [5, 7], and no other that fits"
    );
    write(&path, &[("fc1.weight", Dtype::F32, vec![7, 5]), ("fc2.weight", Dtype::F32, vec![5, 7])]);
    let error = net.load_matching(&path).unwrap_err();
    assert_eq!(
        error.to_string().replace(&directory, ""),
        "`net.safetensors`, tensors: expected one at least that the network has too, such as `dense1.weight` F32 [7, 5], \
         found `fc1.weight`, `fc2.weight`"
    );
    write(&path, &[]);
    assert!(net.load_matching(&path).is_err());
    fs::write(&path, "no file of tensors").unwrap();
    assert!(matches!(net.load_matching(&path), Err(Error::Format { .. })));
    assert_eq!(net, start);
}

#[test]
fn a_layer_with_statistics_and_one_without_anything() {
    let (_directory, path) = directory();
    let tensor = |name| (name, Dtype::F32, vec![5]);
    write(
        &path,
        &[
            tensor("bn.weight"),
            tensor("bn.bias"),
            tensor("bn.running_mean"),
            tensor("bn.running_var"),
            ("bn.num_batches_tracked", Dtype::I64, vec![]),
        ],
    );
    let mut net = random::<Normalized>(1);
    net.norm.load_from(&path, "bn").unwrap();
    assert_eq!(net, Normalized::zeros());
    let mut bare = Bare::zeros();
    bare.load_from(&path, "relu").unwrap();
    assert_eq!(
        bare.load_matching(&path).unwrap().to_string().split(';').next(),
        Some("0 tensors loaded")
    );
}
