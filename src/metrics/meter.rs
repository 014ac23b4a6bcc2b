//! Measuring batch by batch.

use super::{Metric, Report, Score};

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

    /// All numbers that are known of them, the first of them [`score`](Self::score): a [report](Report::scores)'s, where the meter has one.
    fn scores(&self) -> Vec<Score> {
        vec![self.score()]
    }
}

/// A metric that adds up.
pub(crate) struct Accumulator<M, R> {
    metric: M,
    thresholds: &'static [f64],
    pub(crate) report: R,
}

impl<M, R: Report> Accumulator<M, R> {
    /// With the decision boundary of each head, or of the one output.
    pub(crate) fn new(metric: M, thresholds: &'static [f64]) -> Self {
        Self { metric, thresholds, report: R::new() }
    }
}

impl<O, Y, M: Metric<O, Y>> Meter<O, Y> for Accumulator<M, M::Report> {
    fn record(&mut self, outputs: &[O], targets: &[Y]) {
        for (output, target) in outputs.iter().zip(targets) {
            self.metric.record_heads(output, target, self.thresholds, &mut self.report);
        }
    }

    fn score(&self) -> Score {
        self.report.score()
    }

    fn scores(&self) -> Vec<Score> {
        self.report.scores()
    }
}

/// A metric as a loss gives it to validation.
#[expect(clippy::unnecessary_wraps, reason = "what `Loss::meter` gives back")]
pub(crate) fn meter<O, Y, M>(metric: M, thresholds: &'static [f64]) -> Option<Box<dyn Meter<O, Y>>>
where
    M: Metric<O, Y, Report: 'static> + 'static,
{
    Some(Box::new(Accumulator::<M, M::Report>::new(metric, thresholds)))
}
