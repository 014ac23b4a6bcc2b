//! Single layers: gradients against differences, and what is peculiar to each.

use axonal::activations::{Gelu, Relu, Softmax, Tanh};
use axonal::layers::{
    Activate, AvgPool, BatchNorm, Context, Dropout, End, Flatten, GlobalAvgPool, LayerNorm,
    MaxPool, PRelu, Pad, Parameter, Reshape, Upsample, Window,
};
use axonal::prelude::*;
use axonal::{ImageSample, Sample, Scalar};

use crate::common::on_each_instruction_set;
use crate::common::samples::random;
use crate::differences::{check, check_layer};
use crate::passes::{Training, assert_close, infer, random_layer, wide};

type Pixels<const C: usize, const H: usize, const W: usize> = Image<C, H, W, f64>;

#[test]
fn gradients_are_slopes() {
    check::<MaxPool<f64, Pixels<2, 8, 8>, Pixels<2, 4, 4>, Window<2, 2, 2, 2>>>(3, 1);
    check::<MaxPool<f64, Pixels<2, 9, 7>, Pixels<2, 4, 3>, Window<3, 2, 2, 2>>>(3, 2);
    check::<MaxPool<f64, Pixels<1, 7, 11>, Pixels<1, 3, 4>, Window<1, 2, 3, 3>>>(3, 3);
    check::<MaxPool<f64, Pixels<2, 5, 5>, Pixels<2, 3, 3>, Window<3, 3, 2, 2, 1, 1, 1, 1>>>(3, 4);
    check::<AvgPool<f64, Pixels<2, 8, 6>, Pixels<2, 4, 3>, Window<2, 2, 2, 2>>>(3, 5);
    check::<AvgPool<f64, Pixels<2, 5, 5>, Pixels<2, 3, 3>, Window<3, 3, 2, 2, 1, 1, 1, 1>>>(3, 6);
    check::<GlobalAvgPool<f64, Pixels<3, 4, 5>, 3>>(3, 7);
    check::<Upsample<f64, Pixels<2, 3, 4>, Pixels<2, 9, 8>, 3, 2>>(3, 8);
    check::<Pad<f64, Pixels<2, 3, 4>, Pixels<2, 6, 9>, 2, 1>>(3, 9);
    check::<Flatten<f64, Pixels<2, 3, 4>, 24>>(3, 10);
    check::<Reshape<f64, SVector<f64, 24>, Pixels<2, 3, 4>>>(3, 11);
    check::<Activate<f64, Pixels<3, 3, 4>, Tanh>>(3, 12);
    check::<Activate<f64, Pixels<3, 3, 4>, Gelu>>(3, 13);
    check::<Activate<f64, Pixels<3, 3, 4>, Softmax>>(3, 14);
    check::<Activate<f64, Pixels<3, 3, 4>, Relu>>(3, 15);
    check::<LayerNorm<f64, Pixels<3, 3, 4>, 36>>(3, 16);
    check::<LayerNorm<f64, SVector<f64, 9>, 9>>(3, 17);
    check::<Dropout<f64, Pixels<3, 3, 4>, 1, 4>>(3, 18);
    check::<Dropout<f64, SVector<f64, 7>, 1, 2>>(3, 19);
    check::<PRelu<f64, Pixels<3, 3, 4>, 3>>(3, 20);
    check::<PRelu<f64, SVector<f64, 9>, 9>>(3, 21);
    check::<Parameter<f64, Pixels<3, 3, 4>, 5>>(3, 22);
}

/// The parameters that no gradient moves are not looked at.
#[test]
fn gradients_of_batch_normalization_are_slopes() {
    fn check_batchnorm<I: Sample<Scalar = f64>, const CHANNELS: usize>(samples: usize, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut layer = random_layer::<BatchNorm<f64, I, CHANNELS>>(&mut rng);
        layer.running_var.apply(|variance| *variance = variance.abs() + 0.1);
        check_layer(&*layer, samples, &mut rng);
    }
    check_batchnorm::<Pixels<3, 3, 4>, 3>(3, 20);
    check_batchnorm::<Pixels<2, 1, 2>, 2>(5, 21);
    check_batchnorm::<SVector<f64, 9>, 9>(6, 22);
}

fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// A maximal pool of any geometry against loops, on every instruction set, also of NaN and of equal numbers.
fn maxpool_against_loops<
    T,
    I,
    O,
    const KH: usize,
    const KW: usize,
    const SH: usize,
    const SW: usize,
    const PAD: usize,
