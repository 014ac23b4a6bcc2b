//! The product with a transposed left matrix, for the gradient of a layer's inputs.
//!
//! The tiles of [`Product`] want the rows of the left matrix side by side, and they are not. Of the two ways there, the one that moves fewer numbers is taken:
//! where the columns are short, `A` is transposed in blocks; where they are long, `C` and `B`, which are small beside `A` in a batch of usual size.
//! A few samples, and very long columns, are multiplied as they are, by dot products, whose sums over the lanes are then part of the work.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::product::Tiles;
use super::transpose::{Columns, transpose};
use super::{Product, RowsMut, Scalar, Split, Start, Vector, cut, cut_inputs, is_halved};

/// `C = Aᵀ B`, where `A` (`k` x `m`), `B` (`k` x `n`) and `C` (`m` x `n`) are column-major, `A` and `B` contiguous.
pub struct TransposedProduct<'a, T> {
    pub a: &'a [T],
    pub b: &'a [T],
    pub c: RowsMut<'a, T>,
    /// The common dimension: rows of `A` and of `B`.
    pub k: usize,
}

/// Columns shorter than this are transposed.
const SHORT: usize = 64;

/// So many columns of `B` pay for it.
const FEW: usize = 4;

/// How many numbers of `A` are transposed at a time.
const BLOCK: usize = 2048;

/// How many samples are transposed at a time.
const SAMPLES: usize = 32;

/// The longest columns of `B` that there is room for on the stack, transposed.
const LONG: usize = 512;

/// How many rows of `C` are computed at a time, before they are transposed: a few cache lines of a column.
const ROWS: usize = 48;

/// `Cᵀ = Bᵀ A`, some samples after the other.
#[inline(always)]
fn by_samples<T: Scalar, S: Simd>(simd: S, a: &[T], b: &[T], mut c: RowsMut<'_, T>, k: usize) {
    let (m, n) = (c.rows(), c.columns());
    let mut samples = [const { MaybeUninit::<T>::uninit() }; SAMPLES * LONG];
    let mut results = [T::zero(); SAMPLES * ROWS];
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
            let line = 64 / size_of::<T>();
            let beyond = if row == 0 { c.as_mut_ptr().addr() / size_of::<T>() % line } else { 0 };
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
fn transpose_first<T: Scalar, S: Simd>(simd: S, a: &[T], b: &[T], mut c: RowsMut<'_, T>, k: usize) {
    let (m, n) = (c.rows(), c.columns());
    let mut block = [const { MaybeUninit::<T>::uninit() }; BLOCK];
    let height = (BLOCK / k).min(m);
    let mut first = 0;
    while first < m {
        let height = height.min(m - first);
        let columns = Columns { first: a[first * k..][..height * k].as_ptr(), stride: k };
        let rows = Columns { first: block[..height * k].as_mut_ptr().cast::<T>(), stride: height };
        // SAFETY: both slices have `height * k` elements; all of the second are written.
        let block = unsafe {
            transpose(simd, columns, rows, [k, height]);
            core::slice::from_raw_parts(rows.first.cast_const(), height * k)
        };
        let product = Product::<T, false> {
            a: block,
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
pub(super) struct Blocks<'a, T>(pub(super) TransposedProduct<'a, T>);

impl<T: Scalar> WithSimd for Blocks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let TransposedProduct { a, b, mut c, k } = self.0;
        let (m, n) = (c.rows(), c.columns());
        assert!(a.len() == k * m && b.len() == k * n, "a matrix has another size than said");
        if k < SHORT && n >= FEW {
            return transpose_first(simd, a, b, c, k);
        }
        if k <= LONG && n >= Vector::<T, S>::LANES {
            return BySamples(TransposedProduct { a, b, c, k }).run(simd);
        }
        let mut column = 0;
        while column < n {
            let columns = if n - column >= 3 { 3 } else { 1 };
            let mut row = 0;
            while row < m {
                let rows = if m - row >= 4 { 4 } else { 1 };
                match (rows, columns) {
                    (4, 3) => dots::<T, S, 4, 3>(simd, a, b, &mut c, k, row, column),
                    (4, _) => dots::<T, S, 4, 1>(simd, a, b, &mut c, k, row, column),
                    (_, 3) => dots::<T, S, 1, 3>(simd, a, b, &mut c, k, row, column),
                    (_, _) => dots::<T, S, 1, 1>(simd, a, b, &mut c, k, row, column),
                }
                row += rows;
            }
            column += columns;
        }
    }
}

/// [`by_samples`] as a function of its own: other products do not pay for its memory on the stack, each page of which is touched at every call.
struct BySamples<'a, T>(TransposedProduct<'a, T>);

