//! Everything that a program with a network needs: `use axonal::prelude::*`.

pub use nalgebra::{SMatrix, SVector};
pub use rand::SeedableRng;
pub use rand::rngs::StdRng;

pub use crate::{Image, Network, Parameters, Sample, network};

#[cfg(feature = "std")]
pub use crate::{
    Transfer,
    data::{Class, Dataset},
    evaluation::Evaluation,
    losses::{BinaryCrossEntropy, CrossEntropy, Hinge, Huber, MeanAbsoluteError, MeanSquaredError},
    optimizers::{AdaGrad, Adam, AdamW, Optimizer, RmsProp, Sgd},
    training::{History, Schedule, Trainer},
};
