//! Sums of a million numbers in `f32`: the error does not grow with their number.
#![cfg(all(feature = "train", feature = "files"))]

use axonal::layers::LayerNorm;
use axonal::prelude::*;

const MILLION: usize = 1_000_000;

/// At most so far from what it should be, as a part of it.
#[track_caller]
fn assert_close(found: f32, expected: f64, part: f64) {
    let off = (f64::from(found) - expected) / expected;
    assert!(off.abs() <= part, "found {found}, expected {expected}: off by {off:e}");
}

network! {
    struct Norm<input 1 => norm: batchnorm => dense 1>;
    struct Norm3<input 3 => norm: batchnorm => dense 1>;
    struct Images<input 2x2x2 => norm: batchnorm => flatten => dense 1>;
    struct Large<input 1x500x500 => norm: batchnorm => global avgpool>;
    struct Pool<input 1x512x512 => avgpool 512x512 => flatten>;
    struct Global<input 1x1000x1000 => global avgpool>;
    struct One<input 1000000 => dense 1>;
    struct Some<input 100000 => dense 20>;
    struct Wide<input 20000 => dense 300 no_bias>;
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// The statistics of one step, which moves the running ones by a tenth from 0 and 1: pressures of the air in Pa, with a deviation of 1.
macro_rules! statistics {
    ($($name:ident: $net:ident of $sample:ty, $samples:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut inputs = <$sample>::zeros_vec($samples);
            let numbers: &mut [f32] = bytemuck::cast_slice_mut(&mut inputs);
            for (index, number) in numbers.iter_mut().enumerate() {
                *number = 101_325.0 + (index as f64 * 0.7390851).sin() as f32 * std::f32::consts::SQRT_2;
            }
            let mut net = $net::random(&mut rng());
            let channels = net.norm.running_mean.len();
            let pixels = <$sample as Sample>::LEN / channels;
            let mut expected = vec![(0.0, 0.0); channels];
            let per_channel = ($samples * pixels) as f64;
            let of_channels = || numbers_of(&inputs, pixels, channels);
            for (channel, number) in of_channels() {
                expected[channel].0 += number / per_channel;
            }
            for (channel, number) in of_channels() {
                expected[channel].1 += (number - expected[channel].0).powi(2) / per_channel;
            }
            let targets = vec![SVector::from([0.0]); $samples];
            net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.0));
            for (channel, (mean, variance)) in expected.into_iter().enumerate() {
                assert_close(net.norm.running_mean[channel] * 10.0, mean, 1e-6);
                assert_close((net.norm.running_var[channel] - 0.9) * 10.0, variance, 2e-3);
            }
        }
    )+};
}

fn numbers_of<X: Sample<Scalar = f32>>(
    inputs: &[X],
    pixels: usize,
    channels: usize,
) -> impl Iterator<Item = (usize, f64)> + '_ {
    let planes = inputs.iter().flat_map(move |input| input.as_slice().chunks(pixels).enumerate());
    planes.flat_map(move |(channel, plane)| {
        plane.iter().map(move |number| (channel % channels, f64::from(*number)))
    })
}

statistics! {
    statistics_of_many_numbers: Norm of SVector<f32, 1>, MILLION;
    statistics_of_many_vectors: Norm3 of SVector<f32, 3>, 300_000;
    statistics_of_many_images: Images of Image<2, 2, 2>, 100_000;
    statistics_of_large_images: Large of Image<1, 500, 500>, 2;
}

#[test]
fn means_of_large_windows() {
    let mut images = Image::<1, 512, 512>::zeros_vec(1);
    images[0].as_mut_slice().fill(300.1);
    assert_close(Pool::zeros().forward(&images[0])[0], f64::from(300.1_f32), 1e-6);
    let mut images = Image::<1, 1000, 1000>::zeros_vec(1);
    images[0].as_mut_slice().fill(300.1);
    assert_close(Global::zeros().forward(&images[0])[0], f64::from(300.1_f32), 1e-5);
}

/// A layer with weights of 1, on inputs of 0.1: one sample, a batch of some, and the loss.
macro_rules! products {
    ($($name:ident: $net:ident of $inputs:literal, $outputs:literal;)+) => {$(
        #[test]
        fn $name() {
            let mut net = $net::zeros();
            net.dense1.weight.fill(1.0);
            let mut inputs = SVector::<f32, $inputs>::zeros_vec(3);
            inputs.iter_mut().for_each(|input| input.fill(0.1));
            let expected = f64::from(0.1_f32) * f64::from($inputs);
            let one = net.forward(&inputs[0]);
            let mut batch = vec![SVector::zeros(); 3];
            net.forward_batch(&inputs, &mut batch);
            for output in batch.iter().chain([&one]).flat_map(|output| output.iter()) {
                assert_close(*output, expected, 2e-4);
            }
            let targets = vec![SVector::<f32, $outputs>::zeros(); 3];
            let loss = net.loss(&inputs, &targets, &MeanAbsoluteError);
            assert_close(loss, expected, 2e-4);
            let loss = net.loss(&inputs[..1], &targets[..1], &MeanAbsoluteError);
            assert_close(loss, expected, 2e-4);
        }
    )+};
}

products! {
    one_output_of_a_million_inputs: One of 1000000, 1;
    some_outputs_of_many_inputs: Some of 100000, 20;
    many_outputs_of_many_inputs: Wide of 20000, 300;
}

network! { struct Classes<input 50001 => softmax>; }

#[test]
fn probabilities_of_many_classes() {
    let net = Classes::zeros();
    let mut scores = SVector::<f32, 50_001>::boxed_zeros();
    scores.fill(-0.1);
    scores[50_000] = 0.0;
    let mut probabilities = SVector::<f32, 50_001>::boxed_zeros();
    net.forward_into(&scores, &mut probabilities);
    let sum = 50_000.0 * (-0.1_f32 as f64).exp() + 1.0;
    assert_close(probabilities[50_000], 1.0 / sum, 1e-6);
    let loss = net.loss(&[*scores], &[Class::<50_001>::new(0).unwrap()], &CrossEntropy);
    assert_close(loss, sum.ln() + 0.1, 1e-6);
}

#[test]
fn gradients_over_a_million_samples() {
    // The samples of a batch under batch statistics are one sum.
    let inputs: Vec<SVector<f32, 1>> = (0..MILLION).map(|i| [(i % 2) as f32].into()).collect();
    let targets = vec![SVector::from([-0.1]); MILLION];
    let mut net = Norm::zeros();
    net.norm.weight.fill(1.0);
    let (_, gradient) = net.gradient(&inputs, &targets, &MeanAbsoluteError);
    // Outputs of 0 above targets: a millionth each, with normalized inputs that sum up to zero.
    assert_close(gradient.dense1.bias[0], 1.0, 1e-5);
    assert!(gradient.dense1.weight[0].abs() < 1e-5);
}

#[test]
fn long_vectors_are_normalized() {
    let mut layer = <LayerNorm<f32, SVector<f32, MILLION>, MILLION> as axonal::Parameters>::zeros();
    layer.weight.fill(1.0);
    let mut input = SVector::<f32, MILLION>::boxed_zeros();
    for (index, number) in input.iter_mut().enumerate() {
        *number = 1000.0 + (index % 2) as f32;
    }
    let mut output = SVector::<f32, MILLION>::boxed_zeros();
    axonal::Layer::infer_one(&*layer, pulp::Scalar::new(), &input, &mut output);
    assert_close(output[1], 1.0, 1e-3);
    assert_close(output[0], -1.0, 1e-3);
}
