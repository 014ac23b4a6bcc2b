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
mod layer_plan;
mod matrix_mut;
mod pool;
mod reduce;
#[cfg(test)]
mod tests;
pub(crate) mod update;

pub(crate) use cache::LINE;
pub(crate) use conv::{Convolution, ConvolutionInputs, ConvolutionWeights, Onto};
pub(crate) use elementwise::{activate, add, normalize};
pub(crate) use entry::Entry;
pub(crate) use epilogue::Epilogue;
pub(crate) use gemm::gemv::gemv_inline;
pub(crate) use gemm::{
    DensePlan, Gemm, GemmTransposedA, Gemv, Init, TILE_COLUMNS, WeightGradientPlan, cut_k,
    dense_plan, splits_k,
};
pub(crate) use geometry::{Geometry, Sizes};
pub use layer_plan::{KernelName, LayerPlan};
pub(crate) use matrix_mut::MatrixMut;
pub(crate) use pool::{AvgWindows, AvgWindowsGradient, MaxWindows, MaxWindowsGradient};
pub(crate) use reduce::{ROWS_PER_BLOCK, VECTORS_PER_BLOCK, add_planes, covariance, squares, sum};
