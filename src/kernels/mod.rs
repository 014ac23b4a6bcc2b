//! All SIMD and all `unsafe` code: vector types, elementary functions, matrix products.

mod math;
mod scalar;
mod vector;

#[doc(hidden)]
pub use math::Elementary;
#[doc(hidden)]
pub use scalar::Lanes;
pub use scalar::Scalar;
pub use vector::{Mask, Vector};
