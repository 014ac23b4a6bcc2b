//! Answers that are yes or no.

use std::fmt;
use std::sync::OnceLock;

use super::calibration::Cut;
use super::outputs::{is_outside, surprise};
use super::ranking::Ranking;
use super::{Calibration, OutputKind, PrecisionRecallCurve, RocCurve};
use crate::core::{Class, Error, Scalar};
use crate::metrics::confusion::quotient;
use crate::metrics::{Confusion, Score, above};

/// The outputs of a network for questions that are answered by yes or no, each with the right answer: what a ranking, a calibration or a threshold
/// of one's own is read off, which [`Confusion`] has forgotten.
///
/// From [`Evaluation::predictions`](crate::evaluation::Evaluation::predictions), for one output and targets `bool` or `Class<2>` (class 1 is yes), and for
/// masks, of which each pixel is a sample; or from numbers that are there:
///
/// ```
/// use axonal::evaluation::BinaryPredictions;
///
/// let answers = [false, false, true, true];
/// let predictions = BinaryPredictions::from_probabilities(&[0.1, 0.4, 0.35, 0.8], &answers)?;
/// assert_eq!(predictions.roc_auc(), 0.75);
/// assert!((predictions.average_precision() - 0.8333).abs() < 1e-4);
/// assert!((predictions.brier_score() - 0.1582).abs() < 1e-4);
///
/// // A miss costs five times what a false alarm does: from where on should it be yes?
/// let best = predictions.best_threshold_by_cost(1.0, 5.0)?;
/// assert!(0.1 < best.threshold && best.threshold < 0.35);
/// assert_eq!((best.value, best.confusion.accuracy()), (0.25, 0.75));
/// println!("{predictions}");
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// With the output s of a sample, p its probability of yes, and y its answer, 1 or 0:
///
/// ```text
/// p                 = s behind an activation whose threshold is 1/2, as sigmoid; else 1 / (1 + exp(-s))
/// ROC AUC           = the share of pairs of a yes and a no in which the yes has the larger output; equal ones count half
/// average precision = Σ (recall - recall before) precision, over all thresholds
/// log loss          = mean of -y ln p - (1 - y) ln(1 - p)
/// Brier score       = mean of (y - p)²
/// ```
///
/// They are scikit-learn's, whose `log_loss` takes p for 2⁻⁵² at least and 1 − 2⁻⁵² at most; that of scores is not cut, as
/// [`BinaryCrossEntropy`](crate::losses::BinaryCrossEntropy)'s. Without a yes, or without a no, the ROC AUC is NaN; without a yes the average
/// precision is 0. Without a sample everything is NaN, and where an output is: they are [counted](Self::nan_outputs), and there is no order in which
/// one could stand.
///
/// It takes 9 bytes a sample, and 24 more once it is asked for something that has to be sorted for, which happens once.
#[derive(Clone, Debug)]
pub struct BinaryPredictions {
    kind: OutputKind,
    outputs: Vec<f64>,
    /// None where a target is NaN.
    targets: Vec<Option<bool>>,
    nan_outputs: u64,
    nan_targets: u64,
    /// None where there is NaN.
    ranking: OnceLock<Option<Ranking>>,
}

/// What a threshold makes of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcomes {
    /// Yes, and it is.
    pub true_positives: u64,
    /// Yes, and it is not: false alarms.
    pub false_positives: u64,
    /// No, and it is not.
    pub true_negatives: u64,
    /// No, but it is: misses.
    pub false_negatives: u64,
}

/// A threshold that was chosen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BestThreshold {
    /// Outputs above it say yes, as [`Threshold::new`](crate::evaluation::Threshold::new) takes it. It is in the middle between two outputs;
    /// infinity where it is best never to say yes, and minus infinity where it is best always to.
    pub threshold: f64,
    /// What it was chosen by: F1, or the cost.
    pub value: f64,
    /// What it makes of the predictions.
    pub confusion: Confusion<2>,
}

impl BinaryPredictions {
    pub(super) fn new(kind: OutputKind) -> Self {
        Self {
            kind,
            outputs: Vec::new(),
            targets: Vec::new(),
            nan_outputs: 0,
            nan_targets: 0,
            ranking: OnceLock::new(),
        }
    }

    /// Of scores: 0 is the decision boundary, and [`probabilities`](Self::probabilities) are their `sigmoid`.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are not as many answers.
    pub fn from_scores<T: Scalar>(scores: &[T], answers: &[bool]) -> Result<Self, Error> {
        Self::from_outputs(OutputKind::SCORES, scores, answers)
    }

