//! Measuring a network on a data set.

use core::fmt;
use core::ops::Deref;

use crate::activations::Activation;
use crate::core::Sample;
use crate::data::Dataset;
use crate::layers::{Layer, forward_batch};
use crate::messages::{AsNetwork, MetricOf, SizeOf, TargetOf, documented};
#[cfg(doc)]
use crate::metrics::Target;
use crate::metrics::{Accumulator, ByTarget, Meter, Metric, Report, Score};
use crate::parallel::WORTH_WAKING;

/// How well a network does on a data set: for classes a [`Confusion`](super::Confusion), for labels a [`MultiLabel`](super::MultiLabel), for numbers [`RegressionMetrics`](super::RegressionMetrics),
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

impl<R: Report> Evaluation<R> {
    /// The one number that says how good it is: [`Report::score`].
    pub fn score(&self) -> Score {
        self.report.score()
    }

    /// All numbers that say how good it is: [`Report::scores`].
    pub fn scores(&self) -> Vec<Score> {
        self.report.scores()
    }

    documented! {
    /// Runs a network over a data set, and measures it as the targets say.
    ///
    /// Vectors and images are taken for numbers. Where they are labels or the probabilities of classes, use [`by`](Self::by).
    pub fn of<N, Y, B, M>(net: &B, data: &Dataset<N::Input, Y>) -> Self
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        Y: TargetOf<N, Measured = R, Is: Copy>,
    }
    documented as <N, Y>(net: &N, data: &Dataset<N::Input, Y>)
    where {
        N: Layer,
        Y: Target<N::Output, Report = R>,
    }
    {
        Self { report: report(net.as_network(), data, &ByTarget) }
    }

    }

    documented! {
    /// Runs a network over a data set, and measures it as a [loss](super::Metric) does in validation, or with a
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
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        L: MetricOf<N, Y, Measured = R, Outputs: SizeOf<N, Is: Copy>, Is: Copy>,
    }
    documented as <N, Y, L>(net: &N, data: &Dataset<N::Input, Y>, metric: &L)
    where {
        N: Layer,
        L: Metric<N::Output, Y, Report = R>,
    }
    {
        Self { report: report(net.as_network(), data, metric) }
    }
    }
}

fn report<N, Y, M>(net: &N, data: &Dataset<N::Input, Y>, metric: &M) -> M::Report
where
    N: Layer,
    M: Metric<N::Output, Y>,
{
    let mut accumulator = Accumulator::<&M, M::Report>::new(metric, N::Activation::THRESHOLDS);
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
    N: Layer,
{
    run(net, inputs, targets, |outputs, targets| meter.record(outputs, targets));
}

/// Runs a network over inputs, and hands on its outputs, each with its target, batch by batch.
pub(super) fn run<N, Y>(
    net: &N,
    inputs: &[N::Input],
    targets: &[Y],
    mut take: impl FnMut(&[N::Output], &[Y]),
) where
    N: Layer,
{
    /// Samples a pass: some for each thread.
    const PIECE: usize = 1024;
    /// Fewer of large outputs: no more than this many numbers a pass, but [`FEW`] samples at least, for the threads and the kernels.
    const NUMBERS: usize = 1 << 20;
    const FEW: usize = 16;
    let piece = (NUMBERS / N::Output::LEN.max(1)).clamp(FEW, PIECE).min(inputs.len().max(1));
    let mut outputs = N::Output::zeros_vec(piece);
    for (inputs, targets) in inputs.chunks(piece).zip(targets.chunks(piece)) {
        let outputs = &mut outputs[..inputs.len()];
        forward_batch(net, inputs, outputs, WORTH_WAKING);
        take(outputs, targets);
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
