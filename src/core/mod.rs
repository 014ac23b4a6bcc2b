//! What all the rest is made of: numbers, parameters, samples and their shapes, images, initial weights, and the error.

#[cfg(feature = "std")]
mod class;
#[cfg(feature = "train")]
mod differential;
mod error;
mod image;
pub mod init;
#[allow(unsafe_code, reason = "plain old data; every block states why it is sound")]
mod parameters;
#[allow(unsafe_code, reason = "plain old data; every block states why it is sound")]
mod pod;
mod sample;
mod scalar;
#[cfg(all(feature = "serde", feature = "train"))]
pub(crate) mod serialized;
pub mod shapes;
pub(crate) mod weights_error;

pub use axonal_macros::Parameters;

#[cfg(feature = "std")]
pub use class::Class;
#[cfg(feature = "train")]
pub use differential::Differential;
pub use error::Error;
pub use image::Image;
pub(crate) use init::Initializer;
pub use parameters::{IsParameters, Parameters};
pub use pod::Packed;
pub use sample::{ImageSample, Sample, Shape};
pub(crate) use sample::{flat, flat_mut, split_samples};
pub use scalar::Scalar;
pub use weights_error::WeightsError;
