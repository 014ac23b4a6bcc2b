//! What is kept of outputs and their targets.

use std::fmt;

use nalgebra::SVector;

use super::{BinaryPredictions, ClassPredictions, LabelPredictions, OutputKind, Residuals};
use crate::core::{Class, Image, Sample, Scalar};
use crate::metrics::{Confusion, MultiLabel, RegressionMetrics, Report, above, numbers_of};

/// Outputs of a network with their targets, each of which is kept.
pub trait Predictions: fmt::Display {
    /// What counts the same and keeps nothing.
    type Report: Report;

    /// None yet, of outputs that are scores or probabilities.
    fn of(kind: OutputKind) -> Self;
}

impl Predictions for BinaryPredictions {
    type Report = Confusion<2>;

    fn of(kind: OutputKind) -> Self {
        Self::new(kind)
    }
}

impl<const C: usize> Predictions for ClassPredictions<C> {
    type Report = Confusion<C>;

    fn of(kind: OutputKind) -> Self {
        Self::new(kind)
    }
}

impl<const N: usize> Predictions for LabelPredictions<N> {
    type Report = MultiLabel<N>;

    fn of(kind: OutputKind) -> Self {
        Self::new(kind)
    }
}

impl<S> Predictions for Residuals<S> {
    type Report = RegressionMetrics<S>;

    fn of(_: OutputKind) -> Self {
        Self::new()
    }
}

/// A target with which the outputs `O` of a network are kept.
pub trait PredictionTarget<O> {
    /// What is kept.
    type Predictions: Predictions;

    /// Adds one output.
    fn keep(&self, output: &O, predictions: &mut Self::Predictions);
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const C: usize> PredictionTarget<SVector<T, C>> for Class<C> {
    type Predictions = ClassPredictions<C>;

    fn keep(&self, output: &SVector<T, C>, predictions: &mut ClassPredictions<C>) {
        predictions.record_numbers(output.iter().copied(), *self);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> PredictionTarget<SVector<T, 1>> for Class<2> {
    type Predictions = BinaryPredictions;

    fn keep(&self, output: &SVector<T, 1>, predictions: &mut BinaryPredictions) {
        predictions.record(output[0].as_f64(), self.index() == 1);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> PredictionTarget<SVector<T, 1>> for bool {
    type Predictions = BinaryPredictions;

    fn keep(&self, output: &SVector<T, 1>, predictions: &mut BinaryPredictions) {
        predictions.record(output[0].as_f64(), *self);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const C: usize, const H: usize, const W: usize> PredictionTarget<Image<C, H, W, T>>
    for [[Class<C>; W]; H]
{
    type Predictions = ClassPredictions<C>;

    fn keep(&self, output: &Image<C, H, W, T>, predictions: &mut ClassPredictions<C>) {
        for (pixel, class) in self.as_flattened().iter().enumerate() {
            predictions.record_numbers(numbers_of(output, pixel), *class);
        }
    }
}

/// An answer for each pixel.
macro_rules! mask {
    ($($answer:ty),*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<T: Scalar, const H: usize, const W: usize> PredictionTarget<Image<1, H, W, T>>
                for [[$answer; W]; H]
            {
                type Predictions = BinaryPredictions;

                fn keep(&self, output: &Image<1, H, W, T>, predictions: &mut BinaryPredictions) {
                    for (answer, number) in self.as_flattened().iter().zip(output.as_slice()) {
                        let answer = Class::from(*answer).index() == 1;
                        predictions.record(number.as_f64(), answer);
                    }
                }
            }
        )*
    };
}

mask!(bool, Class<2>);

#[diagnostic::do_not_recommend]
impl<O: Sample> PredictionTarget<O> for O {
    type Predictions = Residuals<O::Size>;

    fn keep(&self, output: &O, predictions: &mut Residuals<O::Size>) {
        predictions.record(self, output);
    }
}

/// A target with the weight of its sample, which is not looked at.
#[diagnostic::do_not_recommend]
impl<O: Sample, Y: PredictionTarget<O>> PredictionTarget<O> for (Y, O::Scalar) {
    type Predictions = Y::Predictions;

    fn keep(&self, output: &O, predictions: &mut Y::Predictions) {
        self.0.keep(output, predictions);
    }
}

/// Numbers that say which labels are set, with which the outputs `O` of a network are kept: those above 1/2.
pub trait LabelTarget<O> {
    /// What is kept.
    type Predictions: Predictions;

    /// Adds one output. Of an image, each pixel is a sample.
    fn keep_labels(&self, output: &O, predictions: &mut Self::Predictions);
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const N: usize> LabelTarget<Self> for SVector<T, N> {
    type Predictions = LabelPredictions<N>;

    fn keep_labels(&self, output: &Self, predictions: &mut LabelPredictions<N>) {
        keep_labels(self, output, predictions);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const N: usize, const H: usize, const W: usize> LabelTarget<Self>
    for Image<N, H, W, T>
{
    type Predictions = LabelPredictions<N>;

    fn keep_labels(&self, output: &Self, predictions: &mut LabelPredictions<N>) {
        keep_labels(self, output, predictions);
    }
}

fn keep_labels<X: Sample, const N: usize>(
    target: &X,
    output: &X,
    predictions: &mut LabelPredictions<N>,
) {
    for pixel in 0..X::PIXELS {
        let set = numbers_of(target, pixel).map(|number| above(number, 0.5));
        predictions.record_known(numbers_of(output, pixel), set);
    }
}
