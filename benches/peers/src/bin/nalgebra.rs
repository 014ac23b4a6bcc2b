//! The workloads by hand in nalgebra, with dynamic shapes.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};
use dynamic::Activation::{Identity, Relu, Sigmoid, Tanh};
use dynamic::{Activation, Adam, Network, sgd_step};
use nalgebra::DMatrix;

#[path = "../../../shared/dynamic.rs"]
mod dynamic;

fn network<T: nalgebra::RealField + Copy>(
    widths: &[usize],
    activations: &[Activation],
    batch: usize,
) -> Network<T> {
    Network::new(widths, activations, batch, data::weights, data::bias)
}

fn samples(count: usize, width: usize) -> DMatrix<f32> {
    DMatrix::from_vec(width, count, f32s(data::inputs(count, width)))
}

fn training(bench: &Bench) {
    for batch in [1, 32, 128] {
        let inputs = samples(batch, 784);
        let sets: Vec<_> = (0..data::CLASS_SETS).map(|set| data::classes(batch, set)).collect();
        let digits = || network::<f32>(&[784, 128, 10], &[Sigmoid, Identity], batch);

        let mut net = digits();
        bench.training(
            &format!("training/sgd/{batch}"),
            |step| {
                let classes = &sets[step % sets.len()];
                let loss = net.cross_entropy_gradient(black_box(&inputs), classes);
                sgd_step(&mut net, data::SGD_RATE);
                loss
            },
            f64::from,
        );

        let mut net = digits();
        let mut adam = Adam::new(&mut net, data::ADAM_RATE);
        bench.training(
            &format!("training/adam/{batch}"),
            |step| {
                let classes = &sets[step % sets.len()];
                let loss = net.cross_entropy_gradient(black_box(&inputs), classes);
                adam.step(&mut net);
                loss
            },
            f64::from,
        );
    }
}

fn inference(bench: &Bench, widths: &[usize], activations: &[Activation]) {
    let name: Vec<_> = widths.iter().map(usize::to_string).collect();
    for batch in [1, 64] {
        let mut net = network::<f32>(widths, activations, batch);
        let inputs = samples(batch, widths[0]);
        let check = sum_of_sizes(net.forward(&inputs).iter().copied());
        bench.measure(&format!("inference/{}/{batch}", name.join("-")), check, || {
            black_box(net.forward(black_box(&inputs)));
        });
    }
}

fn main() {
    let bench = Bench::new("nalgebra by hand", "nalgebra", "DMatrix");
    training(&bench);
    inference(&bench, &[784, 128, 10], &[Sigmoid, Identity]);
    inference(&bench, &[8, 64, 64, 2], &[Tanh, Tanh, Identity]);
    inference(&bench, &[784, 512, 512, 10], &[Relu, Relu, Identity]);
    inference(&bench, &[6, 64, 8, 4], &[Relu, Relu, Identity]);

    let mut small = network::<f32>(&[4, 32, 16, 4], &[Tanh, Tanh, Identity], 10_000);
    let inputs = samples(10_000, 4);
    let targets = DMatrix::from_vec(4, 10_000, f32s(data::targets(10_000, 4)));
    let mut adam = Adam::new(&mut small, data::ADAM_RATE);
    bench.training(
        "small/4-32-16-4",
        |_| {
            let loss = small.squared_error_gradient(black_box(&inputs), &targets);
            adam.step(&mut small);
            loss
        },
        f64::from,
    );

    let mut chain = network::<f64>(&[24, 8, 2], &[Tanh, Identity], 200);
    let inputs = DMatrix::from_vec(24, 200, data::inputs(200, 24));
    let targets = DMatrix::from_vec(2, 200, data::targets(200, 2));
    chain.squared_error_gradient(&inputs, &targets);
    let check = chain.parameters().flat_map(|(_, slopes)| slopes).map(|slope| slope.abs()).sum();
    bench.measure("small/24-8-2 f64", check, || {
        chain.squared_error_gradient(black_box(&inputs), &targets)
    });
}
