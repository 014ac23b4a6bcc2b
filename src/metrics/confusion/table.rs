//! A confusion matrix as text.

use std::fmt;

use super::{Averages, Confusion};
use crate::core::Class;

/// Larger tables are cut to this many lines.
const MOST_LINES: usize = 20;

/// The accuracy, a line for each class, and the confusion matrix.
///
/// Beyond 20 classes only the worst are listed, and the most frequent confusions stand in for the matrix.
impl<const C: usize> fmt::Display for Confusion<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, samples) = (self.all_right(), self.samples());
        writeln!(f, "accuracy {:.4} ({right} of {samples})", self.accuracy())?;
        for (count, of) in [(self.nan_outputs, "output"), (self.nan_targets, "target")] {
            fmt_nan(f, count, of)?;
        }
        writeln!(f)?;
        self.fmt_classes(f)?;
        writeln!(f)?;
        if self.present().len() <= MOST_LINES { self.fmt_matrix(f) } else { self.fmt_confusions(f) }
    }
}

impl<const C: usize> Confusion<C> {
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
        let counts = self.counts().map(|(_, _, count)| count.to_string()).collect::<Vec<_>>();
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
                write!(f, "  {:>cell$}", self.count(*row, *column))?;
            }
        }
        Ok(())
    }

    /// What a matrix of many classes is read for.
    fn fmt_confusions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut wrong: Vec<(u64, Class<C>, Class<C>)> = self
            .counts()
            .filter(|(actual, predicted, _)| actual != predicted)
            .map(|(actual, predicted, count)| (count, actual, predicted))
            .collect();
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

/// A line that says of how many samples the outputs, or the targets, are NaN, if there are any.
pub(in crate::metrics) fn fmt_nan(f: &mut fmt::Formatter<'_>, count: u64, of: &str) -> fmt::Result {
    match count {
        0 => Ok(()),
        1 => writeln!(f, "1 {of} is NaN, which counts as wrong"),
        _ => writeln!(f, "{count} {of}s are NaN, which count as wrong"),
    }
}

/// The longest text's number of characters.
pub(in crate::metrics) fn width(texts: &[String]) -> usize {
    texts.iter().map(|text| text.chars().count()).max().unwrap_or(0)
}
