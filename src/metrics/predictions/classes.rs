//! One class among several.

use std::fmt;
use std::sync::OnceLock;

use super::binary::{BINS, fmt_nan, fmt_scores};
use super::calibration::Cut;
use super::outputs::{is_outside, surprise};
use super::ranking::Ranking;
use super::{BinaryPredictions, Calibration, OutputKind};
use crate::core::{Class, Error, Scalar};
use crate::metrics::confusion::width;
use crate::metrics::{Confusion, Score, largest};

/// The outputs of a network for the classes of samples, each with the right class: what needs more than the counts of a [`Confusion`].
///
/// From [`Evaluation::predictions`](crate::evaluation::Evaluation::predictions), for N outputs and targets `Class<N>`, and for images with a class for each
/// pixel, of which each is a sample; or from numbers that are there:
///
/// ```
/// use axonal::data::Class;
/// use axonal::evaluation::ClassPredictions;
///
/// let probabilities = [[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.2, 0.5, 0.3]];
/// let classes = [0, 2, 1].map(Class::new).into_iter().collect::<Result<Vec<_>, _>>()?;
/// let predictions = ClassPredictions::<3>::from_probabilities(&probabilities, &classes)?;
/// assert_eq!(predictions.top_k_accuracy(1), 2.0 / 3.0);
/// assert_eq!(predictions.roc_auc_of(classes[0]), 1.0);
/// assert!((predictions.log_loss() - 0.7513).abs() < 1e-4);
/// println!("{predictions}");
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// With p the probabilities of a sample, which are its outputs behind `softmax`, and else the `softmax` of them, and y its class:
///
/// ```text
/// top-k accuracy    = the share of samples whose class is among the k with the largest outputs
/// log loss          = mean of -ln p(y)
/// Brier score       = mean of Σ (p(c) - [c = y])², half of that for 2 classes
/// ROC AUC           = of p(c), for the samples of a class against all others; the average over the classes
/// average precision = as well
/// ```
///
/// They are scikit-learn's, with `multi_class="ovr"`; its `log_loss` takes p for 2⁻⁵² at least and 1 − 2⁻⁵² at most. That of scores is not cut, as
/// [`CrossEntropy`](crate::losses::CrossEntropy)'s.
///
/// As there, the ROC AUC of a class without a sample is NaN, and so is the plain average over the classes then: the weighted one leaves it out. Its
/// average precision is 0. A sample with an output that is NaN is wrong in the accuracies; all else is NaN. Without a sample everything is.
///
/// It takes 8 bytes a class and a sample: of a million pixels and 20 classes, 160 MB.
#[derive(Clone, Debug)]
pub struct ClassPredictions<const C: usize> {
    kind: OutputKind,
    /// C a sample.
    outputs: Vec<f64>,
    /// The logarithm of the sum of the exponentials of a sample's outputs; 0 where these are probabilities.
    logarithms: Vec<f64>,
    targets: Vec<Class<C>>,
    nan_outputs: u64,
    names: Vec<String>,
    areas: OnceLock<Vec<Areas>>,
}

/// What is measured of a class against all others.
#[derive(Clone, Copy, Debug)]
struct Areas {
    roc_auc: f64,
    average_precision: f64,
}

/// Larger tables are cut to this many lines.
const MOST_LINES: usize = 20;

impl<const C: usize> ClassPredictions<C> {
    pub(super) fn new(kind: OutputKind) -> Self {
        Self {
            kind,
            outputs: Vec::new(),
            logarithms: Vec::new(),
            targets: Vec::new(),
            nan_outputs: 0,
            names: Vec::new(),
            areas: OnceLock::new(),
        }
    }

    /// Of scores: their `softmax` are the probabilities.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are not as many classes.
    pub fn from_scores<T: Scalar>(scores: &[[T; C]], classes: &[Class<C>]) -> Result<Self, Error> {
        Self::from_outputs(OutputKind::SCORES, scores, classes)
    }

