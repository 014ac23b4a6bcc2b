//! How good predictions are: accuracy and its relatives for classes and labels, errors for numbers.
//!
//! The reports are accumulators: they take one prediction after the other and keep none. The definitions are scikit-learn's.
//! What needs all predictions, as a ROC curve, a calibration or a quantile, is asked of [`Evaluation::predictions`], which keeps them.
//! The page [evaluation](crate::guide::evaluation) says which number is where.
//!
//! [`Evaluation::of`] measures a network by its targets: classes and answers, or else numbers. [`Evaluation::by`] measures it
//! by the loss that it was trained with, as validation does: 0s and 1s under `BinaryCrossEntropy` are labels, and no numbers.

mod evaluate;
mod figures;
mod predict;
mod threshold;

pub use crate::metrics::{
    BestThreshold, BinaryPredictions, Calibration, CalibrationBin, ClassPredictions, Confusion,
    LabelPredictions, LabelTarget, Meter, Metric, MultiLabel, Outcomes, OutputKind,
    PrecisionRecallCurve, PrecisionRecallPoint, PredictionTarget, Predictions, RegressionMetrics,
    Report, Residuals, RocCurve, RocPoint, Score, Target,
};
pub use evaluate::Evaluation;
pub(crate) use evaluate::measure;
pub use threshold::Threshold;
