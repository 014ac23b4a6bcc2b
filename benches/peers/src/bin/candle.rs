//! The workloads in candle.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};
use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{AdamW, Linear, Optimizer, ParamsAdamW, SGD, loss, ops};

#[derive(Clone, Copy)]
enum Activation {
    Identity,
    Sigmoid,
    Tanh,
    Relu,
}
use Activation::{Identity, Relu, Sigmoid, Tanh};

struct Network {
    layers: Vec<(Linear, Activation)>,
    variables: Vec<Var>,
}

impl Network {
    fn new(widths: &[usize], activations: &[Activation], dtype: DType) -> Result<Self> {
        let mut net = Self { layers: Vec::new(), variables: Vec::new() };
        for ((number, pair), activation) in (1..).zip(widths.windows(2)).zip(activations) {
            let variable = |values: Vec<f64>, shape: &[usize]| {
                let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?;
                Var::from_tensor(&tensor)
            };
            let weight = variable(data::weights(number, pair[1], pair[0]), &[pair[1], pair[0]])?;
            let bias = variable(data::bias(number, pair[1]), &[pair[1]])?;
            let layer = Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone()));
            net.layers.push((layer, *activation));
            net.variables.extend([weight, bias]);
        }
        Ok(net)
    }

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

fn samples(count: usize, width: usize) -> Result<Tensor> {
    Tensor::from_vec(f32s(data::inputs(count, width)), (count, width), &Device::Cpu)
}

/// candle's Adam is its AdamW without decay.
fn adam(variables: Vec<Var>) -> Result<AdamW> {
    let lr = data::ADAM_RATE;
    AdamW::new(variables, ParamsAdamW { lr, weight_decay: 0.0, ..ParamsAdamW::default() })
}

fn scalar(loss: Tensor) -> f64 {
    f64::from(loss.to_scalar::<f32>().expect("a number"))
}

fn training<O: Optimizer>(
    bench: &Bench,
    name: &str,
    optimizer: impl Fn(Vec<Var>) -> Result<O>,
) -> Result<()> {
    for batch in [1, 32, 128] {
        let net = Network::new(&[784, 128, 10], &[Sigmoid, Identity], DType::F32)?;
        let inputs = samples(batch, 784)?;
        let sets = (0..data::CLASS_SETS)
            .map(|set| {
                let classes = data::classes(batch, set).into_iter().map(|class| class as u32);
                Tensor::from_vec(classes.collect(), batch, &Device::Cpu)
            })
            .collect::<Result<Vec<_>>>()?;
        let mut optimizer = optimizer(net.variables.clone())?;
        let mut step = |number: usize| {
            let scores = net.forward(black_box(&inputs))?;
            let loss = loss::cross_entropy(&scores, &sets[number % sets.len()])?;
            optimizer.backward_step(&loss)?;
            Ok::<_, candle_core::Error>(loss)
        };
        let workload = format!("training/{name}/{batch}");
        bench.training(&workload, |number| step(number).expect("a step"), scalar);
    }
    Ok(())
}

fn inference(bench: &Bench, widths: &[usize], activations: &[Activation]) -> Result<()> {
    let name: Vec<_> = widths.iter().map(usize::to_string).collect();
    let mut net = Network::new(widths, activations, DType::F32)?;
    // Without variables, no graph is kept for a backward pass.
    for (layer, _) in &mut net.layers {
        *layer = Linear::new(layer.weight().detach(), layer.bias().map(Tensor::detach));
    }
    for batch in [1, 64] {
        let inputs = samples(batch, widths[0])?;
        let check = sum_of_sizes(net.forward(&inputs)?.flatten_all()?.to_vec1::<f32>()?);
        bench.measure(&format!("inference/{}/{batch}", name.join("-")), check, || {
            net.forward(black_box(&inputs)).expect("outputs")
        });
    }
    Ok(())
}

fn small(bench: &Bench) -> Result<()> {
    let net = Network::new(&[4, 32, 16, 4], &[Tanh, Tanh, Identity], DType::F32)?;
    let inputs = samples(10_000, 4)?;
    let targets = Tensor::from_vec(f32s(data::targets(10_000, 4)), (10_000, 4), &Device::Cpu)?;
    let mut optimizer = adam(net.variables.clone())?;
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
    training(&bench, "sgd", |variables| SGD::new(variables, data::SGD_RATE))?;
    training(&bench, "adam", adam)?;
    inference(&bench, &[784, 128, 10], &[Sigmoid, Identity])?;
    inference(&bench, &[8, 64, 64, 2], &[Tanh, Tanh, Identity])?;
    inference(&bench, &[784, 512, 512, 10], &[Relu, Relu, Identity])?;
    inference(&bench, &[6, 64, 8, 4], &[Relu, Relu, Identity])?;
    small(&bench)
}