    /// Of probabilities: 1/2 is the decision boundary.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are not as many answers, [`Error::InvalidNumber`] if one is below 0 or above 1. NaN is neither.
    pub fn from_probabilities<T: Scalar>(
        probabilities: &[T],
        answers: &[bool],
    ) -> Result<Self, Error> {
        let predictions = Self::from_outputs(OutputKind::PROBABILITIES, probabilities, answers)?;
        match predictions.outputs.iter().position(|&number| is_outside(number)) {
            None => Ok(predictions),
            Some(sample) => Err(Error::InvalidNumber {
                place: format!("the prediction of sample {sample}"),
                expected: "a probability, from 0 to 1",
                found: predictions.outputs[sample],
            }),
        }
    }

    fn from_outputs<T: Scalar>(
        kind: OutputKind,
        outputs: &[T],
        answers: &[bool],
    ) -> Result<Self, Error> {
        if outputs.len() != answers.len() {
            let (inputs, targets) = (outputs.len(), answers.len());
            return Err(Error::LengthMismatch { inputs, targets });
        }
        let mut predictions = Self::new(kind);
        predictions.outputs.reserve_exact(outputs.len());
        predictions.targets.reserve_exact(outputs.len());
        for (output, answer) in outputs.iter().zip(answers) {
            predictions.record(output.as_f64(), *answer);
        }
        Ok(predictions)
    }

    /// Adds one output, and the right answer.
    pub fn record(&mut self, output: f64, answer: bool) {
        self.record_known(output, Some(answer));
    }

    pub(super) fn record_known(&mut self, output: f64, answer: Option<bool>) {
        self.outputs.push(output);
        self.targets.push(answer);
        self.nan_outputs += u64::from(output.is_nan());
        self.nan_targets += u64::from(answer.is_none());
        self.ranking.take();
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        self.outputs.len() as u64
    }

    /// The number of samples whose answer is yes.
    pub fn positives(&self) -> u64 {
        self.targets.iter().filter(|&&target| target == Some(true)).count() as u64
    }

    /// The number of outputs that are NaN.
    pub fn nan_outputs(&self) -> u64 {
        self.nan_outputs
    }

    /// The number of targets that are NaN, where they are numbers: what is measured is NaN then.
    pub fn nan_targets(&self) -> u64 {
        self.nan_targets
    }

    /// The outputs, in the order of the samples.
    pub fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    /// The probabilities of yes, in the order of the samples.
    pub fn probabilities(&self) -> impl ExactSizeIterator<Item = f64> {
        let is_probability = self.kind.is_probability();
        self.outputs.iter().map(move |&s| if is_probability { s } else { sigmoid(s) })
    }

    /// What is taken for what at the network's own decision boundary; the accuracy, say.
    pub fn confusion(&self) -> Confusion<2> {
        self.confusion_at(self.kind.threshold)
    }

    /// What is taken for what where outputs above this threshold say yes.
    pub fn confusion_at(&self, threshold: f64) -> Confusion<2> {
        let mut confusion = Confusion::new();
        for sample in 0..self.outputs.len() {
            let (target, predicted) = self.answer(sample, threshold);
            confusion.record_known(target.map(Class::from), predicted.map(Class::from));
        }
        confusion
    }

    /// The area under the [ROC curve](Self::roc_curve): 1 if every yes has a larger output than every no, 1/2 for a guess. scikit-learn's `roc_auc_score`.
    pub fn roc_auc(&self) -> f64 {
        self.ranking().map_or(f64::NAN, Ranking::roc_auc)
    }

    /// The precision on the average over the recalls: what a guess gives is the share of positives, which makes it a measure of rare ones.
    /// scikit-learn's `average_precision_score`.
    pub fn average_precision(&self) -> f64 {
        self.ranking().map_or(f64::NAN, Ranking::average_precision)
    }

    /// The mean of −ln of the probability of the right answer: the binary cross-entropy. scikit-learn's `log_loss`.
    pub fn log_loss(&self) -> f64 {
        let is_probability = self.kind.is_probability();
        self.mean(|output, yes| match (is_probability, yes) {
            (true, true) => surprise(output),
            (true, false) => surprise(1.0 - output),
            (false, true) => softplus(-output),
            (false, false) => softplus(output),
        })
    }

    /// The mean squared distance of the probabilities from the answers. scikit-learn's `brier_score_loss`.
    pub fn brier_score(&self) -> f64 {
        let is_probability = self.kind.is_probability();
        self.mean(|output, yes| {
            let probability = if is_probability { output } else { sigmoid(output) };
            (probability - f64::from(u8::from(yes))).powi(2)
        })
    }

    /// How often the answer is yes where the probability is alike: in so many equal parts of 0 to 1. scikit-learn's `calibration_curve`.
    ///
    /// # Panics
    ///
    /// If it is to be 0 parts.
    pub fn calibration(&self, bins: usize) -> Calibration {
        self.calibration_cut(bins, Cut::Uniform)
    }

