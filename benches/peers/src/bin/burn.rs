//! The workloads in burn, on its `flex` backend.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
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

#[derive(Module, Debug)]
struct LeNet {
    convolutions: Vec<Conv2d>,
    pool: MaxPool2d,
    dense: Vec<Linear>,
}

fn convolution(number: u32, inputs: usize, outputs: usize, device: &Device) -> Conv2d {
    let side = data::LENET_WINDOW;
    let values = f32s(data::weights(number, outputs, inputs * side * side));
    let weight = TensorData::new(values, [outputs, inputs, side, side]);
    let bias = TensorData::new(f32s(data::bias(number, outputs)), [outputs]);
    let mut layer = Conv2dConfig::new([inputs, outputs], [side, side]).init(device);
    layer.weight = Param::from_data(weight, device);
    layer.bias = Some(Param::from_data(bias, device));
    layer
}

impl LeNet {
    fn new(device: &Device) -> Self {
        let convolutions = (1..).zip(data::LENET_CHANNELS);
        let dense = (3..).zip(data::LENET_WIDTHS.windows(2));
        Self {
            convolutions: convolutions
                .map(|(number, (inputs, outputs))| convolution(number, inputs, outputs, device))
                .collect(),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            dense: dense.map(|(number, pair)| layer(number, pair[0], pair[1], device)).collect(),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        let convolve =
            |values, layer: &Conv2d| self.pool.forward(activation::relu(layer.forward(values)));
        let values = self.convolutions.iter().fold(input, convolve).flatten(1, 3);
        let (last, hidden) = self.dense.split_last().expect("a layer");
        let dense = |values, layer: &Linear| activation::relu(layer.forward(values));
        last.forward(hidden.iter().fold(values, dense))
    }
}

fn images(count: usize, device: &Device) -> Tensor<4> {
    let values = TensorData::new(f32s(data::inputs(count, 784)), [count, 1, 28, 28]);
    Tensor::from_data(values, device)
}

fn samples(count: usize, width: usize, device: &Device) -> Tensor<2> {
    let values = TensorData::new(f32s(data::inputs(count, width)), [count, width]);
    Tensor::from_data(values, device)
}

/// The workload's name, its learning rate, and the sizes of its batches.
struct Training<'a>(&'a str, f64, &'a [usize]);

fn training<N: Module, I: Clone>(
    bench: &Bench,
    Training(name, rate, batches): Training<'_>,
    optimizer: impl Fn() -> ModuleOptimizer,
    net: impl Fn(&Device) -> N,
    samples: impl Fn(usize, &Device) -> I,
    forward: impl Fn(&N, I) -> Tensor<2>,
) {
    let device = Device::flex().autodiff();
    for &batch in batches {
        let mut net = Some(net(&device));
        let inputs = samples(batch, &device);
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
            let scores = forward(&before, black_box(&inputs).clone());
            let loss = cross_entropy.forward(scores, sets[number % sets.len()].clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &before);
            net = Some(optimizer.step(rate, before, gradients));
            loss
        };
        bench.training(&format!("{name}/{batch}"), step, scalar);
    }
}

fn trainings(bench: &Bench) {
    let digits = |device: &Device| Network::new(&[784, 128, 10], device);
    let rows = |batch, device: &Device| samples(batch, 784, device);
    let forward = |net: &Network, inputs| net.forward(inputs, activation::sigmoid);
    let sgd = || SgdConfig::new().init();
    let batches = [1, 32, 128];
    let workload = Training("training/sgd", data::SGD_RATE, &batches);
    training(bench, workload, sgd, digits, rows, forward);
    let workload = Training("training/adam", data::ADAM_RATE, &batches);
    training(bench, workload, adam, digits, rows, forward);
    let workload = Training("lenet/adam", data::LENET_RATE, &[32, 128]);
    training(bench, workload, adam, LeNet::new, images, LeNet::forward);
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
    let samples = |batch| samples(batch, widths[0], &device);
    inference_of(bench, &name.join("-"), samples, |inputs| net.forward(inputs, activation));
}

fn inference_of<I: Clone>(
    bench: &Bench,
    name: &str,
    samples: impl Fn(usize) -> I,
    forward: impl Fn(I) -> Tensor<2>,
) {
    for batch in [1, 64] {
        let inputs = samples(batch);
        let outputs = forward(inputs.clone()).into_data();
        let check = sum_of_sizes(outputs.iter::<f32>());
        bench.measure(&format!("inference/{name}/{batch}"), check, || {
            forward(black_box(&inputs).clone())
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
    trainings(&bench);
    inference(&bench, &[784, 128, 10], activation::sigmoid);
    inference(&bench, &[8, 64, 64, 2], activation::tanh);
    inference(&bench, &[784, 512, 512, 10], activation::relu);
    inference(&bench, &[6, 64, 8, 4], activation::relu);
    let device = Device::flex();
    let lenet = LeNet::new(&device);
    inference_of(&bench, "LeNet-5", |batch| images(batch, &device), |x| lenet.forward(x));
    small(&bench);
}
