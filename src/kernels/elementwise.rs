//! Loops over whole slices: vectors, then a partial one at the end.

use pulp::Simd;

use super::{Scalar, Vector};
use crate::activations::Activation;

/// `values[i] = f(values[i])`, for the elementwise part of an activation f.
///
/// A type, not a closure or function, says what is done: those would not be compiled for the instruction set of the pass.
#[inline(always)]
pub(crate) fn activate<A: Activation, T: Scalar, S: Simd>(simd: S, values: &mut [T]) {
    let mut chunks = values.chunks_exact_mut(Vector::<T, S>::LANES);
    for chunk in &mut chunks {
        A::element(Vector::load(simd, chunk)).store(chunk);
    }
    let rest = chunks.into_remainder();
    if !rest.is_empty() {
        A::element(Vector::load_partial(simd, rest)).store_partial(rest);
    }
}

/// `sums += values`, lane by lane, or `sums = values` the first time.
#[inline(always)]
pub(crate) fn add_rows<T: Scalar, S: Simd>(simd: S, sums: &mut [T], rows: &[T], accumulate: bool) {
    let width = sums.len();
    if !accumulate {
        sums.fill(T::zero());
    }
    let lanes = Vector::<T, S>::LANES;
    for (index, sums) in sums.chunks_mut(lanes).enumerate() {
        let at = index * lanes;
        if sums.len() == lanes {
            let mut sum = Vector::load(simd, sums);
            for row in rows.chunks_exact(width) {
                sum = sum + Vector::load(simd, &row[at..at + lanes]);
            }
            sum.store(sums);
        } else {
            for row in rows.chunks_exact(width) {
                for (sum, value) in sums.iter_mut().zip(&row[at..]) {
                    *sum += *value;
                }
            }
        }
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
