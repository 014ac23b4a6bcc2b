//! Weights after 1, 2 and 50 steps of every optimizer.

use approx::assert_relative_eq;
use axonal::prelude::*;

use super::{lines, parse};

network! { struct Net<input 5 => dense 7 tanh => dense 3>; }

const FIXTURE: &str = include_str!("../../fixtures/optimizers.txt");

/// PyTorch's weights are row after row.
fn net(numbers: &[f64]) -> Box<Net<f64>> {
    let mut net = Net::<f64>::zeros();
    let (weight1, rest) = numbers.split_at(7 * 5);
    let (bias1, rest) = rest.split_at(7);
    let (weight2, bias2) = rest.split_at(3 * 7);
    net.dense1.weight = SMatrix::from_row_slice(weight1);
    net.dense1.bias = SVector::from_row_slice(bias1);
    net.dense2.weight = SMatrix::from_row_slice(weight2);
    net.dense2.bias = SVector::from_row_slice(bias2);
    net
}

fn numbers(name: &str) -> Vec<f64> {
    parse(&lines(FIXTURE).find(|line| line[0] == name).unwrap()[1..])
}

fn data() -> (Box<Net<f64>>, Vec<SVector<f64, 5>>, Vec<Class<3>>) {
    let inputs = numbers("inputs").chunks(5).map(SVector::from_column_slice).collect();
    let class = |class: f64| Class::new(class as usize).unwrap();
    (net(&numbers("start")), inputs, numbers("classes").into_iter().map(class).collect())
}

/// Steps, the loss before the last of them, weights after it.
fn states(name: &str) -> Vec<(usize, f64, Box<Net<f64>>)> {
    let states: Vec<_> = lines(FIXTURE)
        .filter(|line| line[0] == name)
        .map(|line| (line[1].parse().unwrap(), line[2].parse().unwrap(), net(&parse(&line[3..]))))
        .collect();
    assert!(states.len() >= 3, "the fixture has no `{name}`");
    states
}

fn check(name: &str, mut optimizer: impl Optimizer<f64>) {
    let (mut net, inputs, targets) = data();
    let mut taken = 0;
    for (steps, expected_loss, expected) in states(name) {
        let mut loss = 0.0;
        while taken < steps {
            loss = net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
            taken += 1;
        }
        assert_relative_eq!(loss, expected_loss, max_relative = 1e-10);
        for (value, expected) in net.as_slice().iter().zip(expected.as_slice()) {
            assert_relative_eq!(value, expected, max_relative = 1e-10, epsilon = 1e-12);
        }
    }
    assert_eq!(optimizer.state().steps(), taken as u64);
}

macro_rules! optimizers {
    ($($name:ident: $optimizer:expr;)+) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), $optimizer);
        }
    )+};
}

optimizers! {
    sgd: Sgd::new(0.1);
    sgd_momentum: Sgd::new(0.05).momentum(0.9);
    sgd_nesterov: Sgd::new(0.05).momentum(0.9).nesterov();
    sgd_decay: Sgd::new(0.1).weight_decay(0.01);
    sgd_all: Sgd::new(0.05).momentum(0.8).nesterov().weight_decay(0.02);
    adagrad: AdaGrad::default();
    adagrad_decay: AdaGrad::new(0.1).learning_rate_decay(0.05).weight_decay(0.01);
    rmsprop: RmsProp::default();
    rmsprop_all: RmsProp::new(0.005).alpha(0.9).momentum(0.8).weight_decay(0.01);
    adam: Adam::default();
    adam_all: Adam::new(0.02).betas(0.8, 0.95).epsilon(1e-6).weight_decay(0.01);
    adamw: AdamW::default();
    adamw_all: AdamW::new(0.02).betas(0.8, 0.95).epsilon(1e-6).weight_decay(0.1);
    adam_amsgrad: Adam::new(0.02).betas(0.9, 0.8).amsgrad();
    adamw_amsgrad: AdamW::new(0.02).betas(0.8, 0.5).weight_decay(0.1).amsgrad();
    nadam: NAdam::default();
    nadam_all: NAdam::new(0.01).betas(0.8, 0.95).epsilon(1e-4).weight_decay(0.01).momentum_decay(0.5);
    nadam_decoupled: NAdam::new(0.02).weight_decay(0.1).decoupled_weight_decay();
    radam: RAdam::default();
    radam_all: RAdam::new(0.02).betas(0.8, 0.95).epsilon(1e-6).weight_decay(0.01);
    radam_decoupled: RAdam::new(0.02).weight_decay(0.1).decoupled_weight_decay();
    adadelta: Adadelta::default();
    adadelta_all: Adadelta::new(0.5).rho(0.8).epsilon(1e-4).weight_decay(0.01);
    lion: Lion::default();
    lion_all: Lion::new(0.01).betas(0.8, 0.95).weight_decay(0.1);
}

#[test]
fn a_trajectory_in_f32() {
    let (start, inputs, targets) = data();
    let inputs: Vec<SVector<f32, 5>> = inputs.iter().map(|input| input.cast()).collect();
    let mut net = Net::<f32>::zeros();
    for (to, from) in net.as_mut_slice().iter_mut().zip(start.as_slice()) {
        *to = *from as f32;
    }
    let mut optimizer = Adam::new(0.02);
    let states = states("adam_f32");
    assert_eq!(states.len(), 50);
    for (step, expected_loss, expected) in states {
        let loss = net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
        assert_relative_eq!(f64::from(loss), expected_loss, max_relative = 1e-5);
        for (value, expected) in net.as_slice().iter().zip(expected.as_slice()) {
            let off = (f64::from(*value) - expected).abs();
            assert!(off < 2e-5, "step {step}: {value}, PyTorch has {expected}");
        }
    }
}

/// `decay_weights_only` is, in PyTorch, a parameter group of the biases without decay: by hand here, for a step of SGD.
#[test]
fn biases_may_be_kept_from_decay() {
    let (start, inputs, targets) = data();
    let (_, gradient) = start.gradient(&inputs, &targets, &CrossEntropy);
    let mut net = start.clone();
    let mut optimizer = Sgd::new(0.1).weight_decay(0.5).decay_weights_only();
    net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
    let weight = start.dense1.weight - 0.1 * (gradient.dense1.weight + 0.5 * start.dense1.weight);
    assert_relative_eq!(net.dense1.weight, weight, max_relative = 1e-12);
    let bias = start.dense1.bias - 0.1 * gradient.dense1.bias;
    assert_relative_eq!(net.dense1.bias, bias, max_relative = 1e-12);
}