    /// Of probabilities, whose sum is 1 for each sample.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are not as many classes, [`Error::InvalidNumber`] if one is below 0 or above 1, or if their sum is not 1, but for
    /// rounding. NaN is none of this.
    pub fn from_probabilities<T: Scalar>(
        probabilities: &[[T; C]],
        classes: &[Class<C>],
    ) -> Result<Self, Error> {
        let predictions = Self::from_outputs(OutputKind::PROBABILITIES, probabilities, classes)?;
        for (sample, outputs) in predictions.outputs.chunks_exact(C.max(1)).enumerate() {
            let error = |expected, found| {
                let place = format!("the prediction of sample {sample}");
                Err(Error::InvalidNumber { place, expected, found })
            };
            if let Some(&outside) = outputs.iter().find(|&&number| is_outside(number)) {
                return error("probabilities, from 0 to 1", outside);
            }
            let sum: f64 = outputs.iter().sum();
            // What numbers of 32 bits can miss it by.
            if (sum - 1.0).abs() > 1e-3 {
                return error("probabilities whose sum is 1", sum);
            }
        }
        Ok(predictions)
    }

    fn from_outputs<T: Scalar>(
        kind: OutputKind,
        outputs: &[[T; C]],
        classes: &[Class<C>],
    ) -> Result<Self, Error> {
        if outputs.len() != classes.len() {
            let (inputs, targets) = (outputs.len(), classes.len());
            return Err(Error::LengthMismatch { inputs, targets });
        }
        let mut predictions = Self::new(kind);
        for (outputs, class) in outputs.iter().zip(classes) {
            predictions.record_numbers(outputs.iter().copied(), *class);
        }
        Ok(predictions)
    }

    /// The names that `Display` prints for the classes; one that has none is printed as its index.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the outputs of a sample, and its class.
    pub fn record<T: Scalar>(&mut self, outputs: &[T; C], class: Class<C>) {
        self.record_numbers(outputs.iter().copied(), class);
    }

    pub(super) fn record_numbers<T: Scalar>(
        &mut self,
        outputs: impl Iterator<Item = T>,
        class: Class<C>,
    ) {
        let start = self.outputs.len();
        self.outputs.extend(outputs.map(Scalar::as_f64));
        let outputs = &self.outputs[start..];
        self.nan_outputs += u64::from(outputs.iter().any(|output| output.is_nan()));
        self.logarithms.push(if self.kind.distribution { 0.0 } else { log_sum_exp(outputs) });
        self.targets.push(class);
        self.areas.take();
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        self.targets.len() as u64
    }

    /// The number of samples of a class.
    pub fn support(&self, class: Class<C>) -> u64 {
        self.targets.iter().filter(|&&target| target == class).count() as u64
    }

    /// The number of samples with an output that is NaN.
    pub fn nan_outputs(&self) -> u64 {
        self.nan_outputs
    }

    /// The probabilities of a class, in the order of the samples.
    pub fn probabilities(&self, class: Class<C>) -> impl ExactSizeIterator<Item = f64> {
        let samples = self.samples_with_targets();
        samples.map(move |sample| sample.probability(class.index()))
    }

    /// Which classes are taken for which, by their largest outputs.
    pub fn confusion(&self) -> Confusion<C> {
        let mut confusion = Confusion::new().with_names(self.names.iter().cloned());
        for Answer { outputs, target, .. } in self.samples_with_targets() {
            confusion.record_known(Some(target), largest(outputs.iter().copied()));
        }
        confusion
    }

