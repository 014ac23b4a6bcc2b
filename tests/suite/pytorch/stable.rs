//! The cross-entropies take scores, or a network that ends in `softmax` or `sigmoid`: one stable value for both.

use approx::assert_relative_eq;
use axonal::prelude::*;

network! {
    struct Scores<input 3 => dense 6 tanh => dense 4>;
    struct Probabilities<input 3 => dense 6 tanh => dense 4 softmax>;
    struct Answers<input 3 => dense 6 tanh => dense 4 sigmoid>;
    struct Given<input 3 => dense 3>;
    struct GivenSoftmax<input 3 => dense 3 softmax>;
    struct GivenAlone<input 3 => dense 3 => softmax>;
    struct GivenSigmoid<input 3 => dense 3 sigmoid>;
}

macro_rules! to_the_bit {
    ($($name:ident: $scalar:ty;)+) => {$(
        #[test]
        fn $name() {
            let mut rng = StdRng::seed_from_u64(2);
            let scores = Scores::<$scalar>::random(&mut rng);
            let mut softmax = Probabilities::<$scalar>::zeros();
            softmax.as_mut_slice().copy_from_slice(scores.as_slice());
            let mut sigmoid = Answers::<$scalar>::zeros();
            sigmoid.as_mut_slice().copy_from_slice(scores.as_slice());
            let inputs: Vec<SVector<$scalar, 3>> = (0..33)
                .map(|index| SVector::from_fn(|row, _| ((index * 3 + row) as $scalar).sin()))
                .collect();
            let classes: Vec<Class<4>> = (0..33).map(|index| Class::new(index % 4).unwrap()).collect();
            let numbers: Vec<SVector<$scalar, 4>> = (0..33)
                .map(|index| SVector::from_fn(|row, _| ((index + row) as $scalar).cos().abs()))
                .collect();

            let (loss, gradient) = scores.gradient(&inputs, &classes, &CrossEntropy);
            let (same_loss, same) = softmax.gradient(&inputs, &classes, &CrossEntropy);
            assert_eq!((loss, gradient.as_slice()), (same_loss, same.as_slice()));

            let (loss, gradient) = scores.gradient(&inputs, &numbers, &CrossEntropy);
            let (same_loss, same) = softmax.gradient(&inputs, &numbers, &CrossEntropy);
            assert_eq!((loss, gradient.as_slice()), (same_loss, same.as_slice()));

            let (loss, gradient) = scores.gradient(&inputs, &numbers, &BinaryCrossEntropy);
            let (same_loss, same) = sigmoid.gradient(&inputs, &numbers, &BinaryCrossEntropy);
            assert_eq!((loss, gradient.as_slice()), (same_loss, same.as_slice()));
        }
    )+};
}

to_the_bit! {
    activations_before_cross_entropies_change_nothing_f32: f32;
    activations_before_cross_entropies_change_nothing_f64: f64;
}

/// Networks that give their input as scores.
fn given() -> (Box<Given>, Box<GivenSoftmax>, Box<GivenAlone>, Box<GivenSigmoid>) {
    let (mut given, mut softmax) = (Given::zeros(), GivenSoftmax::zeros());
    let (mut alone, mut sigmoid) = (GivenAlone::zeros(), GivenSigmoid::zeros());
    given.dense1.weight.fill_with_identity();
    softmax.dense1.weight.fill_with_identity();
    alone.dense1.weight.fill_with_identity();
    sigmoid.dense1.weight.fill_with_identity();
    (given, softmax, alone, sigmoid)
}

