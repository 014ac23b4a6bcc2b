//! One sample: a matrix times a vector. The weights are read once, in order; what bounds it is the cache that holds them.

use pulp::{Simd, WithSimd};

use crate::kernels::entry::Entry;
use crate::kernels::epilogue::{Epilogue, NoEpilogue};
use crate::kernels::gemm::microkernel::whole_columns;
use crate::kernels::reduce::BLOCK;
use crate::simd::MOST_LANES;
use crate::simd::{Element, Isa, Vector};

/// `y = start + A x`, where `A` (`y.len()` x `x.len()`) is column-major and contiguous, and `start` is empty for zero.
pub struct ProductOfOne<'a, T> {
    pub a: &'a [T],
    pub x: &'a [T],
    pub start: &'a [T],
    pub y: &'a mut [T],
}

/// Up to so many elements are read sooner than it is found out where the whole vectors begin.
const SHORT: usize = 2048;

/// Matrices above this size in bytes are read in order: they are in the L2 cache, or beyond it.
const LARGE: usize = 256 * 1024;

/// The kernel of a [`ProductOfOne`].
pub(crate) struct One<'a, T>(pub(crate) ProductOfOne<'a, T>);

impl<T: Entry> WithSimd for One<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ProductOfOne { a, x, start, y } = self.0;
        if x.len() > BLOCK && y.len() < 16 * Vector::<T, S>::LANES {
            return in_blocks(Isa::of(simd), ProductOfOne { a, x, start, y });
        }
        product_one::<NoEpilogue, T, S>(simd, a, x, start, y, false);
    }
}

/// The product for a long `x` and a short `y`, in [blocks](BLOCK) of the sums.
fn in_blocks<T: Entry>(set: Isa, product: ProductOfOne<'_, T>) {
    let ProductOfOne { a, x, start, y } = product;
    let mut totals = [0.0; 16 * MOST_LANES];
    let mut sums = [T::zero(); 16 * MOST_LANES];
    let sums = &mut sums[..y.len()];
    for (a, x) in a.chunks(BLOCK * y.len().max(1)).zip(x.chunks(BLOCK)) {
        T::product_of_one(set, ProductOfOne { a, x, start: &[], y: &mut *sums });
        for (total, sum) in totals.iter_mut().zip(&*sums) {
            *total += sum.wide();
        }
    }
    for (index, (y, total)) in y.iter_mut().zip(totals).enumerate() {
        *y = T::nearest(start.get(index).map_or(0.0, |start| start.wide()) + total);
    }
}

/// `y = f(start + A x)`, for the elementwise part of an activation f, where `A` (`y.len()` x `x.len()`) is column-major and contiguous, and `start` is empty for zero.
///
/// `in_line`, where the compiler knows the sizes.
#[inline(always)]
pub(crate) fn product_one<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
    in_line: bool,
) {
    let (m, k) = (y.len(), x.len());
    assert!(a.len() == m * k && (start.is_empty() || start.len() == m), "a matrix of another size");
    let lanes = Vector::<T, S>::LANES;
    if m < lanes {
        return few_rows::<E, T, S>(simd, a, x, start, y, in_line && matches!(m, 4 | 8));
    }
    if m >= 16 * lanes && m * k * size_of::<T>() > LARGE {
        return in_order::<E, T, S>(simd, a, x, start, y);
    }
    if m >= 16 * lanes && m.is_multiple_of(lanes) && m * k > SHORT {
        return whole_vectors::<E, T, S>(simd, a, x, start, y);
    }
    let before = rows_before::<T, S>(a);
    if m == 4 * lanes && m * k > SHORT && before > 0 {
        // The vectors of [`whole_vectors`], and the sums in the same order as below.
        let at = [0, lanes - before, 2 * lanes - before, 3 * lanes - before, 3 * lanes];
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        return unsafe { rows::<E, T, S, 5, 2>(simd, a, x, start, y, at) };
    }
    let mut row = 0;
    while row + 8 * lanes <= m {
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 8, 1>(simd, a, x, start, y, successive(row, lanes)) };
        row += 8 * lanes;
    }
    while row + 4 * lanes <= m {
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 4, 2>(simd, a, x, start, y, successive(row, lanes)) };
        row += 4 * lanes;
    }
    while row + 2 * lanes <= m {
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 2, 4>(simd, a, x, start, y, successive(row, lanes)) };
        row += 2 * lanes;
    }
    while row < m {
        // Of the last ones some again, together with the rest: the same results are written twice.
        let at = row.min(m - lanes);
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 1, 8>(simd, a, x, start, y, [at]) };
        row += lanes;
    }
}

