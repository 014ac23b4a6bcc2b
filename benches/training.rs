//! Training steps, beside the same networks by hand in nalgebra's `DMatrix`.

use std::hint::black_box;

use axonal::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};
use dynamic::Activation::{Identity, Sigmoid, Tanh};
use nalgebra::DMatrix;

#[path = "shared/data.rs"]
mod data;
#[path = "shared/dynamic.rs"]
mod dynamic;

network! {
    struct Digits<input 784 => dense 128 sigmoid => dense 10>;
    struct Small<input 4 => dense 32 tanh => dense 16 tanh => dense 4>;
    struct Chain<input 24 => dense 8 tanh => dense 2>;
}

fn samples<T: axonal::Scalar, const N: usize>(values: &[f64]) -> Vec<SVector<T, N>> {
    let sample = |values: &[f64]| SVector::from_iterator(values.iter().copied().map(T::of));
    values.chunks_exact(N).map(sample).collect()
}

/// A step on one set of classes after another (see [`data::CLASS_SETS`]).
fn digits(criterion: &mut Criterion) {
    for batch in [1, 32, 128] {
        let sets: Vec<_> = (0..data::CLASS_SETS).map(|set| data::classes(batch, set)).collect();
        let targets: Vec<Vec<Class<10>>> = sets
            .iter()
            .map(|set| set.iter().map(|class| Class::new(*class).expect("a digit")).collect())
            .collect();
        let values = data::inputs(batch, 784);
        let inputs = samples::<f32, 784>(&values);
        let matrix = DMatrix::from_vec(784, batch, data::f32s(values));
        let by_hand = || {
            let (widths, activations) = ([784, 128, 10], [Sigmoid, Identity]);
            dynamic::Network::<f32>::new(&widths, &activations, batch, data::weights, data::bias)
        };

        let mut group = criterion.benchmark_group(format!("784-128-10/sgd/{batch}"));
        let mut net = Digits::random(&mut StdRng::seed_from_u64(1));
        let mut sgd = Sgd::new(data::SGD_RATE);
        let mut targets_in_turn = targets.iter().cycle();
        group.bench_function("axonal", |bencher| {
            bencher.iter(|| {
                let targets = targets_in_turn.next().expect("a cycle");
                net.train_step(black_box(&inputs), targets, &CrossEntropy, &mut sgd)
            });
        });
        let mut net = by_hand();
        let mut sets_in_turn = sets.iter().cycle();
        group.bench_function("DMatrix", |bencher| {
            bencher.iter(|| {
                let classes = sets_in_turn.next().expect("a cycle");
                let loss = net.cross_entropy_gradient(black_box(&matrix), classes);
                dynamic::sgd_step(&mut net, data::SGD_RATE);
                loss
            });
        });
        group.finish();

        let mut group = criterion.benchmark_group(format!("784-128-10/adam/{batch}"));
        let mut net = Digits::random(&mut StdRng::seed_from_u64(1));
        let mut adam = Adam::new(data::ADAM_RATE);
        group.bench_function("axonal", |bencher| {
            bencher.iter(|| {
                let targets = targets_in_turn.next().expect("a cycle");
                net.train_step(black_box(&inputs), targets, &CrossEntropy, &mut adam)
            });
        });
        let mut net = by_hand();
        let mut adam = dynamic::Adam::new(&mut net, data::ADAM_RATE);
        group.bench_function("DMatrix", |bencher| {
            bencher.iter(|| {
                let classes = sets_in_turn.next().expect("a cycle");
                let loss = net.cross_entropy_gradient(black_box(&matrix), classes);
                adam.step(&mut net);
                loss
            });
        });
        group.finish();
    }
}

/// SimpleChains.jl's two workloads.
fn small(criterion: &mut Criterion) {
    let (inputs, targets) = (data::inputs(10_000, 4), data::targets(10_000, 4));
    let mut group = criterion.benchmark_group("4-32-16-4/adam/10000");
    group.sample_size(20);
    let mut net = Small::random(&mut StdRng::seed_from_u64(1));
    let mut adam = Adam::new(data::ADAM_RATE);
    let (xs, ys) = (samples::<f32, 4>(&inputs), samples::<f32, 4>(&targets));
    group.bench_function("axonal", |bencher| {
        bencher.iter(|| net.train_step(black_box(&xs), &ys, &MeanSquaredError, &mut adam));
    });
    let (widths, activations) = ([4, 32, 16, 4], [Tanh, Tanh, Identity]);
    let mut net =
        dynamic::Network::<f32>::new(&widths, &activations, 10_000, data::weights, data::bias);
    let mut adam = dynamic::Adam::new(&mut net, data::ADAM_RATE);
    let inputs = DMatrix::from_vec(4, 10_000, data::f32s(inputs));
    let targets = DMatrix::from_vec(4, 10_000, data::f32s(targets));
    group.bench_function("DMatrix", |bencher| {
        bencher.iter(|| {
            let loss = net.squared_error_gradient(black_box(&inputs), &targets);
            adam.step(&mut net);
            loss
        });
    });
    group.finish();

    let (inputs, targets) = (data::inputs(200, 24), data::targets(200, 2));
    let mut group = criterion.benchmark_group("24-8-2/gradient/200/f64");
    let net = Chain::<f64>::random(&mut StdRng::seed_from_u64(1));
    let (xs, ys) = (samples::<f64, 24>(&inputs), samples::<f64, 2>(&targets));
    group.bench_function("axonal", |bencher| {
        bencher.iter(|| net.gradient(black_box(&xs), &ys, &MeanSquaredError));
    });
    let (widths, activations) = ([24, 8, 2], [Tanh, Identity]);
    let mut net =
        dynamic::Network::<f64>::new(&widths, &activations, 200, data::weights, data::bias);
    let inputs = DMatrix::from_vec(24, 200, inputs);
    let targets = DMatrix::from_vec(2, 200, targets);
    group.bench_function("DMatrix", |bencher| {
        bencher.iter(|| net.squared_error_gradient(black_box(&inputs), &targets));
    });
    group.finish();
}

criterion_group!(benches, digits, small);
criterion_main!(benches);
