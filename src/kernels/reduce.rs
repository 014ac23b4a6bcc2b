//! Sums of numbers, of the rows of a matrix, of squares and products, in blocks: the error of a sum does not grow with its length.
//!
//! A block is summed up in its own type, and the sums of blocks in `f64`. A sum that is no longer than a block is what it would be without
//! blocks, to the bit.

use pulp::Simd;

use crate::simd::{Element, MOST_LANES, Vector};

/// Vectors of a block of numbers that follow each other, which one vector sums up. Fewer than the products of a matrix
/// product's block: they may be far from zero, as
/// those of which means are taken.
pub(crate) const VECTORS_PER_BLOCK: usize = 64;

/// Rows of a block of a matrix's rows: [`PHASES`] vectors share them.
pub(crate) const ROWS_PER_BLOCK: usize = 256;

/// Rows that have vectors of sums of their own, to hide the latency of an addition: 4 cycles.
const PHASES: usize = 4;

/// `Σ values[i]`
#[inline(always)]
pub(crate) fn sum<T: Element, S: Simd>(simd: S, values: &[T]) -> T {
    let mut sum = 0.0;
    for values in values.chunks(VECTORS_PER_BLOCK * Vector::<T, S>::LANES) {
        sum += sum_of_block(simd, values).wide();
    }
    T::nearest(sum)
}

#[inline(always)]
fn sum_of_block<T: Element, S: Simd>(simd: S, values: &[T]) -> T {
    let mut chunks = values.chunks_exact(Vector::<T, S>::LANES);
    let mut sums = Vector::splat(simd, T::zero());
    for chunk in &mut chunks {
        sums = sums + Vector::load(simd, chunk);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        sums = sums + Vector::load_partial(simd, rest);
    }
    sums.sum()
}

/// `Σ (x - mean)²`
#[inline(always)]
pub(crate) fn squares<T: Element, S: Simd>(simd: S, values: &[T], mean: T) -> T {
    let mut sum = 0.0;
    for values in values.chunks(VECTORS_PER_BLOCK * Vector::<T, S>::LANES) {
        sum += squares_of_block(simd, values, mean).wide();
    }
    T::nearest(sum)
}

#[inline(always)]
fn squares_of_block<T: Element, S: Simd>(simd: S, values: &[T], mean: T) -> T {
    let center = Vector::splat(simd, mean);
    let mut sums = Vector::splat(simd, T::zero());
    let mut chunks = values.chunks_exact(Vector::<T, S>::LANES);
    for chunk in &mut chunks {
        let off = Vector::load(simd, chunk) - center;
        sums = off.mul_add(off, sums);
    }
    let mut sum = sums.sum();
    for value in chunks.remainder() {
        let off = *value - mean;
        sum += off * off;
    }
    sum
}

/// `Σ g (x - mean)`
#[inline(always)]
pub(crate) fn covariance<T: Element, S: Simd>(simd: S, g: &[T], x: &[T], mean: T) -> T {
    let mut sum = 0.0;
    for (g, x) in g
        .chunks(VECTORS_PER_BLOCK * Vector::<T, S>::LANES)
        .zip(x.chunks(VECTORS_PER_BLOCK * Vector::<T, S>::LANES))
    {
        sum += covariance_of_block(simd, g, x, mean).wide();
    }
    T::nearest(sum)
}

#[inline(always)]
fn covariance_of_block<T: Element, S: Simd>(simd: S, g: &[T], x: &[T], mean: T) -> T {
    let center = Vector::splat(simd, mean);
    let mut sums = Vector::splat(simd, T::zero());
    let lanes = Vector::<T, S>::LANES;
    let whole = g.len() - g.len() % lanes;
    for (g, x) in g.chunks_exact(lanes).zip(x.chunks_exact(lanes)) {
        sums = Vector::load(simd, g).mul_add(Vector::load(simd, x) - center, sums);
    }
    let mut sum = sums.sum();
    for (g, x) in g[whole..].iter().zip(&x[whole..]) {
        sum += *g * (*x - mean);
    }
    sum
}

/// `sums[i] += Σ rows[r][i]` over the rows r, or `=` unless they `accumulate`.
#[inline(always)]
pub(crate) fn add_rows<T: Element, S: Simd>(simd: S, sums: &mut [T], rows: &[T], accumulate: bool) {
    let (width, lanes) = (sums.len(), Vector::<T, S>::LANES);
    if width == 0 {
        return;
    }
    if !accumulate {
        sums.fill(T::zero());
    }
    if rows.len() > ROWS_PER_BLOCK * width {
        return add_many_rows(simd, sums, rows);
    }
    if width < lanes && lanes.is_multiple_of(width) {
        return add_narrow_rows(simd, sums, rows);
    }
    let mut at = 0;
    while at < width {
        if at + 2 * lanes <= width {
            add_vectors::<T, S, 2>(simd, &mut sums[at..at + 2 * lanes], &rows[at..], width);
            at += 2 * lanes;
        } else {
            let end = (at + lanes).min(width);
            add_vectors::<T, S, 1>(simd, &mut sums[at..end], &rows[at.min(rows.len())..], width);
            at = end;
        }
    }
}

/// [`add_rows`] where a vector holds several whole rows.
#[inline(always)]
fn add_narrow_rows<T: Element, S: Simd>(simd: S, sums: &mut [T], rows: &[T]) {
    let (width, lanes) = (sums.len(), Vector::<T, S>::LANES);
    let mut totals = [Vector::splat(simd, T::zero())];
    let whole = rows.len() - rows.len() % lanes;
    let (vectors, rest) = rows.split_at(whole);
    sum_rows::<T, S, 1>(simd, &mut totals, vectors, lanes);
    let [total] = totals;
    for row in total.as_slice().chunks_exact(width).chain(rest.chunks_exact(width)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += *value;
        }
    }
}

