//! Means, deviations and scales of rows of numbers, for normalization.

use pulp::Simd;

use crate::kernels::reduce::SUMMED;
use crate::simd::{Element, Vector};

/// `Σ (x - mean)²`
#[inline(always)]
pub(crate) fn squares<T: Element, S: Simd>(simd: S, values: &[T], mean: T) -> T {
    let mut sum = 0.0;
    for values in values.chunks(SUMMED * Vector::<T, S>::LANES) {
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
    for (g, x) in
        g.chunks(SUMMED * Vector::<T, S>::LANES).zip(x.chunks(SUMMED * Vector::<T, S>::LANES))
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

/// `y = scale (x - mean) + shift`
#[inline(always)]
pub(crate) fn normalize<T: Element>(x: &[T], y: &mut [T], mean: T, scale: T, shift: T) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = (*x - mean) * scale + shift;
    }
}
