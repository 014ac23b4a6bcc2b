//! Networks with several inputs or heads within networks: the same as if their layers stood in one description.

use axonal::prelude::*;
use axonal::{Image, Network, Sample};

use crate::common::on_each_instruction_set;

network! {
    struct Policy<input 8 => dense 16 tanh => heads action { dense 2 softmax } value { dense 1 }>;
    struct Behind<input 8 => dense 8 tanh => inner: Policy>;
    struct BehindByHand<input 8 => dense 8 tanh => dense 16 tanh => heads action { dense 2 softmax } value { dense 1 }>;

    struct Fused<input image: 1x4x4, numbers: 4 => concat image { conv 2 3x3 relu => flatten } numbers { } => dense 3>;
    struct Before<input image: 1x4x4, numbers: 4 => Fused => dense 2>;
    struct BeforeByHand<input image: 1x4x4, numbers: 4
        => concat image { conv 2 3x3 relu => flatten } numbers { } => dense 3 => dense 2>;

    // The heads of one are the inputs of the other.
    struct Judge<input action: 2, value: 1 => add action { dense 4 tanh } value { dense 4 } => dense 1>;
    struct Both<input 8 => Policy => Judge>;
}

#[test]
fn heads_of_the_last_stage_are_those_of_the_network() {
    on_each_instruction_set(|_| {
        let nested = Behind::<f64>::random(&mut StdRng::seed_from_u64(1));
        let mut by_hand = BehindByHand::<f64>::zeros();
        by_hand.as_mut_slice().copy_from_slice(nested.as_slice());
        let inputs: Vec<SVector<f64, 8>> = (0..5).map(numbers).collect();
        let loss = PolicyHeads { action: CrossEntropy, value: MeanSquaredError };
        let same = BehindByHandHeads { action: CrossEntropy, value: MeanSquaredError };
        let class = |index: usize| Class::<2>::new(index % 2).unwrap();
        let value = |index: usize| SVector::from([index as f64]);
        let targets: Vec<_> =
            (0..5).map(|index| PolicyHeads { action: class(index), value: value(index) }).collect();
        let same_targets: Vec<_> = (0..5)
            .map(|index| BehindByHandHeads { action: class(index), value: value(index) })
            .collect();
        for input in &inputs {
            let (own, other) = (nested.forward(input), by_hand.forward(input));
            assert_eq!((own.action, own.value), (other.action, other.value));
        }
        let (own, gradient) = nested.gradient(&inputs, &targets, &loss);
        let (other, expected) = by_hand.gradient(&inputs, &same_targets, &same);
        assert_eq!(own, other);
        assert_eq!(gradient.as_slice(), expected.as_slice());
    });
}

#[test]
fn a_first_stage_takes_all_inputs() {
    on_each_instruction_set(|_| {
        let nested = Before::<f64>::random(&mut StdRng::seed_from_u64(2));
        let mut by_hand = BeforeByHand::<f64>::zeros();
        by_hand.as_mut_slice().copy_from_slice(nested.as_slice());
        let samples = |index: usize| {
            let image: Image<1, 4, 4, f64> = numbers(index);
            let numbers: SVector<f64, 4> = numbers(index + 1);
            (BeforeInputs { image, numbers }, BeforeByHandInputs { image, numbers })
        };
        let (inputs, same): (Vec<_>, Vec<_>) = (0..5).map(samples).unzip();
        let targets: Vec<SVector<f64, 2>> = (0..5).map(numbers).collect();
        let (own, gradient) = nested.gradient(&inputs, &targets, &MeanSquaredError);
        let (other, expected) = by_hand.gradient(&same, &targets, &MeanSquaredError);
        assert_eq!(own, other);
        assert_eq!(gradient.as_slice(), expected.as_slice());

        let mut own = inputs.clone();
        let mut expected = same.clone();
        nested.input_gradients(&inputs, &targets, &mut own);
        by_hand.input_gradients(&same, &targets, &mut expected);
        for (own, expected) in own.iter().zip(&expected) {
            assert_eq!((own.image, own.numbers), (expected.image, expected.numbers));
        }
    });
}

#[test]
fn heads_go_into_inputs_of_their_names() {
    on_each_instruction_set(|_| {
        let net = Both::<f64>::random(&mut StdRng::seed_from_u64(3));
        let input: SVector<f64, 8> = numbers(4);
        let PolicyHeads { action, value } = net.policy1.forward(&input);
        assert_eq!(net.forward(&input), net.judge1.forward(&JudgeInputs { action, value }));

        let direction: SVector<f64, 8> = net.input_gradient(&input, &SVector::from([1.0]));
        for index in 0..8 {
            const STEP: f64 = 1e-6;
            let at = |step: f64| {
                let mut moved = input;
                moved[index] += step;
                net.forward(&moved)[0]
            };
            let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            assert!(
                (slope - direction[index]).abs() < 1e-8,
                "{index}: {slope}, {}",
                direction[index]
            );
        }
    });
}

#[test]
fn an_expression_has_heads() {
    let net = network!(input 2 => dense 3 => heads sum { dense 1 } own { });
    let heads = net.forward(&SVector::zeros());
    assert_eq!((heads.sum.len(), heads.own.len()), (1, 3));
}

fn numbers<X: Sample<Scalar = f64>>(seed: usize) -> X {
    let mut sample = X::zeroed();
    for (index, number) in sample.as_mut_slice().iter_mut().enumerate() {
        *number = ((index * 7 + seed * 5) % 13) as f64 / 6.0 - 1.0;
    }
    sample
}
