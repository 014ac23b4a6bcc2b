//! Batches of every size: large ones are taken in pieces, empty ones are nothing.

use approx::assert_relative_eq;
use axonal::prelude::*;

use crate::common::samples::{classes, numbers};

network! {
    struct Tiny<input 3 => dense 5 gelu => dense 4 tanh => dense 2>;
    struct Wide<input 70 => dense 67 relu => dense 33 softmax => dense 3>;
    struct Flat<input 9 => tanh>;
}

#[test]
fn gradient_of_a_large_batch_is_the_mean_of_its_parts() {
    const SAMPLES: usize = 20_000;
    const PART: usize = 1000;
    let mut rng = StdRng::seed_from_u64(1);
    let net = Tiny::<f64>::random(&mut rng);
    let inputs = numbers(SAMPLES, &mut rng);
    let targets = classes(SAMPLES, &mut rng);
    let (loss, gradient) = net.gradient(&inputs, &targets, &CrossEntropy);
    let mut mean_loss = 0.0;
    let mut mean = Tiny::<f64>::zeros();
    for (inputs, targets) in inputs.chunks(PART).zip(targets.chunks(PART)) {
        let (loss, gradient) = net.gradient(inputs, targets, &CrossEntropy);
        let share = inputs.len() as f64 / SAMPLES as f64;
        mean_loss += share * loss;
        for (mean, value) in mean.as_mut_slice().iter_mut().zip(gradient.as_slice()) {
            *mean += share * value;
        }
    }
    assert_relative_eq!(loss, mean_loss, max_relative = 1e-13);
    for (value, mean) in gradient.as_slice().iter().zip(mean.as_slice()) {
        assert_relative_eq!(value, mean, max_relative = 1e-10, epsilon = 1e-14);
    }
}

/// One sample more or less than a piece holds.
#[test]
fn pieces_of_all_sizes_lose_no_sample() {
    let mut rng = StdRng::seed_from_u64(2);
    let net = Wide::<f64>::random(&mut rng);
    let inputs = numbers(700, &mut rng);
    let targets = numbers(700, &mut rng);
    let each: Vec<_> = inputs
        .iter()
        .zip(&targets)
        .map(|(input, target)| net.gradient(&[*input], &[*target], &MeanSquaredError))
        .collect();
    let mut sum = vec![0.0; Wide::<f64>::PARAMETERS];
    let mut loss_sum = 0.0;
    for (index, (loss, gradient)) in each.iter().enumerate() {
        loss_sum += loss;
        for (sum, value) in sum.iter_mut().zip(gradient.as_slice()) {
            *sum += value;
        }
        let count = index + 1;
        if ![1, 47, 48, 49, 95, 96, 97, 191, 192, 193, 383, 384, 385, 699, 700].contains(&count) {
            continue;
        }
        let (loss, gradient) = net.gradient(&inputs[..count], &targets[..count], &MeanSquaredError);
        let n = count as f64;
        assert_relative_eq!(loss, loss_sum / n, max_relative = 1e-12);
        for (value, sum) in gradient.as_slice().iter().zip(&sum) {
            assert_relative_eq!(*value, sum / n, max_relative = 1e-9, epsilon = 1e-14);
        }
    }
}

#[test]
fn gradient_of_no_samples_is_zero() {
    let net = Tiny::<f64>::random(&mut StdRng::seed_from_u64(3));
    let (loss, gradient) = net.gradient(&[], &[] as &[Class<2>], &CrossEntropy);
    assert_eq!(loss, 0.0);
    assert!(gradient.as_slice().iter().all(|value| *value == 0.0));
    assert_eq!(net.loss(&[], &[] as &[Class<2>], &CrossEntropy), 0.0);
}

#[test]
fn a_network_without_parameters_has_an_empty_gradient() {
    let net = Flat::<f64>::zeros();
    let samples = numbers(5, &mut StdRng::seed_from_u64(4));
    let (loss, gradient) = net.gradient(&samples, &samples, &MeanSquaredError);
    assert!(loss > 0.0);
    assert_eq!(gradient.as_slice(), [0.0; 0]);
}

macro_rules! forward_batch_is_forward {
    ($($name:ident: $net:ty, $tolerance:expr);+ $(;)?) => {$(
        #[test]
        fn $name() {
            let mut rng = StdRng::seed_from_u64(6);
            let net = <$net as Network>::random(&mut rng);
            for samples in [0, 1, 5, 64, 97, 1000] {
                let inputs = numbers(samples, &mut rng);
                let mut outputs = vec![SVector::repeat(7.0); samples];
                net.forward_batch(&inputs, &mut outputs);
                for (input, output) in inputs.iter().zip(&outputs) {
                    assert_relative_eq!(*output, net.forward(input), max_relative = $tolerance, epsilon = $tolerance);
                }
            }
        }
    )+};
}

forward_batch_is_forward! {
    forward_batch_of_tiny_f32: Tiny, 1e-6;
    forward_batch_of_tiny_f64: Tiny<f64>, 1e-14;
    forward_batch_of_wide_f32: Wide, 1e-6;
    forward_batch_of_wide_f64: Wide<f64>, 1e-14;
    forward_batch_of_flat_f32: Flat, 1e-6;
}

#[test]
#[should_panic(expected = "`forward_batch` takes as many outputs as inputs")]
fn forward_batch_with_too_few_outputs() {
    Tiny::zeros().forward_batch(&[SVector::zeros(); 3], &mut [SVector::zeros(); 2]);
}

#[test]
#[should_panic(expected = "a batch takes as many targets as inputs")]
fn gradient_with_too_few_targets() {
    Tiny::zeros().gradient(&[SVector::zeros(); 3], &[SVector::zeros(); 2], &MeanSquaredError);
}

#[test]
#[should_panic(expected = "a batch takes as many targets as inputs")]
fn loss_with_too_many_targets() {
    Tiny::zeros().loss(&[SVector::zeros(); 3], &[SVector::zeros(); 4], &MeanSquaredError);
}
