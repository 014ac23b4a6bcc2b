//! The matrix products of a dense layer, and convolutions of all kinds, as a share of the machine's peak, measured in the same run:
//! on each instruction set that the machine has, for one thread.

#![allow(clippy::print_stdout, clippy::cast_precision_loss)]

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use axonal::activations::Identity;
use axonal::layers::{Batch, Conv, Dense, End, GradientSink, Window};
use axonal::prelude::*;
use axonal::simd::{InstructionSet, Vector, dispatch};
use axonal::{Differentiable, Image, Layer, Parameters, Sample, Simd, WithSimd};
use peak::Peak;

#[path = "shared/data.rs"]
mod data;
#[path = "shared/peak.rs"]
mod peak;

const IN: usize = 784;
const OUT: usize = 128;
type Weights = Dense<f32, IN, OUT>;
type Input = SVector<f32, IN>;

/// Reads numbers once, or writes them once, and does nothing else.
struct Sweep<'a> {
    numbers: &'a mut [f32],
    writes: bool,
}

impl WithSimd for Sweep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = Vector::<f32, S>::LANES;
        let zero = Vector::splat(simd, black_box(0.0));
        let mut sums = [zero; 8];
        for eight in self.numbers.chunks_exact_mut(8 * lanes) {
            for (values, sum) in eight.chunks_exact_mut(lanes).zip(&mut sums) {
                if self.writes {
                    sum.store(values);
                } else {
                    *sum = *sum + Vector::load(simd, values);
                }
            }
        }
        black_box(sums.into_iter().fold(zero, |sum, part| sum + part).sum());
    }
}

/// Y = W X + b, through the methods that a network calls on its layers.
struct Forward<'a, L: Layer> {
    layer: &'a L,
    inputs: &'a [L::Input],
    outputs: &'a mut [L::Output],
}

impl<L: Layer> WithSimd for Forward<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self {
            Self { layer, inputs: [input], outputs: [output] } => {
                layer.infer_one(simd, input, output);
            }
            Self { layer, inputs, outputs } => layer.infer(simd, inputs, outputs),
        }
    }
}

/// dW = dY Xᵀ, and with `input_gradient` dX = Wᵀ dY
fn backward<L: Differentiable<Scalar = f32>>(
    layer: &L,
    inputs: &[L::Input],
    output_gradient: &mut [L::Output],
    gradient: &mut L,
    input_gradient: Option<&mut [L::Input]>,
) {
    let batch = Batch { inputs, outputs: &[], trace: &mut [], input_gradient };
    let sink = GradientSink::gradient(layer.as_slice(), gradient.as_mut_slice(), false);
    L::backward_pass(batch, output_gradient, End::Scores, sink);
}

/// Seconds of one call of each: the smallest mean of batches of calls of some ms. They take turns, so that a share of the peak, or a difference,
/// is of figures from the same moments.
fn seconds<const N: usize>(
    whole: Duration,
    least: Duration,
    calls: [&mut dyn FnMut(); N],
) -> [f64; N] {
    let mut measured = calls.map(|call| (call, 1_u32, f64::INFINITY));
    let started = Instant::now();
    while started.elapsed() < whole {
        for (call, batch, best) in &mut measured {
            // What it works on comes to the caches.
            call();
            let start = Instant::now();
            for _ in 0..*batch {
                call();
            }
            let spent = start.elapsed();
            if spent < least {
                *batch *= 2;
            } else {
                *best = best.min(spent.as_secs_f64() / f64::from(*batch));
            }
        }
    }
    measured.map(|(_, _, best)| best)
}

fn samples<const N: usize>(count: usize) -> Vec<SVector<f32, N>> {
    let values = data::f32s(data::inputs(count, N));
    values.chunks_exact(N).map(SVector::from_column_slice).collect()
}