/// So many rows lie between an address that is a multiple of a vector's size and the first row.
#[inline(always)]
fn rows_before<T: Element, S: Simd>(a: &[T]) -> usize {
    a.as_ptr().addr() / size_of::<T>() % Vector::<T, S>::LANES
}

/// As [`product_one`], for many rows that are a multiple of the lanes. A load that crosses a cache line costs two, so the vectors are those that begin
/// at multiples of their size in memory, whatever the address of the matrix; the first and the last one overlap their neighbours instead.
#[inline(always)]
fn whole_vectors<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
) {
    let lanes = Vector::<T, S>::LANES;
    let last = y.len() - lanes;
    let before = rows_before::<T, S>(a);
    // The row of a vector: the first begins before the matrix, the last one may end after it.
    let row = |vector: usize| (vector * lanes).saturating_sub(before).min(last);
    let vectors = (y.len() + before).div_ceil(lanes);
    let mut vector = 0;
    while vector < vectors {
        // At least as many as hide the latency of an addition: each row is summed up in the same order then, wherever the vectors begin.
        let count = match vectors - vector {
            rest @ (5..=9) => rest,
            rest @ (10..=15) => rest.div_ceil(2),
            _ => 8,
        };
        // SAFETY: `row` keeps all vectors inside the matrix.
        unsafe {
            match count {
                5 => rows::<E, T, S, 5, 1>(simd, a, x, start, y, between(&row, vector, lanes)),
                6 => rows::<E, T, S, 6, 1>(simd, a, x, start, y, between(&row, vector, lanes)),
                7 => rows::<E, T, S, 7, 1>(simd, a, x, start, y, between(&row, vector, lanes)),
                9 => rows::<E, T, S, 9, 1>(simd, a, x, start, y, between(&row, vector, lanes)),
                _ => rows::<E, T, S, 8, 1>(simd, a, x, start, y, between(&row, vector, lanes)),
            }
        }
        vector += count;
    }
}

/// As [`product_one`], for a matrix that is larger than the nearer caches: it is read from its first element to its last, some columns at a time,
/// so that the machine sees ahead what will be read. The sums are in the cache meanwhile.
#[inline(always)]
fn in_order<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
) {
    const COLUMNS: usize = 8;
    if start.is_empty() {
        y.fill(T::zero());
    } else {
        y.copy_from_slice(start);
    }
    let last = y.len() - Vector::<T, S>::LANES;
    let mut ends = [Vector::load(simd, y), Vector::load(simd, &y[last..])];
    let (mut a, mut x) = (a, x);
    let apart = x.len() > BLOCK;
    while !x.is_empty() {
        let columns = if x.len() >= COLUMNS { COLUMNS } else { 1 };
        let (left, right);
        (left, a) = a.split_at(columns * y.len());
        (right, x) = x.split_at(columns);
        if columns == COLUMNS {
            add_columns::<T, S, COLUMNS>(simd, left, right, y, &mut ends, apart);
        } else {
            add_columns::<T, S, 1>(simd, left, right, y, &mut ends, apart);
        }
    }
    ends[0].store(y);
    ends[1].store(&mut y[last..]);
    for values in y.chunks_mut(Vector::<T, S>::LANES) {
        E::element(Vector::load_partial(simd, values)).store_partial(values);
    }
}

/// Adds `C` columns of `A` times their elements of `x` to `y`, in vectors as those of [`whole_vectors`]. The first and the last one,
/// which overlap their neighbours, have sums of their own. Where there are many columns, these `C` are summed up `apart`, before they are added.
#[inline(always)]
fn add_columns<T: Element, S: Simd, const C: usize>(
    simd: S,
    a: &[T],
    x: &[T],
    y: &mut [T],
    ends: &mut [Vector<T, S>; 2],
    apart: bool,
) {
    let lanes = Vector::<T, S>::LANES;
    let m = y.len();
    let last = m - lanes;
    assert!(a.len() == C * m && x.len() == C, "columns of another size");
    let mut right = [Vector::splat(simd, T::zero()); C];
    for j in 0..C {
        right[j] = Vector::splat(simd, x[j]);
    }
    let zero = Vector::splat(simd, T::zero());
    for (end, row) in ends.iter_mut().zip([0, last]) {
        let before = *end;
        let mut sum = if apart { zero } else { before };
        for j in 0..C {
            sum = Vector::load(simd, &a[j * m + row..]).mul_add(right[j], sum);
        }
        *end = if apart { before + sum } else { sum };
    }
    let mut row = (a.as_ptr().addr() / size_of::<T>()).wrapping_neg() % lanes;
    while row <= last {
        // SAFETY: the vectors from the rows on end at m or before, and all columns are inside.
        unsafe {
            let y = y.as_mut_ptr().add(row);
            let before = Vector::load_ptr(simd, y);
            let mut sum = if apart { zero } else { before };
            for j in 0..C {
                sum = Vector::load_ptr(simd, a.as_ptr().add(j * m + row)).mul_add(right[j], sum);
            }
            let sum = if apart { before + sum } else { sum };
            sum.store_ptr(y);
        }
        row += lanes;
    }
}