>()
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
{
    type Pool<
        T,
        I,
        O,
        const KH: usize,
        const KW: usize,
        const SH: usize,
        const SW: usize,
        const PAD: usize,
    > = MaxPool<T, I, O, Window<KH, KW, SH, SW, PAD, PAD, PAD, PAD>>;
    let mut rng = StdRng::seed_from_u64(23);
    let pool = random_layer::<Pool<T, I, O, KH, KW, SH, SW, PAD>>(&mut rng);
    let mut inputs: Vec<I> = random(3, &mut rng);
    // Few values, so that many are equal.
    for number in inputs[1].as_mut_slice() {
        *number = T::of((number.as_f64() * 2.0).round());
    }
    let middle = I::LEN / 2;
    inputs[2].as_mut_slice()[middle] = T::of(f64::NAN);
    let output_gradient: Vec<O> = random(3, &mut rng);
    let (mut outputs, mut gradient) = (Vec::new(), vec![0.0; 3 * I::LEN]);
    for (sample, input) in inputs.iter().enumerate() {
        let input: Vec<f64> = wide(core::slice::from_ref(input));
        for channel in 0..O::CHANNELS {
            for y in 0..O::ROWS {
                for x in 0..O::COLUMNS {
                    let window = (0..KH * KW).filter_map(|tap| {
                        let row = (y * SH + tap / KW).checked_sub(PAD)?;
                        let column = (x * SW + tap % KW).checked_sub(PAD)?;
                        let inside = row < I::ROWS && column < I::COLUMNS;
                        inside.then_some((channel * I::ROWS + row) * I::COLUMNS + column)
                    });
                    let window: Vec<usize> = window.collect();
                    let largest =
                        window.iter().fold(f64::NEG_INFINITY, |a, at| larger(a, input[*at]));
                    let first = window
                        .iter()
                        .find(|at| input[**at].is_nan() || input[**at] == largest)
                        .unwrap();
                    let at = (channel * O::ROWS + y) * O::COLUMNS + x;
                    gradient[sample * I::LEN + first] +=
                        output_gradient[sample].as_slice()[at].as_f64();
                    outputs.push(largest);
                }
            }
        }
    }
    let finite = 2 * O::LEN;
    on_each_instruction_set(|set| {
        let trained = Training {
            layer: &*pool,
            context: Context::training(0),
            inputs: &inputs,
            output_gradient: &output_gradient,
            end: End::Outputs,
            onto: None,
            wants_input_gradient: true,
        }
        .run();
        let found = wide(&trained.outputs);
        assert_close(&found[..finite], &outputs[..finite], 0.0, &format!("outputs on {set}"));
        for (found, expected) in found[finite..].iter().zip(&outputs[finite..]) {
            assert!(found == expected || found.is_nan() && expected.is_nan(), "{set}");
        }
        let found = wide(&trained.input_gradient);
        assert_close(&found, &gradient, 1e-6, &format!("gradient on {set}"));
        assert_eq!(wide(&infer(&*pool, &inputs[..2])), outputs[..finite], "{set}");
    });
}

#[test]
fn maximal_pools() {
    maxpool_against_loops::<f32, Image<3, 24, 24>, Image<3, 12, 12>, 2, 2, 2, 2, 0>();
    maxpool_against_loops::<f64, Pixels<3, 24, 24>, Pixels<3, 12, 12>, 2, 2, 2, 2, 0>();
    maxpool_against_loops::<f32, Image<5, 8, 8>, Image<5, 4, 4>, 2, 2, 2, 2, 0>();
    maxpool_against_loops::<f32, Image<2, 13, 15>, Image<2, 6, 7>, 2, 2, 2, 2, 0>();
    maxpool_against_loops::<f32, Image<2, 14, 13>, Image<2, 4, 6>, 3, 2, 3, 2, 0>();
    maxpool_against_loops::<f32, Image<2, 14, 13>, Image<2, 6, 6>, 3, 3, 2, 2, 0>();
    maxpool_against_loops::<f32, Image<2, 14, 14>, Image<2, 7, 7>, 3, 3, 2, 2, 1>();
    maxpool_against_loops::<f32, Image<1, 3, 3>, Image<1, 1, 1>, 3, 3, 1, 1, 0>();
    maxpool_against_loops::<f32, Image<1, 9, 20>, Image<1, 3, 7>, 1, 2, 3, 3, 0>();
}

