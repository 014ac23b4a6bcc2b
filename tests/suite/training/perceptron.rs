//! The threshold neuron.

use axonal::prelude::*;

use super::corners;

network! {
    struct Gate<input 2 => dense 1 step>;
    struct Gates<input 2 => dense 3 step no_bias>;
}

fn truth(answers: [bool; 4]) -> Vec<SVector<f32, 1>> {
    answers.map(|answer| SVector::from([f32::from(u8::from(answer))])).to_vec()
}

/// Rounds until all four are right, if that happens.
fn learn(answers: [bool; 4]) -> Option<(usize, Box<Gate>)> {
    let (inputs, targets) = (corners(), truth(answers));
    let mut net = Gate::random(&mut StdRng::seed_from_u64(2));
    let rounds = (1..=1000).find(|_| net.dense1.perceptron_step(&inputs, &targets, 1.0) == 0)?;
    Some((rounds, net))
}

#[test]
fn the_neuron_fires_one_or_zero() {
    let mut net = Gate::zeros();
    net.dense1.weight = SMatrix::from([[1.0], [1.0]]);
    net.dense1.bias[0] = -1.5;
    let outputs: Vec<f32> = corners().iter().map(|corner| net.forward(corner)[0]).collect();
    assert_eq!(outputs, [0.0, 0.0, 0.0, 1.0]);
    let mut batch = [SVector::zeros(); 4];
    net.forward_batch(&corners(), &mut batch);
    assert_eq!(batch.map(|output| output[0]), [0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn learns_what_a_line_separates() {
    for answers in [
        [false, false, false, true], // AND
        [false, true, true, true],   // OR
        [true, true, true, false],   // NAND
    ] {
        let (_, net) = learn(answers).expect("a line separates these");
        for (corner, target) in corners().iter().zip(truth(answers)) {
            assert_eq!(net.forward(corner), target);
        }
    }
}

#[test]
fn never_learns_xor() {
    assert!(learn([false, true, true, false]).is_none());
}

#[test]
fn one_step_follows_the_rule() {
    let mut net = Gate::zeros();
    // A score of 0 fires or not, as `step` says; either way the target decides what is wrong.
    let fires = net.forward(&SVector::from([2.0, -3.0]))[0];
    let target = 1.0 - fires;
    let wrong =
        net.dense1.perceptron_step(&[SVector::from([2.0, -3.0])], &[SVector::from([target])], 0.5);
    let sign = target - fires;
    assert_eq!(wrong, 1);
    assert_eq!(net.dense1.weight, SMatrix::from([[1.0 * sign], [-1.5 * sign]]));
    assert_eq!(net.dense1.bias[0], 0.5 * sign);
    let again =
        net.dense1.perceptron_step(&[SVector::from([2.0, -3.0])], &[SVector::from([target])], 0.5);
    assert_eq!(again, 0);
}

#[test]
fn neurons_side_by_side_learn_apart() {
    let inputs = [SVector::from([1.0, 0.2]), SVector::from([-1.0, 0.3])];
    let targets = [SVector::from([1.0, 0.0, 1.0]), SVector::from([0.0, 1.0, 0.0])];
    let mut net = Gates::zeros();
    assert!((0..100).any(|_| net.dense1.perceptron_step(&inputs, &targets, 0.1) == 0));
    assert_eq!(net.forward(&inputs[0]), targets[0]);
    assert_eq!(net.forward(&inputs[1]), targets[1]);
}

#[test]
#[should_panic(expected = "as many targets as inputs")]
fn fewer_targets_than_inputs() {
    Gate::zeros().dense1.perceptron_step(&corners(), &[SVector::zeros()], 1.0);
}
