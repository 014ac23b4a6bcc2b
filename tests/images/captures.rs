//! Blocks that take what a stage around them gave: held against a chain in which all stages stand side by side, and against differences.

use axonal::prelude::*;
use axonal::{Image, Network, Sample, Trainable};

use crate::common::on_each_instruction_set;

network! {
    struct InResidual<input 4 => fine: dense 8 tanh => dense 8 tanh
        => residual { dense 8 tanh => concat { } { from fine } => dense 8 } => dense 3>;
    struct ByHand<input 4 => fine: dense 8 tanh => before: dense 8 tanh
        => dense 8 tanh => concat { } { from fine } => dense 8
        => add { } { from before } => dense 3>;

    // Two blocks beside each other that take values, one of them two of these; a projection.
    struct InProjection<input 4 => fine: dense 6 tanh => other: dense 5 tanh
        => residual { dense 5 tanh => add { dense 7 } { from fine => dense 7 } { from other => dense 7 } }
            project { concat { } { from fine } => dense 7 }
        => dense 2>;

    // Images, a block in a block, and a label of the block's own before one of those around it.
    struct Deep<input 2x6x6 => fine: conv 3 3x3 pad same relu => down: maxpool 2
        => concat { concat { upsample 2 } { from fine => residual { conv 3 1x1 => add { } { from down => upsample 2 } } } => batchnorm }
            { fine: upsample 2 => conv 2 1x1 => concat { from input => upsample 2 } { from fine } { } }
            { from input }
        => global avgpool => dense 2>;

    // The same label in each round of a `repeat`, and from behind it by number; the first stage of a network.
    struct Rounds<input 4 => concat { dense 2 } { dense 2 }
        => repeat 2 { a: dense 4 tanh => residual { dense 4 => concat { } { from a } => dense 4 } }
        => residual { concat { from a1 } { dense 2 } => dense 4 } => dense 2>;

    struct InHead<input 4 => fine: dense 5 tanh => dense 6 tanh
        => heads one { dense 2 } two { dense 3 tanh => concat { } { from fine } => dense 2 }>;
}

#[test]
fn a_block_takes_what_a_chain_would() {
    on_each_instruction_set(|set| {
        let mut rng = StdRng::seed_from_u64(7);
        let block = InResidual::<f64>::random(&mut rng);
        let mut chain = ByHand::<f64>::zeros();
        chain.as_mut_slice().copy_from_slice(block.as_slice());
        let inputs: Vec<SVector<f64, 4>> = (0..5).map(numbers).collect();
        let targets: Vec<SVector<f64, 3>> = (0..5).map(|i| numbers(i + 9)).collect();
        for input in &inputs {
            assert_eq!(block.forward(input), chain.forward(input), "{set:?}");
        }
        let own = block.gradient(&inputs, &targets, &MeanSquaredError);
        let by_hand = chain.gradient(&inputs, &targets, &MeanSquaredError);
        assert!((own.0 - by_hand.0).abs() < 1e-14, "{set:?}");
        for (own, by_hand) in own.1.as_slice().iter().zip(by_hand.1.as_slice()) {
            assert!((own - by_hand).abs() < 1e-14, "{own} {by_hand} on {set:?}");
        }
    });
}

#[test]
fn gradients_are_those_of_differences() {
    on_each_instruction_set(|_| {
        let mut rng = StdRng::seed_from_u64(3);
        differences(
            &*InResidual::<f64>::random(&mut rng),
            &MeanSquaredError,
            numbers::<SVector<_, 3>>,
        );
        differences(
            &*InProjection::<f64>::random(&mut rng),
            &MeanSquaredError,
            numbers::<SVector<_, 2>>,
        );
        differences(&*Deep::<f64>::random(&mut rng), &MeanSquaredError, numbers::<SVector<_, 2>>);
        differences(&*Rounds::<f64>::random(&mut rng), &MeanSquaredError, numbers::<SVector<_, 2>>);
        let loss = InHeadHeads { one: MeanSquaredError, two: MeanSquaredError };
        differences(&*InHead::<f64>::random(&mut rng), &loss, |index| {
            let [one, two] = [0, 1].map(|more| numbers::<SVector<f64, 2>>(index + more));
            InHeadHeads { one, two }
        });
    });
}

