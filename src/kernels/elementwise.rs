//! Loops over whole slices: vectors, then a partial one at the end.

use core::any::TypeId;

use pulp::Simd;

use super::{Scalar, Vector};
use crate::activations::{Activation, Identity};

/// `values[i] = f(values[i])`, for the elementwise part of an activation f.
///
/// A type, not a closure or function, says what is done: those would not be compiled for the instruction set of the pass.
#[inline(always)]
pub(crate) fn activate<A: Activation, T: Scalar, S: Simd>(simd: S, values: &mut [T]) {
    if is_identity::<A>() {
        return;
    }
    let lanes = Vector::<T, S>::LANES;
    let whole = values.len() - values.len() % lanes;
    let (vectors, rest) = values.split_at_mut(whole);
    if whole > 0 {
        // The next vector is loaded before this one is stored. Otherwise a compiler may see that some lanes are stored as they were,
        // and store the others alone: a masked store, which takes 12 cycles on some machines.
        let mut next = Vector::load(simd, vectors);
        for at in (lanes..whole).step_by(lanes) {
            let vector = next;
            next = Vector::load(simd, &vectors[at..]);
            A::element(vector).store(&mut vectors[at - lanes..]);
        }
        A::element(next).store(&mut vectors[whole - lanes..]);
    }
    if !rest.is_empty() {
        A::element(Vector::load_partial(simd, rest)).store_partial(rest);
    }
}

/// Whether an activation changes nothing: that values are loaded and stored again, no compiler removes.
#[inline(always)]
pub(crate) fn is_identity<A: 'static>() -> bool {
    TypeId::of::<A>() == TypeId::of::<Identity>()
}

/// `sums += values`, lane by lane, or `sums = values` the first time.
#[inline(always)]
pub(crate) fn add_rows<T: Scalar, S: Simd>(simd: S, sums: &mut [T], rows: &[T], accumulate: bool) {
    /// Rows with sums of their own, to hide the latency of an addition.
    const PHASES: usize = 4;
    let width = sums.len();
    let lanes = Vector::<T, S>::LANES;
    let count = rows.len().checked_div(width).unwrap_or(0);
    for (index, sums) in sums.chunks_mut(lanes).enumerate() {
        let at = index * lanes;
        // Where fewer are left than there are lanes, a vector reads on into the next row; of the last rows, it would read past the end.
        let whole = rows.len().checked_sub(at + lanes).map_or(0, |rest| rest / width + 1);
        let mut totals = [Vector::splat(simd, T::zero()); PHASES];
        if accumulate {
            totals[0] = Vector::load_partial(simd, sums);
        }
        let mut row = 0;
        while row + PHASES <= whole {
            for (phase, total) in totals.iter_mut().enumerate() {
                *total = *total + Vector::load(simd, &rows[(row + phase) * width + at..]);
            }
            row += PHASES;
        }
        for row in row..count {
            let values = &rows[row * width + at..][..sums.len()];
            totals[0] = totals[0] + Vector::load_partial(simd, values);
        }
        let [a, b, c, d] = totals;
        ((a + b) + (c + d)).store_partial(sums);
    }
}

/// `sums[i] += values[i]`.
#[inline(always)]
pub(crate) fn add<T: Scalar, S: Simd>(simd: S, sums: &mut [T], values: &[T]) {
    let lanes = Vector::<T, S>::LANES;
    let mut chunks = sums.chunks_exact_mut(lanes);
    let mut others = values.chunks_exact(lanes);
    for (sum, value) in (&mut chunks).zip(&mut others) {
        (Vector::load(simd, sum) + Vector::load(simd, value)).store(sum);
    }
    for (sum, value) in chunks.into_remainder().iter_mut().zip(others.remainder()) {
        *sum += *value;
    }
}

/// The sum of some numbers.
#[inline(always)]
pub(crate) fn sum<T: Scalar, S: Simd>(simd: S, values: &[T]) -> T {
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

/// `sums[channel] += ` the sum of its plane, over all samples, or `=` the first time.
#[inline(always)]
pub(crate) fn add_planes<T: Scalar, S: Simd>(
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
    for sample in samples.chunks_exact(sums.len() * pixels) {
        for (total, plane) in sums.iter_mut().zip(sample.chunks_exact(pixels)) {
            *total += sum(simd, plane);
        }
    }
}
