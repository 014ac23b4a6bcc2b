//! C = Aᵀ B: the gradient of a layer's inputs, dX = Wᵀ dY, where m is inputs, k outputs, n samples.
//!
//! A tile wants the rows of its left matrix side by side; those of Aᵀ are the columns of `A`, k apart. So `A` is transposed, panel by panel; or, where it is
//! large beside the batch, columns of `B` and of `C` are ([with AVX-512](avx512), those of `C` in its registers). Columns of `B` that do not fill a vector, and
//! long ones, are multiplied [by dot products](dot_products) with the columns of `A`: both are contiguous, and the sums over the lanes are part of the work.

mod avx512;
mod dot_products;
mod packed;

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::cache::{Aligned, LINE, beyond_line};
use crate::kernels::gemm::operands::{Gemm, GemmTransposedA, Init};
use crate::kernels::gemm::panel::PanelA;
use crate::kernels::gemm::plan::{
    TRANSPOSE_K, TRANSPOSED_COLUMNS, TRANSPOSED_ROWS, TransposedAPlan,
};
use crate::kernels::gemm::tiled::Tiled;
use crate::kernels::gemm::transposed_a::avx512::Quads;
use crate::kernels::gemm::transposed_a::dot_products::DotProducts;
use crate::kernels::gemm::transposed_a::packed::Packed;
use crate::kernels::matrix_mut::MatrixMut;
use crate::simd::{Columns, Element, Registers, transpose};

/// The kernel of a [`GemmTransposedA`].
pub(crate) struct TransposedA<'a, T>(pub(crate) GemmTransposedA<'a, T>);

impl<T: Element> WithSimd for TransposedA<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let product = self.0;
        let rest = match product.plan(Registers::of::<T, S>()) {
            TransposedAPlan::TransposeFirst => return transpose_first(simd, product),
            TransposedAPlan::Packed => return outlined(simd, Packed(product)),
            TransposedAPlan::DotProducts => product,
            TransposedAPlan::BySamples { columns } => {
                let (product, rest) = product.split_columns(columns);
                outlined(simd, BySamples(product));
                rest
            }
            TransposedAPlan::Avx512 { columns } => {
                let (product, rest) = product.split_columns(columns);
                outlined(simd, Quads(product));
                rest
            }
        };
        if rest.c.columns() > 0 {
            simd.vectorize(DotProducts(rest));
        }
    }
}

/// Runs a part of a kernel as a function of its own: the rest does not pay for its memory on the stack, each page of which is touched at every call.
#[inline(never)]
fn outlined<S: Simd>(simd: S, part: impl WithSimd<Output = ()>) {
    simd.vectorize(part);
}

/// The kernel of [`TransposedAPlan::BySamples`]: Cᵀ = Bᵀ A.
struct BySamples<'a, T>(GemmTransposedA<'a, T>);

impl<T: Element> WithSimd for BySamples<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        by_samples(simd, self.0);
    }
}

/// Cᵀ = Bᵀ A, for [`TRANSPOSED_COLUMNS`] columns of `B` (samples) after the other: they are transposed, and so is what is computed from them.
#[inline(always)]
fn by_samples<T: Element, S: Simd>(simd: S, product: GemmTransposedA<'_, T>) {
    let GemmTransposedA { a, b, mut c, k, .. } = product;
    let (m, n) = (c.rows(), c.columns());
    let mut samples =
        Aligned([const { MaybeUninit::<T>::uninit() }; TRANSPOSED_COLUMNS * TRANSPOSE_K]);
    let mut results = Aligned([T::zero(); TRANSPOSED_COLUMNS * TRANSPOSED_ROWS]);
    let (samples, results) = (&mut samples.0, &mut results.0);
    for sample in (0..n).step_by(TRANSPOSED_COLUMNS) {
        let count = TRANSPOSED_COLUMNS.min(n - sample);
        let columns = Columns { first: b[sample * k..][..count * k].as_ptr(), stride: k };
        let rows = Columns { first: samples[..count * k].as_mut_ptr().cast::<T>(), stride: count };
        // SAFETY: both slices have `count * k` elements; all of the second are written.
        let samples = unsafe {
            transpose(simd, columns, rows, [k, count]);
            core::slice::from_raw_parts(rows.first.cast_const(), count * k)
        };
        let mut row = 0;
        while row < m {
            // The first rows end where a cache line does: a store that crosses lines costs two.
            let beyond = if row == 0 { beyond_line(c.as_mut_ptr()) } else { 0 };
            let rows = (TRANSPOSED_ROWS - beyond).min(m - row);
            let gemm = Gemm::<T, false> {
                a: samples,
                a_stride: count,
                b: &a[row * k..],
                b_stride: k,
                c: MatrixMut::whole(&mut results[..count * rows], count),
                k,
                init: Init::Zero,
            };
            simd.vectorize(Tiled(gemm));
            let columns = Columns { first: results[..count * rows].as_ptr(), stride: count };
            let mut block = c.block(row..row + rows, sample..sample + count);
            let transposed = Columns { first: block.as_mut_ptr(), stride: block.stride() };
            // SAFETY: the slice has `rows` columns of `count` elements, the block `count` columns of `rows`.
            unsafe { transpose(simd, columns, transposed, [count, rows]) };
            row += rows;
        }
    }
}

/// [`TransposedAPlan::TransposeFirst`]: as many columns of `A` as fit into a panel are transposed, then multiplied by all of `B`.
#[inline(always)]
fn transpose_first<T: Element, S: Simd>(simd: S, product: GemmTransposedA<'_, T>) {
    let GemmTransposedA { a, b, mut c, k, .. } = product;
    let (m, n) = (c.rows(), c.columns());
    let mut panel = PanelA::new();
    let panel = panel.as_mut_ptr::<T>();
    // Whole vectors: k is at most TRANSPOSE_K, so that there is room for one.
    let height = PanelA::len::<T>() / k;
    let height = height - height % (LINE / size_of::<T>());
    let mut first = 0;
    while first < m {
        let height = height.min(m - first);
        let columns = Columns { first: a[first * k..][..height * k].as_ptr(), stride: k };
        let rows = Columns { first: panel, stride: height };
        // SAFETY: the slice and the panel have room for `height * k` elements; all of the second are written.
        let panel = unsafe {
            transpose(simd, columns, rows, [k, height]);
            core::slice::from_raw_parts(panel, height * k)
        };
        let gemm = Gemm::<T, false> {
            a: panel,
            a_stride: height,
            b,
            b_stride: k,
            c: c.block(first..first + height, 0..n),
            k,
            init: Init::Zero,
        };
        simd.vectorize(Tiled(gemm));
        first += height;
    }
}
