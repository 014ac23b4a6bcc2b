//! The product with a transposed left matrix, for the gradient of a layer's inputs.
//!
//! Long columns are multiplied as they are, by dot products, whose sums over the lanes are then a small part of the work.
//! Short ones are transposed in blocks first, and go through the tiles of [`Product`].

use pulp::{Simd, WithSimd};

use super::{Product, Right, Scalar, Start, Vector};

/// `C = Aᵀ B`, where `A` (`k` x `m`), `B` (`k` x `n`) and `C` (`m` x `n`) are column-major and contiguous.
pub(crate) struct TransposedProduct<'a, T> {
    pub a: &'a [T],
    pub b: &'a [T],
    pub c: &'a mut [T],
    /// The common dimension: rows of `A` and of `B`.
    pub k: usize,
    /// Columns of `A`.
    pub m: usize,
    /// Columns of `B`.
    pub n: usize,
}

/// Columns shorter than this are transposed.
const SHORT: usize = 64;

/// So many columns of `B` pay for it.
const FEW: usize = 4;

/// How many numbers are transposed at a time.
const BLOCK: usize = 2048;

/// Transposes some columns of `A` after the other, and multiplies.
#[inline(always)]
fn transpose_first<T: Scalar, S: Simd>(
    simd: S,
    a: &[T],
    b: &[T],
    c: &mut [T],
    [k, m, n]: [usize; 3],
) {
    let mut block = [T::zero(); BLOCK];
    let height = (BLOCK / k).min(m);
    let mut first = 0;
    while first < m {
        let height = height.min(m - first);
        for row in 0..height {
            for (column, value) in a[(first + row) * k..][..k].iter().enumerate() {
                block[column * height + row] = *value;
            }
        }
        simd.vectorize(Product {
            a: &block[..height * k],
            b: Right { values: b, row_stride: 1, column_stride: k },
            c: &mut c[first..],
            m: height,
            k,
            n,
            c_stride: m,
            start: Start::Zero,
        });
        first += height;
    }
}

impl<T: Scalar> WithSimd for TransposedProduct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, c, k, m, n } = self;
        assert!(
            a.len() == k * m && b.len() == k * n && c.len() == m * n,
            "a matrix has another size than said"
        );
        if k < SHORT && n >= FEW {
            return transpose_first(simd, a, b, c, [k, m, n]);
        }
        let mut column = 0;
        while column < n {
            let columns = if n - column >= 3 { 3 } else { 1 };
            let mut row = 0;
            while row < m {
                let rows = if m - row >= 4 { 4 } else { 1 };
                match (rows, columns) {
                    (4, 3) => dots::<T, S, 4, 3>(simd, a, b, c, k, m, row, column),
                    (4, _) => dots::<T, S, 4, 1>(simd, a, b, c, k, m, row, column),
                    (_, 3) => dots::<T, S, 1, 3>(simd, a, b, c, k, m, row, column),
                    (_, _) => dots::<T, S, 1, 1>(simd, a, b, c, k, m, row, column),
                }
                row += rows;
            }
            column += columns;
        }
    }
}

/// `R` columns of `A` against `C` columns of `B`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the sizes of one product, unpacked")]
fn dots<T: Scalar, S: Simd, const R: usize, const C: usize>(
    simd: S,
    a: &[T],
    b: &[T],
    c: &mut [T],
    k: usize,
    m: usize,
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
    if at < k {
        let mut right = [zero; C];
        for j in 0..C {
            right[j] = Vector::load_partial(simd, &b[j * k + at..(j + 1) * k]);
        }
        for r in 0..R {
            let left = Vector::load_partial(simd, &a[r * k + at..(r + 1) * k]);
            for j in 0..C {
                sums[r][j] = left.mul_add(right[j], sums[r][j]);
            }
        }
    }
    for r in 0..R {
        for j in 0..C {
            c[(column + j) * m + row + r] = sums[r][j].sum();
        }
    }
}
