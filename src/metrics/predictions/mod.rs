//! Outputs that are kept, each with its target: what cannot be added up sample by sample.

mod binary;
mod calibration;
mod classes;
mod curves;
mod labels;
mod outputs;
mod quantiles;
mod ranking;
mod residuals;
mod target;

pub use binary::{BestThreshold, BinaryPredictions, Outcomes};
pub use calibration::{Calibration, CalibrationBin};
pub use classes::ClassPredictions;
pub use curves::{PrecisionRecallCurve, PrecisionRecallPoint, RocCurve, RocPoint};
pub use labels::LabelPredictions;
pub use outputs::OutputKind;
pub use residuals::Residuals;
pub use target::{LabelTarget, PredictionTarget, Predictions};
