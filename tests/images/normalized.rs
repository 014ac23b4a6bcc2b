//! A batch normalization behind a layer is a scale and a shift of its sums in inference: held against the layers one after the other.

use axonal::layers::{Context, End};
use axonal::prelude::*;
use axonal::simd::dispatch;
use axonal::{Differentiable, Sample, Scalar};
use rand::RngExt;

use crate::common::on_each_instruction_set;
use crate::passes::{Inference, assert_close, random_layer, wide, zero};

/// The outputs of inference, against those of a pass of inference that keeps what a backward pass needs: it goes through each layer alone.
fn check<N: Differentiable>(name: &str) {
    let tolerance = if size_of::<N::Scalar>() == 4 { 5e-5 } else { 1e-13 };
    on_each_instruction_set(|set| {
        let mut rng = StdRng::seed_from_u64(17);
        let mut net = random_layer::<N>(&mut rng);
        for number in net.as_mut_slice() {
            // A variance is positive.
            *number = N::Scalar::of(number.as_f64().abs() + 0.1);
        }
        for samples in [1, 2, 7, 33] {
            let mut inputs = vec![zero::<N::Input>(); samples];
            for number in inputs.iter_mut().flat_map(Sample::as_mut_slice) {
                *number = N::Scalar::of(rng.random_range(-1.0..1.0));
            }
            let mut expected = vec![zero::<N::Output>(); samples];
            let mut trace = vec![N::Scalar::of(f64::NAN); N::trace_len(samples)];
            let context = Context::INFERENCE;
            net.forward_pass(context, &inputs, &mut expected, &mut trace, End::Outputs);
            for one_by_one in [false, true] {
                let outputs = dispatch(Inference { layer: &*net, inputs: &inputs, one_by_one });
                let what = format!("{name}, {samples} samples, {set}, one by one: {one_by_one}");
                assert_close(&wide(&outputs), &wide(&expected), tolerance, &what);
            }
        }
    });
}

network! {
    struct Plain<input 3x9x7 => conv 5 3x3 => batchnorm relu => conv 17 3x3 no_bias => batchnorm>;
    struct Strided<input 2x11x6 => conv 16 3x3 stride 2 pad 1 => batchnorm tanh => flatten => dense 3>;
    struct Depthwise<
        input 6x8x5 => conv 6 3x3 groups 6 pad same => batchnorm relu => conv 8 1x1 => batchnorm relu
        => global avgpool => dense 4 => batchnorm softmax
    >;
    struct OverChannels<input 3x6x6 => conv 4 3x3 => batchnorm softmax>;
    struct WithAnActivation<input 3x6x6 => conv 4 3x3 relu => batchnorm => conv 4 1x1 sigmoid>;
    struct Vectors<
        input 19 => dense 40 no_bias => batchnorm relu => dense 700 => batchnorm leaky_relu(0.1)
        => dense 1 => batchnorm eps 1e-3
    >;
    struct First<input 7 => batchnorm => dense 5 => batchnorm => batchnorm relu>;
    struct Blocks<
        input 4x6x6 => conv 8 3x3 pad same => batchnorm relu
        => residual { conv 8 3x3 pad same => batchnorm relu => conv 8 3x3 pad same => batchnorm } relu
        => residual { conv 12 3x3 stride 2 pad 1 => batchnorm } project { conv 12 1x1 stride 2 => batchnorm }
        => concat { conv 3 1x1 => batchnorm } { conv 2 3x3 pad same => batchnorm tanh }
        => flatten => dense 2
    >;
    struct Nested<
        input 3x5x5
        => residual { residual { conv 3 3x3 pad same => batchnorm } => residual { conv 3 1x1 => batchnorm } relu } relu
        => residual { residual { conv 3 3x3 pad same => batchnorm } } project { conv 3 1x1 => batchnorm => conv 3 1x1 }
        => residual { conv 3 3x3 pad same => batchnorm relu => residual { conv 3 1x1 relu => conv 3 1x1 => batchnorm } }
        => flatten => residual { dense 75 => batchnorm } relu => residual { dense 20 => batchnorm } project { dense 20 } => relu
        => residual { dense 9 relu => dense 20 } tanh
    >;
    struct Deep<
        input 5
        => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu
        => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu
        => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu
        => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu => dense 6 => batchnorm relu
        => residual { dense 6 => batchnorm relu => dense 6 => batchnorm } relu
        => residual { dense 4 => batchnorm } project { dense 4 => batchnorm } => relu
        => dense 6 => batchnorm
    >;
}

#[test]
fn a_normalization_is_folded_into_the_layer_before_it() {
    macro_rules! check_each {
        ($($network:ident)+) => {$(
            check::<$network<f32>>(stringify!($network));
            check::<$network<f64>>(stringify!($network));
        )+};
    }
    check_each!(Plain Strided Depthwise OverChannels WithAnActivation Vectors First Blocks Nested Deep);
}

/// A square that overflowed is not hidden by 1 / ∞ = 0.
#[test]
fn an_infinite_variance_is_not_hidden() {
    let mut net = Plain::<f32>::random(&mut StdRng::seed_from_u64(1));
    net.batchnorm1.running_var[0] = f32::INFINITY;
    let outputs = net.forward(&zero());
    assert!(outputs.as_slice().iter().all(|value| value.is_nan()));
}
