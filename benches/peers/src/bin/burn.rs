//! The workloads in burn, on its `flex` backend.

use std::hint::black_box;
use std::slice::Iter;

use axonal_peers::data::{self, f32s};
use axonal_peers::described::{self, Described, Stage};
use axonal_peers::{Bench, sum_of_sizes};
use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::interpolate::Interpolate2dConfig;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, PaddingConfig2d};
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
    linear(number, data::weights(number, outputs, inputs), outputs, device)
}

fn linear(number: u32, weights: Vec<f64>, outputs: usize, device: &Device) -> Linear {
    let inputs = weights.len() / outputs;
    let values = f32s(weights);
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

/// The layers of a network of `networks.rs` that have parameters, in the order of its stages.
#[derive(Module, Debug)]
struct Layers {
    convolutions: Vec<Conv2d>,
    normalizations: Vec<BatchNorm>,
    dense: Vec<Linear>,
}

/// Which of them come next.
struct Next<'a> {
    convolutions: Iter<'a, Conv2d>,
    normalizations: Iter<'a, BatchNorm>,
    dense: Iter<'a, Linear>,
}

impl Layers {
    fn new(stages: &[Stage], device: &Device) -> Self {
        let mut layers =
            Self { convolutions: Vec::new(), normalizations: Vec::new(), dense: Vec::new() };
        layers.extend(stages, device);
        layers
    }

    fn extend(&mut self, stages: &[Stage], device: &Device) {
        let vector = |values, count| -> Tensor<1> {
            Tensor::from_data(TensorData::new(f32s(values), [count]), device)
        };
        for stage in stages {
            match stage {
                Stage::Conv { number, channels, window, stride, pads, groups } => {
                    let [outputs, inputs] = [channels[1], channels[0] / groups];
                    let [[top, bottom], [left, right]] = *pads;
                    let mut layer = Conv2dConfig::new(*channels, *window)
                        .with_stride([*stride; 2])
                        .with_groups(*groups)
                        .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
                        .init(device);
                    let values = data::he_weights(*number, outputs, inputs * window[0] * window[1]);
                    let shape = [outputs, inputs, window[0], window[1]];
                    layer.weight = Param::from_data(TensorData::new(f32s(values), shape), device);
                    let bias = TensorData::new(f32s(data::bias(*number, outputs)), [outputs]);
                    layer.bias = Some(Param::from_data(bias, device));
                    self.convolutions.push(layer);
                }
                Stage::BatchNorm { number, channels } => {
                    let mut layer = BatchNormConfig::new(*channels).init(device);
                    let tensor = |values| TensorData::new(f32s(values), [*channels]);
                    layer.gamma =
                        Param::from_data(tensor(data::factors(*number, *channels)), device);
                    layer.beta = Param::from_data(tensor(data::bias(*number, *channels)), device);
                    let mean = data::running_means(*number, *channels);
                    layer.running_mean = RunningState::new(vector(mean, *channels));
                    let variance = data::running_variances(*number, *channels);
                    layer.running_var = RunningState::new(vector(variance, *channels));
                    self.normalizations.push(layer);
                }
                Stage::Dense { number, widths: [inputs, outputs] } => {
                    let weights = data::he_weights(*number, *outputs, *inputs);
                    self.dense.push(linear(*number, weights, *outputs, device));
                }
                Stage::Residual { block: first, projection: second }
                | Stage::Concat([first, second]) => {
                    self.extend(first, device);
                    self.extend(second, device);
                }
                _ => {}
            }
        }
    }

    /// From one row a sample to one row a sample.
    fn forward(&self, network: &Described, input: Tensor<2>) -> Tensor<2> {
        let mut next = Next {
            convolutions: self.convolutions.iter(),
            normalizations: self.normalizations.iter(),
            dense: self.dense.iter(),
        };
        let [channels, rows, columns] = network.sample[..] else {
            return next.vectors(&network.stages, input);
        };
        let count = input.dims()[0];
        let images = input.reshape([count, channels, rows, columns]);
        let ends = |stage: &Stage| matches!(stage, Stage::GlobalAverage | Stage::Flatten);
        let Some(end) = network.stages.iter().position(ends) else {
            return next.images(&network.stages, images).flatten(1, 3);
        };
        let (stages, rest) = network.stages.split_at(end);
        let mut images = next.images(stages, images);
        if matches!(rest[0], Stage::GlobalAverage) {
            images = AdaptiveAvgPool2dConfig::new([1, 1]).init().forward(images);
        }
        next.vectors(&rest[1..], images.flatten(1, 3))
    }
}

impl Next<'_> {
    fn images(&mut self, stages: &[Stage], input: Tensor<4>) -> Tensor<4> {
        stages.iter().fold(input, |x, stage| match stage {
            Stage::Conv { .. } => self.convolutions.next().expect("a convolution").forward(x),
            Stage::BatchNorm { .. } => self.normalizations.next().expect("a layer").forward(x),
            Stage::Relu => activation::relu(x),
            Stage::Sigmoid => activation::sigmoid(x),
            Stage::Identity => x,
            Stage::MaxPool(factor) => {
                let config = MaxPool2dConfig::new([*factor; 2]).with_strides([*factor; 2]);
                config.init().forward(x)
            }
            Stage::Upsample(factor) => {
                let factors = Some([*factor as f32; 2]);
                Interpolate2dConfig::new().with_scale_factor(factors).init().forward(x)
            }
            Stage::Residual { block, projection } => {
                let shortcut = x.clone();
                self.images(block, x) + self.images(projection, shortcut)
            }
            Stage::Concat([first, second]) => {
                Tensor::cat(vec![self.images(first, x.clone()), self.images(second, x)], 1)
            }
            stage => panic!("{stage:?} is not one of images"),
        })
    }

    fn vectors(&mut self, stages: &[Stage], input: Tensor<2>) -> Tensor<2> {
        stages.iter().fold(input, |x, stage| match stage {
            Stage::Dense { .. } => self.dense.next().expect("a dense layer").forward(x),
            Stage::Relu => activation::relu(x),
            stage => panic!("{stage:?} is not one of vectors"),
        })
    }
}

