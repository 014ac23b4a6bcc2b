//! What measurements add up to.

use core::fmt;

use super::{Confusion, MultiLabel, RegressionMetrics, Score};
use crate::core::Class;

/// What measurements add up to.
pub trait Report: fmt::Display {
    /// Nothing measured yet.
    fn new() -> Self;

    /// The one number that says how good it is.
    fn score(&self) -> Score;

    /// All numbers that say how good it is, each with its name and its direction; the first is [`score`](Self::score).
    ///
    /// | report | names, in this order |
    /// |---|---|
    /// | [`Confusion`] | `accuracy`, `balanced accuracy`, `macro F1`, `macro precision`, `macro recall`, `weighted F1`, `mean IoU`, `Matthews`, `Cohen's kappa` |
    /// | `Confusion<2>` | these, and of class 1 `F1`, `precision`, `recall` |
    /// | [`MultiLabel`] | `accuracy`, `subset accuracy`, `macro F1`, `macro precision`, `macro recall`, `micro F1`, `micro precision`, `micro recall` |
    /// | [`RegressionMetrics`] | `R²`, `explained variance`; the smaller, the better: `MSE`, `RMSE`, `MAE`, `MAPE`, `max error` |
    ///
    /// The score of a report of one's own is all that it has, unless it says more.
    fn scores(&self) -> Vec<Score> {
        vec![self.score()]
    }
}

impl<const C: usize> Report for Confusion<C> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        Score::larger("accuracy", self.accuracy())
    }

    fn scores(&self) -> Vec<Score> {
        let mut scores = vec![
            self.score(),
            Score::larger("balanced accuracy", self.balanced_accuracy()),
            Score::larger("macro F1", self.macro_f1()),
            Score::larger("macro precision", self.macro_precision()),
            Score::larger("macro recall", self.macro_recall()),
            Score::larger("weighted F1", self.weighted_f1()),
            Score::larger("mean IoU", self.mean_iou()),
            Score::larger("Matthews", self.matthews()),
            Score::larger("Cohen's kappa", self.cohen_kappa()),
        ];
        if let (2, Ok(yes)) = (C, Class::new(1)) {
            scores.extend([
                Score::larger("F1", self.f1(yes)),
                Score::larger("precision", self.precision(yes)),
                Score::larger("recall", self.recall(yes)),
            ]);
        }
        scores
    }
}

impl<const N: usize> Report for MultiLabel<N> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        Score::larger("accuracy", self.accuracy())
    }

    fn scores(&self) -> Vec<Score> {
        vec![
            self.score(),
            Score::larger("subset accuracy", self.subset_accuracy()),
            Score::larger("macro F1", self.macro_f1()),
            Score::larger("macro precision", self.macro_precision()),
            Score::larger("macro recall", self.macro_recall()),
            Score::larger("micro F1", self.micro_f1()),
            Score::larger("micro precision", self.micro_precision()),
            Score::larger("micro recall", self.micro_recall()),
        ]
    }
}

impl<S> Report for RegressionMetrics<S> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        // Of equal targets it is 0 for all that is not perfect: it does not say which epoch is better.
        let r2 = if self.is_constant() { f64::NAN } else { self.r2() };
        Score::larger("R²", r2)
    }
    fn scores(&self) -> Vec<Score> {
        let explained = if self.is_constant() { f64::NAN } else { self.explained_variance() };
        vec![
            self.score(),
            Score::larger("explained variance", explained),
            Score::smaller("MSE", self.mse()),
            Score::smaller("RMSE", self.rmse()),
            Score::smaller("MAE", self.mae()),
            Score::smaller("MAPE", self.mape()),
            Score::smaller("max error", self.max_error()),
        ]
    }
}
