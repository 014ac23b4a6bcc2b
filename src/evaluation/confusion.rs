use std::fmt;

use nalgebra::DMatrix;

use crate::data::Class;

/// Which classes were taken for which: counts of (actual, predicted) pairs, and the measures that follow from them.
///
/// ```text
/// accuracy     = right predictions / all predictions
/// precision(c) = right predictions of c / predictions of c
/// recall(c)    = right predictions of c / samples of c
/// f1(c)        = 2 precision(c) recall(c) / (precision(c) + recall(c))
/// ```
///
/// A quotient whose divisor is 0 counts as 0. As in scikit-learn, a class that is neither actual nor predicted anywhere
/// has no part in the averages, and no line in the table.
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
/// assert_eq!(confusion.matrix()[(1, 2)], 1);
/// println!("{confusion}");
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion<const C: usize> {
    // On the heap, because C x C counts may be too large for the stack.
    matrix: DMatrix<u64>,
    names: Vec<String>,
}

/// Averages of precision, recall and F1 over classes.
struct Averages {
    precision: f64,
    recall: f64,
    f1: f64,
}

/// Larger tables are cut to this many lines.
const MOST_LINES: usize = 20;

impl<const C: usize> Confusion<C> {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self { matrix: DMatrix::zeros(C, C), names: Vec::new() }
    }

    /// The names that `Display` prints for the classes; one that has none is printed as its index.
    pub fn with_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Counts one prediction.
    pub fn record(&mut self, actual: Class<C>, predicted: Class<C>) {
        self.matrix[(actual.index(), predicted.index())] += 1;
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        self.matrix += &other.matrix;
    }

    /// The counts; the row is the actual class and the column the predicted one.
    pub fn matrix(&self) -> &DMatrix<u64> {
        &self.matrix
    }

    /// The number of predictions.
    pub fn samples(&self) -> u64 {
        self.matrix.sum()
    }

    /// The number of samples of a class.
    pub fn support(&self, class: Class<C>) -> u64 {
        self.matrix.row(class.index()).sum()
    }

    /// The share of right predictions.
    pub fn accuracy(&self) -> f64 {
        quotient(self.matrix.trace(), self.samples())
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

    /// The plain average of F1 over the classes.
    pub fn macro_f1(&self) -> f64 {
        self.averages(|_| 1).f1
    }

    fn right(&self, class: Class<C>) -> u64 {
        self.matrix[(class.index(), class.index())]
    }

    fn predictions(&self, class: Class<C>) -> u64 {
        self.matrix.column(class.index()).sum()
    }

    /// The classes that occur, be it as actual or as predicted ones.
    fn present(&self) -> Vec<Class<C>> {
        let occurs = |&class: &Class<C>| self.support(class) > 0 || self.predictions(class) > 0;
        Class::all().filter(occurs).collect()
    }

    fn averages(&self, weight: impl Fn(Class<C>) -> u64) -> Averages {
        let classes = self.present();
        let total: u64 = classes.iter().map(|&class| weight(class)).sum();
        let average = |measure: &dyn Fn(Class<C>) -> f64| {
            let sum: f64 = classes.iter().map(|&c| measure(c) * weight(c) as f64).sum();
            if total == 0 { 0.0 } else { sum / total as f64 }
        };
        Averages {
            precision: average(&|class| self.precision(class)),
            recall: average(&|class| self.recall(class)),
            f1: average(&|class| self.f1(class)),
        }
    }

    fn name(&self, class: Class<C>) -> String {
        self.names.get(class.index()).cloned().unwrap_or_else(|| class.to_string())
    }

    /// Precision, recall, F1 and support of each class, as scikit-learn's `classification_report` prints them.
    fn fmt_classes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut classes = self.present();
        let count = classes.len();
        if count > MOST_LINES {
            classes.sort_by(|&a, &b| self.f1(a).total_cmp(&self.f1(b)));
            classes.truncate(MOST_LINES);
        }
        let names: Vec<String> = classes.iter().map(|&class| self.name(class)).collect();
        let width = width(&names).max("weighted average".len());

        writeln!(f, "{:width$}  precision    recall        F1   support", "")?;
        for (&class, name) in classes.iter().zip(&names) {
            let (precision, recall) = (self.precision(class), self.recall(class));
            let (f1, support) = (self.f1(class), self.support(class));
            writeln!(f, "{name:>width$} {precision:10.4}{recall:10.4}{f1:10.4}{support:10}")?;
        }
        if count > MOST_LINES {
            writeln!(
                f,
                "{:>width$}  (the {MOST_LINES} of {count} classes with the lowest F1)",
                "…"
            )?;
        }
        let support = self.samples();
        let averages = [
            ("average", self.averages(|_| 1)),
            ("weighted average", self.averages(|class| self.support(class))),
        ];
        for (name, Averages { precision, recall, f1 }) in averages {
            writeln!(f, "{name:>width$} {precision:10.4}{recall:10.4}{f1:10.4}{support:10}")?;
        }
        Ok(())
    }

    fn fmt_matrix(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = self.present();
        let names: Vec<String> = classes.iter().map(|&class| self.name(class)).collect();
        let counts = self.matrix.iter().map(u64::to_string).collect::<Vec<_>>();
        let cell = width(&names).max(width(&counts));
        let head = width(&names);

        writeln!(f, "confusion matrix (rows: actual, columns: predicted)")?;
        write!(f, "{:head$}", "")?;
        for name in &names {
            write!(f, "  {name:>cell$}")?;
        }
        for (row, name) in classes.iter().zip(&names) {
            write!(f, "\n{name:>head$}")?;
            for column in &classes {
                write!(f, "  {:>cell$}", self.matrix[(row.index(), column.index())])?;
            }
        }
        Ok(())
    }

    /// What a matrix of many classes is read for.
    fn fmt_confusions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut wrong: Vec<(u64, Class<C>, Class<C>)> = Vec::new();
        for actual in Class::all() {
            for predicted in Class::all().filter(|&predicted| predicted != actual) {
                let count = self.matrix[(actual.index(), predicted.index())];
                if count > 0 {
                    wrong.push((count, actual, predicted));
                }
            }
        }
        wrong.sort_by_key(|&(count, actual, predicted)| (u64::MAX - count, actual, predicted));

        write!(f, "most frequent confusions")?;
        for &(count, actual, predicted) in wrong.iter().take(MOST_LINES) {
            write!(f, "\n{count:10}  {} taken for {}", self.name(actual), self.name(predicted))?;
        }
        if wrong.is_empty() {
            write!(f, "\n      none")?;
        }
        Ok(())
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

/// The accuracy, a line for each class, and the confusion matrix.
///
/// Beyond 20 classes only the worst are listed, and the most frequent confusions stand in for the matrix.
impl<const C: usize> fmt::Display for Confusion<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, samples) = (self.matrix.trace(), self.samples());
        writeln!(f, "accuracy {:.4} ({right} of {samples})\n", self.accuracy())?;
        self.fmt_classes(f)?;
        writeln!(f)?;
        if self.present().len() <= MOST_LINES { self.fmt_matrix(f) } else { self.fmt_confusions(f) }
    }
}

fn quotient(dividend: u64, divisor: u64) -> f64 {
    if divisor == 0 { 0.0 } else { dividend as f64 / divisor as f64 }
}

/// The longest text's number of characters.
fn width(texts: &[String]) -> usize {
    texts.iter().map(|text| text.chars().count()).max().unwrap_or(0)
}
