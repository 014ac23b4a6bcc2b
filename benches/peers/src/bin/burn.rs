//! The workloads in burn, on its `flex` backend.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

#[derive(Module, Debug)]
struct Network {
    layers: Vec<Linear>,
}

/// One function for all hidden layers, none after the last.
type Activation = fn(Tensor<2>) -> Tensor<2>;

/// burn keeps one row an input.
fn layer(number: u32, inputs: usize, outputs: usize, device: &Device) -> Linear {
    let values = f32s(data::weights(number, outputs, inputs));
    let weight = TensorData::new(values, [outputs, inputs]);
    let bias = TensorData::new(f32s(data::bias(number, outputs)), [outputs]);
    // The product with one does what a copy would: the transpose becomes rows in memory, as burn's own initializer makes them.
    let rows = Tensor::<2>::from_data(weight, device).transpose().mul_scalar(1.0);
    let rows = rows.into_data();
    Linear { weight: Param::from_data(rows, device), bias: Some(Param::from_data(bias, device)) }
}

impl Network {
    fn new(widths: &[usize], device: &Device) -> Self {
        let layers = (1..).zip(widths.windows(2));
        let layer = |(number, pair): (u32, &[usize])| layer(number, pair[0], pair[1], device);
        Self { layers: layers.map(layer).collect() }
    }

    fn forward(&self, input: Tensor<2>, activation: Activation) -> Tensor<2> {
        let (last, hidden) = self.layers.split_last().expect("a layer");
        let values = hidden.iter().fold(input, |values, layer| activation(layer.forward(values)));
        last.forward(values)
    }
}

fn samples(count: usize, width: usize, device: &Device) -> Tensor<2> {
    let values = TensorData::new(f32s(data::inputs(count, width)), [count, width]);
    Tensor::from_data(values, device)
}

fn training(bench: &Bench, name: &str, rate: f64, optimizer: impl Fn() -> ModuleOptimizer) {
    let device = Device::flex().autodiff();
    for batch in [1, 32, 128] {
        let mut net = Some(Network::new(&[784, 128, 10], &device));
        let inputs = samples(batch, 784, &device);
        let sets: Vec<Tensor<1, Int>> = (0..data::CLASS_SETS)
            .map(|set| {
                let classes = data::classes(batch, set).into_iter().map(|class| class as i32);
                Tensor::from_data(TensorData::new(classes.collect(), [batch]), &device)
            })
            .collect();
        let cross_entropy = CrossEntropyLossConfig::new().init(&device);
        let mut optimizer = optimizer();
        let step = |number: usize| {
            let before = net.take().expect("a network");
            let scores = before.forward(black_box(&inputs).clone(), activation::sigmoid);
            let loss = cross_entropy.forward(scores, sets[number % sets.len()].clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &before);
            net = Some(optimizer.step(rate, before, gradients));
            loss
        };
        bench.training(&format!("training/{name}/{batch}"), step, scalar);
    }
}

fn scalar(loss: Tensor<1>) -> f64 {
    f64::from(loss.into_scalar::<f32>())
}

fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_beta_2(0.999).with_epsilon(1e-8).init()
}

fn inference(bench: &Bench, widths: &[usize], activation: Activation) {
    let device = Device::flex();
    let name: Vec<_> = widths.iter().map(usize::to_string).collect();
    let net = Network::new(widths, &device);
    for batch in [1, 64] {
        let inputs = samples(batch, widths[0], &device);
        let outputs = net.forward(inputs.clone(), activation).into_data();
        let check = sum_of_sizes(outputs.iter::<f32>());
        bench.measure(&format!("inference/{}/{batch}", name.join("-")), check, || {
            net.forward(black_box(&inputs).clone(), activation)
        });
    }
}

fn small(bench: &Bench) {
    let device = Device::flex().autodiff();
    let mut net = Some(Network::new(&[4, 32, 16, 4], &device));
    let inputs = samples(10_000, 4, &device);
    let targets = TensorData::new(f32s(data::targets(10_000, 4)), [10_000, 4]);
    let targets = Tensor::<2>::from_data(targets, &device);
    let mut optimizer = adam();
    let step = |_| {
        let before = net.take().expect("a network");
        let outputs = before.forward(black_box(&inputs).clone(), activation::tanh);
        let loss = MseLoss::new().forward(outputs, targets.clone(), Reduction::Mean);
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        net = Some(optimizer.step(data::ADAM_RATE, before, gradients));
        loss
    };
    bench.training("small/4-32-16-4", step, scalar);
}

fn main() {
    let bench = Bench::new("burn", "burn", "flex, x86-v4, mimalloc");
    training(&bench, "sgd", data::SGD_RATE, || SgdConfig::new().init());
    training(&bench, "adam", data::ADAM_RATE, adam);
    inference(&bench, &[784, 128, 10], activation::sigmoid);
    inference(&bench, &[8, 64, 64, 2], activation::tanh);
    inference(&bench, &[784, 512, 512, 10], activation::relu);
    inference(&bench, &[6, 64, 8, 4], activation::relu);
    small(&bench);
}
