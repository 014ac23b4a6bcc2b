//! The workloads in candle.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::described::{self, Stage};
use axonal_peers::{Bench, sum_of_sizes};
use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{
    AdamW, BatchNorm, Conv2d, Conv2dConfig, Linear, ModuleT, Optimizer, ParamsAdamW, SGD, loss, ops,
};

#[derive(Clone, Copy)]
enum Activation {
    Identity,
    Sigmoid,
    Tanh,
    Relu,
}
use Activation::{Identity, Relu, Sigmoid, Tanh};

fn variable(values: Vec<f64>, shape: &[usize], dtype: DType) -> Result<Var> {
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?)
}

/// A layer, and its weight and bias.
fn linear(number: u32, pair: &[usize], dtype: DType) -> Result<(Linear, [Var; 2])> {
    let weight = variable(data::weights(number, pair[1], pair[0]), &[pair[1], pair[0]], dtype)?;
    let bias = variable(data::bias(number, pair[1]), &[pair[1]], dtype)?;
    let layer = Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone()));
    Ok((layer, [weight, bias]))
}

struct Network {
    layers: Vec<(Linear, Activation)>,
    variables: Vec<Var>,
}

impl Network {
    fn new(widths: &[usize], activations: &[Activation], dtype: DType) -> Result<Self> {
        let mut net = Self { layers: Vec::new(), variables: Vec::new() };
        for ((number, pair), activation) in (1..).zip(widths.windows(2)).zip(activations) {
            let (layer, variables) = linear(number, pair, dtype)?;
            net.layers.push((layer, *activation));
            net.variables.extend(variables);
        }
        Ok(net)
    }

    /// Without variables, no graph is kept for a backward pass.
    fn detached(mut self) -> Self {
        self.layers = self.layers.into_iter().map(|(layer, f)| (detach(&layer), f)).collect();
        self
    }
}

fn detach(layer: &Linear) -> Linear {
    Linear::new(layer.weight().detach(), layer.bias().map(Tensor::detach))
}

impl Module for Network {
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let mut values = input.clone();
        for (layer, activation) in &self.layers {
            values = layer.forward(&values)?;
            values = match activation {
                Identity => values,
                Sigmoid => ops::sigmoid(&values)?,
                Tanh => values.tanh()?,
                Relu => values.relu()?,
            };
        }
        Ok(values)
    }
}

struct LeNet {
    convolutions: Vec<Conv2d>,
    dense: Vec<Linear>,
    variables: Vec<Var>,
}

impl LeNet {
    fn new() -> Result<Self> {
        let mut net = Self { convolutions: Vec::new(), dense: Vec::new(), variables: Vec::new() };
        let side = data::LENET_WINDOW;
        for (number, (inputs, outputs)) in (1..).zip(data::LENET_CHANNELS) {
            let weights = data::weights(number, outputs, inputs * side * side);
            let weight = variable(weights, &[outputs, inputs, side, side], DType::F32)?;
            let bias = variable(data::bias(number, outputs), &[outputs], DType::F32)?;
            let tensors = (weight.as_tensor().clone(), bias.as_tensor().clone());
            net.convolutions.push(Conv2d::new(tensors.0, Some(tensors.1), Conv2dConfig::default()));
            net.variables.extend([weight, bias]);
        }
        for (number, pair) in (3..).zip(data::LENET_WIDTHS.windows(2)) {
            let (layer, variables) = linear(number, pair, DType::F32)?;
            net.dense.push(layer);
            net.variables.extend(variables);
        }
        Ok(net)
    }

    /// Without variables, no graph is kept for a backward pass.
    fn detached(mut self) -> Self {
        for layer in &mut self.convolutions {
            let bias = layer.bias().map(Tensor::detach);
            *layer = Conv2d::new(layer.weight().detach(), bias, *layer.config());
        }
        self.dense = self.dense.iter().map(detach).collect();
        self
    }
}

impl Module for LeNet {
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let mut values = input.clone();
        for layer in &self.convolutions {
            values = layer.forward(&values)?.relu()?.max_pool2d(2)?;
        }
        values = values.flatten_from(1)?;
        let (last, hidden) = self.dense.split_last().expect("a layer");
        for layer in hidden {
            values = layer.forward(&values)?.relu()?;
        }
        last.forward(&values)
    }
}

