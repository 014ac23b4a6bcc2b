//! How good predictions are: accuracy and its relatives for classes and labels, errors for numbers.
//!
//! The reports are accumulators: they take one prediction after the other and keep none. The definitions are scikit-learn's.
//!
//! [`Evaluation::of`] measures a network by its targets: classes and answers, or else numbers. [`Evaluation::by`] measures it
//! by the loss that it was trained with, as validation does: 0s and 1s under `BinaryCrossEntropy` are labels, and no numbers.

mod evaluate;
mod threshold;

pub use crate::metrics::{
    Confusion, Meter, Metric, MultiLabel, RegressionMetrics, Report, Score, Target,
};
pub use evaluate::Evaluation;
pub(crate) use evaluate::measure;
pub use threshold::Threshold;
