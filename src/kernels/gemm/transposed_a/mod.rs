//! The product with a transposed left matrix, for the gradient of a layer's inputs.
//!
//! The tiles of [`Product`] want the rows of the left matrix side by side, and they are not. Of the two ways there, the one that moves fewer numbers is taken:
//! `A` is transposed in blocks, or where it is large beside a batch, some samples at a time, and what comes of them ([with AVX-512](super::quads), in its registers).
//! Samples that do not fill a vector, and very long columns, are multiplied [as they are](super::dots), by dot products, whose sums over the lanes are then part of the work.

mod avx512;
mod dot_products;

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::cache::LINE;
use crate::kernels::cache::{Aligned, beyond_line};
use crate::kernels::entry::Entry;
use crate::kernels::gemm::microkernel::Tiles;
use crate::kernels::gemm::microkernel::{Product, Start};
use crate::kernels::gemm::packed::Panel;
use crate::kernels::gemm::split_k::{cut_inputs, is_halved};
use crate::kernels::gemm::transposed_a::avx512::Quads;
use crate::kernels::gemm::transposed_a::dot_products::Dots;
use crate::kernels::matrix_mut::RowsMut;
use crate::parallel::{Split, cut};
use crate::simd::{Columns, transpose};
use crate::simd::{Element, Isa, Vector};

/// `C = Aᵀ B`, where `A` (`k` x `m`), `B` (`k` x `n`) and `C` (`m` x `n`) are column-major, `A` and `B` contiguous.
pub struct TransposedProduct<'a, T> {
    pub(crate) a: &'a [T],
    pub(crate) b: &'a [T],
    pub(crate) c: RowsMut<'a, T>,
    /// The common dimension: rows of `A` and of `B`.
    pub(crate) k: usize,
    /// Whether `A` is transposed. The parts of a product do as the whole: they would be rounded in another way.
    transposes: bool,
}

impl<'a, T> TransposedProduct<'a, T> {
    /// # Panics
    ///
    /// If `A` or `B` has not as many columns as `C` has rows or columns.
    pub fn new(a: &'a [T], b: &'a [T], c: RowsMut<'a, T>, k: usize) -> Self {
        let (m, n) = (c.rows(), c.columns());
        assert!(a.len() == k * m && b.len() == k * n, "a matrix has another size than said");
        // The results are numbers that are moved twice, but for the most part while something is multiplied.
        let is_small = k * m <= Panel::len::<T>() || 3 * k * m <= 2 * n * (k + m);
        let transposes = k <= ENOUGH * n && k <= LONG && is_small;
        Self { a, b, c, k, transposes }
    }

    /// The product for the columns of `B` before one, and for those from it on.
    #[inline(always)]
    fn split_columns(self, column: usize) -> (Self, Self) {
        let Self { a, b, c, k, transposes } = self;
        let (b, right) = b.split_at(column * k);
        let (c, rest) = c.split_columns(column);
        (Self { a, b, c, k, transposes }, Self { a, b: right, c: rest, k, transposes })
    }
}

/// The longest column of `A` that a column of `B` pays for to be transposed, in place of the sums over the lanes of its dot products.
const ENOUGH: usize = 4;

/// How many samples are transposed at a time.
const SAMPLES: usize = 32;

/// The longest columns that there is room for on the stack, transposed.
pub(crate) const LONG: usize = 512;

/// How many rows of `C` are computed at a time, before they are put into columns: a few cache lines of each.
pub(crate) const ROWS: usize = 48;