fn networks(bench: &Bench) {
    let device = Device::flex();
    for network in described::networks() {
        let name = network.name;
        if !bench.wants(&format!("networks/{name}")) {
            continue;
        }
        let width = network.sample.iter().product();
        let net = Layers::new(&network.stages, &device);
        let samples = |batch| samples(batch, width, &device);
        inference_of(bench, &format!("networks/{name}"), samples, |x| net.forward(&network, x));

        let device = Device::flex().autodiff();
        let batch = data::NETWORKS_BATCH;
        let outputs = network.outputs.iter().product();
        let inputs = self::samples(batch, width, &device);
        let rate = data::networks_rate(name);
        let net = Layers::new(&network.stages, &device);
        let forward = |net: &Layers, x| net.forward(&network, x);
        let workload = format!("networks/{name}/step of {batch}");
        if network.outputs.len() == 1 {
            let loss = cross_entropy(batch, outputs, &device);
            training(bench, &workload, rate, adam(), net, inputs, forward, loss);
        } else {
            let loss = squared_error(batch, outputs, &device);
            training(bench, &workload, rate, adam(), net, inputs, forward, loss);
        }
    }
}

fn samples(count: usize, width: usize, device: &Device) -> Tensor<2> {
    let values = TensorData::new(f32s(data::inputs(count, width)), [count, width]);
    Tensor::from_data(values, device)
}

/// Of outputs, at a step.
fn cross_entropy(
    batch: usize,
    count: usize,
    device: &Device,
) -> impl Fn(Tensor<2>, usize) -> Tensor<1> + use<> {
    let sets: Vec<Tensor<1, Int>> = (0..data::CLASS_SETS)
        .map(|set| {
            let classes = data::classes(batch, set).into_iter().map(|class| (class % count) as i32);
            Tensor::from_data(TensorData::new(classes.collect(), [batch]), device)
        })
        .collect();
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    move |scores, step| cross_entropy.forward(scores, sets[step % sets.len()].clone())
}

fn squared_error(
    batch: usize,
    width: usize,
    device: &Device,
) -> impl Fn(Tensor<2>, usize) -> Tensor<1> + use<> {
    let targets = TensorData::new(f32s(data::targets(batch, width)), [batch, width]);
    let targets = Tensor::<2>::from_data(targets, device);
    move |outputs, _| MseLoss::new().forward(outputs, targets.clone(), Reduction::Mean)
}

#[expect(clippy::too_many_arguments, reason = "what a training is made of")]
fn training<N: Module, I: Clone>(
    bench: &Bench,
    workload: &str,
    rate: f64,
    mut optimizer: ModuleOptimizer,
    net: N,
    inputs: I,
    forward: impl Fn(&N, I) -> Tensor<2>,
    loss: impl Fn(Tensor<2>, usize) -> Tensor<1>,
) {
    let mut net = Some(net);
    let step = |number: usize| {
        let before = net.take().expect("a network");
        let loss = loss(forward(&before, black_box(&inputs).clone()), number);
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        net = Some(optimizer.step(rate, before, gradients));
        loss
    };
    bench.training(workload, step, scalar);
}

fn trainings(bench: &Bench) {
    let device = Device::flex().autodiff();
    let forward = |net: &Network, inputs| net.forward(inputs, activation::sigmoid);
    let sgd = || SgdConfig::new().init();
    let optimizers: [(&str, f64, fn() -> ModuleOptimizer); 2] =
        [("sgd", data::SGD_RATE, sgd), ("adam", data::ADAM_RATE, adam)];
    for (name, rate, optimizer) in optimizers {
        for batch in [1, 32, 128] {
            let net = Network::new(&[784, 128, 10], &device);
            let inputs = samples(batch, 784, &device);
            let loss = cross_entropy(batch, 10, &device);
            let workload = format!("training/{name}/{batch}");
            training(bench, &workload, rate, optimizer(), net, inputs, forward, loss);
        }
    }
    for batch in [32, 128] {
        let (net, inputs) = (LeNet::new(&device), images(batch, &device));
        let loss = cross_entropy(batch, 10, &device);
        let (workload, rate) = (format!("lenet/adam/{batch}"), data::LENET_RATE);
        training(bench, &workload, rate, adam(), net, inputs, LeNet::forward, loss);
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
    let samples = |batch| samples(batch, widths[0], &device);
    inference_of(bench, &format!("inference/{}", name.join("-")), samples, |inputs| {
        net.forward(inputs, activation)
    });
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
        bench.measure(&format!("{name}/{batch}"), check, || forward(black_box(&inputs).clone()));
    }
}

fn small(bench: &Bench) {
    let device = Device::flex().autodiff();
    let net = Network::new(&[4, 32, 16, 4], &device);
    let inputs = samples(10_000, 4, &device);
    let forward = |net: &Network, inputs| net.forward(inputs, activation::tanh);
    let loss = squared_error(10_000, 4, &device);
    training(bench, "small/4-32-16-4", data::ADAM_RATE, adam(), net, inputs, forward, loss);
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
    inference_of(&bench, "inference/LeNet-5", |batch| images(batch, &device), |x| lenet.forward(x));
    small(&bench);
    networks(&bench);
}
