//! Values and gradients of all losses.

use approx::assert_relative_eq;
use axonal::Layer;
use axonal::Trainable;
use axonal::prelude::*;

use super::{lines, parse};

network! {
    struct Scores<input 5 => dense 5>;
    struct Softmax<input 5 => dense 5 softmax>;
    struct Sigmoid<input 5 => dense 5 sigmoid>;
}

type Samples<T> = Vec<SVector<T, 5>>;

struct Case {
    scores: Samples<f64>,
    targets: Vec<f64>,
    loss: f64,
    gradient: Samples<f64>,
}

impl Case {
    fn new(name: &str) -> Self {
        let line = lines(include_str!("../../fixtures/losses.txt"))
            .find(|line| line[0] == name)
            .unwrap_or_else(|| panic!("the fixture has no `{name}`"));
        let [samples, width, target_width] =
            [1, 2, 3].map(|index| line[index].parse::<usize>().unwrap());
        let numbers = parse(&line[4..]);
        let (scores, rest) = numbers.split_at(samples * width);
        let (targets, rest) = rest.split_at(samples * target_width);
        let (loss, gradient) = rest.split_first().unwrap();
        assert_eq!(gradient.len(), samples * width);
        Self {
            scores: vectors(scores),
            targets: targets.to_vec(),
            loss: *loss,
            gradient: vectors(gradient),
        }
    }

    fn numbers(&self) -> Samples<f64> {
        vectors(&self.targets)
    }

    fn classes(&self) -> Vec<Class<5>> {
        self.targets.iter().map(|target| Class::new(*target as usize).unwrap()).collect()
    }
}

fn vectors(numbers: &[f64]) -> Samples<f64> {
    numbers.chunks(5).map(SVector::from_column_slice).collect()
}

/// A layer that gives its inputs as scores. Of a single sample x it has the bias gradient that the loss gives the scores.
fn check<N, Y: Sync, L>(
    case: &Case,
    net: &N,
    bias: fn(&N) -> &SVector<f64, 5>,
    targets: &[Y],
    loss: &L,
) where
    N: Network + Parameters<Scalar = f64>,
    N: Layer<Input = SVector<f64, 5>, Output = SVector<f64, 5>>,
    N: Trainable<L, Y>,
{
    let value = net.loss(&case.scores, targets, loss);
    assert_relative_eq!(value, case.loss, max_relative = 1e-13);
    let count = case.scores.len() as f64;
    for ((scores, target), expected) in case.scores.iter().zip(targets).zip(&case.gradient) {
        let (_, gradient) =
            net.gradient(std::slice::from_ref(scores), std::slice::from_ref(target), loss);
        assert_relative_eq!(
            bias(&gradient) / count,
            expected,
            max_relative = 1e-12,
            epsilon = 1e-16
        );
    }
}

macro_rules! losses {
    ($($name:ident: $loss:expr, $targets:ident, $net:ident;)+) => {$(
        #[test]
        fn $name() {
            let mut net = $net::<f64>::zeros();
            net.dense1.weight.fill_with_identity();
            for name in [stringify!($name).to_owned(), concat!(stringify!($name), "_large").to_owned()] {
                let case = Case::new(&name);
                check(&case, &*net, |net| &net.dense1.bias, &case.$targets(), &$loss);
            }
        }
    )+};
}

losses! {
    mse: MeanSquaredError, numbers, Scores;
    mae: MeanAbsoluteError, numbers, Scores;
    huber: Huber, numbers, Scores;
    huber_half: Huber::new(0.5), numbers, Scores;
    cross_entropy: CrossEntropy, classes, Scores;
    cross_entropy_soft: CrossEntropy, numbers, Scores;
    cross_entropy_unnormalized: CrossEntropy, numbers, Scores;
    binary: BinaryCrossEntropy, numbers, Scores;
    hinge_classes: Hinge, classes, Scores;
    hinge_signs: Hinge, numbers, Scores;
    mse_of_softmax: MeanSquaredError, numbers, Softmax;
    mse_of_sigmoid: MeanSquaredError, numbers, Sigmoid;
}

#[test]
fn other_forms_of_binary_targets_are_the_same() {
    network! { struct One<input 2 => dense 1 tanh>; }
    let mut rng = StdRng::seed_from_u64(1);
    let net = One::<f64>::random(&mut rng);
    let inputs = [SVector::from([0.3, 0.8]), SVector::from([-2.0, 0.1])];
    let answers = [true, false];
    let classes = answers.map(Class::from);
    let numbers = [SVector::from([1.0]), SVector::from([0.0])];
    let signs = [SVector::from([1.0]), SVector::from([-1.0])];
    let expected = net.gradient(&inputs, &numbers, &BinaryCrossEntropy);
    assert_eq!(net.gradient(&inputs, &answers, &BinaryCrossEntropy), expected);
    assert_eq!(net.gradient(&inputs, &classes, &BinaryCrossEntropy), expected);
    let expected = net.gradient(&inputs, &signs, &Hinge);
    assert_eq!(net.gradient(&inputs, &classes, &Hinge), expected);
}
