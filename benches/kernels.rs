//! The matrix products of a dense layer as a share of the machine's peak, measured in the same run:
//! on each instruction set that the machine has, for one thread.

#![allow(clippy::print_stdout, clippy::cast_precision_loss)]

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use axonal::layers::{Batch, Dense, End, GradientSink};
use axonal::prelude::*;
use axonal::simd::{InstructionSet, Vector, dispatch};
use axonal::{Differentiable, Layer, Parameters, Simd, WithSimd};

#[path = "shared/data.rs"]
mod data;

const IN: usize = 784;
const OUT: usize = 128;
type Weights = Dense<f32, IN, OUT>;
type Input = SVector<f32, IN>;
type Output = SVector<f32, OUT>;

/// Independent fused multiply-adds in registers, nothing else: so many that none waits for another,
/// so few that they stay in 16 registers.
const ACCUMULATORS: usize = 12;
const ROUNDS: usize = 10_000;

struct Peak {
    factor: f32,
}

impl WithSimd for Peak {
    /// The operations that were done.
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let factor = Vector::splat(simd, self.factor);
        let addend = Vector::splat(simd, 1.0 - self.factor);
        let mut accumulators = [addend; ACCUMULATORS];
        for _ in 0..ROUNDS {
            for accumulator in &mut accumulators {
                *accumulator = accumulator.mul_add(factor, addend);
            }
        }
        let sum = accumulators.into_iter().fold(addend, |sum, accumulator| sum + accumulator);
        black_box(sum.sum());
        2 * ROUNDS * ACCUMULATORS * Vector::<f32, S>::LANES
    }
}

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
struct Forward<'a> {
    layer: &'a Weights,
    inputs: &'a [Input],
    outputs: &'a mut [Output],
}

impl WithSimd for Forward<'_> {
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
fn backward(
    layer: &Weights,
    inputs: &[Input],
    output_gradient: &mut [Output],
    gradient: &mut Weights,
    input_gradient: Option<&mut [Input]>,
) {
    let batch = Batch { inputs, outputs: &[], trace: &mut [], input_gradient };
    let sink = GradientSink::gradient(layer.as_slice(), gradient.as_mut_slice(), false);
    Weights::backward_pass(batch, output_gradient, End::Scores, sink);
}

/// Seconds of one call of each: the smallest mean of batches of calls of 5 ms. They take turns, so that a share of the peak, or a difference,
/// is of figures from the same moments.
fn seconds<const N: usize>(calls: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut measured = calls.map(|call| (call, 1_u32, f64::INFINITY));
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        for (call, batch, best) in &mut measured {
            // What it works on comes to the caches.
            call();
            let start = Instant::now();
            for _ in 0..*batch {
                call();
            }
            let spent = start.elapsed();
            if spent < Duration::from_millis(5) {
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

fn main() {
    let mut layer = Weights::zeros();
    layer.initialize(&mut StdRng::seed_from_u64(1));
    let mut gradient = Weights::zeros();
    for set in InstructionSet::available() {
        InstructionSet::force(set);
        println!("{set}:");
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
            let [peak, forward, weights, both, read, write] = seconds([
                &mut || operations = dispatch(Peak { factor: black_box(0.5) }),
                &mut || {
                    let (inputs, outputs) = (black_box(&inputs[..]), black_box(&mut outputs[..]));
                    dispatch(Forward { layer, inputs, outputs });
                },
                &mut || run_backward(None),
                &mut || run_backward(Some(black_box(&mut input_gradient))),
                &mut || sweep(false),
                &mut || sweep(true),
            ]);
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
