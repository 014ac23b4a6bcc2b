//! A loss of scores, in one step, is the loss of the activation's outputs, with its gradient taken back through the activation: for every last activation,
//! every loss, every kind of target.

use core::fmt::Debug;
use core::marker::PhantomData;

use approx::assert_relative_eq;
use nalgebra::SVector;

use super::*;
use crate::activations::{
    HardSigmoid, Identity, LastActivation, Probabilities, Sigmoid, Softmax, Softplus, Tanh,
};
use crate::core::{Class, Image, Sample, flat};

/// Numbers that look random, from −1 to 1.
fn number(index: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    (index as f64 * 12.9898).sin()
}

fn check<A, O, Y, L>(loss: &L, target: impl Fn(usize) -> Y)
where
    A: LastActivation,
    O: Sample<Scalar = f64>,
    Y: Debug,
    L: Loss<O, Y, A> + Loss<O, Y, Probabilities<A>> + Debug,
{
    // Mixed, which the activation does not see to.
    let is_probability = A::name().to_string().contains("passed on");
    for count in [0, 1, 5] {
        let mut scores = O::zeros_vec(count);
        for (index, score) in scores.iter_mut().flat_map(|score| score.as_mut_slice()).enumerate() {
            let number = number(index + 1);
            *score = if is_probability { number * number } else { 2.0 * number };
        }
        let targets: Vec<Y> = (0..count).map(&target).collect();
        let mut expected = scores.clone();
        let mean = if count == 0 {
            0.0
        } else {
            let share = one_over(count);
            share * Loss::<O, Y, A>::evaluate(loss, &mut expected, &targets, share)
        };
        let mut outputs = scores.clone();
        activate_batch(PhantomData::<A>, &mut outputs);
        let mut found = outputs.clone();
        let apart = of_outputs_behind::<Probabilities<A>, O, Y, L>(loss, &mut found, &targets);
        let before = if A::SCORES { flat(&scores) } else { &[] };
        derivative_batch(PhantomData::<A>, before, &outputs, &mut found);
        assert_relative_eq!(apart, mean, max_relative = 1e-12);
        for (found, expected) in flat(&found).iter().zip(flat(&expected)) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{loss:?} behind {}: {found}, {expected}",
                A::name()
            );
        }
    }
}

type Five = SVector<f64, 5>;
type Picture = Image<3, 2, 2, f64>;
type Mask = Image<1, 2, 2, f64>;

fn vector(sample: usize) -> Five {
    Five::from_fn(|row, _| number(7 * sample + row))
}

fn shares(sample: usize) -> Five {
    vector(sample).map(|number| number * number)
}

fn picture(sample: usize) -> Picture {
    let mut picture = Picture::default();
    for (index, value) in picture.as_mut_slice().iter_mut().enumerate() {
        *value = number(7 * sample + index).powi(2);
    }
    picture
}

fn class<const N: usize>(sample: usize) -> Class<N> {
    Class::new(3 * sample % N).unwrap()
}

fn pixels<const N: usize>(sample: usize) -> [[Class<N>; 2]; 2] {
    [[class(sample), class(sample + 1)], [class(sample + 2), class(sample + 4)]]
}

fn mask(sample: usize) -> [[bool; 2]; 2] {
    [[true, sample.is_multiple_of(2)], [false, sample.is_multiple_of(3)]]
}

/// Losses of any outputs.
fn check_any<A: LastActivation>() {
    check::<A, Five, _, _>(&MeanSquaredError, vector);
    check::<A, Five, _, _>(&MeanAbsoluteError, vector);
    check::<A, Five, _, _>(&Huber::new(0.3), vector);
    check::<A, Five, _, _>(&LogCosh, vector);
    check::<A, Five, _, _>(&Quantile::new(0.7), vector);
    check::<A, Five, _, _>(&PoissonNll, shares);
    check::<A, SVector<f64, 10>, Five, _>(&GaussianNll, vector);
    check::<A, Five, _, _>(&CosineSimilarity, vector);
    check::<A, Five, _, _>(&Hinge, vector);
    check::<A, Five, _, _>(&Hinge, class::<5>);
    check::<A, Five, _, _>(&Triplet::new(0.5), class::<2>);
    check::<A, Five, _, _>(&Contrastive::new(0.5), class::<2>);
    check::<A, Five, _, _>(&MeanSquaredError.plus(LogCosh.scaled(2.0)), vector);
    check::<A, Five, _, _>(&Huber.weighted(), |sample| (vector(sample), number(sample)));
    check::<A, Picture, _, _>(&MeanSquaredError, picture);
    check::<A, Picture, _, _>(&CosineSimilarity, picture);
}

/// Losses of classes.
fn check_classes<A: LastActivation>() {
    check::<A, Five, _, _>(&CrossEntropy, class::<5>);
    check::<A, Five, _, _>(&CrossEntropy, shares);
    check::<A, Picture, _, _>(&CrossEntropy, pixels::<3>);
    check::<A, Picture, _, _>(&CrossEntropy, picture);
    check::<A, Five, _, _>(&KullbackLeibler, shares);
    check::<A, Picture, _, _>(&KullbackLeibler, picture);
    check::<A, Five, _, _>(&Focal, class::<5>);
    check::<A, Picture, _, _>(&Focal.gamma(0.5), pixels::<3>);
    check::<A, Five, _, _>(&CrossEntropy.label_smoothing(0.1), class::<5>);
    check::<A, Picture, _, _>(&CrossEntropy.label_smoothing(0.1), pixels::<3>);
    check::<A, Five, _, _>(&CrossEntropy.plus(Hinge.scaled(0.5)), class::<5>);
}

/// Losses of answers.
fn check_answers<A: LastActivation>() {
    check::<A, Five, _, _>(&BinaryCrossEntropy, shares);
    check::<A, Mask, _, _>(&BinaryCrossEntropy, mask);
    check::<A, Mask, _, _>(&BinaryCrossEntropy, pixels::<2>);
    check::<A, SVector<f64, 1>, _, _>(&BinaryCrossEntropy, |sample| sample.is_multiple_of(2));
    check::<A, SVector<f64, 1>, _, _>(&BinaryCrossEntropy, class::<2>);
    check::<A, Five, _, _>(&Focal.alpha(0.25), shares);
    check::<A, Mask, _, _>(&Focal, mask);
    check::<A, SVector<f64, 1>, _, _>(&Focal, |sample| sample.is_multiple_of(2));
    check::<A, Five, _, _>(&BinaryCrossEntropy.label_smoothing(0.1), shares);
    check::<A, Mask, _, _>(&BinaryCrossEntropy.label_smoothing(0.1), mask);
}

#[test]
fn outputs_behind_softmax() {
    check_any::<Softmax>();
    check_classes::<Softmax>();
}

#[test]
fn outputs_behind_mixed_probabilities() {
    check_classes::<Probabilities<Softmax>>();
    check_answers::<Probabilities<Sigmoid>>();
}

#[test]
fn outputs_behind_elementwise_activations() {
    macro_rules! each {
        ($($activation:ty),+) => {$(
            check_any::<$activation>();
            check_classes::<$activation>();
            check_answers::<$activation>();
        )+};
    }
    each!(Identity, Sigmoid, Tanh, HardSigmoid, Softplus);
}