    /// The share of samples whose class is among the `k` with the largest outputs. Of equal ones the first count as larger, so that `k = 1` is the
    /// accuracy of [`confusion`](Self::confusion); scikit-learn's `top_k_accuracy_score` begins with the last.
    ///
    /// # Panics
    ///
    /// If `k` is 0.
    pub fn top_k_accuracy(&self, k: usize) -> f64 {
        assert!(k > 0, "the accuracy is that of the k largest outputs: k is at least 1, found 0");
        let is_found = |Answer { outputs, target, .. }: &Answer<'_, C>| {
            let own = outputs[target.index()];
            let is_before = |&(class, &output): &(usize, &f64)| {
                output > own || output >= own && class < target.index()
            };
            let is_nan = outputs.iter().any(|output| output.is_nan());
            !is_nan && outputs.iter().enumerate().filter(is_before).count() < k
        };
        let found = self.samples_with_targets().filter(is_found).count();
        found as f64 / self.targets.len() as f64
    }

    /// The mean of −ln of the probability of the right class: the cross-entropy. scikit-learn's `log_loss`.
    pub fn log_loss(&self) -> f64 {
        let is_probability = self.kind.distribution;
        self.mean(|answer| {
            let output = answer.outputs[answer.target.index()];
            if is_probability { surprise(output) } else { answer.logarithm - output }
        })
    }

    /// The mean squared distance of the probabilities of all classes from the answer; half of it for 2 classes, as there it is that of one of them.
    /// scikit-learn's `brier_score_loss`.
    pub fn brier_score(&self) -> f64 {
        let scale = if C <= 2 { 0.5 } else { 1.0 };
        let distance = |answer: &Answer<'_, C>, class: usize| {
            let actual = f64::from(u8::from(class == answer.target.index()));
            (answer.probability(class) - actual).powi(2)
        };
        scale * self.mean(|answer| (0..C).map(|class| distance(answer, class)).sum())
    }

    /// The plain average over the classes of the area under the ROC curve of each against all others: `roc_auc_score(multi_class="ovr")`.
    pub fn roc_auc(&self) -> f64 {
        self.plain_average(|areas| areas.roc_auc)
    }

    /// The average in which each class weighs as much as it has samples: `average="weighted"`.
    pub fn roc_auc_weighted(&self) -> f64 {
        self.weighted_average(|areas| areas.roc_auc)
    }

    /// The area under the ROC curve of a class against all others.
    pub fn roc_auc_of(&self, class: Class<C>) -> f64 {
        self.areas()[class.index()].roc_auc
    }

    /// The plain average over the classes of the average precision of each against all others.
    pub fn average_precision(&self) -> f64 {
        self.plain_average(|areas| areas.average_precision)
    }

    /// The average in which each class weighs as much as it has samples: `average="weighted"`.
    pub fn average_precision_weighted(&self) -> f64 {
        self.weighted_average(|areas| areas.average_precision)
    }

    /// The average precision of a class against all others.
    pub fn average_precision_of(&self, class: Class<C>) -> f64 {
        self.areas()[class.index()].average_precision
    }

    /// A class against all others: its probabilities, and whether a sample is of it. For curves, calibration and thresholds of a class.
    pub fn one_against_rest(&self, class: Class<C>) -> BinaryPredictions {
        let mut predictions = BinaryPredictions::new(OutputKind::PROBABILITIES);
        for (probability, &target) in self.probabilities(class).zip(&self.targets) {
            predictions.record(probability, target == class);
        }
        predictions
    }

    /// How often the class that is predicted is right where its probability is alike: in so many equal parts of 0 to 1, as
    /// scikit-learn's `calibration_curve` of these probabilities.
    ///
    /// # Panics
    ///
    /// If it is to be 0 parts.
    pub fn calibration(&self, bins: usize) -> Calibration {
        self.calibration_cut(bins, Cut::Uniform)
    }

    /// The same in parts of equally many samples.
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

    /// All numbers that say how good the predictions are: `top-2 accuracy` and `top-5 accuracy`, where there are more classes than that; `log loss`,
    /// `Brier score`, `ROC AUC`, `average precision`, and `calibration error` in 10 bins.
    pub fn scores(&self) -> Vec<Score> {
        let tops = [(2, "top-2 accuracy"), (5, "top-5 accuracy")];
        let tops = tops.into_iter().filter(|&(k, _)| k < C);
        let tops = tops.map(|(k, name)| Score::larger(name, self.top_k_accuracy(k)));
        tops.chain([
            Score::smaller("log loss", self.log_loss()),
            Score::smaller("Brier score", self.brier_score()),
            Score::larger("ROC AUC", self.roc_auc()),
            Score::larger("average precision", self.average_precision()),
            Score::smaller("calibration error", self.expected_calibration_error(BINS)),
        ])
        .collect()
    }

    fn areas(&self) -> &[Areas] {
        self.areas.get_or_init(|| Class::all().map(|class| self.areas_of(class)).collect())
    }

    fn areas_of(&self, class: Class<C>) -> Areas {
        // Of an infinite score there is no softmax either.
        if self.nan_outputs > 0 || self.logarithms.iter().any(|logarithm| logarithm.is_nan()) {
            return Areas { roc_auc: f64::NAN, average_precision: f64::NAN };
        }
        let is_actual = self.targets.iter().map(|&target| target == class);
        let ranking = Ranking::new(self.probabilities(class).zip(is_actual));
        Areas { roc_auc: ranking.roc_auc(), average_precision: ranking.average_precision() }
    }

    fn plain_average(&self, of: impl Fn(&Areas) -> f64) -> f64 {
        self.areas().iter().map(of).sum::<f64>() / C as f64
    }

    fn weighted_average(&self, of: impl Fn(&Areas) -> f64) -> f64 {
        let mut supports = vec![0_u64; C];
        self.targets.iter().for_each(|target| supports[target.index()] += 1);
        let with_samples = self.areas().iter().zip(supports).filter(|&(_, support)| support > 0);
        let sum: f64 = with_samples.map(|(areas, support)| of(areas) * support as f64).sum();
        sum / self.targets.len() as f64
    }

    fn mean(&self, of: impl Fn(&Answer<'_, C>) -> f64) -> f64 {
        let sum: f64 = self.samples_with_targets().map(|answer| of(&answer)).sum();
        sum / self.targets.len() as f64
    }

    fn calibration_cut(&self, bins: usize, cut: Cut) -> Calibration {
        let confidence = |answer: Answer<'_, C>| match largest(answer.outputs.iter().copied()) {
            Some(predicted) => {
                let predicted: Class<C> = predicted;
                (answer.probability(predicted.index()), predicted == answer.target)
            }
            None => (f64::NAN, false),
        };
        let answers: Vec<(f64, bool)> = self.samples_with_targets().map(confidence).collect();
        Calibration::new(&answers, bins, cut)
    }

    fn samples_with_targets(&self) -> impl ExactSizeIterator<Item = Answer<'_, C>> {
        let outputs = self.outputs.chunks_exact(C.max(1));
        let is_probability = self.kind.distribution;
        outputs.zip(&self.logarithms).zip(&self.targets).map(
            move |((outputs, &logarithm), &target)| Answer {
                outputs,
                logarithm,
                is_probability,
                target,
            },
        )
    }

    fn name(&self, class: Class<C>) -> String {
        self.names.get(class.index()).cloned().unwrap_or_else(|| class.to_string())
    }
}