    /// The same in parts of equally many samples: `strategy="quantile"`.
    ///
    /// # Panics
    ///
    /// If it is to be 0 parts.
    pub fn calibration_by_quantiles(&self, bins: usize) -> Calibration {
        self.calibration_cut(bins, Cut::Quantiles)
    }

    /// [`Calibration::expected_error`] of equal parts.
    ///
    /// # Panics
    ///
    /// If it is to be 0 parts.
    pub fn expected_calibration_error(&self, bins: usize) -> f64 {
        self.calibration(bins).expected_error()
    }

    /// The true positives over the false positives, over all thresholds.
    pub fn roc_curve(&self) -> RocCurve {
        RocCurve::new(self.ranking())
    }

    /// The precision over the recall, over all thresholds.
    pub fn precision_recall_curve(&self) -> PrecisionRecallCurve {
        PrecisionRecallCurve::new(self.ranking())
    }

    /// The threshold with the largest F1 of yes; of several the largest one.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] without a sample, [`Error::InvalidNumber`] if an output or a target is NaN.
    pub fn best_threshold_by_f1(&self) -> Result<BestThreshold, Error> {
        self.best_threshold_by(Outcomes::f1)
    }

    /// The threshold with the smallest cost of a sample, on the average; of several the largest one.
    ///
    /// The costs are those of a no that is taken for yes, and of a yes that is taken for no, in a unit of your own. A right answer costs nothing.
    ///
    /// # Errors
    ///
    /// As [`best_threshold_by_f1`](Self::best_threshold_by_f1).
    ///
    /// # Panics
    ///
    /// If a cost is NaN, infinite or below 0.
    pub fn best_threshold_by_cost(
        &self,
        false_positive: f64,
        false_negative: f64,
    ) -> Result<BestThreshold, Error> {
        let is_cost = |cost: f64| cost.is_finite() && cost >= 0.0;
        assert!(
            is_cost(false_positive) && is_cost(false_negative),
            "a cost is a finite number from 0 on, found {false_positive} and {false_negative}"
        );
        let best = self.best_threshold_by(|outcomes| {
            let false_positives = outcomes.false_positives as f64 * false_positive;
            -(false_positives + outcomes.false_negatives as f64 * false_negative)
        })?;
        // Not -0 where nothing is wrong.
        Ok(BestThreshold { value: 0.0 - best.value / self.samples() as f64, ..best })
    }

    /// The threshold of whose outcomes a number is largest; of several the largest threshold.
    ///
    /// ```
    /// use axonal::evaluation::BinaryPredictions;
    ///
    /// let predictions = BinaryPredictions::from_scores(&[-2.0, 1.0, 0.5, 3.0], &[false, false, true, true])?;
    /// // Youden's J.
    /// let best = predictions.best_threshold_by(|of| of.recall() - of.false_positive_rate())?;
    /// assert_eq!((best.threshold, best.value), (2.0, 0.5));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`best_threshold_by_f1`](Self::best_threshold_by_f1).
    pub fn best_threshold_by(
        &self,
        value: impl Fn(&Outcomes) -> f64,
    ) -> Result<BestThreshold, Error> {
        if self.outputs.is_empty() {
            return Err(Error::Empty { what: "what was predicted" });
        }
        let Some(ranking) = self.ranking() else { return Err(self.nan()) };
        let (positives, negatives) = (ranking.positives, ranking.negatives);
        let of = |true_positives, false_positives| Outcomes {
            true_positives,
            false_positives,
            true_negatives: negatives - false_positives,
            false_negatives: positives - true_positives,
        };
        let mut best = (f64::INFINITY, value(&of(0, 0)));
        let below = ranking.steps.iter().skip(1).map(|step| step.score);
        for (step, below) in ranking.steps.iter().zip(below.chain([f64::NEG_INFINITY])) {
            let value = value(&of(step.true_positives, step.false_positives));
            // Nothing is above minus infinity that is equal to it.
            let can_be = step.score > below;
            if can_be && (value > best.1 || best.1.is_nan() && !value.is_nan()) {
                best = (between(below, step.score), value);
            }
        }
        let (threshold, value) = best;
        Ok(BestThreshold { threshold, value, confusion: self.confusion_at(threshold) })
    }

    /// All numbers that say how good the predictions are: `ROC AUC`, `average precision`, `log loss`, `Brier score`, and `calibration error` in
    /// 10 bins.
    pub fn scores(&self) -> Vec<Score> {
        vec![
            Score::larger("ROC AUC", self.roc_auc()),
            Score::larger("average precision", self.average_precision()),
            Score::smaller("log loss", self.log_loss()),
            Score::smaller("Brier score", self.brier_score()),
            Score::smaller("calibration error", self.expected_calibration_error(BINS)),
        ]
    }

