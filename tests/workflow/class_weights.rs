//! Weights of classes with every loss and every target that has classes: as the weights of samples that they are.

use axonal::prelude::*;
use rand::RngExt;

network! {
    struct Scores<input 2 => dense 5 tanh => dense 3>;
    struct Probabilities<input 2 => dense 5 tanh => dense 3 softmax>;
    struct Score<input 2 => dense 5 tanh => dense 1>;
    struct Probability<input 2 => dense 5 tanh => dense 1 sigmoid>;
}

const WEIGHTS: [f64; 3] = [0.5, 2.0, 4.0];

fn classes<const N: usize>() -> Dataset<SVector<f32, 2>, Class<N>> {
    let mut rng = StdRng::seed_from_u64(3);
    (0..30)
        .map(|i| {
            (SVector::from_fn(|_, _| rng.random_range(-1.0..1.0)), Class::new(i * i % N).unwrap())
        })
        .collect()
}

/// A training with weights of classes has the bits of one with weights of samples; with batches of 1, of several, and of all.
macro_rules! each {
    ($($net:ident, $data:expr, |$class:ident| $index:expr, $classes:literal: $($loss:expr),+;)+) => {$($(
        for size in [1, 7, 30] {
            let data = $data;
            let start = $net::random(&mut StdRng::seed_from_u64(1));
            let (mut net, mut expected) = (start.clone(), start.clone());
            Trainer::new($loss, Sgd::new(0.1))
                .batch_size(size)
                .class_weights(&WEIGHTS[..$classes])
                .fit(&mut *net, &data, &mut StdRng::seed_from_u64(2))
                .unwrap();
            let weighted = data.map_targets(|$class| ($class, WEIGHTS[$index] as f32));
            Trainer::new($loss.weighted(), Sgd::new(0.1))
                .batch_size(size)
                .fit(&mut *expected, &weighted, &mut StdRng::seed_from_u64(2))
                .unwrap();
            assert_ne!(net, start, "{}", stringify!($net, $loss));
            assert_eq!(net, expected, "{}, batches of {size}", stringify!($net, $loss));
        }
    )+)+};
}

#[test]
fn with_every_loss_of_classes() {
    each! {
        Scores, classes::<3>(), |class| class.index(), 3: CrossEntropy, Focal, Hinge, CrossEntropy.label_smoothing(0.1), CrossEntropy.scaled(0.5), CrossEntropy.plus(Hinge);
        Probabilities, classes::<3>(), |class| class.index(), 3: CrossEntropy, Focal, CrossEntropy.label_smoothing(0.1);
        Score, classes::<2>(), |class| class.index(), 2: BinaryCrossEntropy, Focal, Hinge, BinaryCrossEntropy.label_smoothing(0.1);
        Score, classes::<2>().map_targets(|class| class.index() == 1), |yes| usize::from(yes), 2: BinaryCrossEntropy, Focal;
        Probability, classes::<2>(), |class| class.index(), 2: BinaryCrossEntropy, Focal;
    }
}
