//! How targets measure outputs, whatever the loss.

use nalgebra::SVector;

use super::{Confusion, Metric, RegressionMetrics, Report};
use crate::core::{Class, Image, Sample, Scalar};

/// A target that the outputs `O` of a network are measured against.
pub trait Target<O> {
    /// What the measurements add up to.
    type Report: Report;

    /// Adds one output. `threshold` is the decision boundary of a single output.
    fn record(&self, output: &O, threshold: f64, report: &mut Self::Report);

    /// The same with the decision boundary of each head; without heads, of the one output.
    #[doc(hidden)]
    fn record_heads(&self, output: &O, thresholds: &[f64], report: &mut Self::Report) {
        self.record(output, thresholds[0], report);
    }
}

/// The metric of a kind of target, whatever the loss.
pub(crate) struct ByTarget;

impl<O: Sample, Y: Target<O>> Metric<O, Y> for ByTarget {
    type Report = Y::Report;
    type Size = O::Size;

    fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut Y::Report) {
        target.record(output, threshold, report);
    }

    fn record_heads(&self, output: &O, target: &Y, thresholds: &[f64], report: &mut Y::Report) {
        target.record_heads(output, thresholds, report);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const C: usize> Target<SVector<T, C>> for Class<C> {
    type Report = Confusion<C>;

    fn record(&self, output: &SVector<T, C>, _threshold: f64, report: &mut Confusion<C>) {
        report.record_known(Some(*self), largest(output.iter().copied()));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> Target<SVector<T, 1>> for Class<2> {
    type Report = Confusion<2>;

    fn record(&self, output: &SVector<T, 1>, threshold: f64, report: &mut Confusion<2>) {
        report.record_known(Some(*self), above(output[0], threshold).map(Class::from));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> Target<SVector<T, 1>> for bool {
    type Report = Confusion<2>;

    fn record(&self, output: &SVector<T, 1>, threshold: f64, report: &mut Confusion<2>) {
        Class::from(*self).record(output, threshold, report);
    }
}

/// A class for each pixel: each is counted as a sample.
#[diagnostic::do_not_recommend]
impl<T: Scalar, const C: usize, const H: usize, const W: usize> Target<Image<C, H, W, T>>
    for [[Class<C>; W]; H]
{
    type Report = Confusion<C>;

    fn record(&self, output: &Image<C, H, W, T>, _threshold: f64, report: &mut Confusion<C>) {
        for (pixel, class) in self.as_flattened().iter().enumerate() {
            report.record_known(Some(*class), largest(numbers_of(output, pixel)));
        }
    }
}

/// A mask: an answer for each pixel, each counted as a sample.
macro_rules! mask {
    ($($answer:ty),*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<T: Scalar, const H: usize, const W: usize> Target<Image<1, H, W, T>> for [[$answer; W]; H] {
                type Report = Confusion<2>;

                fn record(&self, output: &Image<1, H, W, T>, threshold: f64, report: &mut Confusion<2>) {
                    for (answer, number) in self.as_flattened().iter().zip(output.as_slice()) {
                        let predicted = above(*number, threshold).map(Class::from);
                        report.record_known(Some(Class::from(*answer)), predicted);
                    }
                }
            }
        )*
    };
}

mask!(bool, Class<2>);

/// Numbers. Not for all samples: of several heads, each is measured by itself.
macro_rules! numbers {
    ($([$($size:ident),*] $sample:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Scalar, $(const $size: usize),*> Target<Self> for $sample {
            type Report = RegressionMetrics<<Self as Sample>::Size>;

            fn record(&self, output: &Self, _threshold: f64, report: &mut Self::Report) {
                report.record(self, output);
            }
        }
    )+};
}

numbers! {
    [N] SVector<T, N>;
    [C, H, W] Image<C, H, W, T>;
}

/// A target with the weight of its sample, which a metric does not look at.
#[diagnostic::do_not_recommend]
impl<O: Sample, Y: Target<O>> Target<O> for (Y, O::Scalar) {
    type Report = Y::Report;

    fn record(&self, output: &O, threshold: f64, report: &mut Y::Report) {
        self.0.record(output, threshold, report);
    }
}

/// The numbers of a pixel.
pub(crate) fn numbers_of<X: Sample>(sample: &X, pixel: usize) -> impl Iterator<Item = X::Scalar> {
    sample.as_slice()[pixel..].iter().step_by(X::PIXELS).copied()
}

/// The class of the largest of some numbers, the first of those if there are several; of NaN there is none.
pub(crate) fn largest<T: Scalar, const C: usize>(
    numbers: impl Iterator<Item = T>,
) -> Option<Class<C>> {
    let mut best: Option<(usize, T)> = None;
    for (class, number) in numbers.enumerate() {
        if number.is_nan() {
            return None;
        }
        if best.is_none_or(|(_, best)| number > best) {
            best = Some((class, number));
        }
    }
    best.and_then(|(class, _)| Class::new(class).ok())
}

/// Whether a number is above a threshold; of NaN that is not known.
pub(crate) fn above<T: Scalar>(number: T, threshold: f64) -> Option<bool> {
    (!number.is_nan()).then(|| number.as_f64() > threshold)
}
