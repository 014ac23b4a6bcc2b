//! The workloads in candle.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};
use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{AdamW, Conv2d, Conv2dConfig, Linear, Optimizer, ParamsAdamW, SGD, loss, ops};

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

fn training<N: Module, O: Optimizer>(
    bench: &Bench,
    workload: &str,
    batch: usize,
    net: &N,
    inputs: &Tensor,
    mut optimizer: O,
) -> Result<()> {
    let sets = (0..data::CLASS_SETS)
        .map(|set| {
            let classes = data::classes(batch, set).into_iter().map(|class| class as u32);
            Tensor::from_vec(classes.collect(), batch, &Device::Cpu)
        })
        .collect::<Result<Vec<_>>>()?;
    let mut step = |number: usize| {
        let scores = net.forward(black_box(inputs))?;
        let loss = loss::cross_entropy(&scores, &sets[number % sets.len()])?;
        optimizer.backward_step(&loss)?;
        Ok::<_, candle_core::Error>(loss)
    };
    let workload = format!("{workload}/{batch}");
    bench.training(&workload, |number| step(number).expect("a step"), scalar);
    Ok(())
}

fn trainings(bench: &Bench) -> Result<()> {
    let digits = || Network::new(&[784, 128, 10], &[Sigmoid, Identity], DType::F32);
    for batch in [1, 32, 128] {
        let net = digits()?;
        let sgd = SGD::new(net.variables.clone(), data::SGD_RATE)?;
        training(bench, "training/sgd", batch, &net, &samples(batch, 784)?, sgd)?;
    }
    for batch in [1, 32, 128] {
        let net = digits()?;
        let adam = adam(net.variables.clone(), data::ADAM_RATE)?;
        training(bench, "training/adam", batch, &net, &samples(batch, 784)?, adam)?;
    }
    for batch in [32, 128] {
        let net = LeNet::new()?;
        let adam = adam(net.variables.clone(), data::LENET_RATE)?;
        training(bench, "lenet/adam", batch, &net, &images(batch)?, adam)?;
    }
    Ok(())
}

fn inference(bench: &Bench, widths: &[usize], activations: &[Activation]) -> Result<()> {
    let name: Vec<_> = widths.iter().map(usize::to_string).collect();
    let net = Network::new(widths, activations, DType::F32)?.detached();
    inference_of(bench, &name.join("-"), &net, |batch| samples(batch, widths[0]))
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
        bench.measure(&format!("inference/{name}/{batch}"), check, || {
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
    inference_of(&bench, "LeNet-5", &LeNet::new()?.detached(), images)?;
    small(&bench)
}