/// [`add_rows`] for more than [`ROWS_PER_BLOCK`] rows: blocks of this many are summed up apart.
#[inline(always)]
fn add_many_rows<T: Element, S: Simd>(simd: S, sums: &mut [T], rows: &[T]) {
    let (width, lanes) = (sums.len(), Vector::<T, S>::LANES);
    for (index, sums) in sums.chunks_mut(2 * lanes).enumerate() {
        let mut totals = [0.0; 2 * MOST_LANES];
        for rows in rows.chunks(ROWS_PER_BLOCK * width) {
            let mut block = [T::zero(); 2 * MOST_LANES];
            let block = &mut block[..sums.len()];
            let rows = &rows[index * 2 * lanes..];
            if width < lanes && lanes.is_multiple_of(width) {
                add_narrow_rows(simd, block, rows);
            } else if block.len() > lanes {
                add_vectors::<T, S, 2>(simd, block, rows, width);
            } else {
                add_vectors::<T, S, 1>(simd, block, rows, width);
            }
            for (total, sum) in totals.iter_mut().zip(block) {
                *total += sum.wide();
            }
        }
        for (sum, total) in sums.iter_mut().zip(totals) {
            *sum += T::nearest(total);
        }
    }
}

/// [`add_rows`] for the columns in `N` vectors, of which the last may not be whole.
#[inline(always)]
fn add_vectors<T: Element, S: Simd, const N: usize>(
    simd: S,
    sums: &mut [T],
    rows: &[T],
    stride: usize,
) {
    let lanes = Vector::<T, S>::LANES;
    let mut totals = [Vector::splat(simd, T::zero()); N];
    let whole = sum_rows(simd, &mut totals, rows, stride);
    for (total, sums) in totals.into_iter().zip(sums.chunks_mut(lanes)) {
        (Vector::load_partial(simd, sums) + total).store_partial(sums);
    }
    for row in rows.chunks(stride).skip(whole) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += *value;
        }
    }
}

/// Sums up the first `N` vectors of each row that has them inside of `rows`, and says how many rows these are.
///
/// Where fewer columns are left than there are lanes, a vector reads on into the next row.
#[inline(always)]
fn sum_rows<T: Element, S: Simd, const N: usize>(
    simd: S,
    totals: &mut [Vector<T, S>; N],
    rows: &[T],
    stride: usize,
) -> usize {
    let lanes = Vector::<T, S>::LANES;
    let whole = rows.len().checked_sub(N * lanes).map_or(0, |rest| rest / stride + 1);
    let mut sums = [[Vector::splat(simd, T::zero()); N]; PHASES];
    let mut row = 0;
    let mut at = rows.as_ptr();
    while row + PHASES <= whole {
        for phase in 0..PHASES {
            for n in 0..N {
                // SAFETY: below `whole`, `N` vectors from the start of a row are inside `rows`.
                let values = unsafe { Vector::load_ptr(simd, at.add(phase * stride + n * lanes)) };
                sums[phase][n] = sums[phase][n] + values;
            }
        }
        row += PHASES;
        at = at.wrapping_add(PHASES * stride);
    }
    for row in row..whole {
        for n in 0..N {
            sums[0][n] = sums[0][n] + Vector::load(simd, &rows[row * stride + n * lanes..]);
        }
    }
    for n in 0..N {
        totals[n] = (sums[0][n] + sums[1][n]) + (sums[2][n] + sums[3][n]);
    }
    whole
}

/// `sums[c] += Σ samples[s][c][p]` over the samples s and the pixels p, or `=` unless they `accumulate`.
#[inline(always)]
pub(crate) fn add_planes<T: Element, S: Simd>(
    simd: S,
    sums: &mut [T],
    samples: &[T],
    pixels: usize,
    accumulate: bool,
) {
    if pixels == 1 {
        return add_rows(simd, sums, samples, accumulate);
    }
    if !accumulate {
        sums.fill(T::zero());
    }
    /// Channels whose sums are on the stack.
    const CHANNELS: usize = 64;
    let length = sums.len() * pixels;
    for (index, sums) in sums.chunks_mut(CHANNELS).enumerate() {
        let mut totals = [0.0; CHANNELS];
        for sample in samples.chunks_exact(length) {
            let planes = sample[index * CHANNELS * pixels..].chunks_exact(pixels);
            for (total, plane) in totals[..sums.len()].iter_mut().zip(planes) {
                *total += sum(simd, plane).wide();
            }
        }
        for (sum, total) in sums.iter_mut().zip(totals) {
            *sum += T::nearest(total);
        }
    }
}

/// Whether none of some numbers is NaN or infinite.
#[cfg(feature = "train")]
#[inline(always)]
pub(crate) fn are_finite<T: Element, S: Simd>(simd: S, numbers: &[T]) -> bool {
    let lanes = Vector::<T, S>::LANES;
    // The bits of x − x, which are zero for a number and not for NaN and infinity; four vectors at a time.
    let mut off = Vector::splat(simd, T::zero());
    let mut chunks = numbers.chunks_exact(4 * lanes);
    for chunk in &mut chunks {
        let vector = |index: usize| Vector::load(simd, &chunk[index * lanes..]).off_finite();
        off = off.or((vector(0).or(vector(1))).or(vector(2).or(vector(3))));
    }
    for chunk in chunks.remainder().chunks(lanes) {
        off = off.or(Vector::load_partial(simd, chunk).off_finite());
    }
    off.as_slice().iter().all(|off| *off == T::zero())
}