/// A network of `networks.rs`.
enum Layer {
    /// Padding that is not the same on both sides is a step of its own.
    Conv([[usize; 2]; 2], Conv2d),
    Dense(Linear),
    BatchNorm(BatchNorm),
    Relu,
    Sigmoid,
    Identity,
    MaxPool(usize),
    Upsample(usize),
    GlobalAverage,
    Flatten,
    Residual(Chain, Chain),
    Concat([Chain; 2]),
}

struct Chain {
    layers: Vec<Layer>,
    training: bool,
}

impl Chain {
    /// Variables are kept for an optimizer; without them, no graph is kept for a backward pass.
    fn new(stages: &[Stage], variables: &mut Option<Vec<Var>>) -> Result<Self> {
        let training = variables.is_some();
        let layers = stages.iter().map(|stage| Layer::new(stage, variables));
        Ok(Self { layers: layers.collect::<Result<_>>()?, training })
    }
}

impl Layer {
    fn new(stage: &Stage, variables: &mut Option<Vec<Var>>) -> Result<Self> {
        let mut tensor = |values, shape: &[usize]| {
            let variable = variable(values, shape, DType::F32)?;
            let tensor = variable.as_tensor().clone();
            Ok::<_, candle_core::Error>(if let Some(variables) = &mut *variables {
                variables.push(variable);
                tensor
            } else {
                tensor.detach()
            })
        };
        Ok(match stage {
            Stage::Conv { number, channels: [inputs, outputs], window, stride, pads, groups } => {
                let [rows, columns] = *window;
                let inputs = inputs / groups;
                let weights = data::he_weights(*number, *outputs, inputs * rows * columns);
                let weight = tensor(weights, &[*outputs, inputs, rows, columns])?;
                let bias = tensor(data::bias(*number, *outputs), &[*outputs])?;
                let is_one = pads.as_flattened().iter().all(|pad| *pad == pads[0][0]);
                let padding = if is_one { pads[0][0] } else { 0 };
                let config = Conv2dConfig {
                    padding,
                    stride: *stride,
                    groups: *groups,
                    ..Default::default()
                };
                let pads = if is_one { [[0; 2]; 2] } else { *pads };
                Self::Conv(pads, Conv2d::new(weight, Some(bias), config))
            }
            Stage::Dense { number, widths: [inputs, outputs] } => {
                let weights = data::he_weights(*number, *outputs, *inputs);
                let weight = tensor(weights, &[*outputs, *inputs])?;
                Self::Dense(Linear::new(
                    weight,
                    Some(tensor(data::bias(*number, *outputs), &[*outputs])?),
                ))
            }
            Stage::BatchNorm { number, channels } => {
                let shape = [*channels];
                let weight = tensor(data::factors(*number, *channels), &shape)?;
                let bias = tensor(data::bias(*number, *channels), &shape)?;
                let statistic = |values| Tensor::from_vec(f32s(values), *channels, &Device::Cpu);
                let mean = statistic(data::running_means(*number, *channels))?;
                let variance = statistic(data::running_variances(*number, *channels))?;
                Self::BatchNorm(BatchNorm::new(*channels, mean, variance, weight, bias, 1e-5)?)
            }
            Stage::Relu => Self::Relu,
            Stage::Sigmoid => Self::Sigmoid,
            Stage::Identity => Self::Identity,
            Stage::MaxPool(factor) => Self::MaxPool(*factor),
            Stage::Upsample(factor) => Self::Upsample(*factor),
            Stage::GlobalAverage => Self::GlobalAverage,
            Stage::Flatten => Self::Flatten,
            Stage::Residual { block, projection } => {
                Self::Residual(Chain::new(block, variables)?, Chain::new(projection, variables)?)
            }
            Stage::Concat([first, second]) => {
                Self::Concat([Chain::new(first, variables)?, Chain::new(second, variables)?])
            }
        })
    }

