//! What the folds of a cross-validation come to.

use core::fmt;

use crate::core::Error;
use crate::evaluation::{Evaluation, Report, Score};
use crate::training::Validation;

/// What a fold may give: one score, several, or an evaluation with all of its scores. The first one is what searches rank by.
#[diagnostic::on_unimplemented(
    message = "a fold gives scores, found `{Self}`",
    note = "a score is `Score::larger(\"accuracy\", …)` or `Score::smaller(\"loss\", …)`; an array or a `Vec` of them, an `Evaluation` and a `Validation` will do too"
)]
pub trait IntoScores {
    /// The scores, one at least.
    fn into_scores(self) -> Vec<Score>;
}

impl IntoScores for Score {
    fn into_scores(self) -> Vec<Score> {
        vec![self]
    }
}

impl<const N: usize> IntoScores for [Score; N] {
    fn into_scores(self) -> Vec<Score> {
        self.into()
    }
}

impl IntoScores for Vec<Score> {
    fn into_scores(self) -> Vec<Score> {
        self
    }
}

impl<R: Report> IntoScores for Evaluation<R> {
    fn into_scores(self) -> Vec<Score> {
        self.scores()
    }
}

impl IntoScores for Validation {
    fn into_scores(self) -> Vec<Score> {
        let new = if self.larger_is_better { Score::larger } else { Score::smaller };
        let loss = Score::smaller("loss", self.loss);
        // Where it goes by the loss itself, that is its score.
        if self.metric == loss.metric {
            vec![loss]
        } else {
            vec![new(self.metric, self.score), loss]
        }
    }
}

/// One score over the folds of a cross-validation. Displays as mean ± standard deviation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeanScore {
    /// The name of the score.
    pub metric: &'static str,
    /// Whether a larger score is a better one.
    pub larger_is_better: bool,
    /// That of each fold. NaN where a fold has no score of this name.
    pub values: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation: the root of the mean squared distance from the mean, scikit-learn's `std_test_score`.
    pub deviation: f64,
}

impl MeanScore {
    fn new(first: &Score, values: Vec<f64>) -> Self {
        let Score { metric, larger_is_better, .. } = *first;
        #[expect(clippy::cast_precision_loss, reason = "a count of folds")]
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { metric, larger_is_better, values, mean, deviation: (squares / count).sqrt() }
    }

    /// The mean, as a score.
    pub fn score(&self) -> Score {
        let new = if self.larger_is_better { Score::larger } else { Score::smaller };
        new(self.metric, self.mean)
    }
}

impl fmt::Display for MeanScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one notation: next to a mean of 0.9, a deviation of 1e-17 is 0.
        if has_decimals(self.mean) {
            write!(f, "{:.4} ± {:.4}", self.mean, self.deviation)
        } else {
            write!(f, "{:.2e} ± {:.2e}", self.mean, self.deviation)
        }
    }
}

/// What the folds of a cross-validation came to, in their order. Displays as a table.
#[derive(Debug)]
pub struct CrossValidated {
    folds: Vec<Result<Vec<Score>, Error>>,
}

impl CrossValidated {
    pub(super) fn new(folds: Vec<Result<Vec<Score>, Error>>) -> Self {
        Self { folds }
    }

    /// The scores of each fold, or why it has none.
    pub fn folds(&self) -> &[Result<Vec<Score>, Error>] {
        &self.folds
    }

    /// The folds that failed, by their numbers from 0 on.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &Error)> {
        let folds = self.folds.iter().enumerate();
        folds.filter_map(|(number, fold)| Some((number, fold.as_ref().err()?)))
    }

    /// Each score over all folds, in the order of the first fold. None at all where a fold failed: a mean of the others would be better than it is.
    pub fn scores(&self) -> Vec<MeanScore> {
        let Ok(folds) = self.folds.iter().map(Result::as_ref).collect::<Result<Vec<_>, _>>() else {
            return Vec::new();
        };
        let value = |fold: &[Score], metric| {
            fold.iter().find(|score| score.metric == metric).map_or(f64::NAN, |score| score.value)
        };
        let first = folds.first().map_or(&[][..], |fold| fold);
        let mean = |score: &Score| {
            let values = folds.iter().map(|fold| value(fold, score.metric)).collect();
            MeanScore::new(score, values)
        };
        first.iter().map(mean).collect()
    }

    /// The first score over all folds, unless a fold failed.
    pub fn score(&self) -> Option<MeanScore> {
        self.scores().into_iter().next()
    }

    /// "in fold 2 of 5: …"
    pub(super) fn failure(&self) -> Option<String> {
        let count = self.folds.len();
        let failure = |(number, error)| format!("in fold {} of {count}: {error}", number + 1);
        self.failures().map(failure).next()
    }
}

impl fmt::Display for CrossValidated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.folds.iter().flatten().next().into_iter().flatten().map(|of| of.metric);
        let mut rows = vec![vec!["fold".to_owned()]];
        rows[0].extend(names.clone().map(str::to_owned));
        for (number, fold) in self.folds.iter().enumerate() {
            let mut row = vec![(number + 1).to_string()];
            match fold {
                Ok(scores) => row.extend(names.clone().map(|name| {
                    let score = scores.iter().find(|score| score.metric == name);
                    score.map_or_else(String::new, |score| text_of(score.value))
                })),
                Err(error) => row.push(format!("failed: {error}")),
            }
            rows.push(row);
        }
        let means = self.scores();
        if !means.is_empty() {
            let means = means.iter().map(ToString::to_string);
            rows.push(["mean".to_owned()].into_iter().chain(means).collect());
        }
        write_table(f, &rows)
    }
}

fn text_of(value: f64) -> String {
    if has_decimals(value) { format!("{value:.4}") } else { format!("{value:.2e}") }
}

/// Whether four decimals say what it is.
fn has_decimals(value: f64) -> bool {
    let size = value.abs();
    size == 0.0 || !size.is_finite() || (1e-2..1e6).contains(&size)
}

/// Columns side by side, each as wide as its widest text. The last text of a row counts for no width: it may be a sentence.
pub(super) fn write_table(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let most = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let of = rows.iter().filter(|row| column + 1 < row.len());
        of.map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..most).map(width).collect();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            writeln!(f)?;
        }
        for (column, text) in row.iter().enumerate() {
            if column + 1 < row.len() {
                write!(f, "{text:<width$}  ", width = widths[column])?;
            } else {
                f.write_str(text)?;
            }
        }
    }
    Ok(())
}