/// A sample.
struct Answer<'a, const C: usize> {
    outputs: &'a [f64],
    logarithm: f64,
    is_probability: bool,
    target: Class<C>,
}

impl<const C: usize> Answer<'_, C> {
    fn probability(&self, class: usize) -> f64 {
        let output = self.outputs[class];
        if self.is_probability { output } else { (output - self.logarithm).exp() }
    }
}

/// A line for each number, then one for each class. Beyond 20 classes only those with the lowest average precision are listed.
impl<const C: usize> fmt::Display for ClassPredictions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "samples           {}", self.samples())?;
        fmt_nan(f, self.nan_outputs, 0)?;
        writeln!(f, "accuracy          {:.4}", self.top_k_accuracy(1))?;
        fmt_scores(f, &self.scores(), "calibration error")?;

        let mut supports = vec![0_u64; C];
        self.targets.iter().for_each(|target| supports[target.index()] += 1);
        let mut classes: Vec<Class<C>> =
            Class::all().filter(|class| supports[class.index()] > 0).collect();
        let count = classes.len();
        if count > MOST_LINES {
            let precision = |&class: &Class<C>| self.average_precision_of(class);
            classes.sort_by(|a, b| precision(a).total_cmp(&precision(b)));
            classes.truncate(MOST_LINES);
        }
        let names: Vec<String> = classes.iter().map(|&class| self.name(class)).collect();
        let width = width(&names).max("class".len());
        write!(f, "\n{:>width$}   ROC AUC  average precision   support", "class")?;
        for (&class, name) in classes.iter().zip(&names) {
            let (area, precision) = (self.roc_auc_of(class), self.average_precision_of(class));
            let support = supports[class.index()];
            write!(f, "\n{name:>width$}{area:10.4}{precision:19.4}{support:10}")?;
        }
        if count > MOST_LINES {
            write!(
                f,
                "\n{:>width$}  (the {MOST_LINES} of {count} classes with the lowest average precision)",
                "…"
            )?;
        }
        Ok(())
    }
}

/// ln Σ exp(x), without overflow; NaN if there is NaN.
fn log_sum_exp(numbers: &[f64]) -> f64 {
    let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = numbers.iter().map(|number| (number - largest).exp()).sum();
    largest + sum.ln()
}
