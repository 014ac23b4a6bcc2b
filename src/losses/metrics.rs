//! What each loss measures of a network.

use nalgebra::SVector;

use super::gaussian::check;
use super::{
    BinaryCrossEntropy, CrossEntropy, Focal, GaussianNll, Hinge, Huber, KullbackLeibler, LogCosh,
    MeanAbsoluteError, MeanSquaredError, Scaled, Smoothed, Sum, Weighted,
};
use crate::core::shapes::{image, vector};
use crate::core::{Class, Image, Sample, Scalar};
use crate::metrics::{
    Confusion, Metric, MultiLabel, RegressionMetrics, Target, largest, numbers_of, record_labels,
};

/// The metric of a loss for one kind of output and target.
macro_rules! metric {
    (
        $loss:ty: <$($generic:ident),*; $($size:ident),*> $output:ty, $target:ty,
        of $of:ty => $report:ty, |$out:ident, $tar:ident, $threshold:ident, $rep:ident| $record:expr
    ) => {
        #[diagnostic::do_not_recommend]
        impl<$($generic: Scalar,)* $(const $size: usize),*> Metric<$output, $target> for $loss {
            type Report = $report;
            type Size = $of;

            fn record(&self, $out: &$output, $tar: &$target, $threshold: f64, $rep: &mut $report) {
                $record;
            }
        }
    };
}

// One class among several.
metric!(CrossEntropy: <T; N> SVector<T, N>, Class<N>, of vector<N> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Focal: <T; N> SVector<T, N>, Class<N>, of vector<N> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(CrossEntropy: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => Confusion<N>,
    |output, target, _threshold, report| record_classes(output, target, report));
metric!(KullbackLeibler: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => Confusion<N>,
    |output, target, _threshold, report| record_classes(output, target, report));
metric!(CrossEntropy: <T; N, H, W> Image<N, H, W, T>, [[Class<N>; W]; H], of image<N, H, W> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Focal: <T; N, H, W> Image<N, H, W, T>, [[Class<N>; W]; H], of image<N, H, W> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(CrossEntropy: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => Confusion<N>,
    |output, target, _threshold, report| record_classes(output, target, report));
metric!(KullbackLeibler: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => Confusion<N>,
    |output, target, _threshold, report| record_classes(output, target, report));
metric!(Hinge: <T; N> SVector<T, N>, Class<N>, of vector<N> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));

// Answers, each of its own.
metric!(BinaryCrossEntropy: <T; > SVector<T, 1>, Class<2>, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Focal: <T; > SVector<T, 1>, Class<2>, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; > SVector<T, 1>, bool, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Focal: <T; > SVector<T, 1>, bool, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; H, W> Image<1, H, W, T>, [[bool; W]; H], of image<1, H, W> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Focal: <T; H, W> Image<1, H, W, T>, [[bool; W]; H], of image<1, H, W> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; H, W> Image<1, H, W, T>, [[Class<2>; W]; H], of image<1, H, W> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Focal: <T; H, W> Image<1, H, W, T>, [[Class<2>; W]; H], of image<1, H, W> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.5, report));
metric!(Focal: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.5, report));
metric!(BinaryCrossEntropy: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.5, report));
metric!(Focal: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.5, report));
metric!(Hinge: <T; > SVector<T, 1>, Class<2>, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Hinge: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.0, report));
metric!(Hinge: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.0, report));

// Numbers of which the first half are the means.
metric!(GaussianNll: <T; M, N> SVector<T, M>, SVector<T, N>, of vector<M> => RegressionMetrics<vector<N>>,
|output, target, _threshold, report| {
    const { check(M, N) };
    report.record_numbers(target.as_slice(), &output.as_slice()[..N])
});
metric!(GaussianNll: <T; C, D, H, W> Image<C, H, W, T>, Image<D, H, W, T>, of image<C, H, W> =>
RegressionMetrics<image<D, H, W>>,
|output, target, _threshold, report| {
    const { check(C, D) };
    report.record_numbers(target.as_slice(), &output.as_slice()[..D * H * W])
});

/// Numbers.
macro_rules! metric_of_numbers {
    ($($loss:ty),*) => {
        $(
            metric!($loss: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => RegressionMetrics<vector<N>>,
                |output, target, _threshold, report| {
                    report.record_numbers(target.as_slice(), output.as_slice())
                });
            metric!($loss: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> =>
                RegressionMetrics<image<N, H, W>>,
                |output, target, _threshold, report| {
                    report.record_numbers(target.as_slice(), output.as_slice())
                });
        )*
    };
}

metric_of_numbers!(MeanSquaredError, MeanAbsoluteError, Huber, LogCosh);

/// One class of each pixel, that of its largest number; a vector is one pixel.
fn record_classes<O, Y, const C: usize>(output: &O, target: &Y, report: &mut Confusion<C>)
where
    O: Sample,
    Y: Sample,
{
    for pixel in 0..O::PIXELS.min(Y::PIXELS) {
        report.record_known(largest(numbers_of(target, pixel)), largest(numbers_of(output, pixel)));
    }
}

/// The metric of a loss that is made of another one: what that measures.
macro_rules! metric_of_part {
    ($([$($generic:ident),*] $loss:ty, $part:ident: $of:ty, $get:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<O, Y, $($generic),*> Metric<O, Y> for $loss
        where
            $of: Metric<O, Y>,
        {
            type Report = <$of as Metric<O, Y>>::Report;
            type Size = <$of as Metric<O, Y>>::Size;

            fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut Self::Report) {
                let $part = self;
                ($get).record(output, target, threshold, report);
            }
        }
    )+};
}

metric_of_part! {
    [L] Scaled<L>, loss: L, loss.loss();
    [First, Second] Sum<First, Second>, sum: First, sum.first();
    [L] Smoothed<L>, loss: L, loss.loss();
}

#[diagnostic::do_not_recommend]
impl<O: Sample, Y, L: Metric<O, Y>> Metric<O, (Y, O::Scalar)> for Weighted<L> {
    type Report = L::Report;
    type Size = L::Size;

    fn record(
        &self,
        output: &O,
        (target, _): &(Y, O::Scalar),
        threshold: f64,
        report: &mut L::Report,
    ) {
        self.loss().record(output, target, threshold, report);
    }
}
