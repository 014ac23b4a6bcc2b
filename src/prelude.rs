//! Everything that a program with a network needs: `use axonal::prelude::*`.

pub use nalgebra::{SMatrix, SVector};
pub use rand::SeedableRng;
pub use rand::rngs::StdRng;

pub use crate::core::{Image, Parameters, Sample};
pub use crate::{Network, Networks, network};

#[cfg(feature = "files")]
pub use crate::Transfer;
#[cfg(feature = "std")]
pub use crate::core::Class;
#[cfg(feature = "std")]
pub use crate::data::Dataset;
#[cfg(feature = "train")]
pub use crate::evaluation::Evaluation;
#[cfg(feature = "train")]
pub use crate::losses::{
    BinaryCrossEntropy, Contrastive, CosineSimilarity, CrossEntropy, Focal, GaussianNll, Hinge,
    Huber, KullbackLeibler, LogCosh, MeanAbsoluteError, MeanSquaredError, PoissonNll, Quantile,
    Triplet,
};
#[cfg(feature = "train")]
pub use crate::optimizers::{
    AdaGrad, Adadelta, Adam, AdamW, Lion, NAdam, Optimizer, RAdam, RmsProp, Sgd,
};
#[cfg(feature = "train")]
pub use crate::training::{History, Lbfgs, Plateau, Schedule, Trainer};
