//! All SIMD and all `unsafe` code: vector types, elementary functions, matrix products.

#![allow(
    clippy::needless_range_loop,
    reason = "a tile is indexed by row and column; iterators over it hide which is which"
)]

/// So many products are summed up in their own type, and the sums of blocks in `f64`: the error of a sum does not grow with its length.
///
/// Shorter sums are what they would be without blocks, to the bit; so with [`SUMMED`] and [`ROWS`].
pub(crate) const BLOCK: usize = 4 * 1024;

/// As [`BLOCK`], of numbers that follow each other: so many vectors of them. They may be far from zero, as those of which means are taken.
pub(crate) const SUMMED: usize = 64;

/// As [`SUMMED`], of the rows of a matrix: a lane of a vector sees each of them.
pub(crate) const ROWS: usize = 256;

mod channels;
mod compiled;
mod convolution;
mod direct;
mod dispatch;
mod dots;
mod elementwise;
mod few_rows;
mod halves;
mod interleave;
mod math;
mod memory;
mod normalize;
mod one;
mod packed;
mod pool;
mod product;
mod quads;
mod rows;
mod scalar;
mod squares;
mod swapped;
#[cfg(feature = "rayon")]
mod team;
#[cfg(test)]
mod tests;
mod threads;
mod transpose;
mod transposed;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

#[doc(hidden)]
pub use compiled::{Compiled, Moves};
pub(crate) use convolution::ConvolutionWeights;
pub(crate) use convolution::{Convolution, ConvolutionInputs, Geometry, Onto};
pub use dispatch::InstructionSet;
#[doc(hidden)]
pub use dispatch::{Running, dispatch};
use elementwise::are_finite;
pub(crate) use elementwise::{activate, add, add_planes, is_identity, sum};
pub(crate) use halves::{cut_inputs, is_halved};
#[doc(hidden)]
pub use math::Elementary;
pub(crate) use memory::LINE;
use memory::{Aligned, beyond_line, prefetch};
pub use memory::{IsParameters, Parameters};
#[cfg(feature = "std")]
pub(crate) use memory::{append, zeros};
pub(crate) use normalize::covariance;
pub(crate) use normalize::{normalize, squares};
pub(crate) use one::{ProductOfOne, product_one};
pub(crate) use pool::{AvgWindows, MaxWindows};
pub(crate) use pool::{AvgWindowsGradient, MaxWindowsGradient};
pub(crate) use product::{Product, Start};
pub(crate) use rows::RowsMut;
#[doc(hidden)]
pub use scalar::Lanes;
pub use scalar::Scalar;
pub(crate) use threads::{Split, WORTH_SHARING, WORTH_WAKING, cut, share_whole};
pub(crate) use threads::{is_awake, share, sharing};
pub(crate) use transposed::TransposedProduct;
use vector::{MOST_LANES, lanes_between};
pub use vector::{Mask, Vector};
