//! Weights as bytes: every layer there and back, every type of numbers into every network, in every way.
#![cfg(all(feature = "train", feature = "files"))]

use axonal::prelude::*;
use axonal::{Error, Scalar};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

network! {
    struct Stack<input 5 => dense 7 tanh => bare: dense 4 no_bias relu => dense 3 softmax>;
    struct Convolutions<input 2x6x7 => conv 4 3x3 relu => conv_transpose 2 2x2 stride 2 no_bias => pad 1 => conv 3 3x3 no_bias => upsample 2x2>;
    struct Normalized<input 3x5x4 => conv 4 3x3 => batchnorm relu => layernorm => flatten => dense 6 => batchnorm => layernorm => dropout 0.5>;
    struct Rectified<input 2x3x5 => conv 4 2x2 => prelu => flatten => dense 6 => prelu>;
    struct Pooled<input 1x8x8 => maxpool 2x2 => avgpool 2x2 => reshape 2x2 => flatten => dense 2>;
    struct Blocks<input 3x8x8
        => residual { conv 3 3x3 pad same relu => batchnorm }
        => down: residual { conv 4 3x3 stride 2 pad 1 } project { conv 4 1x1 stride 2 }
        => concat { conv 2 1x1 } { conv 3 3x3 pad same => batchnorm }
        => global avgpool => dense 2>;
    struct Nested<input 5 => first: Stack => dense 5 => second: Stack>;
    struct Twice<input 5 => outer: Nested => dense 2>;
    struct Nothing<input 4 => relu>;
}

/// Random in all parameters, for a layer's own start has many that are equal.
fn random<N: Network>() -> Box<N> {
    use axonal::rand::RngExt;
    let mut rng = StdRng::seed_from_u64(5);
    let mut net = N::zeros();
    net.as_mut_slice().fill_with(|| N::Scalar::of(rng.random::<f64>() - 0.5));
    net
}

fn there_and_back<N: Network>() {
    let net = random::<N>();
    let bytes = net.to_bytes();
    assert_eq!(N::from_bytes(&bytes).unwrap().as_slice(), net.as_slice(), "{}", N::NAME);
    // The same bytes in a file, which the format's own library reads.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    net.save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "{}", N::NAME);
    assert_eq!(N::load(&path).unwrap().as_slice(), net.as_slice(), "{}", N::NAME);
    let mut matching = N::zeros();
    let loaded =
        if N::PARAMETERS > 0 { matching.load_matching(&path).unwrap().loaded.len() } else { 0 };
    assert_eq!(matching.as_slice(), net.as_slice(), "{}", N::NAME);
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), loaded, "{}", N::NAME);
    // What that library writes, in an order of its own, is read too.
    let again = safetensors::serialize(theirs.tensors(), None).unwrap();
    assert_eq!(N::from_bytes(&again).unwrap().as_slice(), net.as_slice(), "{}", N::NAME);
    // Wherever the bytes begin.
    for shift in 1..8 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(&bytes);
        assert_eq!(N::from_bytes(&shifted[shift..]).unwrap().as_slice(), net.as_slice());
    }
}

macro_rules! every_network {
    ($($name:ident: $net:ident;)+) => {$(
        #[test]
        fn $name() {
            there_and_back::<$net<f32>>();
            there_and_back::<$net<f64>>();
        }
    )+};
}

every_network! {
    dense: Stack;
    convolutions: Convolutions;
    normalized: Normalized;
    rectified: Rectified;
    pooled: Pooled;
    blocks: Blocks;
    nested: Nested;
    nested_twice: Twice;
    nothing: Nothing;
}

network! { struct Net<input 3 => dense 2>; }

/// Numbers that every type has, one for each parameter of `Net`.
const NUMBERS: [f32; 8] = [0.5, -1.5, 0.0, 1024.0, -0.007_812_5, 3.0, f32::INFINITY, -0.0];

