//! Vector-Jacobian products and Jacobians of whole networks, in f64 (`fixtures/gradients.py`).

use axonal::layers::Context;
use axonal::prelude::*;
use axonal::{Differentiable, Sample};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

network! {
    struct Dense<input 5 => dense 17 tanh => dense 9 gelu => dense 3 sigmoid>;

    struct LeNet<input 28x28
        => conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 relu => dense 10>;
    /// A Jacobian is one of vectors.
    struct Pixels<input 784 => reshape 28x28 => lenet: LeNet>;

    struct Deep<input 48
        => reshape 3x4x4 => conv 4 3x3 pad 1 => batchnorm => relu
        => residual { conv 4 3x3 pad 1 => batchnorm => relu => conv 2 3x3 pad 1 => conv 4 1x1 } relu
        => residual { conv 6 3x3 stride 2 pad 1 } project { conv 6 1x1 stride 2 no_bias => batchnorm } relu
        => flatten => dense 5>;

    struct Nested<input 6 => encoder: Encoder => middle: Middle => dense 4 softmax>;
    struct Encoder<input 6 => dense 8 silu => layernorm>;
    struct Middle<input 8 => dense 8 => batchnorm => tanh>;
}

/// Streams of [`noise`] that are not those of tensors.
const INPUTS: u32 = 100;
const OUTPUT_GRADIENTS: u32 = 101;
const PROJECTION: u32 = 102;

/// Numbers from -1 to 1: the mixing step of MurmurHash3 on 32 bits.
fn noise(stream: u32, count: usize) -> Vec<f64> {
    let number = |i| {
        let mut bits = stream.wrapping_mul(0x9e37_79b9).wrapping_add(1).wrapping_add(i);
        bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
        bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
        bits ^= bits >> 16;
        f64::from(bits) / f64::from(1_u32 << 31) - 1.0
    };
    (0..count as u32).map(number).collect()
}

fn samples<X: Sample<Scalar = f64>>(stream: u32, count: usize) -> Vec<X> {
    let mut samples = X::zeros_vec(count);
    for (sample, numbers) in samples.iter_mut().zip(noise(stream, count * X::LEN).chunks(X::LEN)) {
        sample.as_mut_slice().copy_from_slice(numbers);
    }
    samples
}

fn flat<X: Sample<Scalar = f64>>(samples: &[X]) -> Vec<f64> {
    samples.iter().flat_map(|sample| sample.as_slice()).copied().collect()
}

fn numbers_of(bytes: &[u8]) -> Vec<f64> {
    let numbers = bytes.chunks_exact(8);
    numbers.map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// The tensors of a network, or a gradient, as PyTorch names and turns them, in the order of their names.
fn tensors(bytes: &[u8]) -> Vec<(String, Vec<usize>, Vec<f64>)> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let of_numbers = file.iter().filter(|(_, tensor)| tensor.dtype() == Dtype::F64);
    let mut tensors: Vec<_> = of_numbers
        .map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec(), numbers_of(tensor.data())))
        .collect();
    tensors.sort_by(|(name, ..), (other, ..)| name.cmp(other));
    tensors
}

/// A network with the weights of `fill` of the script.
fn filled<N: Network<Scalar = f64>>() -> Box<N> {
    let mut filled = Vec::new();
    for (stream, (name, shape, old)) in tensors(&N::zeros().to_bytes()).into_iter().enumerate() {
        let mut numbers = noise(stream as u32, old.len());
        if shape.len() > 1 {
            let scale = 2.0 / (shape[1..].iter().product::<usize>() as f64).sqrt();
            numbers.iter_mut().for_each(|number| *number *= scale);
        } else if name.ends_with("norm1.weight") || name.ends_with("running_var") {
            numbers.iter_mut().for_each(|number| *number += 1.25);
        }
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        filled.push((name, shape, bytes));
    }
    let views = filled.iter().map(|(name, shape, bytes)| {
        (name, TensorView::new(Dtype::F64, shape.clone(), bytes).unwrap())
    });
    N::from_bytes(&serialize(views, None).unwrap()).unwrap()
}

/// PyTorch's numbers of one network.
struct Fixture {
    name: &'static str,
    file: SafeTensors<'static>,
}

impl Fixture {
    fn new(name: &'static str) -> Self {
        let file = include_bytes!("../../fixtures/gradients.safetensors");
        Self { name, file: SafeTensors::deserialize(file).unwrap() }
    }

