use std::fmt;

use super::confusion::{fmt_nan, quotient, width};

/// Which of `N` labels were found where several may be set at a time, and the measures that follow from the counts.
///
/// With the true positives TP, the false positives FP and the false negatives FN of a label:
///
/// ```text
/// accuracy        = right answers / all answers, of which each sample has N
/// subset accuracy = samples whose answers are all right / samples
/// precision       = TP / (TP + FP)
/// recall          = TP / (TP + FN)
/// F1              = 2 TP / (2 TP + FP + FN)
/// ```
///
/// The micro averages take TP, FP and FN of all labels together, the macro averages are the plain averages over the labels.
/// As in scikit-learn, whose `accuracy_score` is the subset accuracy and whose `hamming_loss` is 1 − accuracy, a quotient of a label whose
/// divisor is 0 counts as 0. Without a sample, the accuracies are NaN.
///
/// An output that is NaN is no answer: wrong, and the samples that have some are [counted](Self::nan_outputs).
///
/// ```
/// use axonal::evaluation::MultiLabel;
///
/// let mut labels = MultiLabel::<3>::new();
/// labels.record(&[true, false, true], &[true, false, false]);
/// labels.record(&[false, false, true], &[false, false, true]);
/// assert_eq!(labels.accuracy(), 5.0 / 6.0);
/// assert_eq!(labels.subset_accuracy(), 0.5);
/// assert_eq!(labels.recall(2), 0.5);
/// assert_eq!(labels.micro_f1(), 0.8);
/// println!("{labels}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiLabel<const N: usize> {
    labels: Vec<Counts>,
    samples: u64,
    all_right: u64,
    nan_outputs: u64,
    nan_targets: u64,
    names: Vec<String>,
}

/// What is counted of a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    right: u64,
    true_positives: u64,
    actual: u64,
    predicted: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.right += other.right;
        self.true_positives += other.true_positives;
        self.actual += other.actual;
        self.predicted += other.predicted;
    }

    fn precision(&self) -> f64 {
        quotient(self.true_positives, self.predicted)
    }

    fn recall(&self) -> f64 {
        quotient(self.true_positives, self.actual)
    }

    fn f1(&self) -> f64 {
        quotient(2 * self.true_positives, self.actual + self.predicted)
    }
}

/// Larger tables are cut to this many lines.
const MOST_LINES: usize = 20;

