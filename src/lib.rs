//! Neural networks whose every dimension is known at compile time.
#![cfg_attr(not(feature = "std"), no_std)]

#[allow(unsafe_code, reason = "the one place for it; every block states why it is sound")]
pub mod kernels;

pub mod activations;

pub use kernels::Scalar;
pub use pulp::Simd;
