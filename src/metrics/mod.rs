//! What predictions add up to: counts of classes and labels, errors of numbers, and the one number of each that says how good they are.

mod confusion;
pub mod heads;
mod meter;
mod metric;
mod multi_label;
mod numbers;
mod predictions;
mod regression;
mod report;
mod score;
mod target;

pub use confusion::Confusion;
pub use meter::Meter;
pub(crate) use meter::{Accumulator, meter};
pub use metric::Metric;
pub use multi_label::MultiLabel;
pub(crate) use numbers::{Labels, Numbers, record_labels};
pub use predictions::{
    BestThreshold, BinaryPredictions, Calibration, CalibrationBin, ClassPredictions,
    LabelPredictions, LabelTarget, Outcomes, OutputKind, PrecisionRecallCurve,
    PrecisionRecallPoint, PredictionTarget, Predictions, Residuals, RocCurve, RocPoint,
};
pub use regression::RegressionMetrics;
pub(crate) use regression::significant;
pub use report::Report;
pub(crate) use score::Name;
pub use score::Score;
#[cfg(feature = "files")]
pub(crate) use score::interned;
pub use target::Target;
pub(crate) use target::{ByTarget, above, largest, numbers_of};
