//! One sample: y = init + A x. `A` is read once; what bounds the time is the cache that holds it.

use pulp::{Simd, WithSimd};

use crate::kernels::epilogue::{Epilogue, NoEpilogue};
use crate::kernels::gemm::operands::{Gemv, whole_columns};
use crate::kernels::gemm::plan::{BLOCKED_K, GemvPlan};
use crate::simd::{Element, Registers, Vector};

/// The kernel of every [`GemvPlan`] but [`Blocked`](GemvPlan::Blocked) and [`Streamed`](GemvPlan::Streamed), and of each block of the former.
pub(crate) struct GemvBlock<'a, T>(pub(crate) Gemv<'a, T>);

impl<T: Element> WithSimd for GemvBlock<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let plan = GemvPlan::of_block(self.0.y.len(), self.0.x.len(), Registers::of::<T, S>());
        gemv_by::<NoEpilogue, T, S>(simd, self.0, plan);
    }
}

/// The kernel of [`GemvPlan::Streamed`] for some rows of a matrix.
pub(crate) struct StreamedRows<'a, T>(pub(crate) Gemv<'a, T>);

impl<T: Element> WithSimd for StreamedRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Gemv { a, a_stride, x, init, y } = self.0;
        streamed::<NoEpilogue, T, S>(simd, [a, x, init], a_stride, y);
    }
}

/// y = f(init + A x) in the code of the caller, which knows the sizes, for the elementwise part f of an activation.
#[inline(always)]
pub(crate) fn gemv_inline<E: Epilogue<T>, T: Element, S: Simd>(simd: S, product: Gemv<'_, T>) {
    let plan = GemvPlan::inline(product.y.len(), product.x.len(), Registers::of::<T, S>());
    gemv_by::<E, T, S>(simd, product, plan);
}

/// y = f(init + A x), by the plan for its sizes.
#[inline(always)]
fn gemv_by<E: Epilogue<T>, T: Element, S: Simd>(simd: S, product: Gemv<'_, T>, plan: GemvPlan) {
    let Gemv { a, a_stride, x, init, y } = product;
    let (m, k) = (y.len(), x.len());
    assert!(
        a_stride == m && a.len() == m * k && (init.is_empty() || init.len() == m),
        "a matrix of another size"
    );
    match plan {
        GemvPlan::Narrow => narrow::<E, T, S>(simd, a, x, init, y, false),
        GemvPlan::NarrowRegister => narrow::<E, T, S>(simd, a, x, init, y, true),
        GemvPlan::Streamed => streamed::<E, T, S>(simd, [a, x, init], a_stride, y),
        GemvPlan::Aligned => aligned::<E, T, S>(simd, a, x, init, y),
        GemvPlan::FourVectors => four_vectors::<E, T, S>(simd, a, x, init, y),
        GemvPlan::Vectors | GemvPlan::Blocked => vectors::<E, T, S>(simd, a, x, init, y),
    }
}

/// [`GemvPlan::Vectors`]: m >= lanes.
#[inline(always)]
fn vectors<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    init: &[T],
    y: &mut [T],
) {
    let (m, lanes) = (y.len(), Vector::<T, S>::LANES);
    let mut row = 0;
    while row + 8 * lanes <= m {
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 8, 1>(simd, a, x, init, y, successive(row, lanes)) };
        row += 8 * lanes;
    }
    while row + 4 * lanes <= m {
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 4, 2>(simd, a, x, init, y, successive(row, lanes)) };
        row += 4 * lanes;
    }
    while row + 2 * lanes <= m {
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 2, 4>(simd, a, x, init, y, successive(row, lanes)) };
        row += 2 * lanes;
    }
    while row < m {
        // The last vector ends at m and overlaps the one before it: those rows are computed and stored twice, with the same results.
        let at = row.min(m - lanes);
        // SAFETY: the vectors end at m or before, and the sizes were checked above.
        unsafe { rows::<E, T, S, 1, 8>(simd, a, x, init, y, [at]) };
        row += lanes;
    }
}

/// [`GemvPlan::FourVectors`]: m = 4 lanes. Where `A` does not begin at a multiple of a vector's size, five vectors, of which the middle three do.
#[inline(always)]
fn four_vectors<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    init: &[T],
    y: &mut [T],
) {
    let lanes = Vector::<T, S>::LANES;
    let before = rows_before::<T, S>(a);
    if before == 0 {
        return vectors::<E, T, S>(simd, a, x, init, y);
    }
    // The vectors of `aligned`, and the sums in the order of `vectors`.
    let at = [0, lanes - before, 2 * lanes - before, 3 * lanes - before, 3 * lanes];
    // SAFETY: the vectors end at m or before, and the sizes were checked above.
    unsafe { rows::<E, T, S, 5, 2>(simd, a, x, init, y, at) }
}

/// Rows between the last multiple of a vector's size before the matrix in memory, and its first row.
#[inline(always)]
fn rows_before<T: Element, S: Simd>(a: &[T]) -> usize {
    a.as_ptr().addr() / size_of::<T>() % Vector::<T, S>::LANES
}

/// [`GemvPlan::Aligned`]: m >= 16 lanes, a multiple of them. A load that crosses a cache line costs two, so vectors begin at multiples of their size in
/// memory, wherever the matrix does; the first and the last one overlap their neighbours instead.
#[inline(always)]
fn aligned<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    init: &[T],
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
                5 => rows::<E, T, S, 5, 1>(simd, a, x, init, y, between(&row, vector, lanes)),
                6 => rows::<E, T, S, 6, 1>(simd, a, x, init, y, between(&row, vector, lanes)),
                7 => rows::<E, T, S, 7, 1>(simd, a, x, init, y, between(&row, vector, lanes)),
                9 => rows::<E, T, S, 9, 1>(simd, a, x, init, y, between(&row, vector, lanes)),
                _ => rows::<E, T, S, 8, 1>(simd, a, x, init, y, between(&row, vector, lanes)),
            }
        }
        vector += count;
    }
}