    fn forward(&self, x: &Tensor, training: bool) -> Result<Tensor> {
        match self {
            Self::Conv([rows, columns], layer) => {
                let [top, bottom] = *rows;
                let [left, right] = *columns;
                let padded = x.pad_with_zeros(2, top, bottom)?.pad_with_zeros(3, left, right)?;
                layer.forward(&padded)
            }
            Self::Dense(layer) => layer.forward(x),
            Self::BatchNorm(layer) => layer.forward_t(x, training),
            Self::Relu => x.relu(),
            Self::Sigmoid => ops::sigmoid(x),
            Self::Identity => Ok(x.clone()),
            Self::MaxPool(factor) => x.max_pool2d(*factor),
            Self::Upsample(factor) => {
                let (_, _, rows, columns) = x.dims4()?;
                x.upsample_nearest2d(rows * factor, columns * factor)
            }
            Self::GlobalAverage => x.mean((2, 3)),
            Self::Flatten => x.flatten_from(1),
            Self::Residual(block, projection) => block.forward(x)? + projection.forward(x)?,
            Self::Concat([first, second]) => {
                Tensor::cat(&[first.forward(x)?, second.forward(x)?], 1)
            }
        }
    }
}

impl Module for Chain {
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let step = |values: Tensor, layer: &Layer| layer.forward(&values, self.training);
        self.layers.iter().try_fold(input.clone(), step)
    }
}

fn networks(bench: &Bench) -> Result<()> {
    for network in described::networks() {
        let name = network.name;
        if !bench.wants(&format!("networks/{name}")) {
            continue;
        }
        let count = network.outputs[0];
        let samples = |batch| {
            let shape = [&[batch], &network.sample[..]].concat();
            samples(batch, network.sample.iter().product())?.reshape(shape)
        };
        let net = Chain::new(&network.stages, &mut None)?;
        inference_of(bench, &format!("networks/{name}"), &net, samples)?;
        let mut variables = Some(Vec::new());
        let net = Chain::new(&network.stages, &mut variables)?;
        let mut optimizer = adam(variables.expect("variables"), data::networks_rate(name))?;
        let batch = data::NETWORKS_BATCH;
        let workload = format!("networks/{name}/step of {batch}");
        let inputs = samples(batch)?;
        if network.outputs.len() == 1 {
            training(bench, &workload, &net, &inputs, &sets(batch, count)?, optimizer)?;
        } else {
            let width = network.outputs.iter().product();
            let shape = [&[batch], &network.outputs[..]].concat();
            let targets = f32s(data::targets(batch, width));
            let targets = Tensor::from_vec(targets, shape, &Device::Cpu)?;
            let mut step = || {
                let loss = loss::mse(&net.forward(black_box(&inputs))?, &targets)?;
                optimizer.backward_step(&loss)?;
                Ok::<_, candle_core::Error>(loss)
            };
            bench.training(&workload, |_| step().expect("a step"), scalar);
        }
    }
    Ok(())
}

fn samples(count: usize, width: usize) -> Result<Tensor> {
    Tensor::from_vec(f32s(data::inputs(count, width)), (count, width), &Device::Cpu)
}

fn images(count: usize) -> Result<Tensor> {
    samples(count, 784)?.reshape((count, 1, 28, 28))
}

/// candle's Adam is its AdamW without decay.
fn adam(variables: Vec<Var>, lr: f64) -> Result<AdamW> {
    AdamW::new(variables, ParamsAdamW { lr, weight_decay: 0.0, ..ParamsAdamW::default() })
}

fn scalar(loss: Tensor) -> f64 {
    f64::from(loss.to_scalar::<f32>().expect("a number"))
}

/// Classes of a batch, in all sets.
fn sets(batch: usize, count: usize) -> Result<Vec<Tensor>> {
    let set = |set| {
        let classes = data::classes(batch, set).into_iter().map(|class| (class % count) as u32);
        Tensor::from_vec(classes.collect(), batch, &Device::Cpu)
    };
    (0..data::CLASS_SETS).map(set).collect()
}

fn training<N: Module, O: Optimizer>(
    bench: &Bench,
    workload: &str,
    net: &N,
    inputs: &Tensor,
    sets: &[Tensor],
    mut optimizer: O,
) -> Result<()> {
    let mut step = |number: usize| {
        let scores = net.forward(black_box(inputs))?;
        let loss = loss::cross_entropy(&scores, &sets[number % sets.len()])?;
        optimizer.backward_step(&loss)?;
        Ok::<_, candle_core::Error>(loss)
    };
    bench.training(workload, |number| step(number).expect("a step"), scalar);
    Ok(())
}