/// `Cᵀ = Bᵀ A`, some samples after the other.
#[inline(always)]
fn by_samples<T: Element, S: Simd>(simd: S, product: TransposedProduct<'_, T>) {
    let TransposedProduct { a, b, mut c, k, .. } = product;
    let (m, n) = (c.rows(), c.columns());
    let mut samples = Aligned([const { MaybeUninit::<T>::uninit() }; SAMPLES * LONG]);
    let mut results = Aligned([T::zero(); SAMPLES * ROWS]);
    let (samples, results) = (&mut samples.0, &mut results.0);
    for sample in (0..n).step_by(SAMPLES) {
        let count = SAMPLES.min(n - sample);
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
            let rows = (ROWS - beyond).min(m - row);
            let product = Product::<T, false> {
                a: samples,
                a_stride: count,
                b: &a[row * k..],
                b_stride: k,
                c: RowsMut::whole(&mut results[..count * rows], count),
                k,
                start: Start::Zero,
            };
            simd.vectorize(Tiles(product));
            let columns = Columns { first: results[..count * rows].as_ptr(), stride: count };
            let mut block = c.block(row..row + rows, sample..sample + count);
            let transposed = Columns { first: block.as_mut_ptr(), stride: block.stride() };
            // SAFETY: the slice has `rows` columns of `count` elements, the block `count` columns of `rows`.
            unsafe { transpose(simd, columns, transposed, [count, rows]) };
            row += rows;
        }
    }
}

/// Transposes some columns of `A` after the other, and multiplies.
#[inline(always)]
fn transpose_first<T: Element, S: Simd>(simd: S, product: TransposedProduct<'_, T>) {
    let TransposedProduct { a, b, mut c, k, .. } = product;
    let (m, n) = (c.rows(), c.columns());
    let mut panel = Panel::new();
    let panel = panel.as_mut_ptr::<T>();
    // Whole vectors, for the longest columns too.
    let height = Panel::len::<T>() / k;
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
        let product = Product::<T, false> {
            a: panel,
            a_stride: height,
            b,
            b_stride: k,
            c: c.block(first..first + height, 0..n),
            k,
            start: Start::Zero,
        };
        simd.vectorize(Tiles(product));
        first += height;
    }
}

/// The kernel of a [`TransposedProduct`].
pub(crate) struct Blocks<'a, T>(pub(crate) TransposedProduct<'a, T>);

impl<T: Element> WithSimd for Blocks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let product = self.0;
        if product.transposes {
            return transpose_first(simd, product);
        }
        let n = product.c.columns();
        let samples = if product.k <= LONG { n - n % Vector::<T, S>::LANES } else { 0 };
        let (product, rest) = product.split_columns(samples);
        if samples > 0 && avx512::fits::<S>(product.c.rows()) {
            apart(simd, Quads(product));
        } else if samples > 0 {
            apart(simd, BySamples(product));
        }
        if samples < n {
            simd.vectorize(Dots(rest));
        }
    }
}

/// Does a part of a kernel as a function of its own: the rest does not pay for its memory on the stack, each page of which is touched at every call.
#[inline(never)]
fn apart<S: Simd>(simd: S, part: impl WithSimd<Output = ()>) {
    simd.vectorize(part);
}

/// The kernel of [`by_samples`].
struct BySamples<'a, T>(TransposedProduct<'a, T>);

impl<T: Element> WithSimd for BySamples<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        by_samples(simd, self.0);
    }
}

impl<T: Entry> Split for TransposedProduct<'_, T> {
    fn run(self) {
        T::transposed_product(Isa::current(), self);
    }

    fn multiply_adds(&self) -> usize {
        self.c.rows() * self.k * self.c.columns()
    }

    fn is_halved(&self) -> bool {
        is_halved(self.k, self.c.rows())
    }

    /// By the columns of large weights `A` for two threads, of which each has a [half](super::halves) of them in its cache; by the columns of `B` for more.
    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { a, b, c, k, transposes } = self;
        if whole == 2 && is_halved(k, c.rows()) {
            let rows = cut_inputs(c.rows(), part, whole);
            let (a, right) = a.split_at(rows * k);
            let (c, below) = c.split_rows(rows);
            return (
                Self { a, b, c, k, transposes },
                Self { a: right, b, c: below, k, transposes },
            );
        }
        // Whole vectors: what does not fill one is multiplied in another way.
        let columns = cut(c.columns(), SAMPLES, part, whole);
        Self { a, b, c, k, transposes }.split_columns(columns)
    }
}
