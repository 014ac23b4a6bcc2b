//! Steps of a loop of one's own.

use axonal::prelude::*;

use super::{Line, Xor, corners, curve};

#[test]
fn a_step_gives_back_the_loss_before_it() {
    let data = curve(20);
    let mut net = Line::random(&mut StdRng::seed_from_u64(1));
    let before = net.loss(data.inputs(), data.targets(), &MeanSquaredError);
    let mut optimizer = Sgd::new(0.1);
    let loss = net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    assert_eq!(loss, before);
    assert!(net.loss(data.inputs(), data.targets(), &MeanSquaredError) < before);
}

#[test]
fn a_step_is_the_gradient_times_the_learning_rate() {
    let data = curve(33);
    let mut net = Line::random(&mut StdRng::seed_from_u64(1));
    let (_, gradient) = net.gradient(data.inputs(), data.targets(), &Huber);
    let start = net.clone();
    net.train_step(data.inputs(), data.targets(), &Huber, &mut Sgd::new(0.25));
    let steps = start.as_slice().iter().zip(gradient.as_slice());
    for (value, (start, gradient)) in net.as_slice().iter().zip(steps) {
        approx::assert_relative_eq!(*value, start - 0.25 * gradient, max_relative = 1e-6);
    }
}

#[test]
fn an_empty_batch_changes_nothing() {
    let mut net = Line::random(&mut StdRng::seed_from_u64(1));
    let start = net.clone();
    let mut optimizer = Adam::new(0.1).weight_decay(0.1);
    let none: [SVector<f32, 1>; 0] = [];
    assert_eq!(net.train_step(&[], &none, &MeanSquaredError, &mut optimizer), 0.0);
    assert_eq!(net, start);
    assert_eq!(optimizer.state().steps(), 0);

    // Nor does it count between other steps.
    let data = curve(9);
    let mut other = start.clone();
    let mut other_optimizer = optimizer.clone();
    for _ in 0..3 {
        net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
        net.train_step(&[], &none, &MeanSquaredError, &mut optimizer);
        other.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut other_optimizer);
    }
    assert_eq!(net, other);
}

#[test]
fn nan_leaves_the_weights_and_the_optimizer_as_they_were() {
    let data = curve(9);
    let mut net = Line::random(&mut StdRng::seed_from_u64(1));
    let mut optimizer = Adam::new(0.1);
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    let (before, mut untouched) = (net.clone(), optimizer.clone());

    let mut inputs = data.inputs().to_vec();
    inputs[4][1] = f32::NAN;
    let loss = net.train_step(&inputs, data.targets(), &MeanSquaredError, &mut optimizer);
    assert!(loss.is_nan());
    assert_eq!(net, before);

    let mut targets = data.targets().to_vec();
    targets[8][0] = f32::INFINITY;
    let loss = net.train_step(data.inputs(), &targets, &MeanSquaredError, &mut optimizer);
    assert!(!loss.is_finite());
    assert_eq!(net, before);

    // The next step is the one that would have come.
    let mut expected = before.clone();
    expected.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut untouched);
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    assert_eq!(net, expected);
}

#[test]
fn a_changed_learning_rate_counts_from_the_next_step_on() {
    let data = curve(9);
    let mut net = Line::random(&mut StdRng::seed_from_u64(1));
    let mut optimizer = Sgd::new(0.1);
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    let before = net.clone();
    optimizer.set_learning_rate(0.0);
    assert_eq!(Optimizer::<f32>::learning_rate(&optimizer), 0.0);
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    assert_eq!(net, before);
}

#[test]
#[should_panic(expected = "a batch takes as many targets as inputs")]
fn fewer_targets_than_inputs() {
    let mut net = Xor::zeros();
    net.train_step(&corners(), &[true, false, true], &BinaryCrossEntropy, &mut Sgd::new(0.1));
}

#[test]
#[should_panic(expected = "a batch takes as many targets as inputs")]
fn targets_without_inputs() {
    let mut net = Xor::zeros();
    net.train_step(&[], &[true], &BinaryCrossEntropy, &mut Sgd::new(0.1));
}

#[test]
#[should_panic(expected = "an optimizer belongs to the network that it stepped first")]
fn an_optimizer_of_another_network() {
    let mut optimizer = Adam::default();
    let target = [SVector::from([1.0])];
    Line::zeros().train_step(&[SVector::zeros()], &target, &MeanSquaredError, &mut optimizer);
    Xor::zeros().train_step(&[SVector::zeros()], &target, &MeanSquaredError, &mut optimizer);
}

#[test]
fn f64_trains_as_f32_does() {
    let mut net: Box<Xor<f64>> = Xor::<f64>::random(&mut StdRng::seed_from_u64(3));
    let mut optimizer = Adam::<f64>::new(0.05);
    let (inputs, targets) = (corners::<f64>(), [false, true, true, true]);
    let first: f64 = net.train_step(&inputs, &targets, &BinaryCrossEntropy, &mut optimizer);
    let mut last = first;
    for _ in 0..200 {
        last = net.train_step(&inputs, &targets, &BinaryCrossEntropy, &mut optimizer);
    }
    assert!(last < 0.2 * first);
}