fn trainings(bench: &Bench) -> Result<()> {
    let digits = || Network::new(&[784, 128, 10], &[Sigmoid, Identity], DType::F32);
    for batch in [1, 32, 128] {
        let net = digits()?;
        let sgd = SGD::new(net.variables.clone(), data::SGD_RATE)?;
        training(
            bench,
            &format!("training/sgd/{batch}"),
            &net,
            &samples(batch, 784)?,
            &sets(batch, 10)?,
            sgd,
        )?;
    }
    for batch in [1, 32, 128] {
        let net = digits()?;
        let adam = adam(net.variables.clone(), data::ADAM_RATE)?;
        training(
            bench,
            &format!("training/adam/{batch}"),
            &net,
            &samples(batch, 784)?,
            &sets(batch, 10)?,
            adam,
        )?;
    }
    for batch in [32, 128] {
        let net = LeNet::new()?;
        let adam = adam(net.variables.clone(), data::LENET_RATE)?;
        training(
            bench,
            &format!("lenet/adam/{batch}"),
            &net,
            &images(batch)?,
            &sets(batch, 10)?,
            adam,
        )?;
    }
    Ok(())
}

fn inference(bench: &Bench, widths: &[usize], activations: &[Activation]) -> Result<()> {
    let name: Vec<_> = widths.iter().map(usize::to_string).collect();
    let net = Network::new(widths, activations, DType::F32)?.detached();
    inference_of(bench, &format!("inference/{}", name.join("-")), &net, |batch| {
        samples(batch, widths[0])
    })
}

fn inference_of<N: Module>(
    bench: &Bench,
    name: &str,
    net: &N,
    samples: impl Fn(usize) -> Result<Tensor>,
) -> Result<()> {
    for batch in [1, 64] {
        let inputs = samples(batch)?;
        let check = sum_of_sizes(net.forward(&inputs)?.flatten_all()?.to_vec1::<f32>()?);
        bench.measure(&format!("{name}/{batch}"), check, || {
            net.forward(black_box(&inputs)).expect("outputs")
        });
    }
    Ok(())
}

fn small(bench: &Bench) -> Result<()> {
    let net = Network::new(&[4, 32, 16, 4], &[Tanh, Tanh, Identity], DType::F32)?;
    let inputs = samples(10_000, 4)?;
    let targets = Tensor::from_vec(f32s(data::targets(10_000, 4)), (10_000, 4), &Device::Cpu)?;
    let mut optimizer = adam(net.variables.clone(), data::ADAM_RATE)?;
    let mut step = || {
        let loss = loss::mse(&net.forward(black_box(&inputs))?, &targets)?;
        optimizer.backward_step(&loss)?;
        Ok::<_, candle_core::Error>(loss)
    };
    bench.training("small/4-32-16-4", |_| step().expect("a step"), scalar);

    let net = Network::new(&[24, 8, 2], &[Tanh, Identity], DType::F64)?;
    let inputs = Tensor::from_vec(data::inputs(200, 24), (200, 24), &Device::Cpu)?;
    let targets = Tensor::from_vec(data::targets(200, 2), (200, 2), &Device::Cpu)?;
    let gradient = || loss::mse(&net.forward(black_box(&inputs))?, &targets)?.backward();
    let gradients = gradient()?;
    let mut check = 0.0;
    for variable in &net.variables {
        let gradient = gradients.get(variable).expect("a gradient of each variable");
        check += gradient.abs()?.sum_all()?.to_scalar::<f64>()?;
    }
    bench.measure("small/24-8-2 f64", check, || gradient().expect("gradients"));
    Ok(())
}

fn main() -> Result<()> {
    let bench = Bench::new("candle", "candle-core", "gemm, mimalloc");
    trainings(&bench)?;
    inference(&bench, &[784, 128, 10], &[Sigmoid, Identity])?;
    inference(&bench, &[8, 64, 64, 2], &[Tanh, Tanh, Identity])?;
    inference(&bench, &[784, 512, 512, 10], &[Relu, Relu, Identity])?;
    inference(&bench, &[6, 64, 8, 4], &[Relu, Relu, Identity])?;
    inference_of(&bench, "inference/LeNet-5", &LeNet::new()?.detached(), images)?;
    networks(&bench)?;
    small(&bench)
}