/// The three passes of a convolution, by its type, name and samples.
fn convolution<L>(name: &str, samples: usize)
where
    L: Differentiable<Scalar = f32>,
{
    let mut layer = L::zeros();
    layer.initialize(&mut StdRng::seed_from_u64(1));
    let layer = &*layer;
    let mut gradient = L::zeros();
    let inputs = images::<L::Input>(samples);
    let output_gradient = RefCell::new(images::<L::Output>(samples));
    let mut outputs = images::<L::Output>(samples);
    let mut input_gradient = images::<L::Input>(samples);
    let gradient = RefCell::new(&mut *gradient);
    let run_backward = |input_gradient: Option<&mut [L::Input]>| {
        let output_gradient = &mut *output_gradient.borrow_mut();
        let gradient = &mut *gradient.borrow_mut();
        backward(layer, black_box(&inputs), black_box(output_gradient), gradient, input_gradient);
    };
    let mut operations = 0;
    let (whole, least) = (Duration::from_millis(150), Duration::from_millis(2));
    let [peak, forward, weights, both] = seconds(
        whole,
        least,
        [
            &mut || operations = dispatch(Peak { factor: black_box(0.5) }),
            &mut || {
                let (inputs, outputs) = (black_box(&inputs[..]), black_box(&mut outputs[..]));
                dispatch(Forward { layer, inputs, outputs });
            },
            &mut || run_backward(None),
            &mut || run_backward(Some(black_box(&mut input_gradient))),
        ],
    );
    let peak = operations as f64 / peak;
    print!("  {name:<26}");
    for spent in [forward, weights, both - weights] {
        let speed = (2 * L::MULTIPLY_ADDS * samples) as f64 / spent;
        print!(" {:>9.2} µs {:>5.1}%", spent * 1e6, 100.0 * speed / peak);
    }
    println!();
}

/// Images of random numbers.
fn images<I: Sample<Scalar = f32>>(count: usize) -> Vec<I> {
    let mut images = I::zeros_vec(count);
    let values = data::f32s(data::inputs(count, I::LEN));
    bytemuck::cast_slice_mut(&mut images).copy_from_slice(&values);
    images
}

/// A square window with a stride and as much padding as keeps the size where the stride is 1.
type Same<const SIDE: usize, const STRIDE: usize, const PAD: usize, const GROUPS: usize = 1> =
    Window<SIDE, SIDE, STRIDE, STRIDE, PAD, PAD, PAD, PAD, 1, 1, GROUPS>;

/// A convolution of a square image, by input channels, side, output channels, their side, numbers of a window, and the window.
type Square<
    const C: usize,
    const S: usize,
    const OUT: usize,
    const S2: usize,
    const PATCH: usize,
    W,
> = Conv<f32, OUT, PATCH, Image<C, S, S>, Image<OUT, S2, S2>, W, Identity>;

/// Convolutions of each kind: of the networks of BENCHMARKS.md, and of others.
fn convolutions() {
    type Keywords =
        Conv<f32, 64, 40, Image<1, 49, 10>, Image<64, 25, 5>, Window<10, 4, 2, 2, 5, 1, 5, 1>>;
    println!("  {:<26}{:>19}{:>19}{:>19}", "", "forward", "weight gradient", "input gradient");
    convolution::<Square<1, 28, 6, 24, 25, Window<5, 5>>>("1x28x28, 6 5x5", 32);
    convolution::<Square<6, 12, 16, 8, 150, Window<5, 5>>>("6x12x12, 16 5x5", 32);
    convolution::<Keywords>("1x49x10, 64 10x4 stride 2", 8);
    convolution::<Square<3, 32, 16, 32, 27, Same<3, 1, 1>>>("3x32x32, 16 3x3", 8);
    convolution::<Square<3, 96, 16, 48, 27, Same<3, 2, 1>>>("3x96x96, 16 3x3 stride 2", 4);
    convolution::<Square<16, 32, 32, 16, 144, Same<3, 2, 1>>>("16x32x32, 32 3x3 stride 2", 8);
    convolution::<Square<16, 32, 32, 16, 16, Same<1, 2, 0>>>("16x32x32, 32 1x1 stride 2", 8);
    convolution::<Square<32, 16, 32, 16, 288, Same<3, 1, 1>>>("32x16x16, 32 3x3", 8);
    convolution::<Square<64, 8, 64, 8, 576, Same<3, 1, 1>>>("64x8x8, 64 3x3", 8);
    convolution::<Square<64, 32, 64, 32, 576, Same<3, 1, 1>>>("64x32x32, 64 3x3", 2);
    convolution::<Square<32, 32, 64, 32, 800, Same<5, 1, 2>>>("32x32x32, 64 5x5", 2);
    convolution::<Square<3, 96, 32, 48, 147, Same<7, 2, 3>>>("3x96x96, 32 7x7 stride 2", 2);
    convolution::<Square<64, 16, 64, 16, 64, Same<1, 1, 0>>>("64x16x16, 64 1x1", 8);
    convolution::<Square<64, 16, 64, 16, 9, Same<3, 1, 1, 64>>>("64x16x16, depthwise 3x3", 8);
}