impl<const N: usize> MultiLabel<N> {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self {
            labels: vec![Counts::default(); N],
            samples: 0,
            all_right: 0,
            nan_outputs: 0,
            nan_targets: 0,
            names: Vec::new(),
        }
    }

    /// The names that `Display` prints for the labels; one that has none is printed as its index.
    pub fn with_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Takes one sample: which labels are set, and which were found.
    pub fn record(&mut self, actual: &[bool; N], predicted: &[bool; N]) {
        let known = |labels: &[bool; N], label: usize| Some(labels[label]);
        self.record_known((0..N).map(|label| (known(actual, label), known(predicted, label))));
    }

    /// Takes one sample: of each label whether it is set, and whether it was found, where that is known.
    pub(crate) fn record_known(
        &mut self,
        answers: impl Iterator<Item = (Option<bool>, Option<bool>)>,
    ) {
        let (mut all_right, mut nan_output, mut nan_target) = (true, false, false);
        for (label, (actual, predicted)) in self.labels.iter_mut().zip(answers) {
            let is_right = actual.is_some() && actual == predicted;
            let (is_actual, is_predicted) = (actual == Some(true), predicted == Some(true));
            label.add(&Counts {
                right: is_right.into(),
                true_positives: (is_actual && is_predicted).into(),
                actual: is_actual.into(),
                predicted: is_predicted.into(),
            });
            all_right &= is_right;
            nan_output |= predicted.is_none();
            nan_target |= actual.is_none();
        }
        self.samples += 1;
        self.all_right += u64::from(all_right);
        self.nan_outputs += u64::from(nan_output);
        self.nan_targets += u64::from(nan_target);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (label, others) in self.labels.iter_mut().zip(&other.labels) {
            label.add(others);
        }
        self.samples += other.samples;
        self.all_right += other.all_right;
        self.nan_outputs += other.nan_outputs;
        self.nan_targets += other.nan_targets;
    }

    /// The number of samples; of images, each pixel is one.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The number of samples that have an output that is NaN: as an answer it is wrong.
    pub fn nan_outputs(&self) -> u64 {
        self.nan_outputs
    }

    /// The number of samples that have a target that is NaN: no answer to it is right.
    pub fn nan_targets(&self) -> u64 {
        self.nan_targets
    }

    /// The share of right answers, over all samples and labels.
    pub fn accuracy(&self) -> f64 {
        self.total().right as f64 / (self.samples as f64 * N as f64)
    }

    /// The share of samples of which all answers are right.
    pub fn subset_accuracy(&self) -> f64 {
        self.all_right as f64 / self.samples as f64
    }

    /// The number of samples with this label.
    ///
    /// # Panics
    ///
    /// As all methods that take a label: if it is not below `N`.
    pub fn support(&self, label: usize) -> u64 {
        self.labels[label].actual
    }

    /// The share of right ones among the samples for which this label was found.
    pub fn precision(&self, label: usize) -> f64 {
        self.labels[label].precision()
    }

    /// The share of a label's samples for which it was found.
    pub fn recall(&self, label: usize) -> f64 {
        self.labels[label].recall()
    }

    /// The harmonic mean of precision and recall of a label.
    pub fn f1(&self, label: usize) -> f64 {
        self.labels[label].f1()
    }

    /// The precision of all labels together.
    pub fn micro_precision(&self) -> f64 {
        self.total().precision()
    }

    /// The recall of all labels together.
    pub fn micro_recall(&self) -> f64 {
        self.total().recall()
    }

    /// The harmonic mean of precision and recall of all labels together.
    pub fn micro_f1(&self) -> f64 {
        self.total().f1()
    }

    /// The plain average of the precision over the labels.
    pub fn macro_precision(&self) -> f64 {
        self.average(Counts::precision)
    }

    /// The plain average of the recall over the labels.
    pub fn macro_recall(&self) -> f64 {
        self.average(Counts::recall)
    }

    /// The plain average of F1 over the labels.
    pub fn macro_f1(&self) -> f64 {
        self.average(Counts::f1)
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.labels.iter().for_each(|label| total.add(label));
        total
    }

    fn average(&self, measure: impl Fn(&Counts) -> f64) -> f64 {
        self.labels.iter().map(measure).sum::<f64>() / self.labels.len() as f64
    }
}

impl<const N: usize> Default for MultiLabel<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The accuracies, a line for each label, and the averages. Beyond 20 labels only the worst are listed.
impl<const N: usize> fmt::Display for MultiLabel<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, answers) = (self.total().right, u128::from(self.samples) * N as u128);
        writeln!(f, "accuracy        {:.4} ({right} of {answers} labels)", self.accuracy())?;
        let (right, samples) = (self.all_right, self.samples);
        writeln!(
            f,
            "subset accuracy {:.4} ({right} of {samples} samples)",
            self.subset_accuracy()
        )?;
        for (count, of) in [(self.nan_outputs, "output"), (self.nan_targets, "target")] {
            fmt_nan(f, count, of)?;
        }
        let mut labels: Vec<usize> = (0..N).collect();
        if N > MOST_LINES {
            labels.sort_by(|&a, &b| self.f1(a).total_cmp(&self.f1(b)));
            labels.truncate(MOST_LINES);
        }
        let name = |label: &usize| self.names.get(*label).cloned().unwrap_or(label.to_string());
        let names: Vec<String> = labels.iter().map(name).collect();
        let width = width(&names).max("micro average".len());
        writeln!(f, "\n{:width$}  precision    recall        F1   support", "")?;
        for (&label, name) in labels.iter().zip(&names) {
            let (precision, recall) = (self.precision(label), self.recall(label));
            let (f1, support) = (self.f1(label), self.support(label));
            writeln!(f, "{name:>width$} {precision:10.4}{recall:10.4}{f1:10.4}{support:10}")?;
        }
        if N > MOST_LINES {
            writeln!(f, "{:>width$}  (the {MOST_LINES} of {N} labels with the lowest F1)", "…")?;
        }
        let support = self.total().actual;
        let (precision, recall, f1) =
            (self.micro_precision(), self.micro_recall(), self.micro_f1());
        let name = "micro average";
        writeln!(f, "{name:>width$} {precision:10.4}{recall:10.4}{f1:10.4}{support:10}")?;
        let (precision, recall, f1) =
            (self.macro_precision(), self.macro_recall(), self.macro_f1());
        let name = "macro average";
        write!(f, "{name:>width$} {precision:10.4}{recall:10.4}{f1:10.4}{support:10}")
    }
}
