//! Matrix products: C = A B, y = A x, C = Aᵀ B.
//!
//! | file | what it computes | who asks for it, by which plan |
//! |---|---|---|
//! | `plan` | which kernel a product runs, from its sizes alone: thresholds and choices | `gemm`, `gemv` and `gemm_transposed_a` below, and layers |
//! | `operands` | nothing: what is multiplied, as [`Gemm`], [`Gemv`], [`GemmTransposedA`] | layers, convolutions |
//! | `gemv` | y = A x: one sample | [`GemvPlan`], all but `Blocked`; small ones by `DensePlan::GemvInline` |
//! | `tiled` | C = A B, tile by tile, straight from the matrices | [`GemmPlan::Tiled`]: 128 outputs of 784 inputs, 32 samples |
//! | `narrow` | C of fewer rows than a vector has lanes: a layer of few outputs | [`GemmPlan::Narrow`], through `tiled` |
//! | `packed` | C = A B, with the rows of a tile of `A` copied side by side | [`GemmPlan::Packed`]: columns of `A` far apart, such as those of 512 outputs |
//! | `swapped` | Cᵀ = B Aᵀ in the place of C = A Bᵀ | [`GemmPlan::Swapped`], for weight gradients of few outputs |
//! | `blocked` | sums along a long k, block by block, added in `f64` | [`GemmPlan::Blocked`], [`GemvPlan::Blocked`] |
//! | `transposed_a` | C = Aᵀ B: the gradient of a layer's inputs | `TransposedAPlan` |
//! | `microkernel` | one tile of `C` in registers, k steps long | `tiled`, `packed`; direct convolutions |
//! | `panel` | nothing: the memory that `A` is copied to | `packed`, `transposed_a` |
//! | `shared` | columns or rows of `C` on several threads | training: `T::shared_gemm` and its kin; inference of large layers |
//! | `split_k` | C = A B as two halves of k, one a thread | training: `DensePlan::GemmSplitK`, `GemvSplitK` |
//!
//! `Net::plan(samples)` prints the choices for a network. The functions here choose, for an instruction set that was found at run time; they are compiled once,
//! by [`Entry`](crate::kernels::Entry), whose methods are what a layer calls.

mod blocked;
pub(crate) mod gemv;
pub(crate) mod microkernel;
mod narrow;
pub(crate) mod operands;
mod packed;
mod panel;
pub(crate) mod plan;
pub(crate) mod shared;
#[cfg(feature = "train")]
pub(crate) mod split_k;
mod swapped;
mod tiled;
#[cfg(feature = "train")]
mod transposed_a;

use crate::kernels::gemm::gemv::GemvBlock;
use crate::kernels::gemm::packed::Packed;
use crate::kernels::gemm::shared::SharedRows;
use crate::kernels::gemm::swapped::Swapped;
use crate::kernels::gemm::tiled::Tiled;
#[cfg(feature = "train")]
use crate::kernels::gemm::transposed_a::TransposedA;
use crate::parallel::share;
use crate::simd::{Element, Isa};

#[cfg(feature = "train")]
pub(crate) use operands::GemmTransposedA;
pub(crate) use operands::{Gemm, Gemv, Init};
use plan::BLOCKED_K;
pub(crate) use plan::{DensePlan, GemmPlan, GemvPlan, dense as dense_plan};
#[cfg(feature = "train")]
pub(crate) use plan::{WeightGradientPlan, cut_k, splits_k};

/// C = init + A B, on several threads where the pass may use them and `A` is large.
pub(crate) fn gemm_in_pass<T: Element>(isa: Isa, product: Gemm<'_, T, false>) {
    let [m, k, n] = [product.c.rows(), product.k, product.c.columns()];
    // One sample of a large layer: the elements of y are summed up in the same order, and `A` is read as memory has it.
    let is_streamed = n == 1
        && k <= BLOCKED_K
        && GemvPlan::of(m, k, isa.registers::<T>()) == GemvPlan::Streamed
        && matches!(product.init, Init::Zero | Init::Column(_));
    if is_streamed {
        share(SharedRows { isa, product: product.into_gemv() });
    } else if shared::is_worth_rows(&product) {
        share(SharedRows { isa, product });
    } else {
        gemm(isa, product);
    }
}

/// C = init + A B.
pub(crate) fn gemm<T: Element, const TRANSPOSED_B: bool>(
    isa: Isa,
    gemm: Gemm<'_, T, TRANSPOSED_B>,
) {
    // Functions of their own: small products do not pay for the memory on the stack of the others.
    match GemmPlan::of(gemm.sizes(), isa.registers::<T>()) {
        GemmPlan::Blocked => blocked_gemm(isa, gemm),
        GemmPlan::Packed => isa.run(Packed(gemm)),
        GemmPlan::Swapped => isa.run(Swapped(gemm)),
        GemmPlan::Narrow { .. } | GemmPlan::Tiled { .. } => isa.run(Tiled(gemm)),
    }
}

#[inline(never)]
fn blocked_gemm<T: Element, const TRANSPOSED_B: bool>(
    isa: Isa,
    product: Gemm<'_, T, TRANSPOSED_B>,
) {
    blocked::gemm(product, |block| gemm(isa, block));
}

/// y = init + A x, on several threads where the pass may use them and `A` is large.
pub(crate) fn gemv<T: Element>(isa: Isa, product: Gemv<'_, T>) {
    match GemvPlan::of(product.y.len(), product.x.len(), isa.registers::<T>()) {
        GemvPlan::Blocked => blocked_gemv(isa, product),
        GemvPlan::Streamed => share(SharedRows { isa, product }),
        _ => isa.run(GemvBlock(product)),
    }
}

#[inline(never)]
fn blocked_gemv<T: Element>(isa: Isa, product: Gemv<'_, T>) {
    blocked::gemv(product, |block| isa.run(GemvBlock(block)));
}

/// C = Aᵀ B.
#[cfg(feature = "train")]
pub(crate) fn gemm_transposed_a<T: Element>(isa: Isa, product: GemmTransposedA<'_, T>) {
    isa.run(TransposedA(product));
}
