//! One sample: a matrix times a vector. The weights are read once, in order; what bounds it is the cache that holds them.

use pulp::Simd;

use super::product::whole_columns;
use super::{Scalar, Vector};
use crate::activations::Activation;

/// `y = f(start + A x)`, for the elementwise part of an activation f, where `A` (`y.len()` x `x.len()`) is column-major and contiguous, and `start` is empty for zero.
#[inline(always)]
pub(crate) fn product_one<A: Activation, T: Scalar, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
) {
    let (m, k) = (y.len(), x.len());
    assert!(a.len() == m * k && (start.is_empty() || start.len() == m), "a matrix of another size");
    let lanes = Vector::<T, S>::LANES;
    let mut row = 0;
    // SAFETY, for all four: rows up to `row + R * lanes` are below m, and the sizes were checked above.
    while row + 8 * lanes <= m {
        unsafe { rows::<A, T, S, 8, 1>(simd, a, x, start, y, row) };
        row += 8 * lanes;
    }
    // SAFETY: as above.
    while row + 4 * lanes <= m {
        unsafe { rows::<A, T, S, 4, 2>(simd, a, x, start, y, row) };
        row += 4 * lanes;
    }
    // SAFETY: as above.
    while row + 2 * lanes <= m {
        unsafe { rows::<A, T, S, 2, 4>(simd, a, x, start, y, row) };
        row += 2 * lanes;
    }
    // SAFETY: as above.
    while row + lanes <= m {
        unsafe { rows::<A, T, S, 1, 4>(simd, a, x, start, y, row) };
        row += lanes;
    }
    if row < m {
        if m >= lanes {
            // The last rows again, together with the rest: the same results are written twice.
            // SAFETY: as above.
            unsafe { rows::<A, T, S, 1, 4>(simd, a, x, start, y, m - lanes) };
        } else {
            few_rows::<A, T, S>(simd, a, x, start, y);
        }
    }
}

/// `R` vectors of rows; `P` steps of the common dimension have accumulators of their own, to hide the latency of an addition.
///
/// # Safety
///
/// `A` must have `y.len() * x.len()` elements, and `row + R * LANES` must not be above `y.len()`.
#[inline(always)]
unsafe fn rows<A: Activation, T: Scalar, S: Simd, const R: usize, const P: usize>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
    row: usize,
) {
    let lanes = Vector::<T, S>::LANES;
    let (m, k) = (y.len(), x.len());
    let mut sums = [[Vector::splat(simd, T::zero()); R]; P];
    if !start.is_empty() {
        for r in 0..R {
            sums[0][r] = Vector::load(simd, &start[row + r * lanes..]);
        }
    }
    let whole = k - k % P;
    let mut column = 0;
    while column < whole {
        for phase in 0..P {
            // SAFETY: the rows are inside the matrix (the caller's promise), and the columns are below k.
            unsafe { add_column(simd, a, x, &mut sums[phase], column + phase, m, row) };
        }
        column += P;
    }
    while column < k {
        // SAFETY: as above.
        unsafe { add_column(simd, a, x, &mut sums[0], column, m, row) };
        column += 1;
    }
    for r in 0..R {
        let mut sum = sums[0][r];
        for phase in sums.iter().skip(1) {
            sum = sum + phase[r];
        }
        A::element(sum).store(&mut y[row + r * lanes..]);
    }
}

/// Adds one column of `A` times its element of `x`.
///
/// # Safety
///
/// `R` vectors from row `row` of column `column` on must be inside `A`, and the column inside `x`.
#[inline(always)]
unsafe fn add_column<T: Scalar, S: Simd, const R: usize>(
    simd: S,
    a: &[T],
    x: &[T],
    sums: &mut [Vector<T, S>; R],
    column: usize,
    m: usize,
    row: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let right = Vector::splat(simd, *x.get_unchecked(column));
        for r in 0..R {
            let at = a.as_ptr().add(column * m + row + r * Vector::<T, S>::LANES);
            sums[r] = Vector::load_ptr(simd, at).mul_add(right, sums[r]);
        }
    }
}

/// Fewer rows than lanes: a vector reads on into the next columns, and those lanes are thrown away.
#[inline(always)]
fn few_rows<A: Activation, T: Scalar, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
) {
    const PHASES: usize = 4;
    let lanes = Vector::<T, S>::LANES;
    let (m, k) = (y.len(), x.len());
    let mut sums = [Vector::splat(simd, T::zero()); PHASES];
    sums[0] = Vector::load_partial(simd, start);
    let whole = whole_columns(m, k, m, 0, lanes);
    let mut column = 0;
    while column + PHASES <= whole {
        for (phase, sum) in sums.iter_mut().enumerate() {
            // SAFETY: columns below `whole` have `lanes` elements of `A` from their first on; `whole` is not above k.
            *sum = unsafe {
                let left = Vector::load_ptr(simd, a.as_ptr().add((column + phase) * m));
                left.mul_add(Vector::splat(simd, *x.get_unchecked(column + phase)), *sum)
            };
        }
        column += PHASES;
    }
    while column < k {
        let left = Vector::load_partial(simd, &a[column * m..]);
        sums[0] = left.mul_add(Vector::splat(simd, x[column]), sums[0]);
        column += 1;
    }
    A::element((sums[0] + sums[1]) + (sums[2] + sums[3])).store_partial(y);
}