    /// Holds numbers against those that the script kept of as many.
    fn compare(&self, key: &str, numbers: &[f64]) {
        let name = format!("{}.{key}", self.name);
        let expected = numbers_of(self.file.tensor(&name).unwrap().data());
        let mut found = numbers.to_vec();
        if numbers.len() > 100 {
            let projection = noise(PROJECTION, numbers.len());
            found = numbers.iter().step_by(61).copied().collect();
            found.push(numbers.iter().zip(projection).map(|(number, noise)| number * noise).sum());
        }
        assert_eq!(found.len(), expected.len(), "{name}");
        // What batch normalization takes away again has a gradient of zero, or of what rounding leaves of it.
        let largest = expected.iter().fold(0.1_f64, |largest, number| largest.max(number.abs()));
        for (found, expected) in found.iter().zip(&expected) {
            let difference = (found - expected).abs();
            assert!(difference <= 1e-12 * largest, "{name}: {found}, {expected}");
        }
    }

    fn compare_tensors<N: Network<Scalar = f64>>(&self, mode: &str, gradient: &N) {
        let tensors = tensors(&gradient.to_bytes());
        assert!(!tensors.is_empty());
        for (name, _, numbers) in tensors {
            self.compare(&format!("{mode}.gradient.{name}"), &numbers);
        }
    }
}

/// In both modes: to the parameters, to the inputs, and to both.
fn check<N>(name: &'static str, count: usize) -> Box<N>
where
    N: Network<Scalar = f64> + Differentiable,
{
    let (net, fixture) = (filled::<N>(), Fixture::new(name));
    let inputs = samples::<N::Input>(INPUTS, count);
    let output_gradients = samples::<N::Output>(OUTPUT_GRADIENTS, count);
    for (mode, context) in [("inference", Context::INFERENCE), ("training", Context::training(7))] {
        let mut outputs = N::Output::zeros_vec(count);
        net.forward_with(context, &inputs, &mut outputs);
        fixture.compare(&format!("{mode}.outputs"), &flat(&outputs));

        let (mut gradient, mut input_gradients) = (N::zeros(), N::Input::zeros_vec(count));
        let mut backward = |to_parameters: bool, to_inputs: bool| {
            gradient.as_mut_slice().fill(f64::NAN);
            input_gradients.iter_mut().for_each(|x| x.as_mut_slice().fill(f64::NAN));
            let to = (
                to_parameters.then_some(&mut *gradient),
                to_inputs.then_some(&mut input_gradients[..]),
            );
            net.backward_with(context, &inputs, &output_gradients, to.0, to.1);
            if to_parameters {
                fixture.compare_tensors(mode, &*gradient);
            }
            if to_inputs {
                fixture.compare(&format!("{mode}.input_gradients"), &flat(&input_gradients));
            }
        };
        backward(true, false);
        backward(false, true);
        backward(true, true);
    }

    let (mut gradient, mut input_gradients) = (N::zeros(), N::Input::zeros_vec(count));
    net.backward(&inputs, &output_gradients, &mut gradient, Some(&mut input_gradients));
    fixture.compare_tensors("inference", &*gradient);
    fixture.compare("inference.input_gradients", &flat(&input_gradients));
    let pairs = inputs.iter().zip(&output_gradients);
    let one_by_one: Vec<_> = pairs.map(|(x, g)| net.input_gradient(x, g)).collect();
    fixture.compare("inference.input_gradients", &flat(&one_by_one));
    net
}

/// PyTorch's Jacobian is row after row.
fn check_jacobian<N, const IN: usize, const OUT: usize>(name: &'static str, net: &N)
where
    N: Network<Scalar = f64, Input = SVector<f64, IN>, Output = SVector<f64, OUT>>,
    N: Differentiable,
{
    let input = samples::<N::Input>(INPUTS, 1)[0];
    let mut jacobian = Box::new(SMatrix::<f64, OUT, IN>::repeat(f64::NAN));
    net.jacobian_into(&input, &mut jacobian);
    Fixture::new(name).compare("jacobian", jacobian.transpose().as_slice());
}

#[test]
fn dense_layers() {
    let net = check::<Dense<f64>>("dense", 6);
    check_jacobian("dense", &*net);
}

#[test]
fn lenet() {
    let net = check::<LeNet<f64>>("lenet", 3);
    let mut of_pixels = Pixels::<f64>::zeros();
    of_pixels.lenet = *net;
    check_jacobian("lenet", &*of_pixels);
}

#[test]
fn residual_blocks_with_batch_normalization() {
    let net = check::<Deep<f64>>("residual", 6);
    check_jacobian("residual", &*net);
}

#[test]
fn networks_in_networks() {
    let net = check::<Nested<f64>>("nested", 6);
    check_jacobian("nested", &*net);
}
