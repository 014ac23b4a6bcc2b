//! Matrix products: C = A B, y = A x, C = Aᵀ B.
//!
//! | file | |
//! |---|---|
//! | `plan` | which of the kernels below a product runs, from its sizes: thresholds and choices |
//! | `operands` | what is multiplied: [`Gemm`], [`Gemv`], [`GemmTransposedA`] |
//! | `microkernel` | a tile of `C` in registers, k steps long |
//! | `tiled` | `C` tile by tile, straight from the matrices |
//! | `narrow` | `C` of fewer rows than a vector has lanes |
//! | `packed`, `panel` | `A` copied so that the rows of a tile are side by side, and the memory for it |
//! | `swapped` | Cᵀ = B Aᵀ in the place of C = A Bᵀ |
//! | `gemv` | one column: y = A x |
//! | `transposed_a` | C = Aᵀ B |
//! | `blocked` | sums along a long k, block by block |
//! | `shared`, `split_k` | what threads share: columns of `C`, halves of k |
//!
//! Each but the last row imports those before it. The functions here choose, for an instruction set that was found at run time; they are compiled once, by
//! [`Entry`](crate::kernels::Entry), whose methods are what a layer calls.

mod blocked;
pub(crate) mod gemv;
pub(crate) mod microkernel;
mod narrow;
pub(crate) mod operands;
mod packed;
mod panel;
pub(crate) mod plan;
#[cfg(feature = "train")]
pub(crate) mod shared;
#[cfg(feature = "train")]
pub(crate) mod split_k;
mod swapped;
mod tiled;
#[cfg(feature = "train")]
mod transposed_a;

use crate::kernels::gemm::gemv::GemvBlock;
use crate::kernels::gemm::packed::Packed;
use crate::kernels::gemm::swapped::Swapped;
use crate::kernels::gemm::tiled::Tiled;
#[cfg(feature = "train")]
use crate::kernels::gemm::transposed_a::TransposedA;
use crate::simd::{Element, Isa};

#[cfg(feature = "train")]
pub(crate) use operands::GemmTransposedA;
pub(crate) use operands::{Gemm, Gemv, Init};
pub(crate) use plan::{DensePlan, GemmPlan, GemvPlan, TILE_COLUMNS, dense as dense_plan};
#[cfg(feature = "train")]
pub(crate) use plan::{WeightGradientPlan, cut_k, splits_k};

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

/// y = init + A x.
pub(crate) fn gemv<T: Element>(isa: Isa, product: Gemv<'_, T>) {
    match GemvPlan::of(product.y.len(), product.x.len(), isa.registers::<T>()) {
        GemvPlan::Blocked => blocked_gemv(isa, product),
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
