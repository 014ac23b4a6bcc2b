//! How good predictions are: accuracy and its relatives for classes, errors for numbers.
//!
//! Both are accumulators: they take one prediction after the other and keep none. The definitions are scikit-learn's.

mod confusion;
mod network;
mod regression;

pub use confusion::Confusion;
pub(crate) use network::measure;
pub use network::{Evaluation, Report, Target, TargetOf};
pub use regression::RegressionMetrics;