#[test]
fn cross_entropy_of_large_scores() {
    let (given, softmax, alone, _) = given();
    // Scores, class, −ln softmax in f64.
    let cases: [([f32; 3], usize, f64); 7] = [
        ([1000.0, 0.0, -1000.0], 0, 0.0),
        ([1000.0, 0.0, -1000.0], 1, 1000.0),
        ([1000.0, 0.0, -1000.0], 2, 2000.0),
        ([1000.0, 1000.0, -1000.0], 0, 2.0_f64.ln()),
        ([-1000.0, -1000.0, -1000.0], 2, 3.0_f64.ln()),
        // Small beside the scores, yet not lost: ln(1 + exp(−5)).
        ([1000.0, 995.0, -1000.0], 0, 0.006_715_348_489_117_967),
        ([-995.0, -1000.0, -3000.0], 0, 0.006_715_348_489_117_967),
    ];
    for (scores, class, expected) in cases {
        let inputs = [SVector::from(scores)];
        let targets = [Class::new(class).unwrap()];
        let mut soft = SVector::zeros();
        soft[class] = 1.0;
        let losses = [
            given.loss(&inputs, &targets, &CrossEntropy),
            given.loss(&inputs, &[soft], &CrossEntropy),
            softmax.loss(&inputs, &targets, &CrossEntropy),
            alone.loss(&inputs, &targets, &CrossEntropy),
        ];
        for loss in losses {
            assert_relative_eq!(f64::from(loss), expected, max_relative = 2e-5);
        }
        let (_, gradient) = given.gradient(&inputs, &targets, &CrossEntropy);
        let (_, same) = softmax.gradient(&inputs, &targets, &CrossEntropy);
        assert_eq!(gradient.as_slice(), same.as_slice());
        assert!(gradient.as_slice().iter().all(|value| value.is_finite()));
        assert!(gradient.dense1.bias.sum().abs() < 1e-6, "the gradient of the scores has no sum");
        // The other classes push away, the right one pulls.
        for (index, value) in gradient.dense1.bias.iter().enumerate() {
            assert!(if index == class { *value <= 0.0 } else { *value >= 0.0 });
        }
    }
}

#[test]
fn binary_cross_entropy_of_large_scores() {
    let (given, .., sigmoid) = given();
    let inputs = [SVector::from([1000.0_f32, -1000.0, 0.0])];
    let cases = [
        ([1.0, 0.0, 0.5], 2.0_f64.ln() / 3.0, [0.0, 0.0, 0.0]),
        ([0.0, 1.0, 1.0], (2000.0 + 2.0_f64.ln()) / 3.0, [1.0, -1.0, -0.5]),
    ];
    for (target, loss, expected) in cases {
        let targets = [SVector::from(target)];
        let (value, gradient) = given.gradient(&inputs, &targets, &BinaryCrossEntropy);
        assert_relative_eq!(f64::from(value), loss, max_relative = 1e-6);
        assert_relative_eq!(gradient.dense1.bias, SVector::from(expected) / 3.0, epsilon = 1e-7);
        let (same_value, same) = sigmoid.gradient(&inputs, &targets, &BinaryCrossEntropy);
        assert_eq!((value, gradient.as_slice()), (same_value, same.as_slice()));
    }
}

/// What is not a number is never hidden: training must see it.
#[test]
fn losses_pass_nan_on() {
    let (given, softmax, _, sigmoid) = given();
    let nan = [SVector::from([0.0, f32::NAN, 1.0])];
    let zero = [SVector::zeros()];
    for class in Class::<3>::all() {
        assert!(given.loss(&nan, &[class], &CrossEntropy).is_nan());
        assert!(softmax.loss(&nan, &[class], &CrossEntropy).is_nan());
        assert!(given.loss(&nan, &[class], &Hinge).is_nan());
    }
    macro_rules! nan {
        ($($loss:expr),+) => {$(
            assert!(given.loss(&nan, &zero, &$loss).is_nan(), "input");
            assert!(given.loss(&zero, &nan, &$loss).is_nan(), "target");
            assert!(sigmoid.loss(&nan, &zero, &$loss).is_nan(), "through sigmoid");
        )+};
    }
    nan!(MeanSquaredError, MeanAbsoluteError, Huber, BinaryCrossEntropy, CrossEntropy, Hinge);
}
