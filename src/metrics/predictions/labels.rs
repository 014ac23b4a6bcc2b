//! Several labels, each set or not.

use std::fmt;

use super::binary::{fmt_nan, fmt_scores};
use super::{BinaryPredictions, OutputKind};
use crate::core::{Error, Scalar};
use crate::metrics::confusion::width;
use crate::metrics::{MultiLabel, Score};

/// The outputs of a network for `N` labels of samples, each with whether it is set: `N` [`BinaryPredictions`].
///
/// From [`Evaluation::label_predictions`](crate::evaluation::Evaluation::label_predictions); or from numbers that are there:
///
/// ```
/// use axonal::evaluation::LabelPredictions;
///
/// let mut predictions = LabelPredictions::<2>::of_probabilities();
/// predictions.record(&[0.9, 0.2], &[true, false]);
/// predictions.record(&[0.4, 0.3], &[false, true]);
/// predictions.record(&[0.3, 0.6], &[true, false]);
/// assert_eq!((predictions.label(0).roc_auc(), predictions.label(1).roc_auc()), (0.5, 0.5));
/// assert_eq!(predictions.report(&[0.5, 0.5]).accuracy(), 0.5);
///
/// let thresholds = predictions.best_thresholds_by_f1()?;
/// assert_eq!(predictions.report(&thresholds).recall(1), 1.0);
/// println!("{predictions}");
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// What is measured is the plain average over the labels, as scikit-learn's `average="macro"` of an indicator matrix; of a label, ask
/// [`label`](Self::label). A label that is set nowhere has an ROC AUC that is NaN and an average precision of 0, and so the averages have it.
#[derive(Clone, Debug)]
pub struct LabelPredictions<const N: usize> {
    labels: Vec<BinaryPredictions>,
    names: Vec<String>,
}

/// Larger tables are cut to this many lines.
const MOST_LINES: usize = 20;

impl<const N: usize> LabelPredictions<N> {
    pub(super) fn new(kind: OutputKind) -> Self {
        Self { labels: vec![BinaryPredictions::new(kind); N], names: Vec::new() }
    }

    /// Nothing recorded yet; what will be are probabilities.
    #[must_use]
    pub fn of_probabilities() -> Self {
        Self::new(OutputKind::PROBABILITIES)
    }

    /// Nothing recorded yet; what will be are scores: 0 is the decision boundary, and the probabilities are their `sigmoid`.
    #[must_use]
    pub fn of_scores() -> Self {
        Self::new(OutputKind::SCORES)
    }

    /// The names that `Display` prints for the labels; one that has none is printed as its index.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the outputs of a sample, and which labels are set.
    pub fn record<T: Scalar>(&mut self, outputs: &[T; N], set: &[bool; N]) {
        self.record_known(outputs.iter().copied(), set.iter().map(|&set| Some(set)));
    }

    pub(super) fn record_known<T: Scalar>(
        &mut self,
        outputs: impl Iterator<Item = T>,
        set: impl Iterator<Item = Option<bool>>,
    ) {
        for (label, (output, set)) in self.labels.iter_mut().zip(outputs.zip(set)) {
            label.record_known(output.as_f64(), set);
        }
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        self.labels.first().map_or(0, BinaryPredictions::samples)
    }

    /// The predictions of a label: its curves, its calibration, its best threshold.
    ///
    /// # Panics
    ///
    /// If it is not below `N`.
    pub fn label(&self, label: usize) -> &BinaryPredictions {
        &self.labels[label]
    }

    /// The average over the labels of the area under the ROC curve.
    pub fn roc_auc(&self) -> f64 {
        self.average(BinaryPredictions::roc_auc)
    }

    /// The average over the labels of the average precision: "mAP".
    pub fn average_precision(&self) -> f64 {
        self.average(BinaryPredictions::average_precision)
    }

    /// The average over the labels of the log loss.
    pub fn log_loss(&self) -> f64 {
        self.average(BinaryPredictions::log_loss)
    }

    /// The average over the labels of the Brier score.
    pub fn brier_score(&self) -> f64 {
        self.average(BinaryPredictions::brier_score)
    }

    /// For each label the threshold with the largest F1.
    ///
    /// # Errors
    ///
    /// As [`BinaryPredictions::best_threshold_by_f1`].
    pub fn best_thresholds_by_f1(&self) -> Result<[f64; N], Error> {
        let mut thresholds = [0.0; N];
        for (threshold, label) in thresholds.iter_mut().zip(&self.labels) {
            *threshold = label.best_threshold_by_f1()?.threshold;
        }
        Ok(thresholds)
    }

    /// Which labels are found where outputs above these thresholds say so.
    pub fn report(&self, thresholds: &[f64; N]) -> MultiLabel<N> {
        let mut report = MultiLabel::new().with_names(self.names.iter().cloned());
        for sample in 0..self.labels.first().map_or(0, |label| label.outputs().len()) {
            let answers = self.labels.iter().zip(thresholds);
            report.record_known(answers.map(|(label, &threshold)| label.answer(sample, threshold)));
        }
        report
    }

    /// All numbers that say how good the predictions are: `ROC AUC`, `average precision`, `log loss`, `Brier score`.
    pub fn scores(&self) -> Vec<Score> {
        vec![
            Score::larger("ROC AUC", self.roc_auc()),
            Score::larger("average precision", self.average_precision()),
            Score::smaller("log loss", self.log_loss()),
            Score::smaller("Brier score", self.brier_score()),
        ]
    }

    fn average(&self, of: impl Fn(&BinaryPredictions) -> f64) -> f64 {
        self.labels.iter().map(of).sum::<f64>() / N as f64
    }
}

/// A line for each average, then one for each label. Beyond 20 labels only those with the lowest average precision are listed.
impl<const N: usize> fmt::Display for LabelPredictions<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "samples           {}", self.samples())?;
        let sum = |of: fn(&BinaryPredictions) -> u64| self.labels.iter().map(of).sum();
        fmt_nan(f, sum(BinaryPredictions::nan_outputs), sum(BinaryPredictions::nan_targets))?;
        fmt_scores(f, &self.scores(), "average precision")?;

        let mut labels: Vec<usize> = (0..N).collect();
        if N > MOST_LINES {
            let precision = |&label: &usize| self.labels[label].average_precision();
            labels.sort_by(|a, b| precision(a).total_cmp(&precision(b)));
            labels.truncate(MOST_LINES);
        }
        let name = |label: &usize| self.names.get(*label).cloned().unwrap_or(label.to_string());
        let names: Vec<String> = labels.iter().map(name).collect();
        let width = width(&names).max("label".len());
        write!(
            f,
            "\n{:>width$}   ROC AUC  average precision   best F1     above       set",
            "label"
        )?;
        for (&label, name) in labels.iter().zip(&names) {
            let of = &self.labels[label];
            let (area, precision) = (of.roc_auc(), of.average_precision());
            let best = of.best_threshold_by_f1();
            let (f1, threshold) =
                best.map_or((f64::NAN, f64::NAN), |best| (best.value, best.threshold));
            let set = of.positives();
            write!(
                f,
                "\n{name:>width$}{area:10.4}{precision:19.4}{f1:10.4}{threshold:10.4}{set:10}"
            )?;
        }
        if N > MOST_LINES {
            write!(
                f,
                "\n{:>width$}  (the {MOST_LINES} of {N} labels with the lowest average precision)",
                "…"
            )?;
        }
        Ok(())
    }
}