/// A file of `Net` with these numbers, in memory order.
fn file<T: Copy, const B: usize>(
    dtype: Dtype,
    numbers: [T; 8],
    bytes: fn(T) -> [u8; B],
) -> Vec<u8> {
    let [a, b, c, d, e, f, g, h] = numbers;
    // Two rows of three in the file, three columns of two in memory.
    let weight: Vec<u8> = [a, c, e, b, d, f].into_iter().flat_map(bytes).collect();
    let bias: Vec<u8> = [g, h].into_iter().flat_map(bytes).collect();
    let views = [
        ("dense1.weight", TensorView::new(dtype, vec![2, 3], &weight).unwrap()),
        ("dense1.bias", TensorView::new(dtype, vec![2], &bias).unwrap()),
    ];
    safetensors::serialize(views, None).unwrap()
}

fn files() -> [(Dtype, Vec<u8>); 4] {
    [
        (Dtype::F16, file(Dtype::F16, NUMBERS.map(half::f16::from_f32), half::f16::to_le_bytes)),
        (
            Dtype::BF16,
            file(Dtype::BF16, NUMBERS.map(half::bf16::from_f32), half::bf16::to_le_bytes),
        ),
        (Dtype::F32, file(Dtype::F32, NUMBERS, f32::to_le_bytes)),
        (Dtype::F64, file(Dtype::F64, NUMBERS.map(f64::from), f64::to_le_bytes)),
    ]
}

/// A network that was read in each way.
fn ways<T: Scalar>(bytes: &[u8]) -> Vec<(&'static str, Box<Net<T>>)>
where
    Net<T>: Network<Scalar = T>,
{
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let fresh = || <Net<T> as Parameters>::zeros();
    let (mut part, mut matching, mut memory) = (fresh(), fresh(), fresh());
    part.dense1.load_from(&path, "dense1").unwrap();
    assert_eq!(matching.load_matching(&path).unwrap().to_string(), "2 tensors loaded");
    memory.load_bytes(bytes).unwrap();
    vec![
        ("load", <Net<T> as Network>::load(&path).unwrap()),
        ("load_from", part),
        ("load_matching", matching),
        ("load_bytes", memory),
        ("from_bytes", <Net<T> as Network>::from_bytes(bytes).unwrap()),
    ]
}

#[test]
fn every_type_into_both_scalars_in_every_way() {
    for (dtype, bytes) in files() {
        for (way, net) in ways::<f32>(&bytes) {
            let bits: Vec<u32> = net.as_slice().iter().map(|number| number.to_bits()).collect();
            assert_eq!(bits, NUMBERS.map(f32::to_bits), "{dtype} by {way}");
        }
        for (way, net) in ways::<f64>(&bytes) {
            let bits: Vec<u64> = net.as_slice().iter().map(|number| number.to_bits()).collect();
            assert_eq!(bits, NUMBERS.map(|number| f64::from(number).to_bits()), "{dtype} by {way}");
        }
    }
}

#[test]
fn doubles_are_rounded_to_the_nearest_single() {
    let numbers =
        [0.1, 1.0 / 3.0, 1e-300, -1e-46, f64::from(f32::MAX), f64::NAN, 1e38, 16_777_217.0];
    let net = Net::from_bytes(&file(Dtype::F64, numbers, f64::to_le_bytes)).unwrap();
    for (number, expected) in net.as_slice().iter().zip(numbers) {
        assert!(
            number.to_bits() == (expected as f32).to_bits() || expected.is_nan() && number.is_nan()
        );
    }
}

#[test]
fn a_double_that_no_single_is_near() {
    let mut numbers = NUMBERS.map(f64::from);
    numbers[7] = -1e39;
    let bytes = file(Dtype::F64, numbers, f64::to_le_bytes);
    let error = Net::from_bytes(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "weights, tensor `dense1.bias`: expected numbers that F32 can hold, found -1e39"
    );
    assert!(<Net<f64> as Network>::from_bytes(&bytes).is_ok());

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(Net::load(&path), Err(Error::Tensor { .. })));
    let matching = Net::zeros().load_matching(&path).unwrap();
    assert_eq!(
        matching.to_string(),
        "1 tensor loaded; kept: `dense1.bias` (F32 [2], the file has F64 [2] with -1e39 in it)"
    );
}