/// Dense layers whose weights do not stay in the nearer caches: the same three products.
fn large_layers() {
    println!("  {:<26}{:>19}{:>19}{:>19}", "", "forward", "weight gradient", "input gradient");
    for samples in [16, 64, 256] {
        convolution::<Dense<f32, 1024, 1024>>(&format!("1024x1024x{samples}"), samples);
        convolution::<Dense<f32, 2048, 2048>>(&format!("2048x2048x{samples}"), samples);
        convolution::<Dense<f32, 512, 4096>>(&format!("4096x512x{samples}"), samples);
    }
}

fn main() {
    let mut layer = Weights::zeros();
    layer.initialize(&mut StdRng::seed_from_u64(1));
    let mut gradient = Weights::zeros();
    for set in InstructionSet::available() {
        InstructionSet::force(set);
        println!("{set}:");
        convolutions();
        large_layers();
        for count in [1, 32, 128] {
            let inputs = samples::<IN>(count);
            let output_gradient = samples::<OUT>(count);
            let mut outputs = output_gradient.clone();
            let mut input_gradient = inputs.clone();
            let layer = &*layer;
            // Two of the calls write the gradients.
            let gradients = RefCell::new((output_gradient, &mut *gradient));
            let run_backward = |input_gradient: Option<&mut [Input]>| {
                let (output_gradient, gradient) = &mut *gradients.borrow_mut();
                let (inputs, output_gradient) = (black_box(&inputs), black_box(output_gradient));
                backward(layer, inputs, output_gradient, black_box(gradient), input_gradient);
            };
            let mut operations = 0;
            // As many numbers as there are weights.
            let numbers = RefCell::new(Weights::zeros());
            let sweep = |writes| {
                let mut numbers = numbers.borrow_mut();
                dispatch(Sweep { numbers: black_box(numbers.as_mut_slice()), writes });
            };
            let [peak, forward, weights, both, read, write] = seconds(
                Duration::from_secs(2),
                Duration::from_millis(5),
                [
                    &mut || operations = dispatch(Peak { factor: black_box(0.5) }),
                    &mut || {
                        let (inputs, outputs) =
                            (black_box(&inputs[..]), black_box(&mut outputs[..]));
                        dispatch(Forward { layer, inputs, outputs });
                    },
                    &mut || run_backward(None),
                    &mut || run_backward(Some(black_box(&mut input_gradient))),
                    &mut || sweep(false),
                    &mut || sweep(true),
                ],
            );
            let peak = operations as f64 / peak;
            for (product, spent, (verb, sweep)) in [
                ("forward", forward, ("read", read)),
                ("weight, bias gradient", weights, ("write", write)),
                ("input gradient", both - weights, ("read", read)),
            ] {
                let speed = (2 * IN * OUT * count) as f64 / spent;
                print!(
                    "  {product:<22} {OUT}x{IN}x{count:<4} {:>9.2} µs {:>7.1} GFLOP/s {:>5.1}% of {:.1} in registers",
                    spent * 1e6,
                    speed / 1e9,
                    100.0 * speed / peak,
                    peak / 1e9
                );
                if count == 1 {
                    let us = sweep * 1e6;
                    let share = 100.0 * sweep / spent;
                    print!("; to {verb} as many numbers takes {us:.2} µs: {share:.0}%");
                }
                println!();
            }
        }
    }
}
