//! What a network is measured by: the metric follows the loss.

use nalgebra::SVector;

use super::{Confusion, MultiLabel, RegressionMetrics, Report, Score, Target};
use crate::Layer;
use crate::core::Class;
use crate::core::shapes::{image, vector};
use crate::core::{Image, Sample, Scalar};
use crate::losses::{
    BinaryCrossEntropy, CrossEntropy, Hinge, Huber, MeanAbsoluteError, MeanSquaredError,
};

/// How outputs `O` of a network are measured against targets `Y`: each loss says it of its own, and [`Threshold`] of any boundary.
///
/// | loss | targets | what is measured |
/// |---|---|---|
/// | [`CrossEntropy`], [`Hinge`] | [`Class<N>`](Class) | [`Confusion<N>`](Confusion) of the class with the largest output |
/// | [`CrossEntropy`] | N probabilities | the same; the actual class is the one of the largest probability |
/// | [`BinaryCrossEntropy`], [`Hinge`] | `bool`, `Class<2>` for one output | [`Confusion<2>`](Confusion): 1 is where the output is above the threshold |
/// | [`BinaryCrossEntropy`] | N numbers from 0 to 1 | [`MultiLabel<N>`](MultiLabel): a label is set where its target is above 1/2 |
/// | [`Hinge`] | N numbers −1 or 1 | [`MultiLabel<N>`](MultiLabel): a label is set where its target is above 0 |
/// | [`MeanSquaredError`], [`MeanAbsoluteError`], [`Huber`](struct@Huber) | N numbers | [`RegressionMetrics`] |
///
/// Of images, each pixel is a sample of its own, but for a regression. The first of several largest outputs counts. The threshold is that
/// of the network's last activation ([`Activation::THRESHOLD`](crate::activations::Activation::THRESHOLD)): 1/2 behind `sigmoid`,
/// `hard_sigmoid`, `step` and `softmax`, 0 behind any other, or what an activation of one's own says.
pub trait Metric<O, Y> {
    /// What the measurements add up to.
    type Report: Report;

    /// The [size](Sample::Size) of the outputs that such targets go with.
    type Size;

    /// Adds one output. `threshold` is the decision boundary of the network's last activation.
    fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut Self::Report);
}

impl<O, Y, M: Metric<O, Y>> Metric<O, Y> for &M {
    type Report = M::Report;
    type Size = M::Size;

    fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut M::Report) {
        (**self).record(output, target, threshold, report);
    }
}

