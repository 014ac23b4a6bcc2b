//! Measuring a network on a data set.

use core::fmt;
use core::ops::Deref;

use nalgebra::SVector;

use super::metric::{Accumulator, ByTarget, above, largest, numbers_of};
use super::{Confusion, Meter, Metric, MetricOf, MultiLabel, RegressionMetrics, Score};
use crate::activations::Activation;
use crate::core::Class;
use crate::core::Scalar;
use crate::core::{Image, Sample};
use crate::data::Dataset;
use crate::network::forward_on_threads;
use crate::training::{AsNetwork, SizeOf};
use crate::{Layer, Network};

/// How well a network does on a data set: for classes a [`Confusion`], for labels a [`MultiLabel`], for numbers [`RegressionMetrics`],
/// whose methods it has.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Sign<input 1 => dense 2>; }
///
/// let mut net = Sign::zeros();
/// net.dense1.weight = SMatrix::from([[-1.0, 1.0]]);
/// let inputs = [-3.0, -1.0, 2.0, 4.0].map(|x| SVector::from([x])).to_vec();
/// let targets = [0, 1, 1, 1].map(Class::new).into_iter().collect::<Result<_, _>>()?;
/// let evaluation = Evaluation::of(&*net, &Dataset::new(inputs, targets)?);
/// assert_eq!(evaluation.accuracy(), 0.75);
/// assert_eq!(evaluation.recall(Class::new(0)?), 1.0);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation<R> {
    report: R,
}

/// A target that the outputs `O` of a network are measured against.
pub trait Target<O> {
    /// What the measurements add up to.
    type Report: Report;

    /// Adds one output. `threshold` is the decision boundary of a single output.
    fn record(&self, output: &O, threshold: f64, report: &mut Self::Report);
}

/// A [`Target`] that the outputs of the network `N` are measured against.
// For its sentence, as the traits of `training::bounds`.
#[diagnostic::on_unimplemented(
    message = "the outputs of `{N}`, of size `{S}`, cannot be measured against targets `{Self}`",
    note = "N outputs are measured against a `Class<N>` or N numbers, one output also against a `Class<2>` or a `bool`"
)]
pub trait TargetOf<N: Layer, S = <<N as Layer>::Output as Sample>::Size>:
    Target<N::Output, Report = Self::Measured>
{
    /// [`Target::Report`].
    type Measured;

    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, Y: Target<N::Output>> TargetOf<N, <N::Output as Sample>::Size> for Y {
    type Measured = Y::Report;
    type Is = ();
}

/// What measurements add up to.
pub trait Report: fmt::Display {
    /// Nothing measured yet.
    fn new() -> Self;

    /// The one number that says how good it is.
    fn score(&self) -> Score;
}

impl<R: Report> Evaluation<R> {
    /// Runs a network, or the network in a box, over a data set, and measures it as the targets say.
    ///
    /// Vectors and images are taken for numbers. Where they are labels or the probabilities of classes, use [`by`](Self::by).
    pub fn of<N, Y, B, M>(net: &B, data: &Dataset<N::Input, Y>) -> Self
    where
        B: AsNetwork<M, Network = N>,
        N: Network,
        Y: TargetOf<N, Measured = R, Is: Copy>,
    {
        Self { report: report(net.as_network(), data, &ByTarget) }
    }

    /// Runs a network, or the network in a box, over a data set, and measures it as a [loss](super::Metric) does in validation, or with a
    /// [`Threshold`](super::Threshold).
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Topics<input 2 => dense 2 sigmoid>; }
    ///
    /// let mut net = Topics::zeros();
    /// net.dense1.weight = SMatrix::from([[1.0, 0.0], [0.0, 1.0]]);
    /// let inputs = [[3.0, -1.0], [2.0, 2.0], [-1.0, -1.0]].map(SVector::from).to_vec();
    /// let topics = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(SVector::from).to_vec();
    /// let evaluation = Evaluation::by(&*net, &Dataset::new(inputs, topics)?, &BinaryCrossEntropy);
    /// assert_eq!(evaluation.accuracy(), 5.0 / 6.0);
    /// assert_eq!(evaluation.subset_accuracy(), 2.0 / 3.0);
    /// assert_eq!(evaluation.recall(1), 0.5);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn by<N, Y, B, M, L>(net: &B, data: &Dataset<N::Input, Y>, metric: &L) -> Self
    where
        B: AsNetwork<M, Network = N>,
        N: Network,
        L: MetricOf<N, Y, Measured = R, Outputs: SizeOf<N, Is: Copy>, Is: Copy>,
    {
        Self { report: report(net.as_network(), data, metric) }
    }
}

fn report<N, Y, M>(net: &N, data: &Dataset<N::Input, Y>, metric: &M) -> M::Report
where
    N: Network,
    M: Metric<N::Output, Y>,
{
    let mut accumulator = Accumulator::<&M, M::Report>::new(metric, N::Activation::THRESHOLD);
    measure(net, data.inputs(), data.targets(), &mut accumulator);
    accumulator.report
}

/// Runs a network over inputs, each with its target.
pub(crate) fn measure<N, Y>(
    net: &N,
    inputs: &[N::Input],
    targets: &[Y],
    meter: &mut dyn Meter<N::Output, Y>,
) where
    N: Network,
{
    /// Samples a pass: some for each thread.
    const PIECE: usize = 1024;
    /// Fewer of large outputs: so many numbers in all, if that is enough for the threads and the kernels.
    const NUMBERS: usize = 1 << 20;
    const FEW: usize = 16;
    let piece = (NUMBERS / N::Output::LEN.max(1)).clamp(FEW, PIECE).min(inputs.len().max(1));
    let mut outputs = N::Output::zeros_vec(piece);
    for (inputs, targets) in inputs.chunks(piece).zip(targets.chunks(piece)) {
        let outputs = &mut outputs[..inputs.len()];
        forward_on_threads(net, inputs, outputs);
        meter.record(outputs, targets);
    }
}

impl<R> Deref for Evaluation<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.report
    }
}

impl<R: fmt::Display> fmt::Display for Evaluation<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(formatter)
    }
}

impl<const C: usize> Report for Confusion<C> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        Score::larger("accuracy", self.accuracy())
    }
}

impl<const N: usize> Report for MultiLabel<N> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        Score::larger("accuracy", self.accuracy())
    }
}

impl<S> Report for RegressionMetrics<S> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        // Of equal targets it is 0 for all that is not perfect: it does not say which epoch is better.
        let r2 = if self.is_constant() { f64::NAN } else { self.r2() };
        Score::larger("R²", r2)
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

#[diagnostic::do_not_recommend]
impl<O: Sample> Target<O> for O {
    type Report = RegressionMetrics<O::Size>;

    fn record(&self, output: &O, _threshold: f64, report: &mut RegressionMetrics<O::Size>) {
        report.record(self, output);
    }
}
