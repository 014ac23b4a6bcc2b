//! Convolutions of many geometries: against loops over all indices, on every instruction set, and against differences.

use axonal::activations::{Gelu, Relu, Softmax};
use axonal::layers::{Context, Conv, ConvTranspose, End, NoBias, Window, Windowed};
use axonal::prelude::*;
use axonal::simd::dispatch;
use axonal::{ImageSample, Scalar};

use crate::common::on_each_instruction_set;
use crate::common::samples::random;
use crate::differences::check;
use crate::passes::{Training, assert_close, infer, random_layer, wide};

/// The sum that defines a convolution: calls `term(output, weight, input)` with the indices of the factors of each term.
/// Weights are rows of `[outputs, channels / groups, KH, KW]` in columns, as nalgebra stores them.
fn terms<I: ImageSample, O: ImageSample, G: Windowed>(mut term: impl FnMut(usize, usize, usize)) {
    let (channels, outputs) = (I::CHANNELS / G::GROUPS, O::CHANNELS / G::GROUPS);
    for output in 0..O::CHANNELS {
        for y in 0..O::ROWS {
            for x in 0..O::COLUMNS {
                for channel in 0..channels {
                    for ky in 0..G::KERNEL[0] {
                        for kx in 0..G::KERNEL[1] {
                            let row = y * G::STRIDE[0] + ky * G::DILATION[0];
                            let column = x * G::STRIDE[1] + kx * G::DILATION[1];
                            let inside = G::PADDING[0]..G::PADDING[0] + I::ROWS;
                            let beside = G::PADDING[1]..G::PADDING[1] + I::COLUMNS;
                            if !inside.contains(&row) || !beside.contains(&column) {
                                continue;
                            }
                            let from = output / outputs * channels + channel;
                            let patch = (channel * G::KERNEL[0] + ky) * G::KERNEL[1] + kx;
                            term(
                                (output * O::ROWS + y) * O::COLUMNS + x,
                                patch * O::CHANNELS + output,
                                (from * I::ROWS + row - G::PADDING[0]) * I::COLUMNS + column
                                    - G::PADDING[1],
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Forward and backward passes of a convolution and of the transposed one of the same window, on every instruction set, against loops.
fn against_loops<T, I, O, G, const OUT: usize, const PATCH: usize>(tolerance: f64)
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
    G: Windowed,
{
    const SAMPLES: usize = 2;
    let mut rng = StdRng::seed_from_u64(21);
    let conv = random_layer::<Conv<T, OUT, PATCH, I, O, G>>(&mut rng);
    let transposed = random_layer::<
        ConvTranspose<T, OUT, PATCH, O, I, G, axonal::activations::Identity, NoBias<T>>,
    >(&mut rng);
    let (large, small): (Vec<I>, Vec<O>) = (random(SAMPLES, &mut rng), random(SAMPLES, &mut rng));
    let (wide_large, wide_small) = (wide(&large), wide(&small));
    let weights: Vec<f64> = conv.weight.iter().map(|value| value.as_f64()).collect();
    let other_weights: Vec<f64> = transposed.weight.iter().map(|value| value.as_f64()).collect();

    let mut outputs = vec![0.0; SAMPLES * O::LEN];
    let mut conv_inputs = vec![0.0; SAMPLES * I::LEN];
    let mut conv_weights = vec![0.0; OUT * PATCH];
    let mut bias = vec![0.0; OUT];
    let mut other_outputs = vec![0.0; SAMPLES * I::LEN];
    let mut other_inputs = vec![0.0; SAMPLES * O::LEN];
    for sample in 0..SAMPLES {
        let (to, from) = (sample * O::LEN, sample * I::LEN);
        for index in 0..O::LEN {
            outputs[to + index] = conv.bias[index / O::PIXELS].as_f64();
            bias[index / O::PIXELS] += wide_small[to + index];
        }
        terms::<I, O, G>(|o, w, i| {
            outputs[to + o] += weights[w] * wide_large[from + i];
            conv_inputs[from + i] += weights[w] * wide_small[to + o];
            conv_weights[w] += wide_small[to + o] * wide_large[from + i];
            other_outputs[from + i] += other_weights[w] * wide_small[to + o];
            other_inputs[to + o] += other_weights[w] * wide_large[from + i];
        });
    }
    on_each_instruction_set(|set| {
        let what = |part: &str| format!("{part} on {set}");
        let context = Context::training(0);
        assert_close(&wide(&infer(&*conv, &large)), &outputs, tolerance, &what("outputs"));
        let trained = Training {
            layer: &*conv,
            context,
            inputs: &large,
            output_gradient: &small,
            end: End::Outputs,
            onto: None,
            wants_input_gradient: true,
        }
        .run();
        assert_close(&wide(&trained.outputs), &outputs, tolerance, &what("outputs in training"));
        assert_close(&wide(&trained.input_gradient), &conv_inputs, tolerance, &what("inputs"));
        let gradient: Vec<f64> = trained.gradient.iter().map(|value| value.as_f64()).collect();
        assert_close(&gradient[..OUT * PATCH], &conv_weights, tolerance, &what("weights"));
        assert_close(&gradient[OUT * PATCH..], &bias, tolerance, &what("bias"));

        let outputs = infer(&*transposed, &small);
        assert_close(&wide(&outputs), &other_outputs, tolerance, &what("transposed outputs"));
        let trained = Training {
            layer: &*transposed,
            context,
            inputs: &small,
            output_gradient: &large,
            end: End::Scores,
            onto: None,
            wants_input_gradient: true,
        }
        .run();
        let inputs = wide(&trained.input_gradient);
        assert_close(&inputs, &other_inputs, tolerance, &what("transposed inputs"));
        let gradient: Vec<f64> = trained.gradient.iter().map(|value| value.as_f64()).collect();
        // The same pairs of numbers as the convolution's.
        assert_close(&gradient, &conv_weights, tolerance, &what("transposed weights"));
    });
}

const fn places(
    length: usize,
    pads: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> usize {
    (length + pads - dilation * (kernel - 1) - 1) / stride + 1
}

macro_rules! geometries {
    ($(
        $name:ident: [$c:literal, $h:literal, $w:literal] to $out:literal,
        kernel [$kh:literal, $kw:literal], stride [$sh:literal, $sw:literal],
        pad [$top:literal, $left:literal, $bottom:literal, $right:literal],
        dilation [$dh:literal, $dw:literal], groups $groups:literal;
    )+) => {$(
        mod $name {
            use super::*;

            type Geometry =
                Window<$kh, $kw, $sh, $sw, $top, $left, $bottom, $right, $dh, $dw, $groups>;
            type Large<T> = Image<$c, $h, $w, T>;
            type Small<T> = Image<
                $out,
                { places($h, $top + $bottom, $kh, $sh, $dh) },
                { places($w, $left + $right, $kw, $sw, $dw) },
                T,
            >;
            const PATCH: usize = $c / $groups * $kh * $kw;

            #[test]
            fn in_f32() {
                against_loops::<f32, Large<f32>, Small<f32>, Geometry, $out, PATCH>(1e-5);
            }

            #[test]
            fn in_f64() {
                against_loops::<f64, Large<f64>, Small<f64>, Geometry, $out, PATCH>(1e-13);
            }
        }
    )+};
}

geometries! {
    lenet_first: [1, 28, 28] to 6, kernel [5, 5], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    lenet_second: [6, 12, 12] to 16, kernel [5, 5], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    seven_columns: [3, 9, 9] to 16, kernel [3, 3], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    six_columns_same: [2, 6, 6] to 32, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 1;
    five_columns_strided: [2, 11, 7] to 16, kernel [3, 3], stride [2, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    five_columns: [3, 9, 9] to 20, kernel [5, 5], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    five_columns_same: [2, 5, 5] to 8, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 1;
    five_columns_grouped: [4, 7, 7] to 8, kernel [3, 3], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 2;
    three_columns: [3, 7, 5] to 12, kernel [3, 3], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    four_columns_grouped: [4, 8, 6] to 32, kernel [3, 3], stride [1, 1], pad [0, 0, 0, 0], dilation [2, 1], groups 2;
    nine_columns: [2, 4, 14] to 16, kernel [2, 6], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    one_pixel: [1, 1, 1] to 1, kernel [1, 1], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    same: [3, 8, 8] to 5, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 1;
    even_same: [2, 7, 9] to 4, kernel [4, 2], stride [1, 1], pad [1, 0, 2, 1], dilation [1, 1], groups 1;
    whole_image: [3, 4, 5] to 7, kernel [4, 5], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    strided: [3, 11, 13] to 8, kernel [3, 3], stride [2, 2], pad [1, 1, 1, 1], dilation [1, 1], groups 1;
    unequal: [2, 9, 14] to 3, kernel [2, 3], stride [1, 3], pad [0, 2, 1, 0], dilation [1, 1], groups 1;
    rows_only: [2, 13, 6] to 3, kernel [3, 2], stride [2, 1], pad [1, 0, 0, 1], dilation [1, 1], groups 1;
    left_over: [2, 10, 10] to 3, kernel [3, 3], stride [2, 3], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    dilated: [2, 12, 12] to 3, kernel [3, 3], stride [1, 1], pad [2, 2, 2, 2], dilation [2, 2], groups 1;
    dilated_and_strided: [3, 13, 15] to 4, kernel [2, 3], stride [3, 2], pad [1, 2, 3, 1], dilation [3, 2], groups 1;
    grouped: [6, 7, 7] to 9, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 3;
    depthwise: [5, 9, 9] to 10, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 5;
    depthwise_strided: [4, 9, 9] to 4, kernel [3, 3], stride [2, 2], pad [1, 1, 1, 1], dilation [1, 1], groups 4;
    pointwise: [12, 5, 6] to 20, kernel [1, 1], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    pointwise_strided: [12, 8, 8] to 6, kernel [1, 1], stride [2, 2], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    padding_beyond_the_kernel: [1, 3, 3] to 2, kernel [2, 2], stride [1, 1], pad [3, 4, 2, 3], dilation [1, 1], groups 1;
    many_channels: [40, 9, 9] to 66, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 1;
    many_outputs: [2, 5, 5] to 150, kernel [2, 2], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    large_kernel: [1, 34, 34] to 2, kernel [11, 11], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
    wide_kernel: [2, 3, 40] to 3, kernel [1, 21], stride [1, 1], pad [0, 10, 0, 10], dilation [1, 1], groups 1;
    wide_rows: [2, 2, 700] to 3, kernel [2, 5], stride [1, 1], pad [1, 2, 0, 2], dilation [1, 1], groups 1;
    wide_rows_strided: [1, 2, 1400] to 3, kernel [1, 3], stride [1, 2], pad [0, 1, 0, 0], dilation [1, 1], groups 1;
    many_rows: [1, 100, 20] to 2, kernel [3, 3], stride [1, 1], pad [1, 1, 1, 1], dilation [1, 1], groups 1;
    narrow: [3, 40, 1] to 4, kernel [3, 1], stride [1, 1], pad [0, 0, 0, 0], dilation [1, 1], groups 1;
}

type Rows<T> = Image<2, 6, 7, T>;
type Pixels<T> = Image<3, 3, 4, T>;
type Strided = Window<3, 2, 2, 2, 1, 1, 0, 0>;

#[test]
fn gradients_are_slopes() {
    check::<Conv<f64, 3, 12, Rows<f64>, Pixels<f64>, Strided>>(3, 1);
    check::<Conv<f64, 3, 12, Rows<f64>, Pixels<f64>, Strided, Relu>>(3, 2);
    check::<Conv<f64, 3, 12, Rows<f64>, Pixels<f64>, Strided, Gelu>>(3, 3);
    check::<Conv<f64, 3, 12, Rows<f64>, Pixels<f64>, Strided, Softmax>>(3, 4);
    check::<Conv<f64, 3, 12, Rows<f64>, Pixels<f64>, Strided, Relu, NoBias<f64>>>(3, 5);
    check::<ConvTranspose<f64, 3, 12, Pixels<f64>, Rows<f64>, Strided, Relu, SVector<f64, 2>>>(
        3, 6,
    );
    check::<ConvTranspose<f64, 3, 12, Pixels<f64>, Rows<f64>, Strided, Gelu, SVector<f64, 2>>>(
        3, 7,
    );
    check::<ConvTranspose<f64, 3, 12, Pixels<f64>, Rows<f64>, Strided, Softmax, NoBias<f64>>>(3, 8);
}

/// A softmax is over the channels of each pixel.
#[test]
fn softmax_sums_to_one_at_each_pixel() {
    type Soft = Conv<f32, 3, 12, Rows<f32>, Pixels<f32>, Strided, Softmax>;
    let mut rng = StdRng::seed_from_u64(9);
    let layer = random_layer::<Soft>(&mut rng);
    for output in infer(&*layer, &random(3, &mut rng)) {
        for row in 0..3 {
            for column in 0..4 {
                let sum: f32 = (0..3).map(|channel| output[(channel, row, column)]).sum();
                assert!((sum - 1.0).abs() < 1e-5, "{sum}");
            }
        }
    }
}

/// NaN in a number reaches the outputs whose windows see it, and no others.
#[test]
fn nan_stays_where_it_is() {
    type Same = Conv<f32, 2, 9, Image<1, 9, 9>, Image<2, 9, 9>, Window<3, 3, 1, 1, 1, 1, 1, 1>>;
    let mut rng = StdRng::seed_from_u64(10);
    let layer = random_layer::<Same>(&mut rng);
    on_each_instruction_set(|_| {
        let mut inputs: Vec<Image<1, 9, 9>> = random(1, &mut rng);
        inputs[0][(0, 4, 8)] = f32::NAN;
        let output = infer_without_comparison(&*layer, &inputs)[0];
        for row in 0..9_usize {
            for column in 0..9 {
                let sees = row.abs_diff(4) <= 1 && column >= 7;
                assert_eq!(output[(1, row, column)].is_nan(), sees, "row {row}, column {column}");
            }
        }
    });
}

fn infer_without_comparison<L: axonal::Layer>(layer: &L, inputs: &[L::Input]) -> Vec<L::Output> {
    dispatch(crate::passes::Inference { layer, inputs, one_by_one: false })
}