/// A [`Metric`] of the outputs of the network `N` against targets `Y`.
// For its sentence, as the traits of `training::bounds`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not measure the outputs of `{N}`, of size `{S}`, against targets `{Y}`",
    note = "what each loss measures is in the table of `axonal::evaluation::Metric`; a `Threshold` is for outputs that are each an answer of its own"
)]
pub trait MetricOf<N: Layer, Y, S = <<N as Layer>::Output as Sample>::Size>:
    Metric<N::Output, Y, Report = Self::Measured, Size = Self::Outputs>
{
    /// [`Metric::Report`].
    type Measured;

    /// [`Metric::Size`].
    type Outputs;

    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, Y, M: Metric<N::Output, Y>> MetricOf<N, Y, <N::Output as Sample>::Size> for M {
    type Measured = M::Report;
    type Outputs = M::Size;
    type Is = ();
}

/// Measures a network batch by batch: what a [`Loss`](crate::losses::Loss) gives to validation.
///
/// For the metric of a loss, it is there; one of your own is a few lines:
///
/// ```
/// use axonal::evaluation::{Meter, Score};
/// use nalgebra::SVector;
///
/// /// The largest error.
/// #[derive(Default)]
/// struct Worst(f64);
///
/// impl Meter<SVector<f32, 1>, SVector<f32, 1>> for Worst {
///     fn record(&mut self, outputs: &[SVector<f32, 1>], targets: &[SVector<f32, 1>]) {
///         for (output, target) in outputs.iter().zip(targets) {
///             self.0 = self.0.max((output[0] - target[0]).abs().into());
///         }
///     }
///
///     fn score(&self) -> Score {
///         Score::smaller("largest error", self.0)
///     }
/// }
///
/// let mut worst = Worst::default();
/// worst.record(&[SVector::from([1.0])], &[SVector::from([1.5])]);
/// assert!(worst.score().is_better_than(&Score::smaller("largest error", 0.6)));
/// ```
pub trait Meter<O, Y> {
    /// Adds some outputs, each with its target.
    fn record(&mut self, outputs: &[O], targets: &[Y]);

    /// What all of them add up to.
    fn score(&self) -> Score;
}

/// A metric that adds up.
pub(super) struct Accumulator<M, R> {
    metric: M,
    threshold: f64,
    pub(super) report: R,
}

impl<M, R: Report> Accumulator<M, R> {
    pub(super) fn new(metric: M, threshold: f64) -> Self {
        Self { metric, threshold, report: R::new() }
    }
}

impl<O, Y, M: Metric<O, Y>> Meter<O, Y> for Accumulator<M, M::Report> {
    fn record(&mut self, outputs: &[O], targets: &[Y]) {
        for (output, target) in outputs.iter().zip(targets) {
            self.metric.record(output, target, self.threshold, &mut self.report);
        }
    }

    fn score(&self) -> Score {
        self.report.score()
    }
}

/// A metric as a loss gives it to validation.
#[expect(clippy::unnecessary_wraps, reason = "what `Loss::meter` gives back")]
pub(crate) fn meter<O, Y, M>(metric: M, threshold: f64) -> Option<Box<dyn Meter<O, Y>>>
where
    M: Metric<O, Y, Report: 'static> + 'static,
{
    Some(Box::new(Accumulator::<M, M::Report>::new(metric, threshold)))
}

/// Yes above a threshold of one's own choice: what [`BinaryCrossEntropy`] measures, with another boundary than the last activation's.
///
/// ```
/// use axonal::evaluation::Threshold;
/// use axonal::prelude::*;
///
/// network! { struct Alarm<input 1 => dense 1 sigmoid>; }
///
/// let mut net = Alarm::zeros();
/// net.dense1.weight = SMatrix::from([[1.0]]);
/// let inputs = [-3.0, -0.5, 0.5, 3.0].map(|x| SVector::from([x])).to_vec();
/// let data = Dataset::new(inputs, vec![false, true, true, true])?;
/// assert_eq!(Evaluation::of(&*net, &data).accuracy(), 0.75);
/// // A missed alarm is worse than a false one: the probability 0.3 is enough.
/// assert_eq!(Evaluation::by(&*net, &data, &Threshold::new(0.3)).accuracy(), 1.0);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold(f64);

impl Threshold {
    /// Outputs above this number say yes. Behind `sigmoid` it is a probability; scores have 0 where their probability is 1/2.
    ///
    /// # Panics
    ///
    /// If it is NaN, above which there is no number.
    pub const fn new(threshold: f64) -> Self {
        assert!(!threshold.is_nan(), "a threshold is a number, not NaN: nothing is above that");
        Self(threshold)
    }
}

impl<O, Y> Metric<O, Y> for Threshold
where
    BinaryCrossEntropy: Metric<O, Y>,
{
    type Report = <BinaryCrossEntropy as Metric<O, Y>>::Report;
    type Size = <BinaryCrossEntropy as Metric<O, Y>>::Size;

    fn record(&self, output: &O, target: &Y, _threshold: f64, report: &mut Self::Report) {
        BinaryCrossEntropy.record(output, target, self.0, report);
    }
}

/// What targets say of themselves.
pub(super) struct ByTarget;

impl<O: Sample, Y: Target<O>> Metric<O, Y> for ByTarget {
    type Report = Y::Report;
    type Size = O::Size;

    fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut Y::Report) {
        target.record(output, threshold, report);
    }
}

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
metric!(CrossEntropy: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => Confusion<N>,
    |output, target, _threshold, report| record_classes(output, target, report));
metric!(CrossEntropy: <T; N, H, W> Image<N, H, W, T>, [[Class<N>; W]; H], of image<N, H, W> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(CrossEntropy: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => Confusion<N>,
    |output, target, _threshold, report| record_classes(output, target, report));
metric!(Hinge: <T; N> SVector<T, N>, Class<N>, of vector<N> => Confusion<N>,
    |output, target, threshold, report| target.record(output, threshold, report));

// Answers, each of its own.
metric!(BinaryCrossEntropy: <T; > SVector<T, 1>, Class<2>, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; > SVector<T, 1>, bool, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; H, W> Image<1, H, W, T>, [[bool; W]; H], of image<1, H, W> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; H, W> Image<1, H, W, T>, [[Class<2>; W]; H], of image<1, H, W> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(BinaryCrossEntropy: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.5, report));
metric!(BinaryCrossEntropy: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.5, report));
metric!(Hinge: <T; > SVector<T, 1>, Class<2>, of vector<1> => Confusion<2>,
    |output, target, threshold, report| target.record(output, threshold, report));
metric!(Hinge: <T; N, M> SVector<T, N>, SVector<T, M>, of vector<M> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.0, report));
metric!(Hinge: <T; N, H, W, M, I, X> Image<N, H, W, T>, Image<M, I, X, T>, of image<M, I, X> => MultiLabel<N>,
    |output, target, threshold, report| record_labels(output, threshold, target, 0.0, report));

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

metric_of_numbers!(MeanSquaredError, MeanAbsoluteError, Huber);

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

/// The labels of each pixel: those whose numbers are above a threshold; a vector is one pixel.
fn record_labels<O, Y, const N: usize>(
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

/// The numbers of a pixel.
pub(super) fn numbers_of<X: Sample>(sample: &X, pixel: usize) -> impl Iterator<Item = X::Scalar> {
    sample.as_slice()[pixel..].iter().step_by(X::PIXELS).copied()
}

/// The class of the largest of some numbers, the first of those if there are several; of NaN there is none.
pub(super) fn largest<T: Scalar, const C: usize>(
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
pub(super) fn above<T: Scalar>(number: T, threshold: f64) -> Option<bool> {
    (!number.is_nan()).then(|| number.as_f64() > threshold)
}