impl<T: Scalar> BySamples<'_, T> {
    #[inline(never)]
    fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }
}

impl<T: Scalar> WithSimd for BySamples<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let TransposedProduct { a, b, c, k } = self.0;
        by_samples(simd, a, b, c, k);
    }
}

impl<T: Scalar> Split for TransposedProduct<'_, T> {
    fn run(self) {
        T::transposed_product(self);
    }

    fn multiply_adds(&self) -> usize {
        self.c.rows() * self.k * self.c.columns()
    }

    fn is_halved(&self) -> bool {
        is_halved(self.k, self.c.rows())
    }

    /// By the columns of large weights `A` for two threads, of which each has a [half](super::halves) of them in its cache; by the columns of `B` for more.
    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { a, b, c, k } = self;
        if whole == 2 && is_halved(k, c.rows()) {
            let rows = cut_inputs(c.rows(), part, whole);
            let (a, right) = a.split_at(rows * k);
            let (c, below) = c.split_rows(rows);
            return (Self { a, b, c, k }, Self { a: right, b, c: below, k });
        }
        // No part is so small that it would be multiplied in another way than the whole: the results would differ in their last bits.
        let n = c.columns();
        let most = n.saturating_sub(SAMPLES) / SAMPLES * SAMPLES;
        let columns = cut(n, SAMPLES, part, whole).min(most);
        let (b, right) = b.split_at(columns * k);
        let (c, rest) = c.split_columns(columns);
        (Self { a, b, c, k }, Self { a, b: right, c: rest, k })
    }
}

/// `R` columns of `A` against `C` columns of `B`.
#[inline(always)]
fn dots<T: Scalar, S: Simd, const R: usize, const C: usize>(
    simd: S,
    a: &[T],
    b: &[T],
    c: &mut RowsMut<'_, T>,
    k: usize,
    row: usize,
    column: usize,
) {
    let lanes = Vector::<T, S>::LANES;
    let zero = Vector::splat(simd, T::zero());
    let mut sums = [[zero; C]; R];
    let (a, b) = (&a[row * k..(row + R) * k], &b[column * k..(column + C) * k]);
    let mut at = 0;
    while at + lanes <= k {
        let mut right = [zero; C];
        for j in 0..C {
            // SAFETY: `b` has C columns of k elements, and `at + lanes` is not above k.
            right[j] = unsafe { Vector::load_ptr(simd, b.as_ptr().add(j * k + at)) };
        }
        for r in 0..R {
            // SAFETY: `a` has R columns of k elements, and `at + lanes` is not above k.
            let left = unsafe { Vector::load_ptr(simd, a.as_ptr().add(r * k + at)) };
            for j in 0..C {
                sums[r][j] = left.mul_add(right[j], sums[r][j]);
            }
        }
        at += lanes;
    }
    for j in 0..C {
        let c = &mut c.column(column + j)[row..row + R];
        for r in 0..R {
            let mut sum = sums[r][j].sum();
            for at in at..k {
                sum += a[r * k + at] * b[j * k + at];
            }
            c[r] = sum;
        }
    }
}