/// The rows of vectors that follow each other. The first one may lie before row 0, where it is about to be [moved](between).
#[inline(always)]
fn successive<const R: usize>(row: usize, lanes: usize) -> [usize; R] {
    core::array::from_fn(|r| row.wrapping_add(r * lanes))
}

/// The same where the first and the last one may have been moved.
#[inline(always)]
fn between<const R: usize>(
    row: &impl Fn(usize) -> usize,
    vector: usize,
    lanes: usize,
) -> [usize; R] {
    let mut rows = successive(row(vector + 1).wrapping_sub(lanes), lanes);
    rows[0] = row(vector);
    rows[R - 1] = row(vector + R - 1);
    rows
}

/// `R` vectors of rows; `P` steps of the common dimension have accumulators of their own, to hide the latency of an addition; `P` is a power of two.
///
/// # Safety
///
/// `A` must have `y.len() * x.len()` elements, and a vector from each row of `at` on must not end above `y.len()`.
#[inline(always)]
unsafe fn rows<E: Epilogue<T>, T: Element, S: Simd, const R: usize, const P: usize>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
    at: [usize; R],
) {
    let (m, k) = (y.len(), x.len());
    let mut sums = [[Vector::splat(simd, T::zero()); R]; P];
    if !start.is_empty() {
        for r in 0..R {
            sums[0][r] = Vector::load(simd, &start[at[r]..]);
        }
    }
    let whole = k - k % P;
    let mut column = 0;
    while column < whole {
        for phase in 0..P {
            // SAFETY: the rows are inside the matrix (the caller's promise), and the columns are below k.
            unsafe { add_column(simd, a, x, &mut sums[phase], column + phase, m, at) };
        }
        column += P;
    }
    for (phase, sums) in sums.iter_mut().enumerate() {
        if column + phase < k {
            // SAFETY: as above.
            unsafe { add_column(simd, a, x, sums, column + phase, m, at) };
        }
    }
    // Halves of the phases at a time: these additions wait for one another.
    let mut phases = P;
    while phases > 1 {
        phases /= 2;
        for phase in 0..phases {
            for r in 0..R {
                sums[phase][r] = sums[phase][r] + sums[phase + phases][r];
            }
        }
    }
    for r in 0..R {
        E::element(sums[0][r]).store(&mut y[at[r]..]);
    }
}

/// Adds one column of `A` times its element of `x`.
///
/// # Safety
///
/// A vector from each of the rows `at` of column `column` must be inside `A`, and the column inside `x`.
#[inline(always)]
unsafe fn add_column<T: Element, S: Simd, const R: usize>(
    simd: S,
    a: &[T],
    x: &[T],
    sums: &mut [Vector<T, S>; R],
    column: usize,
    m: usize,
    at: [usize; R],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let right = Vector::splat(simd, *x.get_unchecked(column));
        let a = a.as_ptr().add(column * m);
        for r in 0..R {
            sums[r] = Vector::load_ptr(simd, a.add(at[r])).mul_add(right, sums[r]);
        }
    }
}

/// Fewer rows than lanes: a vector reads on into the next columns, and those lanes are thrown away. Of the last columns, behind which there are not
/// enough elements, the rows alone are read; of all columns where the rows fill a `smaller` register, which the machine then computes with.
#[inline(always)]
fn few_rows<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    start: &[T],
    y: &mut [T],
    smaller: bool,
) {
    const PHASES: usize = 4;
    let (m, k) = (y.len(), x.len());
    assert_eq!(a.len(), m * k, "a matrix of another size");
    let mut sums = [Vector::splat(simd, T::zero()); PHASES];
    sums[0] = Vector::load_partial(simd, start);
    let whole = if smaller { 0 } else { whole_columns(m, k, m, 0, Vector::<T, S>::LANES) };
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
        for (phase, sum) in sums.iter_mut().enumerate() {
            let column = column + phase;
            if column < k {
                // SAFETY: the column is below k, and `A` has m rows (checked above).
                let (left, right) = unsafe {
                    (a.get_unchecked(column * m..(column + 1) * m), *x.get_unchecked(column))
                };
                let left = Vector::load_partial(simd, left);
                *sum = left.mul_add(Vector::splat(simd, right), *sum);
            }
        }
        column += PHASES;
    }
    E::element((sums[0] + sums[1]) + (sums[2] + sums[3])).store_partial(y);
}
