mod table;

use std::collections::BTreeMap;

use nalgebra::DMatrix;

use crate::core::Class;

pub(super) use table::{fmt_nan, width};

/// Which classes were taken for which: counts of (actual, predicted) pairs, and the measures that follow from them.
///
/// ```text
/// accuracy     = right predictions / samples
/// precision(c) = right predictions of c / predictions of c
/// recall(c)    = right predictions of c / samples of c
/// f1(c)        = 2 precision(c) recall(c) / (precision(c) + recall(c))
/// iou(c)       = right predictions of c / (predictions of c + samples of c - right predictions of c)
/// ```
///
/// With t(c) the samples and p(c) the predictions of a class, r the right predictions and n the samples of all classes:
///
/// ```text
/// balanced accuracy = the average of recall(c) over the classes that have samples
/// Matthews          = (r n - Σ t(c) p(c)) / √((n² - Σ p(c)²) (n² - Σ t(c)²))
/// Cohen's kappa     = (r n - Σ t(c) p(c)) / (n² - Σ t(c) p(c))
/// ```
///
/// As in scikit-learn, a quotient of a class whose divisor is 0 counts as 0, and a class that is neither actual nor predicted
/// anywhere has no part in the averages, and no line in the table. Without a sample, the accuracy and the averages are NaN.
///
/// An output with a NaN in it is a prediction of no class: [counted by itself](Self::nan_outputs), and wrong.
///
/// Memory and time are those of the classes and of the pairs that occur, not of all pairs that there could be:
/// 24 bytes a class, and some 40 for each of the [`counts`](Self::counts) of wrong predictions.
///
/// ```
/// use axonal::data::Class;
/// use axonal::evaluation::Confusion;
///
/// let mut confusion = Confusion::<3>::new();
/// for (actual, predicted) in [(0, 0), (1, 2), (2, 2), (2, 2), (1, 1)] {
///     confusion.record(Class::new(actual)?, Class::new(predicted)?);
/// }
/// assert_eq!(confusion.accuracy(), 0.8);
/// assert_eq!(confusion.recall(Class::new(1)?), 0.5);
/// assert_eq!(confusion.count(Class::new(1)?, Class::new(2)?), 1);
/// assert_eq!(confusion.matrix()[(1, 2)], 1);
/// println!("{confusion}");
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion<const C: usize> {
    classes: Vec<Counts>,
    /// The pairs (actual, predicted) of two classes that occur.
    wrong: BTreeMap<(usize, usize), u64>,
    nan_outputs: u64,
    /// Samples whose actual class is not known.
    nan_targets: u64,
    names: Vec<String>,
}

/// What is counted of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    actual: u64,
    predicted: u64,
    right: u64,
}

/// Averages of precision, recall and F1 over classes.
struct Averages {
    precision: f64,
    recall: f64,
    f1: f64,
}

/// What coefficients of agreement are made of.
struct Sums {
    samples: f64,
    /// The right predictions, times the samples.
    right: f64,
    /// What chance would have of that: Σ t(c) p(c).
    chance: f64,
    actual_squared: f64,
    predicted_squared: f64,
}

