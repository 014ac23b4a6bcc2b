//! Vector-Jacobian products beside the gradient of a loss, and Jacobians beside central differences of `forward_batch`.

use std::hint::black_box;

use axonal::Differentiable;
use axonal::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "shared/data.rs"]
mod data;

network! {
    struct Digits<input 784 => dense 128 sigmoid => dense 10>;
    struct Policy<input 8 => dense 64 tanh => dense 64 tanh => dense 2>;
    struct Dynamics<input 24 => dense 64 tanh => dense 64 tanh => dense 24>;
}

const BATCH: usize = 32;

fn samples<const N: usize>(values: Vec<f64>) -> Vec<SVector<f32, N>> {
    data::f32s(values).chunks_exact(N).map(SVector::from_column_slice).collect()
}

fn backward(criterion: &mut Criterion) {
    let net = Digits::random(&mut StdRng::seed_from_u64(1));
    let inputs = samples::<784>(data::inputs(BATCH, 784));
    let output_gradients = samples::<10>(data::targets(BATCH, 10));
    let (mut gradient, mut input_gradients) = (Digits::zeros(), vec![SVector::zeros(); BATCH]);
    let mut group = criterion.benchmark_group(format!("784-128-10/gradient/{BATCH}"));
    group.bench_function("backward", |bencher| {
        bencher.iter(|| net.backward(black_box(&inputs), &output_gradients, &mut gradient, None));
    });
    group.bench_function("backward to inputs too", |bencher| {
        bencher.iter(|| {
            let to_inputs = Some(&mut input_gradients[..]);
            net.backward(black_box(&inputs), &output_gradients, &mut gradient, to_inputs);
        });
    });
    group.bench_function("loss and gradient", |bencher| {
        let (inputs, targets) = (&inputs, &output_gradients);
        bencher.iter(|| {
            net.gradient_into(black_box(inputs), targets, &MeanSquaredError, &mut gradient)
        });
    });
    group.finish();
}

fn jacobian<N, const IN: usize, const OUT: usize>(criterion: &mut Criterion, name: &str)
where
    N: Network<Scalar = f32, Input = SVector<f32, IN>, Output = SVector<f32, OUT>>,
    N: Differentiable,
{
    const STEP: f32 = 1e-2;
    let net = N::random(&mut StdRng::seed_from_u64(1));
    let input = samples::<IN>(data::inputs(1, IN))[0];
    let mut group = criterion.benchmark_group(format!("{name}/jacobian"));
    let mut jacobian = SMatrix::<f32, OUT, IN>::zeros();
    group.bench_function("jacobian", |bencher| {
        bencher.iter(|| net.jacobian_into(black_box(&input), &mut jacobian));
    });
    let mut points = vec![input; 2 * IN];
    for (column, pair) in points.chunks_exact_mut(2).enumerate() {
        pair[0][column] += STEP;
        pair[1][column] -= STEP;
    }
    let mut outputs = vec![SVector::zeros(); 2 * IN];
    group.bench_function("differences", |bencher| {
        bencher.iter(|| {
            net.forward_batch(black_box(&points), &mut outputs);
            for (mut column, pair) in jacobian.column_iter_mut().zip(outputs.chunks_exact(2)) {
                column.copy_from(&((pair[0] - pair[1]) / (2.0 * STEP)));
            }
        });
    });
    group.finish();
}

fn jacobians(criterion: &mut Criterion) {
    jacobian::<Policy, 8, 2>(criterion, "8-64-64-2");
    jacobian::<Dynamics, 24, 24>(criterion, "24-64-64-24");
}

criterion_group!(benches, backward, jacobians);
criterion_main!(benches);
