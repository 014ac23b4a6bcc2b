//! Measuring a network on a data set.

use core::fmt;
use core::ops::Deref;

use bytemuck::Zeroable;
use nalgebra::SVector;

use super::{Confusion, RegressionMetrics};
use crate::activations::Activation;
use crate::data::{Class, Dataset};
use crate::kernels::Scalar;
use crate::network::forward_on_threads;
use crate::training::AsNetwork;
use crate::{Layer, Network, Sample};

/// How well a network does on a data set: for classes a [`Confusion`], for numbers [`RegressionMetrics`], whose methods it has.
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

    /// The name of the one number that says how good it is, and that number: the larger, the better.
    fn score(&self) -> (&'static str, f64);
}

impl<R: Report> Evaluation<R> {
    /// Runs a network, or the network in a box, over a data set.
    pub fn of<N, Y, B, M>(net: &B, data: &Dataset<N::Input, Y>) -> Self
    where
        B: AsNetwork<M, Network = N>,
        N: Network,
        Y: TargetOf<N, Measured = R, Is: Copy>,
    {
        Self { report: measure(net.as_network(), data.inputs(), data.targets()) }
    }
}

/// Runs a network over inputs, each with its target.
pub(crate) fn measure<N, Y>(net: &N, inputs: &[N::Input], targets: &[Y]) -> Y::Report
where
    N: Network,
    Y: Target<N::Output>,
{
    /// Samples a pass: some for each thread.
    const PIECE: usize = 1024;
    let mut report = Y::Report::new();
    let mut outputs = vec![N::Output::zeroed(); PIECE.min(inputs.len())];
    for (inputs, targets) in inputs.chunks(PIECE).zip(targets.chunks(PIECE)) {
        let outputs = &mut outputs[..inputs.len()];
        forward_on_threads(net, inputs, outputs);
        for (output, target) in outputs.iter().zip(targets) {
            target.record(output, N::Activation::THRESHOLD, &mut report);
        }
    }
    report
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

    fn score(&self) -> (&'static str, f64) {
        ("accuracy", self.accuracy())
    }
}

impl<S> Report for RegressionMetrics<S> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> (&'static str, f64) {
        ("R²", self.r2())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const C: usize> Target<SVector<T, C>> for Class<C> {
    type Report = Confusion<C>;

    fn record(&self, output: &SVector<T, C>, _threshold: f64, report: &mut Confusion<C>) {
        let largest =
            |best: usize, class: usize| if output[class] > output[best] { class } else { best };
        if let Ok(predicted) = Class::new((0..C).fold(0, largest)) {
            report.record(*self, predicted);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> Target<SVector<T, 1>> for Class<2> {
    type Report = Confusion<2>;

    fn record(&self, output: &SVector<T, 1>, threshold: f64, report: &mut Confusion<2>) {
        report.record(*self, Class::from(output[0].as_f64() > threshold));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> Target<SVector<T, 1>> for bool {
    type Report = Confusion<2>;

    fn record(&self, output: &SVector<T, 1>, threshold: f64, report: &mut Confusion<2>) {
        Class::from(*self).record(output, threshold, report);
    }
}

#[diagnostic::do_not_recommend]
impl<O: Sample> Target<O> for O {
    type Report = RegressionMetrics<O::Size>;

    fn record(&self, output: &O, _threshold: f64, report: &mut RegressionMetrics<O::Size>) {
        report.record(self, output);
    }
}
