//! The workloads in dfdx: the other library of Rust with shapes in its types.

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};
use dfdx::nn::modules::Linear as Dense;
use dfdx::optim::{Adam, AdamConfig, Optimizer, Sgd, SgdConfig};
use dfdx::prelude::*;

type Digits = ((Linear<784, 128>, Sigmoid), Linear<128, 10>);
type DigitsOn = <Digits as BuildOnDevice<Cpu, f32>>::Built;

/// Two hidden layers.
type Deep<const A: usize, const B: usize, const C: usize, const D: usize, F> =
    ((Linear<A, B>, F), (Linear<B, C>, F), Linear<C, D>);

fn set<const I: usize, const O: usize>(layer: &mut Dense<I, O, f32, Cpu>, number: u32) {
    layer.weight.copy_from(&f32s(data::weights(number, O, I)));
    layer.bias.copy_from(&f32s(data::bias(number, O)));
}

fn samples<const B: usize, const N: usize>(device: &Cpu) -> Tensor<Rank2<B, N>, f32, Cpu> {
    device.tensor(f32s(data::inputs(B, N)))
}

fn digits(device: &Cpu) -> DigitsOn {
    let mut net = device.build_module::<Digits, f32>();
    set(&mut net.0.0, 1);
    set(&mut net.1, 2);
    net
}

fn training<const B: usize, O: Optimizer<DigitsOn, Cpu, f32>>(
    bench: &Bench,
    name: &str,
    optimizer: impl Fn(&DigitsOn) -> O,
) {
    let device = Cpu::default();
    let mut net = digits(&device);
    let mut optimizer = optimizer(&net);
    let inputs = samples::<B, 784>(&device);
    let sets: Vec<Tensor<Rank2<B, 10>, f32, Cpu>> = (0..data::CLASS_SETS)
        .map(|set| {
            let mut one_hot = vec![0.0; B * 10];
            for (sample, class) in data::classes(B, set).into_iter().enumerate() {
                one_hot[sample * 10 + class] = 1.0;
            }
            device.tensor(one_hot)
        })
        .collect();
    let mut gradients = Some(net.alloc_grads());
    let step = |number: usize| {
        let traced = black_box(&inputs).clone().traced(gradients.take().expect("gradients"));
        let scores = net.forward_mut(traced);
        let loss = cross_entropy_with_logits_loss(scores, sets[number % sets.len()].clone());
        let value = loss.array();
        let mut after = loss.backward();
        optimizer.update(&mut net, &after).expect("a step");
        net.zero_grads(&mut after);
        gradients = Some(after);
        value
    };
    bench.training(&format!("training/{name}/{B}"), step, f64::from);
}

fn trainings<const B: usize>(bench: &Bench) {
    training::<B, _>(bench, "sgd", |net| {
        Sgd::new(net, SgdConfig { lr: data::SGD_RATE, ..SgdConfig::default() })
    });
    training::<B, _>(bench, "adam", |net| {
        Adam::new(net, AdamConfig { lr: data::ADAM_RATE, ..AdamConfig::default() })
    });
}

fn inference<const N: usize, const O: usize, M>(bench: &Bench, name: &str, net: &M)
where
    M: Module<Tensor<Rank1<N>, f32, Cpu>, Output = Tensor<Rank1<O>, f32, Cpu>>
        + Module<Tensor<Rank2<64, N>, f32, Cpu>, Output = Tensor<Rank2<64, O>, f32, Cpu>>,
{
    let device = Cpu::default();
    let one: Tensor<Rank1<N>, f32, Cpu> = device.tensor(f32s(data::inputs(1, N)));
    let outputs: Tensor<Rank1<O>, f32, Cpu> = net.forward(one.clone());
    bench.measure(&format!("inference/{name}/1"), sum_of_sizes(outputs.as_vec()), || {
        net.forward(black_box(&one).clone())
    });
    let many = samples::<64, N>(&device);
    let outputs: Tensor<Rank2<64, O>, f32, Cpu> = net.forward(many.clone());
    bench.measure(&format!("inference/{name}/64"), sum_of_sizes(outputs.as_vec()), || {
        net.forward(black_box(&many).clone())
    });
}

fn main() {
    let bench = Bench::new("dfdx", "dfdx", "cpu, mimalloc");
    dfdx::flush_denormals_to_zero();
    let device = Cpu::default();
    trainings::<1>(&bench);
    trainings::<32>(&bench);
    trainings::<128>(&bench);

    inference::<784, 10, _>(&bench, "784-128-10", &digits(&device));
    let mut policy = device.build_module::<Deep<8, 64, 64, 2, Tanh>, f32>();
    set(&mut policy.0.0, 1);
    set(&mut policy.1.0, 2);
    set(&mut policy.2, 3);
    inference::<8, 2, _>(&bench, "8-64-64-2", &policy);
    let mut wide = device.build_module::<Deep<784, 512, 512, 10, ReLU>, f32>();
    set(&mut wide.0.0, 1);
    set(&mut wide.1.0, 2);
    set(&mut wide.2, 3);
    inference::<784, 10, _>(&bench, "784-512-512-10", &wide);
    let mut tiny = device.build_module::<Deep<6, 64, 8, 4, ReLU>, f32>();
    set(&mut tiny.0.0, 1);
    set(&mut tiny.1.0, 2);
    set(&mut tiny.2, 3);
    inference::<6, 4, _>(&bench, "6-64-8-4", &tiny);

    let mut small = device.build_module::<Deep<4, 32, 16, 4, Tanh>, f32>();
    set(&mut small.0.0, 1);
    set(&mut small.1.0, 2);
    set(&mut small.2, 3);
    let inputs = samples::<10_000, 4>(&device);
    let targets: Tensor<Rank2<10_000, 4>, f32, Cpu> = device.tensor(f32s(data::targets(10_000, 4)));
    let mut adam = Adam::new(&small, AdamConfig { lr: data::ADAM_RATE, ..AdamConfig::default() });
    let mut gradients = Some(small.alloc_grads());
    let step = |_| {
        let traced = black_box(&inputs).clone().traced(gradients.take().expect("gradients"));
        let loss = mse_loss(small.forward_mut(traced), targets.clone());
        let value = loss.array();
        let mut after = loss.backward();
        adam.update(&mut small, &after).expect("a step");
        small.zero_grads(&mut after);
        gradients = Some(after);
        value
    };
    bench.training("small/4-32-16-4", step, f64::from);
}
