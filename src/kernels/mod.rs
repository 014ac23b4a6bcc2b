//! Kernels: matrix products, convolutions, pools, loops over slices, the optimizers' loops. They know no layer and no activation.
//!
//! | who asks | what | plan | files |
//! |---|---|---|---|
//! | `dense`, forward, one sample | y = b + W x | `DensePlan`, `GemvPlan` | `gemm/gemv.rs`, `blocked.rs`; on two threads `split_k.rs` |
//! | `dense`, forward, n samples | Y = b + W X | `DensePlan`, `GemmPlan` | `gemm/tiled.rs`, `narrow.rs`, `packed.rs`, `blocked.rs`; on two threads `split_k.rs` |
//! | `dense`, input gradient | dX = Wᵀ dY | `TransposedAPlan` | `gemm/transposed_a/` |
//! | `dense`, weight gradient | dW = dY Xᵀ | `WeightGradientPlan`, `GemmPlan` | `layers/weight_gradient.rs`, which calls `gemm/tiled.rs`, `swapped.rs`, … |
//! | `conv`, `conv_transpose` | Y = f(b + X Wᵀ), dX, dW | `ConvPlan` | `conv/` |
//! | `maxpool`, `avgpool` | largest number, mean | `MaxPlan` | `pool/` |
//! | activations, `batchnorm`, `layernorm`, `residual` | f(x), sums, means | none | `elementwise.rs`, `reduce.rs` |
//! | `batchnorm` of a batch, in training | means, variances, y, dγ, dβ, dX | none | `batch_norm.rs` |
//! | optimizers | a step | none | `update/` |
//!
//! A plan is data, chosen in `gemm/plan.rs`, `conv/plan.rs` and `pool/plan.rs` from sizes and [`Registers`](crate::simd::Registers) alone, and tested there without running a kernel.
//! What is not generic over a layer's sizes is compiled once, in `entry.rs`: a layer calls [`Entry`]'s functions, `T::gemm(isa, …)`. `layer_plan.rs` has the names for printing.

#![allow(
    clippy::needless_range_loop,
    reason = "a tile is indexed by row and column; iterators over it hide which is which"
)]

#[cfg(feature = "train")]
pub(crate) mod batch_norm;
pub(crate) mod cache;
mod conv;
pub(crate) mod elementwise;
pub(crate) mod entry;
mod epilogue;
mod gemm;
mod geometry;
mod in_part;
mod layer_plan;
mod matrix_mut;
mod pool;
mod reduce;
#[cfg(feature = "train")]
mod sum_slices;
#[cfg(test)]
mod tests;
#[cfg(feature = "train")]
pub(crate) mod update;

pub(crate) use cache::FAR;
#[cfg(feature = "train")]
pub(crate) use conv::ConvolutionWeights;
pub(crate) use conv::plan::{conv_plan, conv_transpose_plan};
pub(crate) use conv::{Convolution, ConvolutionInputs, Onto};
pub(crate) use elementwise::{activate, add, normalize};
pub(crate) use entry::Entry;
pub(crate) use epilogue::Epilogue;
pub use epilogue::PostOps;
pub(crate) use gemm::gemv::gemv_inline;
pub(crate) use gemm::{DensePlan, Gemm, Gemv, Init, dense_plan};
#[cfg(feature = "train")]
pub(crate) use gemm::{GemmTransposedA, WeightGradientPlan, cut_k, splits_k};
pub(crate) use geometry::{Geometry, Sizes};
pub use layer_plan::{KernelName, LayerPlan};
pub(crate) use matrix_mut::MatrixMut;
pub(crate) use pool::plan::max_pool_plan;
pub(crate) use pool::{AvgWindows, MaxWindows};
#[cfg(feature = "train")]
pub(crate) use pool::{AvgWindowsGradient, MaxWindowsGradient};
pub(crate) use reduce::{VECTORS_PER_BLOCK, add_planes, covariance, squares, sum};