/// What was not written is not shown, and has no parameters.
#[test]
fn a_summary_shows_what_was_written() {
    let names = |summary: axonal::Summary| {
        let names: Vec<String> = summary.rows.iter().map(|row| row.name.clone()).collect();
        names
    };
    let rows = names(InResidual::summary());
    assert!(
        rows.iter().all(|name| !name.contains("__") && !name.contains("projection")),
        "{rows:?}"
    );
    assert!(rows.contains(&"residual1.block.concat1.second".to_owned()), "{rows:?}");
    assert_eq!(InResidual::PARAMETERS, ByHand::PARAMETERS);
}

fn numbers<X: Sample<Scalar = f64>>(seed: usize) -> X {
    let mut sample = X::zeroed();
    for (index, number) in sample.as_mut_slice().iter_mut().enumerate() {
        *number = ((index * 7 + seed * 5) % 13) as f64 / 6.0 - 1.0;
    }
    sample
}

/// The gradient of the parameters and of the inputs, against differences; and one sample against a batch.
fn differences<N, L, Y>(net: &N, loss: &L, target: impl Fn(usize) -> Y)
where
    N: Network<Scalar = f64> + Trainable<L, Y>,
    Y: Sync,
    L: axonal::losses::Loss<N::Output, Y, N::Activation>,
{
    const STEP: f64 = 1e-6;
    let inputs: Vec<N::Input> = (0..3).map(numbers).collect();
    let targets: Vec<Y> = (0..3).map(target).collect();
    let (_, gradient) = net.gradient(&inputs, &targets, loss);
    let mut moved = N::zeros();
    moved.as_mut_slice().copy_from_slice(net.as_slice());
    for index in 0..N::PARAMETERS {
        let number = net.as_slice()[index];
        let mut at = |step: f64| {
            moved.as_mut_slice()[index] = number + step;
            moved.gradient(&inputs, &targets, loss).0
        };
        let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        moved.as_mut_slice()[index] = number;
        let own = gradient.as_slice()[index];
        // A pass of training does not depend on the running statistics, in whose places stands what a step is to subtract.
        let is_statistic = slope == 0.0;
        assert!(is_statistic || (slope - own).abs() < 1e-6, "{}, {index}: {slope} {own}", N::NAME);
    }
    let mut outputs: Vec<N::Output> = (0..3).map(numbers).collect();
    net.forward_batch(&inputs, &mut outputs);
    for (input, output) in inputs.iter().zip(&outputs) {
        let mut one = Box::new(*output);
        net.forward_into(input, &mut one);
        for (one, of_batch) in one.as_slice().iter().zip(output.as_slice()) {
            assert!((one - of_batch).abs() < 1e-12, "{}", N::NAME);
        }
    }
    // Of the inputs: J of the sum of all outputs.
    let ones: Vec<N::Output> = outputs
        .iter()
        .map(|output| {
            let mut ones = *output;
            ones.as_mut_slice().fill(1.0);
            ones
        })
        .collect();
    let mut own: Vec<N::Input> = inputs.clone();
    net.input_gradients(&inputs, &ones, &mut own);
    for index in 0..N::Input::LEN {
        let at = |step: f64| {
            let mut input = inputs[0];
            input.as_mut_slice()[index] += step;
            net.forward(&input).as_slice().iter().sum::<f64>()
        };
        let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        assert!((slope - own[0].as_slice()[index]).abs() < 1e-6, "{}, input {index}", N::NAME);
    }
}

/// Weights that are saved are those that are loaded.
#[test]
fn saved_and_loaded() {
    on_each_instruction_set(|_| {
        let net = Deep::<f32>::random(&mut StdRng::seed_from_u64(1));
        let same = Deep::from_bytes(&net.to_bytes()).unwrap();
        assert_eq!(net, same);
        let image: Image<2, 6, 6> = Image::default();
        assert_eq!(net.forward(&image), same.forward(&image));
    });
}
