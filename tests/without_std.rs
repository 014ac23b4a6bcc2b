//! What there is without `std`, and without an allocator: forward passes, and weights from bytes.
//!
//! A crate of its own: the gate builds it with `--no-default-features`, alone and with `alloc`. It runs with every other set of features too.

use axonal::prelude::*;
use axonal::simd::InstructionSet;
use axonal::{Error, Image, Sample};

network! {
    /// The network of fixtures/linear_stack.py.
    struct Stack<input 5 => dense 7 tanh => middle: dense 4 no_bias relu => dense 3 softmax>;

    /// Every layer that infers in a way of its own.
    struct Layers<input 2x7x6
        => conv 4 3x3 pad same => batchnorm relu
        => residual { conv 4 3x3 pad 1 gelu => conv 4 1x1 } silu
        => concat { maxpool 2x2 stride 1 } { conv 3 2x2 softsign }
        => conv_transpose 2 2x2 stride 2 => layernorm => avgpool 3x3 stride 3 floor => upsample 2 => pad 1
        => prelu => dropout 0.5 => flatten => dense 6 elu(1.0) => dense 4>;
}

network! {
    /// Several inputs and outputs, one of which is an input as it is.
    struct Records<
        input image: 2x4x4, numbers: 3
        => joined: concat image { conv 3 3x3 relu => flatten } numbers { } => dense 6 tanh
        => heads label { dense 4 softmax } mask { from joined => dense 9 => reshape 1x3x3 } same { from numbers }
    >;
}

static WEIGHTS: &[u8] = include_bytes!("fixtures/linear_stack.safetensors");

/// Inputs, and what PyTorch's network gives.
fn expected() -> impl Iterator<Item = (SVector<f32, 5>, SVector<f32, 3>)> {
    include_str!("fixtures/linear_stack.txt").lines().map(|line| {
        let mut numbers = line.split(' ').map(|word| word.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        (SVector::from_fn(|_, _| next()), SVector::from_fn(|_, _| next()))
    })
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 1e-5 * (1.0 + expected.abs()),
            "{found}, not {expected}"
        );
    }
}

fn layers(numbers: &mut [f32; Layers::PARAMETERS]) -> &Layers {
    for (index, number) in numbers.iter_mut().enumerate() {
        // Positive: among them are variances.
        *number = 0.05 + (index * 7919 % 101) as f32 / 1000.0;
    }
    Layers::from_slice(numbers)
}

fn image(seed: usize) -> Image<2, 7, 6> {
    let number = |index: usize| ((index * 31 + seed * 17) % 23) as f32 / 11.0 - 1.0;
    Image(core::array::from_fn(|channel| {
        core::array::from_fn(|row| {
            core::array::from_fn(|column| number(channel * 42 + row * 6 + column))
        })
    }))
}

#[test]
fn weights_of_pytorch_in_memory_of_ones_own() {
    let mut numbers = [0.0_f32; Stack::PARAMETERS];
    let net = Stack::from_mut_slice(&mut numbers);
    net.load_bytes(WEIGHTS).unwrap();
    let mut samples = 0;
    for (input, output) in expected() {
        assert_close(net.forward(&input).as_slice(), output.as_slice());
        samples += 1;
    }
    assert_eq!(samples, 9);
}

#[test]
fn bytes_of_another_network_are_an_error_that_names_the_tensor() {
    network! { struct Other<input 5 => dense 6 tanh => middle: dense 4 no_bias => dense 3>; }
    let mut numbers = [0.0_f32; Other::PARAMETERS];
    let error: Error = Other::from_mut_slice(&mut numbers).load_bytes(WEIGHTS).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("dense1.weight") && message.contains("[6, 5]"), "{message}");
    assert!(numbers.iter().all(|number| *number == 0.0));
}

#[test]
fn records_of_inputs_and_outputs() {
    let mut numbers = [0.0; Records::PARAMETERS];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = (index * 7919 % 101) as f32 / 50.0 - 1.0;
    }
    let net = Records::from_slice(&numbers);
    let inputs: [_; 3] = core::array::from_fn(|seed| RecordsInputs {
        image: Image([[[seed as f32 * 0.1; 4]; 4]; 2]),
        numbers: SVector::from([1.0, 2.0, seed as f32]),
    });
    let mut outputs = inputs.map(|input| net.forward(&input));
    for (input, output) in inputs.iter().zip(&outputs) {
        assert!((output.label.sum() - 1.0).abs() < 1e-6);
        assert_eq!(output.same, input.numbers);
    }
    assert_ne!(outputs[0].mask, outputs[1].mask);
    let expected = outputs;
    net.forward_batch(&inputs, &mut outputs);
    for (output, expected) in outputs.iter().zip(&expected) {
        assert_close(output.as_slice(), expected.as_slice());
    }
}

#[test]
fn a_batch_is_its_samples_on_every_instruction_set() {
    let mut numbers = [0.0; Layers::PARAMETERS];
    let net = layers(&mut numbers);
    let inputs: [_; 5] = core::array::from_fn(image);
    let best = InstructionSet::current();
    let mut first = None;
    for set in InstructionSet::available() {
        assert!(InstructionSet::force(set));
        let mut outputs = [SVector::repeat(f32::NAN); 5];
        net.forward_batch(&inputs, &mut outputs);
        for (input, output) in inputs.iter().zip(&outputs) {
            assert_close(net.forward(input).as_slice(), output.as_slice());
        }
        assert_ne!(outputs[0], outputs[1]);
        let first = first.get_or_insert(outputs);
        for (output, first) in outputs.iter().zip(first.iter()) {
            assert_close(output.as_slice(), first.as_slice());
        }
    }
    InstructionSet::force(best);
}

#[cfg(feature = "alloc")]
#[test]
fn networks_on_the_heap() {
    let net = Stack::from_bytes(WEIGHTS).unwrap();
    let (input, output) = expected().next().unwrap();
    assert_close(net.forward(&input).as_slice(), output.as_slice());
    assert_eq!(Stack::from_bytes(&net.to_bytes()).unwrap(), net);
    let drawn = Stack::random(&mut StdRng::seed_from_u64(3));
    assert_eq!(*drawn, *Stack::random(&mut StdRng::seed_from_u64(3)));
    assert!(drawn.dense1.weight.iter().any(|weight| *weight != 0.0));
    assert!(Stack::zeros().as_slice().iter().all(|number| *number == 0.0));
}
