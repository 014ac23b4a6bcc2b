//! How good predictions are: accuracy and its relatives for classes and labels, errors for numbers.
//!
//! The reports are accumulators: they take one prediction after the other and keep none. The definitions are scikit-learn's.
//!
//! [`Evaluation::of`] measures a network by its targets: classes and answers, or else numbers. [`Evaluation::by`] measures it
//! by the loss that it was trained with, as validation does: 0s and 1s under `BinaryCrossEntropy` are labels, and no numbers.

mod confusion;
mod metric;
mod multi_label;
mod network;
mod regression;
mod score;

pub use confusion::Confusion;
pub(crate) use metric::meter;
pub use metric::{Meter, Metric, MetricOf, Threshold};
pub use multi_label::MultiLabel;
pub(crate) use network::measure;
pub use network::{Evaluation, Report, Target, TargetOf};
pub use regression::RegressionMetrics;
pub use score::Score;