    /// Whether the answer of a sample is yes, and whether its output is above a threshold; none where that is not known.
    pub(super) fn answer(&self, sample: usize, threshold: f64) -> (Option<bool>, Option<bool>) {
        (self.targets[sample], above(self.outputs[sample], threshold))
    }

    /// Which sample it is that has no place in an order.
    fn nan(&self) -> Error {
        let output = self.outputs.iter().position(|output| output.is_nan());
        let target = self.targets.iter().position(Option::is_none);
        let (place, expected) = match (output, target) {
            (Some(sample), _) => (format!("the output of sample {sample}"), "a number"),
            (None, sample) => {
                (format!("the target of sample {}", sample.unwrap_or_default()), "an answer")
            }
        };
        Error::InvalidNumber { place, expected, found: f64::NAN }
    }

    fn calibration_cut(&self, bins: usize, cut: Cut) -> Calibration {
        let known = self.probabilities().zip(&self.targets);
        let pair = |(p, &target): (f64, &Option<bool>)| match target {
            Some(yes) => (p, yes),
            None => (f64::NAN, false),
        };
        Calibration::new(&known.map(pair).collect::<Vec<_>>(), bins, cut)
    }

    fn ranking(&self) -> Option<&Ranking> {
        let new = || {
            let known = self.nan_outputs == 0 && self.nan_targets == 0;
            let answers = self.outputs.iter().zip(&self.targets);
            known.then(|| Ranking::new(answers.map(|(&output, &yes)| (output, yes == Some(true)))))
        };
        self.ranking.get_or_init(new).as_ref()
    }

    fn mean(&self, of: impl Fn(f64, bool) -> f64) -> f64 {
        let answers = self.outputs.iter().zip(&self.targets);
        let term = |(&output, &target): (&f64, &Option<bool>)| {
            target.map_or(f64::NAN, |yes| of(output, yes))
        };
        answers.map(term).sum::<f64>() / self.outputs.len() as f64
    }
}

impl Outcomes {
    /// True positives / all that are taken for positive; 0 if none is.
    pub fn precision(&self) -> f64 {
        quotient(self.true_positives, self.true_positives + self.false_positives)
    }

    /// True positives / positives; 0 if there is none.
    pub fn recall(&self) -> f64 {
        quotient(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// False positives / negatives; 0 if there is none.
    pub fn false_positive_rate(&self) -> f64 {
        quotient(self.false_positives, self.false_positives + self.true_negatives)
    }

    /// 2 TP / (2 TP + FP + FN); 0 if there is neither.
    pub fn f1(&self) -> f64 {
        let wrong = self.false_positives + self.false_negatives;
        quotient(2 * self.true_positives, 2 * self.true_positives + wrong)
    }
}

/// The number of bins of a calibration error that is printed.
pub(super) const BINS: usize = 10;

/// A line for each number.
impl fmt::Display for BinaryPredictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "samples           {} ({} yes)", self.samples(), self.positives())?;
        fmt_nan(f, self.nan_outputs, self.nan_targets)?;
        writeln!(f, "accuracy          {:.4}", self.confusion().accuracy())?;
        fmt_scores(f, &self.scores(), "calibration error")?;
        match self.best_threshold_by_f1() {
            Ok(best) => {
                write!(f, "best F1           {:.4} above {:.4}", best.value, best.threshold)
            }
            Err(_) => write!(f, "best F1           NaN"),
        }
    }
}

/// A line for each score, their names in a column of the width of the longest.
pub(super) fn fmt_scores(
    f: &mut fmt::Formatter<'_>,
    scores: &[Score],
    longest: &str,
) -> fmt::Result {
    let width = longest.len();
    for Score { metric, value, .. } in scores {
        writeln!(f, "{metric:width$} {value:.4}")?;
    }
    Ok(())
}

/// A line that says how much is NaN, if anything is.
pub(super) fn fmt_nan(f: &mut fmt::Formatter<'_>, outputs: u64, targets: u64) -> fmt::Result {
    if outputs > 0 || targets > 0 {
        writeln!(f, "NaN               in the outputs of {outputs}, the targets of {targets}")?;
    }
    Ok(())
}

/// A number from `below` on that is less than `above`, in the middle if there is a middle.
fn between(below: f64, above: f64) -> f64 {
    let middle = below + (above - below) / 2.0;
    if below <= middle && middle < above { middle } else { below }
}

fn sigmoid(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// ln(1 + eˣ), for any x.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
