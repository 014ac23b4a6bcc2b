//! Neural networks whose every dimension is known at compile time.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate self as axonal;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
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

pub use axonal_macros::{Parameters, network};
#[cfg(feature = "std")]
pub use error::Error;
pub use kernels::{Parameters, Scalar};
pub use layers::{Differentiable, Layer};
#[doc(hidden)]
pub use nalgebra;
pub use network::Network;
pub use pulp::Simd;
#[doc(hidden)]
pub use rand;
pub use sample::{Sample, Shape};
#[cfg(feature = "std")]
pub use summary::Summary;
