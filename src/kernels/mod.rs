//! Kernels: matrix products, convolutions, pooling, loops over slices.

#![allow(
    clippy::needless_range_loop,
    reason = "a tile is indexed by row and column; iterators over it hide which is which"
)]

pub(crate) mod cache;
mod conv;
pub(crate) mod elementwise;
pub(crate) mod entry;
mod epilogue;
mod gemm;
mod geometry;
mod matrix_mut;
mod normalize;
mod pool;
mod reduce;
#[cfg(test)]
mod tests;
pub(crate) mod update;

pub(crate) use cache::LINE;
pub(crate) use conv::{Convolution, ConvolutionInputs, ConvolutionWeights, Onto};
pub(crate) use elementwise::{activate, add, add_planes, sum};
pub(crate) use entry::Entry;
pub(crate) use epilogue::Epilogue;
pub(crate) use gemm::{
    Product, ProductOfOne, Start, TransposedProduct, cut_inputs, is_halved, product_one,
};
pub(crate) use geometry::{Geometry, Sizes};
pub(crate) use matrix_mut::RowsMut;
pub(crate) use normalize::{covariance, normalize, squares};
pub(crate) use pool::{AvgWindows, AvgWindowsGradient, MaxWindows, MaxWindowsGradient};
pub(crate) use reduce::{BLOCK, ROWS, SUMMED};