impl<const C: usize> Confusion<C> {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self {
            classes: vec![Counts::default(); C],
            wrong: BTreeMap::new(),
            nan_outputs: 0,
            nan_targets: 0,
            names: Vec::new(),
        }
    }

    /// The names that `Display` prints for the classes; one that has none is printed as its index.
    pub fn with_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Counts one prediction.
    pub fn record(&mut self, actual: Class<C>, predicted: Class<C>) {
        self.classes[actual.index()].actual += 1;
        self.classes[predicted.index()].predicted += 1;
        if actual == predicted {
            self.classes[actual.index()].right += 1;
        } else {
            *self.wrong.entry((actual.index(), predicted.index())).or_default() += 1;
        }
    }

    /// Counts a sample whose output is NaN: no class is predicted, which is wrong.
    pub fn record_nan(&mut self, actual: Class<C>) {
        self.classes[actual.index()].actual += 1;
        self.nan_outputs += 1;
    }

    /// Counts a sample of which a class is known or not.
    pub(crate) fn record_known(&mut self, actual: Option<Class<C>>, predicted: Option<Class<C>>) {
        match (actual, predicted) {
            (Some(actual), Some(predicted)) => self.record(actual, predicted),
            (Some(actual), None) => self.record_nan(actual),
            (None, _) => self.nan_targets += 1,
        }
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (counts, others) in self.classes.iter_mut().zip(&other.classes) {
            counts.actual += others.actual;
            counts.predicted += others.predicted;
            counts.right += others.right;
        }
        for (&pair, count) in &other.wrong {
            *self.wrong.entry(pair).or_default() += count;
        }
        self.nan_outputs += other.nan_outputs;
        self.nan_targets += other.nan_targets;
    }

    /// How often a class was taken for a class, itself or another one.
    pub fn count(&self, actual: Class<C>, predicted: Class<C>) -> u64 {
        if actual == predicted {
            self.classes[actual.index()].right
        } else {
            self.wrong.get(&(actual.index(), predicted.index())).copied().unwrap_or(0)
        }
    }

    /// The pairs of an actual and a predicted class that occur, each with its count; first the right ones, then the wrong ones.
    pub fn counts(&self) -> impl Iterator<Item = (Class<C>, Class<C>, u64)> {
        let right = Class::all().zip(&self.classes).map(|(class, of)| (class, class, of.right));
        let class = |index| Class::new(index).ok();
        let wrong = self.wrong.iter().filter_map(move |(&(actual, predicted), &count)| {
            Some((class(actual)?, class(predicted)?, count))
        });
        right.filter(|&(_, _, count)| count > 0).chain(wrong)
    }

    /// All counts; the row is the actual class and the column the predicted one.
    ///
    /// This matrix is made anew by each call, and has 8 bytes for each of C x C pairs: for thousands of classes,
    /// take [`counts`](Self::counts).
    pub fn matrix(&self) -> DMatrix<u64> {
        let mut matrix = DMatrix::zeros(C, C);
        for (actual, predicted, count) in self.counts() {
            matrix[(actual.index(), predicted.index())] = count;
        }
        matrix
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        self.classes.iter().map(|class| class.actual).sum::<u64>() + self.nan_targets
    }

    /// The number of samples whose output is NaN, or holds one: they count as wrong.
    pub fn nan_outputs(&self) -> u64 {
        self.nan_outputs
    }

    /// The number of samples whose target holds a NaN, so that they are of no class: they count as wrong.
    pub fn nan_targets(&self) -> u64 {
        self.nan_targets
    }

    /// The number of samples of a class.
    pub fn support(&self, class: Class<C>) -> u64 {
        self.classes[class.index()].actual
    }

    /// The share of right predictions.
    pub fn accuracy(&self) -> f64 {
        self.all_right() as f64 / self.samples() as f64
    }

    /// The share of right ones among the predictions of a class.
    pub fn precision(&self, class: Class<C>) -> f64 {
        quotient(self.right(class), self.predictions(class))
    }

    /// The share of a class's samples that were predicted to be of it.
    pub fn recall(&self, class: Class<C>) -> f64 {
        quotient(self.right(class), self.support(class))
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(&self, class: Class<C>) -> f64 {
        // The same as 2 P R / (P + R), with one rounding.
        quotient(2 * self.right(class), self.predictions(class) + self.support(class))
    }

    /// The plain average of the precision over the classes.
    pub fn macro_precision(&self) -> f64 {
        self.averages(|_| 1).precision
    }

    /// The plain average of the recall over the classes.
    pub fn macro_recall(&self) -> f64 {
        self.averages(|_| 1).recall
    }

    /// The plain average of F1 over the classes.
    pub fn macro_f1(&self) -> f64 {
        self.averages(|_| 1).f1
    }

    /// The average of F1 over the classes, each weighing as much as it has samples.
    pub fn weighted_f1(&self) -> f64 {
        self.averages(|class| self.support(class)).f1
    }

    /// The plain average of the recall over the classes that have samples: what a guess gives is 1 / classes, however unequal the
    /// classes are. scikit-learn's `balanced_accuracy_score`.
    ///
    /// It is [`macro_recall`](Self::macro_recall) where no class is predicted that has no sample.
    pub fn balanced_accuracy(&self) -> f64 {
        let actual = Class::all().filter(|&class| self.support(class) > 0);
        let (sum, count) =
            actual.fold((0.0, 0_u64), |(sum, count), c| (sum + self.recall(c), count + 1));
        sum / count as f64
    }

    /// Matthews' correlation coefficient, φ, of any number of classes: 1 if all is right, 0 for a guess, −1 at worst, whatever the
    /// classes' shares. scikit-learn's `matthews_corrcoef`, from Gorodkin, *Comparing two K-category assignments by a K-category
    /// correlation coefficient*, 2004.
    ///
    /// As there, it is 0 where all samples or all predictions are of one class. Outputs and targets that are NaN count as classes of
    /// their own that nothing agrees with. Without a sample it is NaN.
    pub fn matthews(&self) -> f64 {
        let sums = self.sums();
        if sums.samples == 0.0 {
            return f64::NAN;
        }
        let square = sums.samples * sums.samples;
        let spread = (square - sums.predicted_squared) * (square - sums.actual_squared);
        if spread > 0.0 { (sums.right - sums.chance) / spread.sqrt() } else { 0.0 }
    }

    /// Cohen's kappa: the part of the agreement that chance does not give; 1 if all is right, 0 for a guess. scikit-learn's
    /// `cohen_kappa_score`, from Cohen, *A coefficient of agreement for nominal scales*, 1960.
    ///
    /// As there, it is NaN where all samples and all predictions are of the same class, and so it is without a sample.
    pub fn cohen_kappa(&self) -> f64 {
        let sums = self.sums();
        (sums.right - sums.chance) / (sums.samples * sums.samples - sums.chance)
    }

    fn sums(&self) -> Sums {
        let sum = |term: &dyn Fn(&Counts) -> u128| self.classes.iter().map(term).sum::<u128>();
        let samples = u128::from(self.samples());
        let (nan_outputs, nan_targets) =
            (u128::from(self.nan_outputs), u128::from(self.nan_targets));
        // What was predicted for a sample of no known class is not kept: it is of no class either.
        let unpredicted = nan_outputs + nan_targets;
        Sums {
            samples: samples as f64,
            right: (u128::from(self.all_right()) * samples) as f64,
            chance: sum(&|c| u128::from(c.actual) * u128::from(c.predicted)) as f64,
            actual_squared: (sum(&|c| u128::from(c.actual).pow(2)) + nan_targets.pow(2)) as f64,
            predicted_squared: (sum(&|c| u128::from(c.predicted).pow(2)) + unpredicted.pow(2))
                as f64,
        }
    }

    /// Intersection over union, the Jaccard index: of the samples that are of a class or are taken for it, the share that is both.
    pub fn iou(&self, class: Class<C>) -> f64 {
        let right = self.right(class);
        quotient(right, self.predictions(class) + self.support(class) - right)
    }

    /// The plain average of intersection over union over the classes: "mIoU".
    pub fn mean_iou(&self) -> f64 {
        let classes = self.present();
        classes.iter().map(|&class| self.iou(class)).sum::<f64>() / classes.len() as f64
    }

    fn right(&self, class: Class<C>) -> u64 {
        self.classes[class.index()].right
    }

    fn all_right(&self) -> u64 {
        self.classes.iter().map(|class| class.right).sum()
    }

    fn predictions(&self, class: Class<C>) -> u64 {
        self.classes[class.index()].predicted
    }

    /// The classes that occur, be it as actual or as predicted ones.
    pub(crate) fn present(&self) -> Vec<Class<C>> {
        let occurs = |&class: &Class<C>| self.support(class) > 0 || self.predictions(class) > 0;
        Class::all().filter(occurs).collect()
    }

    fn averages(&self, weight: impl Fn(Class<C>) -> u64) -> Averages {
        let classes = self.present();
        let total: u64 = classes.iter().map(|&class| weight(class)).sum();
        let average = |measure: &dyn Fn(Class<C>) -> f64| {
            let sum: f64 = classes.iter().map(|&c| measure(c) * weight(c) as f64).sum();
            sum / total as f64
        };
        Averages {
            precision: average(&|class| self.precision(class)),
            recall: average(&|class| self.recall(class)),
            f1: average(&|class| self.f1(class)),
        }
    }

    pub(crate) fn name(&self, class: Class<C>) -> String {
        self.names.get(class.index()).cloned().unwrap_or_else(|| class.to_string())
    }
}

impl<const C: usize> Default for Confusion<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts (actual, predicted) pairs.
impl<const C: usize> FromIterator<(Class<C>, Class<C>)> for Confusion<C> {
    fn from_iter<P: IntoIterator<Item = (Class<C>, Class<C>)>>(pairs: P) -> Self {
        let mut confusion = Self::new();
        for (actual, predicted) in pairs {
            confusion.record(actual, predicted);
        }
        confusion
    }
}

pub(super) fn quotient(dividend: u64, divisor: u64) -> f64 {
    if divisor == 0 { 0.0 } else { dividend as f64 / divisor as f64 }
}