/// Batches of 1, 2 and many against the formula, on every instruction set, with zeros among the inputs, and NaN in the last sample.
fn prelu_against_loops<I: Sample, const CHANNELS: usize>() {
    let mut rng = StdRng::seed_from_u64(24);
    let layer = random_layer::<PRelu<I::Scalar, I, CHANNELS>>(&mut rng);
    let slopes = layer.weight.map(Scalar::as_f64);
    for samples in [1, 2, 65] {
        let mut inputs: Vec<I> = random(samples, &mut rng);
        inputs[0].as_mut_slice()[0] = I::Scalar::of(0.0);
        inputs[samples - 1].as_mut_slice()[I::LEN - 1] = I::Scalar::of(f64::NAN);
        let output_gradient: Vec<I> = random(samples, &mut rng);
        let (x, g) = (wide(&inputs), wide(&output_gradient));
        let slope = |at: usize| slopes[at % I::LEN / I::PIXELS];
        let rectified = |x: f64, v: f64, at: usize| if x > 0.0 { v } else { slope(at) * v };
        let outputs: Vec<f64> = x.iter().enumerate().map(|(at, x)| rectified(*x, *x, at)).collect();
        let of_inputs: Vec<f64> =
            x.iter().zip(&g).enumerate().map(|(at, (x, g))| rectified(*x, *g, at)).collect();
        let mut of_slopes = [0.0; CHANNELS];
        for (at, (x, g)) in x.iter().zip(&g).enumerate() {
            of_slopes[at % I::LEN / I::PIXELS] += if *x > 0.0 { 0.0 } else { x * g };
        }
        on_each_instruction_set(|set| {
            let trained = Training {
                layer: &*layer,
                context: Context::training(0),
                inputs: &inputs,
                output_gradient: &output_gradient,
                end: End::Outputs,
                onto: None,
                wants_input_gradient: true,
            }
            .run();
            // NaN is the last of the outputs, and of the gradient of the slopes; the derivative there is that below zero, as in PyTorch.
            let (found, last) = (wide(&trained.outputs), x.len() - 1);
            assert_close(&found[..last], &outputs[..last], 1e-6, &format!("outputs on {set}"));
            assert!(found[last].is_nan(), "{set}");
            let found = wide(&trained.input_gradient);
            assert_close(&found, &of_inputs, 1e-6, &format!("inputs on {set}"));
            let (last, found) = trained.gradient.split_last().unwrap();
            let found: Vec<f64> = found.iter().map(|value| value.as_f64()).collect();
            assert_close(&found, &of_slopes[..CHANNELS - 1], 1e-6, &format!("slopes on {set}"));
            assert!(last.as_f64().is_nan(), "{set}");
            let sound = &inputs[..samples - 1];
            let found = wide(&infer(&*layer, sound));
            assert_close(&found, &outputs[..found.len()], 1e-6, &format!("inference on {set}"));
        });
    }
}

#[test]
fn rectifiers_with_slopes() {
    prelu_against_loops::<Image<3, 4, 5>, 3>();
    prelu_against_loops::<Pixels<2, 9, 7>, 2>();
    prelu_against_loops::<SVector<f32, 37>, 37>();
    prelu_against_loops::<SVector<f64, 5>, 5>();
}

/// About a quarter is dropped, what is kept keeps the mean, and the same seed drops the same numbers.
#[test]
fn dropout_in_training() {
    type Layer = Dropout<f32, SVector<f32, 999>, 1, 4>;
    let layer = Layer::zeros();
    let inputs = vec![SVector::<f32, 999>::repeat(3.0); 20];
    let run = |seed: u64| {
        let context = Context::training(seed);
        let training = Training {
            layer: &*layer,
            context,
            inputs: &inputs,
            output_gradient: &inputs,
            end: End::Outputs,
            onto: None,
            wants_input_gradient: true,
        };
        let trained = training.run();
        assert_eq!(trained.outputs, trained.input_gradient, "the same factors both ways");
        trained.outputs
    };
    let outputs = run(1);
    let numbers = wide(&outputs);
    assert!(numbers.iter().all(|value| *value == 0.0 || *value == 4.0));
    let dropped = numbers.iter().filter(|value| **value == 0.0).count() as f64;
    // Five standard deviations.
    assert!((dropped / 19980.0 - 0.25).abs() < 5.0 * (0.25 * 0.75 / 19980.0_f64).sqrt());
    assert_ne!(outputs[0], outputs[1]);
    assert_eq!(run(1), outputs);
    assert_ne!(run(2), outputs);
}

#[test]
fn dropout_in_inference_and_at_its_ends() {
    type Layer<const NUMERATOR: u64> = Dropout<f32, Image<2, 3, 3>, NUMERATOR, 1>;
    let mut rng = StdRng::seed_from_u64(24);
    let inputs: Vec<Image<2, 3, 3>> = random(4, &mut rng);
    assert_eq!(infer(&*Layer::<1>::zeros(), &inputs), inputs);
    fn train<const NUMERATOR: u64>(inputs: &[Image<2, 3, 3>]) -> Vec<Image<2, 3, 3>> {
        let context = Context::training(3);
        let layer = &*Layer::<NUMERATOR>::zeros();
        let training = Training {
            layer,
            context,
            inputs,
            output_gradient: inputs,
            end: End::Outputs,
            onto: None,
            wants_input_gradient: false,
        };
        training.run().outputs
    }
    assert_eq!(train::<0>(&inputs), inputs);
    assert_eq!(train::<1>(&inputs), [Image::default(); 4]);
}

#[test]
fn batch_normalization_starts_as_the_identity() {
    use axonal::Layer;
    let mut layer = BatchNorm::<f64, Pixels<2, 2, 2>, 2>::zeros();
    let mut rng = StdRng::seed_from_u64(25);
    layer.initialize(&mut rng);
    let inputs: Vec<Pixels<2, 2, 2>> = random(2, &mut rng);
    assert_close(&wide(&infer(&*layer, &inputs)), &wide(&inputs), 1e-5, "identity");
}
