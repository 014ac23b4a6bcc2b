//! Every activation, hidden, last and standing alone, with every loss and every kind of target that the loss takes.

use axonal::prelude::*;

use crate::common::differences::check;
use crate::common::samples::{
    answers, classes, distributions, halves, numbers, probabilities, signs,
};

/// A batch that is no multiple of any vector's length.
const SAMPLES: usize = 7;

/// Checks a network with each loss and kind of targets named, and that kinks are rare where there are any.
macro_rules! check_losses {
    ($net:ident, $($loss:expr => $targets:ident),+ $(,)?) => {{
        let mut rng = StdRng::seed_from_u64(11);
        $({
            let mut net = $net::<f64>::random(&mut rng);
            // Biases start at zero, which hides mistakes.
            for value in net.as_mut_slice() {
                *value += 0.1 * numbers::<f64, 1>(1, &mut rng)[0][0];
            }
            let inputs = numbers(SAMPLES, &mut rng);
            let targets = $targets(SAMPLES, &mut rng);
            let (kinks, checks) = check(&mut *net, &inputs, &targets, &$loss, &mut rng);
            assert!(20 * kinks <= checks, "{kinks} kinks in {checks} parameters");
        })+
    }};
}

macro_rules! activations {
    ($($name:ident: [$($activation:tt)+];)+) => {$(
        mod $name {
            use super::*;

            network! {
                struct Hidden<input 5 => dense 9 $($activation)+ => dense 3>;
                struct Last<input 5 => dense 4 tanh => dense 3 $($activation)+>;
                struct Single<input 5 => dense 1 $($activation)+>;
                struct Alone<input 5 => $($activation)+ => dense 4 => $($activation)+ => dense 3 => $($activation)+>;
                struct Within<input 90 => dense 90 $($activation)+ => dense 3>;
                struct Behind<input 90 => dense 90 => $($activation)+ => dense 3>;
            }

            /// A layer's own activation and one behind it, which goes through a batch piece by piece: the same but for rounding, since a pass of more layers takes the batch in other pieces.
            #[test]
            fn within_and_behind() {
                let mut rng = StdRng::seed_from_u64(12);
                let within = Within::random(&mut rng);
                let mut behind = Behind::zeros();
                behind.as_mut_slice().copy_from_slice(within.as_slice());
                // More than three pieces.
                let (inputs, targets) = (numbers(40, &mut rng), numbers(40, &mut rng));
                let (loss, expected) = within.gradient(&inputs, &targets, &MeanSquaredError);
                let (found_loss, found) = behind.gradient(&inputs, &targets, &MeanSquaredError);
                let close = |found: &[f32], expected: &[f32]| {
                    let scale = expected.iter().fold(0.0, |scale: f32, number| scale.max(number.abs()));
                    let mut pairs = found.iter().zip(expected);
                    pairs.all(|(found, expected)| (found - expected).abs() < 1e-5 * scale)
                };
                assert!(close(&[found_loss], &[loss]));
                assert!(close(found.as_slice(), expected.as_slice()));
                let (mut of_inputs, mut again) = (inputs.clone(), inputs.clone());
                within.input_gradients(&inputs, &targets, &mut of_inputs);
                behind.input_gradients(&inputs, &targets, &mut again);
                for (found, expected) in again.iter().zip(&of_inputs) {
                    assert!(close(found.as_slice(), expected.as_slice()));
                }
                let (mut outputs, mut others) = (targets.clone(), targets.clone());
                within.forward_batch(&inputs, &mut outputs);
                behind.forward_batch(&inputs, &mut others);
                assert!(others == outputs);
            }

            #[test]
            fn hidden() {
                check_losses!(Hidden,
                    MeanSquaredError => numbers,
                    CrossEntropy => classes,
                    BinaryCrossEntropy => probabilities,
                );
            }

            #[test]
            fn last() {
                check_losses!(Last,
                    MeanSquaredError => numbers,
                    MeanAbsoluteError => numbers,
                    Huber => numbers,
                    Huber::new(0.25) => numbers,
                    CrossEntropy => classes,
                    CrossEntropy => distributions,
                    // Targets whose sum is not 1.
                    CrossEntropy => probabilities,
                    Hinge => signs,
                    Hinge => classes,
                    BinaryCrossEntropy => probabilities,
                );
            }

            #[test]
            fn single_output() {
                check_losses!(Single,
                    MeanSquaredError => numbers,
                    BinaryCrossEntropy => answers,
                    BinaryCrossEntropy => halves,
                    Hinge => halves,
                );
            }

            #[test]
            fn standing_alone() {
                check_losses!(Alone, MeanSquaredError => numbers, CrossEntropy => classes);
            }
        }
    )+};
}

activations! {
    identity: [identity];
    sigmoid: [sigmoid];
    tanh: [tanh];
    relu: [relu];
    relu6: [relu6];
    leaky_relu: [leaky_relu(0.01)];
    elu: [elu(1.0)];
    elu_half: [elu(0.5)];
    selu: [selu];
    gelu: [gelu];
    silu: [silu];
    softplus: [softplus];
    softsign: [softsign];
    hard_sigmoid: [hard_sigmoid];
}

/// `softmax`, which no yes-or-no question ends in.
mod softmax {
    use super::*;

    network! {
        struct Hidden<input 5 => dense 9 softmax => dense 3>;
        struct Last<input 5 => dense 4 tanh => dense 3 softmax>;
        struct Alone<input 5 => softmax => dense 3 => softmax>;
    }

    #[test]
    fn hidden() {
        check_losses!(Hidden,
            MeanSquaredError => numbers,
            CrossEntropy => classes,
            BinaryCrossEntropy => probabilities,
        );
    }

    #[test]
    fn last() {
        check_losses!(Last,
            MeanSquaredError => numbers,
            MeanAbsoluteError => numbers,
            Huber => numbers,
            Huber::new(0.25) => numbers,
            CrossEntropy => classes,
            CrossEntropy => distributions,
            CrossEntropy => probabilities,
            Hinge => signs,
            Hinge => classes,
        );
    }

    #[test]
    fn standing_alone() {
        check_losses!(Alone, MeanSquaredError => numbers, CrossEntropy => classes);
    }
}