#[test]
fn bytes_that_do_not_fit_change_nothing() {
    let weights = [0.0; 16];
    let bytes = |tensors: &[(&str, Dtype, &[usize])]| {
        let data = bytes_of(&weights);
        let views = tensors.iter().map(|(name, dtype, shape)| {
            let length = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            (*name, TensorView::new(*dtype, shape.to_vec(), &data[..length]).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    };
    let weight = ("dense1.weight", Dtype::F32, &[2, 3][..]);
    let bias = ("dense1.bias", Dtype::F32, &[2][..]);
    let long = "a.name.of.more.than.forty-eight.characters.is.cut.short";
    let cases = [
        (
            vec![weight],
            "weights, tensor `dense1.bias`: expected F32 [2], found no tensor of this name",
        ),
        (
            vec![("dense1.weight", Dtype::F32, &[3, 2][..]), bias],
            "weights, tensor `dense1.weight`: expected F32 [2, 3], found F32 [3, 2]",
        ),
        (
            vec![weight, ("dense1.bias", Dtype::I32, &[2])],
            "weights, tensor `dense1.bias`: expected F16, BF16, F32 or F64 [2], found I32 [2]",
        ),
        (
            vec![weight, bias, ("dense2.bias", Dtype::U8, &[1, 1, 1, 1, 3])],
            "weights, tensor `dense2.bias`: expected no such tensor in the network, found U8 [1, 1, 1, 1, …]",
        ),
        (
            vec![weight, bias, (long, Dtype::U8, &[])],
            "weights, tensor `a.name.of.more.than.forty-eight.characters.is.cu…`: expected no such tensor in the network, found U8 []",
        ),
    ];
    let mut net = random::<Net<f32>>();
    let start = net.clone();
    for (tensors, expected) in cases {
        let bytes = bytes(&tensors);
        let error = net.load_bytes(&bytes).unwrap_err();
        assert!(matches!(error, Error::Weights(_)));
        assert_eq!(error.to_string(), expected);
        assert_eq!(format!("{error:?}"), expected);
        assert_eq!(Net::from_bytes(&bytes).unwrap_err().to_string(), expected);
    }
    for (bytes, expected) in [
        (&b""[..], "an empty file"),
        (b"abc", "text, and no weights"),
        (b"\x01\0\0", "fewer than 8 bytes"),
        (b"PK\x03\x04 and so on", "a zip archive (unpack it first)"),
    ] {
        let error = net.load_bytes(bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("weights, header: expected a safetensors file, found {expected}")
        );
    }
    assert_eq!(net, start);
    net.load_bytes(&bytes(&[bias, ("num_batches_tracked", Dtype::I64, &[]), weight])).unwrap();
    assert_eq!(net, Net::zeros());
}

fn bytes_of(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[test]
fn any_prefix_is_a_name_in_json() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    let net = random::<Net<f32>>();
    for prefix in
        ["", "a", "a.b", "with \"quotes\"", "back\\slash", "tab\t, \u{1} and \n", "größe", "🦀"]
    {
        net.dense1.save_to(&path, prefix).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let name = if prefix.is_empty() { "weight".into() } else { format!("{prefix}.weight") };
        assert!(SafeTensors::deserialize(&bytes).unwrap().tensor(&name).is_ok(), "{name}");
        let mut again = Net::zeros();
        again.dense1.load_from(&path, prefix).unwrap();
        assert_eq!(again, net, "{prefix}");
    }
}

#[test]
fn a_network_whose_numbers_are_somewhere_else() {
    // As on a microcontroller, which has no `Box`.
    let net = random::<Stack>();
    let mut numbers = [0.0; Stack::PARAMETERS];
    let other = Stack::from_mut_slice(&mut numbers);
    other.load_bytes(&net.to_bytes()).unwrap();
    assert_eq!(*other, *net);
}
