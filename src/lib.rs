//! Neural networks whose every dimension is known at compile time.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate self as axonal;

pub mod activations;
pub mod init;
#[allow(unsafe_code, reason = "the one place for it; every block states why it is sound")]
pub mod kernels;
pub mod layers;
mod network;
pub mod prelude;
mod sample;

#[cfg(feature = "std")]
pub mod data;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
pub mod evaluation;
#[cfg(feature = "std")]
mod formats;
#[cfg(feature = "std")]
pub mod losses;
#[cfg(feature = "std")]
pub mod optimizers;
#[cfg(feature = "std")]
mod summary;
#[cfg(feature = "std")]
pub mod training;

#[cfg(feature = "std")]
pub use error::Error;
pub use kernels::{Parameters, Scalar};
pub use layers::{Differentiable, Layer};
pub use network::Network;
pub use pulp::Simd;
pub use sample::{Sample, Shape};
#[cfg(feature = "std")]
pub use summary::Summary;
