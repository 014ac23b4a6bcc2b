//! Neural networks whose every dimension is known at compile time.
#![cfg_attr(not(feature = "std"), no_std)]

#[allow(unsafe_code, reason = "the one place for it; every block states why it is sound")]
pub mod kernels;

pub mod activations;
pub mod init;
pub mod layers;
mod sample;

#[cfg(feature = "std")]
pub mod data;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
pub mod evaluation;

#[cfg(feature = "std")]
pub use error::Error;
pub use kernels::{Parameters, Scalar};
pub use pulp::Simd;
pub use sample::{Sample, Shape};
