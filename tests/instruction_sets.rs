//! Every pass gives the same on every instruction set that the machine has. A process of its own: it chooses the instruction set.
#![cfg(feature = "std")]

mod common;

use axonal::prelude::*;
use axonal::simd::InstructionSet;
use common::samples::{classes, numbers};
use common::{on_each_instruction_set, on_the_best_instruction_set};

/// All numbers are as near to the first set's as the largest of them allows.
fn assert_agree(results: &[(InstructionSet, Vec<f64>)], tolerance: f64) {
    let (_, expected) = &results[0];
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    assert!(largest > 0.0 && largest.is_finite());
    for (set, values) in results {
        assert_eq!(values.len(), expected.len());
        for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
            assert!(
                (value - expected).abs() <= tolerance * largest,
                "number {index}: {value} on {set}, {expected} on the first"
            );
        }
    }
}

fn wide<'a, T: axonal::Scalar>(values: impl IntoIterator<Item = &'a T>) -> Vec<f64> {
    values.into_iter().map(|value| value.as_f64()).collect()
}

network! {
    struct Digits<input 64 => dense 32 sigmoid => dense 10>;
    struct Odd<input 67 => dense 39 gelu => dense 23 no_bias elu(1.0) => dense 5 softmax>;
    struct Narrow<input 1 => dense 2 tanh => dense 1 softplus => dense 3 selu => dense 2>;
    struct Large<input 200 => dense 129 silu => dense 70 leaky_relu(0.01) => dense 3 => hard_sigmoid>;
    struct Sum<input 67 => dense 1>;
    struct Soft<input 17 => dense 31 softmax => dense 9 softsign => relu => dense 4>;
}

macro_rules! agree {
    ($($name:ident: $net:ident<$scalar:ty>, $tolerance:expr;)+) => {$(
        #[test]
        fn $name() {
            type Net = $net<$scalar>;
            let mut rng = StdRng::seed_from_u64(8);
            let net = <Net as Network>::random(&mut rng);
            for samples in [1, 2, 5, 12, 33, 130] {
                let inputs = numbers(samples, &mut rng);
                let targets = classes(samples, &mut rng);
                assert_agree(&on_each_instruction_set(|_| wide(net.forward(&inputs[0]).iter())), $tolerance);
                assert_agree(
                    &on_each_instruction_set(|_| {
                        let mut outputs = vec![SVector::zeros(); samples];
                        net.forward_batch(&inputs, &mut outputs);
                        wide(outputs.iter().flatten())
                    }),
                    $tolerance,
                );
                assert_agree(
                    &on_each_instruction_set(|_| {
                        let (_, gradient) = net.gradient(&inputs, &targets, &CrossEntropy);
                        wide(gradient.as_slice())
                    }),
                    $tolerance,
                );
                assert_agree(
                    &on_each_instruction_set(|_| wide(&[net.loss(&inputs, &targets, &CrossEntropy)])),
                    $tolerance,
                );
            }
        }
    )+};
}

agree! {
    digits_f32: Digits<f32>, 2e-6;
    digits_f64: Digits<f64>, 2e-14;
    odd_f32: Odd<f32>, 2e-6;
    odd_f64: Odd<f64>, 2e-14;
    narrow_f32: Narrow<f32>, 2e-6;
    narrow_f64: Narrow<f64>, 2e-14;
    large_f32: Large<f32>, 2e-6;
    large_f64: Large<f64>, 2e-14;
    soft_f32: Soft<f32>, 2e-6;
    soft_f64: Soft<f64>, 2e-14;
}

macro_rules! optimizers_agree {
    ($($name:ident: $optimizer:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut rng = StdRng::seed_from_u64(9);
            let start = Odd::<f64>::random(&mut rng);
            let inputs = numbers(33, &mut rng);
            let targets = classes(33, &mut rng);
            let results = on_each_instruction_set(|_| {
                let mut net = start.clone();
                let mut optimizer = $optimizer;
                for _ in 0..5 {
                    net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
                }
                wide(net.as_slice())
            });
            // Adam and its kin divide by gradients that may be next to nothing.
            assert_agree(&results, 1e-9);
        }
    )+};
}

optimizers_agree! {
    sgd: Sgd::new(0.1).momentum(0.9).nesterov().weight_decay(0.01);
    adagrad: AdaGrad::new(0.1);
    rmsprop: RmsProp::new(0.01).momentum(0.5);
    adam: Adam::new(0.01).weight_decay(0.01);
    adamw: AdamW::new(0.01);
}

/// The same set gives the same bits, and what an optimizer's memory holds from the batch before does not matter.
#[test]
fn memory_used_before_changes_no_bit() {
    let mut rng = StdRng::seed_from_u64(10);
    let start = Odd::<f32>::random(&mut rng);
    let many = (numbers(700, &mut rng), classes(700, &mut rng));
    let poison = (vec![SVector::repeat(f32::NAN); 700], classes(700, &mut rng));
    let few = (numbers(13, &mut rng), classes(13, &mut rng));
    let results = on_each_instruction_set(|_| {
        let mut fresh = start.clone();
        fresh.train_step(&few.0, &few.1, &CrossEntropy, &mut Sgd::new(0.1));
        for (inputs, targets) in [&many, &poison] {
            let mut optimizer = Sgd::new(0.1);
            // A network of its own, whose weights are thrown away: only the optimizer's memory is used again.
            start.clone().train_step(inputs, targets, &CrossEntropy, &mut optimizer);
            let mut net = start.clone();
            net.train_step(&few.0, &few.1, &CrossEntropy, &mut optimizer);
            assert_eq!(net.as_slice(), fresh.as_slice());
        }
        let mut outputs = [vec![SVector::repeat(f32::NAN); 13], vec![SVector::zeros(); 13]];
        for outputs in &mut outputs {
            start.forward_batch(&few.0, outputs);
        }
        assert_eq!(outputs[0], outputs[1]);
    });
    assert!(!results.is_empty());
}

/// A set of vector instructions rounds sums in another way than the baseline: where training gives the same bits, it was not used.
#[cfg(target_arch = "x86_64")]
#[test]
fn training_uses_the_set() {
    let mut rng = StdRng::seed_from_u64(11);
    let net = Sum::<f32>::random(&mut rng);
    let inputs = numbers::<f32, 67>(40, &mut rng);
    let targets = [SVector::zeros(); 2];
    for batch in [1, 2] {
        let losses = on_each_instruction_set(|_| {
            let losses = inputs
                .chunks(batch)
                .map(|inputs| net.loss(inputs, &targets[..batch], &MeanSquaredError));
            losses.collect::<Vec<_>>()
        });
        let ((_, baseline), others) = losses.split_first().unwrap();
        for (set, losses) in others {
            assert_ne!(losses, baseline, "batches of {batch} on {set}");
        }
    }
}

#[test]
fn sets_that_the_machine_lacks_change_nothing() {
    on_the_best_instruction_set(|| {
        let before = InstructionSet::current();
        let missing =
            if cfg!(target_arch = "x86_64") { InstructionSet::Neon } else { InstructionSet::Avx2 };
        assert!(!InstructionSet::force(missing));
        assert_eq!(InstructionSet::current(), before);
    });
}
