//! What targets that are numbers measure: errors, or labels.

use nalgebra::SVector;

use super::{Metric, MultiLabel, RegressionMetrics, above, numbers_of};
use crate::core::shapes::{image, vector};
use crate::core::{Image, Sample, Scalar};

/// Numbers against numbers.
pub(crate) struct Numbers;

impl<O: Sample, Y: Sample<Scalar = O::Scalar>> Metric<O, Y> for Numbers {
    type Report = RegressionMetrics<O::Size>;
    type Size = Y::Size;

    fn record(&self, output: &O, target: &Y, _threshold: f64, report: &mut Self::Report) {
        report.record_numbers(target.as_slice(), output.as_slice());
    }
}

/// Labels, each set where its target is above a number.
pub(crate) struct Labels {
    pub(crate) set: f64,
}

impl<T: Scalar, const N: usize, const M: usize> Metric<SVector<T, N>, SVector<T, M>> for Labels {
    type Report = MultiLabel<N>;
    type Size = vector<M>;

    fn record(
        &self,
        output: &SVector<T, N>,
        target: &SVector<T, M>,
        threshold: f64,
        report: &mut MultiLabel<N>,
    ) {
        record_labels(output, threshold, target, self.set, report);
    }
}

impl<
    T: Scalar,
    const N: usize,
    const H: usize,
    const W: usize,
    const M: usize,
    const I: usize,
    const X: usize,
> Metric<Image<N, H, W, T>, Image<M, I, X, T>> for Labels
{
    type Report = MultiLabel<N>;
    type Size = image<M, I, X>;

    fn record(
        &self,
        output: &Image<N, H, W, T>,
        target: &Image<M, I, X, T>,
        threshold: f64,
        report: &mut MultiLabel<N>,
    ) {
        record_labels(output, threshold, target, self.set, report);
    }
}

/// The labels of each pixel: those whose numbers are above a threshold; a vector is one pixel.
pub(crate) fn record_labels<O, Y, const N: usize>(
    output: &O,
    threshold: f64,
    target: &Y,
    set: f64,
    report: &mut MultiLabel<N>,
) where
    O: Sample,
    Y: Sample,
{
    for pixel in 0..O::PIXELS.min(Y::PIXELS) {
        let actual = numbers_of(target, pixel).map(|number| above(number, set));
        let predicted = numbers_of(output, pixel).map(|number| above(number, threshold));
        report.record_known(actual.zip(predicted));
    }
}