/// Columns of `A` that are added to y at a time: as many as hide that y is loaded and stored.
const STREAMED_COLUMNS: usize = 8;

/// [`GemvPlan::Streamed`]: `A` is larger than the nearer caches, and read from its first element to its last, [`STREAMED_COLUMNS`] at a time, so that the
/// processor prefetches what follows. y is in the cache meanwhile.
#[inline(always)]
fn streamed<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    [a, x, init]: [&[T]; 3],
    a_stride: usize,
    y: &mut [T],
) {
    if init.is_empty() {
        y.fill(T::zero());
    } else {
        y.copy_from_slice(init);
    }
    let last = y.len() - Vector::<T, S>::LANES;
    let mut ends = [Vector::load(simd, y), Vector::load(simd, &y[last..])];
    let apart = x.len() > BLOCKED_K;
    let mut column = 0;
    while column < x.len() {
        let (a, x) = (&a[column * a_stride..], &x[column..]);
        if x.len() >= STREAMED_COLUMNS {
            add_columns::<T, S, STREAMED_COLUMNS>(simd, [a, x], a_stride, y, &mut ends, apart);
            column += STREAMED_COLUMNS;
        } else {
            add_columns::<T, S, 1>(simd, [a, x], a_stride, y, &mut ends, apart);
            column += 1;
        }
    }
    ends[0].store(y);
    ends[1].store(&mut y[last..]);
    for values in y.chunks_mut(Vector::<T, S>::LANES) {
        E::element(Vector::load_partial(simd, values)).store_partial(values);
    }
}

/// y += `C` columns of `A` times their elements of x, in vectors as those of [`aligned`]. The first and the last vector, which overlap their neighbours, have
/// their sums in `ends`. Where k is [long](BLOCKED_K), the `C` columns are summed up `apart` before they are added: the error grows with k / `C`.
#[inline(always)]
fn add_columns<T: Element, S: Simd, const C: usize>(
    simd: S,
    [a, x]: [&[T]; 2],
    a_stride: usize,
    y: &mut [T],
    ends: &mut [Vector<T, S>; 2],
    apart: bool,
) {
    let lanes = Vector::<T, S>::LANES;
    let m = y.len();
    let last = m - lanes;
    assert!(
        m <= a_stride && a.len() >= (C - 1) * a_stride + m && x.len() >= C,
        "columns of another size"
    );
    let mut right = [Vector::splat(simd, T::zero()); C];
    for j in 0..C {
        right[j] = Vector::splat(simd, x[j]);
    }
    let zero = Vector::splat(simd, T::zero());
    for (end, row) in ends.iter_mut().zip([0, last]) {
        let before = *end;
        let mut sum = if apart { zero } else { before };
        for j in 0..C {
            sum = Vector::load(simd, &a[j * a_stride + row..]).mul_add(right[j], sum);
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
                sum = Vector::load_ptr(simd, a.as_ptr().add(j * a_stride + row))
                    .mul_add(right[j], sum);
            }
            let sum = if apart { before + sum } else { sum };
            sum.store_ptr(y);
        }
        row += lanes;
    }
}

/// The first rows of vectors one behind the other. The first may be above row 0, which wraps, where it is about to be [replaced](between).
#[inline(always)]
fn successive<const R: usize>(row: usize, lanes: usize) -> [usize; R] {
    core::array::from_fn(|r| row.wrapping_add(r * lanes))
}

/// The same, where the first and the last vector may overlap their neighbours: `row` says where each is.
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

/// `R` vectors of rows. `P` steps along k, a power of two, have accumulators of their own: `R` `P` of them (8 and more) hide the latency of an addition.
///
/// # Safety
///
/// `A` must have `y.len() * x.len()` elements, and a vector from each row of `at` on must not end above `y.len()`.
#[inline(always)]
unsafe fn rows<E: Epilogue<T>, T: Element, S: Simd, const R: usize, const P: usize>(
    simd: S,
    a: &[T],
    x: &[T],
    init: &[T],
    y: &mut [T],
    at: [usize; R],
) {
    let (m, k) = (y.len(), x.len());
    let mut sums = [[Vector::splat(simd, T::zero()); R]; P];
    if !init.is_empty() {
        for r in 0..R {
            sums[0][r] = Vector::load(simd, &init[at[r]..]);
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
    // Pairwise: each of these additions waits for the one before.
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

/// [`GemvPlan::Narrow`], m < lanes: a vector reads on into the next columns, and those lanes are thrown away. Of the last columns, behind which memory
/// ends, only the m rows are read; of all columns if m fills a `smaller` register, with which the processor then computes.
#[inline(always)]
fn narrow<E: Epilogue<T>, T: Element, S: Simd>(
    simd: S,
    a: &[T],
    x: &[T],
    init: &[T],
    y: &mut [T],
    smaller: bool,
) {
    const PHASES: usize = 4;
    let (m, k) = (y.len(), x.len());
    assert_eq!(a.len(), m * k, "a matrix of another size");
    let mut sums = [Vector::splat(simd, T::zero()); PHASES];
    sums[0] = Vector::load_partial(simd, init);
    let whole = if smaller { 0 } else { whole_columns([m, k], m, Vector::<T, S>::LANES) };
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
