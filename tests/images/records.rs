//! Networks with several inputs or heads, against PyTorch: fixtures/graphs.py.

use axonal::losses::{self, Loss, OutputLoss};
use axonal::prelude::*;
use axonal::{Network, Parameters, Sample, Trainable};

use crate::common::{learned, on_each_instruction_set};
use crate::graphs::{path, samples};
use crate::passes::{assert_close, wide, zero};

network! {
    struct ActorCritic<
        input 8 => dense 16 tanh
        => heads action { dense 8 tanh => dense 3 } value { dense 1 }
    >;
    struct Fused<
        input image: 8x8, features: 5
        => concat image { conv 3 3x3 relu => maxpool 2 => flatten => dense 6 relu } features { dense 4 relu }
        => dense 3
    >;
    /// The first input three times, the second twice.
    struct Thrice<
        input a: 3, b: 4
        => concat a { dense 5 tanh } b { } { from a => dense 2 } => dense 4
        => add { } { from a => dense 4 } { from b }
    >;
    struct Both<
        input image: 2x6x6, numbers: 3
        => joined: concat image { conv 4 3x3 => batchnorm relu => flatten } numbers { } => dense 8 tanh
        => heads
            mask { dense 36 => reshape 4x3x3 => batchnorm relu => conv 1 1x1 }
            label { from joined => batchnorm => dense 2 }
            trunk { }
    >;
}

/// Outputs, loss, gradients in both modes, and the weights and statistics after three steps of Adam.
fn check<N, L, Y>(name: &str, targets: &[Y], loss: &L)
where
    N: Network<Scalar = f64> + Trainable<L, Y>,
    L: Loss<N::Output, Y, N::Activation> + OutputLoss<N::Output, Y>,
    Y: Sync,
{
    on_each_instruction_set(|set| {
        let load = |kind: &str| {
            let mut net: Box<N> = <N as Parameters>::zeros();
            net.load_from(path(), &format!("{name}.{kind}")).unwrap();
            net
        };
        let close = |values: &[f64], expected: &[f64], what: &str| {
            assert_close(values, expected, 1e-10, &format!("{what} of {name} on {set:?}"));
        };
        let numbers = |key: &str| format!("{name}.numbers.{key}");
        let mut net = load("before");
        let inputs: Vec<N::Input> = samples(&numbers("inputs"));
        let expected: Vec<N::Output> = samples(&numbers("outputs"));
        let mut outputs = vec![zero::<N::Output>(); inputs.len()];
        net.forward_batch(&inputs, &mut outputs);
        close(&wide(&outputs), &wide(&expected), "outputs");
        let one: Vec<_> = inputs.iter().map(|input| net.forward(input)).collect();
        close(&wide(&one), &wide(&expected), "outputs, one by one");
        let expected = wide(&samples::<SVector<f64, 1>>(&numbers("loss")));
        close(&[net.loss(&inputs, targets, loss)], &expected, "loss");

        let mut output_gradients = outputs.clone();
        let value = losses::gradient(loss, &outputs, targets, &mut output_gradients);
        close(&[value], &expected, "loss of the outputs");
        let mut gradient: Box<N> = <N as Parameters>::zeros();
        let mut input_gradients = inputs.clone();
        net.backward(&inputs, &output_gradients, &mut gradient, Some(&mut input_gradients));
        let expected: Vec<N::Input> = samples(&numbers("input_gradient"));
        close(&wide(&input_gradients), &wide(&expected), "gradient of the inputs");
        close(gradient.as_slice(), load("gradient").as_slice(), "gradient");
        for (input, (of_outputs, expected)) in
            inputs.iter().zip(output_gradients.iter().zip(&input_gradients))
        {
            let one = net.input_gradient(input, of_outputs);
            close(&wide(&[one]), &wide(&[*expected]), "gradient of one input");
        }

        let (_, gradient) = net.gradient(&inputs, targets, loss);
        // Running statistics have none; where they stand, there is how they change.
        let of_learned = |gradient: &N| -> Vec<f64> {
            learned::<N>().into_iter().map(|place| gradient.as_slice()[place]).collect()
        };
        let expected = of_learned(&load("gradient_in_training"));
        close(&of_learned(&gradient), &expected, "gradient in training");
        let mut adam = Adam::new(0.01);
        for _ in 0..3 {
            net.train_step(&inputs, targets, loss, &mut adam);
        }
        close(net.as_slice(), load("after").as_slice(), "weights after three steps");
    });
}

fn targets<X: Sample<Scalar = f64>>(name: &str, index: usize) -> Vec<X> {
    samples(&format!("{name}.numbers.target{index}"))
}

fn classes<const N: usize>(name: &str, index: usize) -> Vec<Class<N>> {
    let labels: Vec<SVector<f64, 1>> = targets(name, index);
    labels.iter().map(|label| Class::new(label.x as usize).unwrap()).collect()
}

#[test]
fn two_heads() {
    let labels = classes("actor_critic", 0);
    let values = targets("actor_critic", 1);
    let targets = labels.into_iter().zip(values);
    let targets: Vec<ActorCriticHeads<Class<3>, SVector<f64, 1>>> =
        targets.map(|(action, value)| ActorCriticHeads { action, value }).collect();
    let loss = ActorCriticHeads { action: CrossEntropy, value: MeanSquaredError.scaled(0.5) };
    check::<ActorCritic<f64>, _, _>("actor_critic", &targets, &loss);
}

#[test]
fn two_inputs() {
    check::<Fused<f64>, _, _>("fused", &targets::<SVector<f64, 3>>("fused", 0), &MeanSquaredError);
}

#[test]
fn inputs_that_are_used_again() {
    let targets: Vec<SVector<f64, 4>> = targets("thrice", 0);
    check::<Thrice<f64>, _, _>("thrice", &targets, &MeanSquaredError);
}

#[test]
fn inputs_and_heads_with_statistics() {
    let masks: Vec<Image<1, 3, 3, f64>> = targets("both", 0);
    let labels: Vec<Class<2>> = classes("both", 1);
    let trunks: Vec<SVector<f64, 8>> = targets("both", 2);
    let targets = masks.into_iter().zip(labels).zip(trunks);
    let targets: Vec<_> =
        targets.map(|((mask, label), trunk)| BothHeads { mask, label, trunk }).collect();
    let loss =
        BothHeads { mask: BinaryCrossEntropy, label: CrossEntropy, trunk: Huber.scaled(0.25) };
    check::<Both<f64>, _, _>("both", &targets, &loss);
}
