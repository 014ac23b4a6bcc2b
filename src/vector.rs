//! A network as a vector: its norm, and gradients that are clipped.

use core::ops::Range;

use num_traits::{Float, Zero};

use crate::core::Scalar;
use crate::kernels::{Entry, covariance};
use crate::layers::{Described, Kind, tensors};
use crate::simd::vectorized;

/// Calls `visit` with the places of the parameters that are learned, which running statistics are not.
fn learned<D: Described>(mut visit: impl FnMut(Range<usize>)) {
    tensors::<D>(&mut |_, kind, shape, start| {
        if kind != Kind::Statistic {
            visit(start..start + shape.iter().product::<usize>());
        }
    });
}

/// [`Network::norm`](crate::Network::norm)
pub(crate) fn norm<D: Described>(numbers: &[D::Scalar]) -> D::Scalar {
    let mut sum = 0.0;
    learned::<D>(|range| {
        // A sum of few in the network's own type, the sum of these in `f64`: its error does not grow with the length.
        sum +=
            numbers[range].chunks(1024).map(|n| D::Scalar::sum_of_squares(n).as_f64()).sum::<f64>();
    });
    // Squares that are too large or too small for the type: the numbers are taken as multiples of the largest.
    let is_safe = sum > 1e-20 && sum < 1e30;
    if is_safe || sum.is_nan() {
        return D::Scalar::of(sum.sqrt());
    }
    let most = largest::<D>(numbers).as_f64();
    if most == 0.0 || !most.is_finite() {
        return D::Scalar::of(most);
    }
    let mut sum = 0.0;
    learned::<D>(|range| {
        sum += numbers[range].iter().map(|n| (n.as_f64() / most).powi(2)).sum::<f64>();
    });
    D::Scalar::of(most * sum.sqrt())
}

/// [`Network::dot`](crate::Network::dot)
pub(crate) fn dot<D: Described>(a: &[D::Scalar], b: &[D::Scalar]) -> D::Scalar {
    let mut sum = 0.0;
    learned::<D>(|range| add_products(&mut sum, &a[range.clone()], &b[range]));
    D::Scalar::of(sum)
}

vectorized! {
    /// `sum += Σ aᵢ bᵢ`: a block in the numbers' own type, the sum of blocks in `f64`.
    fn add_products[T: Scalar](simd, sum: &mut f64, a: &[T], b: &[T]) {
        for (a, b) in a.chunks(1024).zip(b.chunks(1024)) {
            *sum += covariance(simd, a, b, T::zero()).as_f64();
        }
    }
}

vectorized! {
    /// [`Network::scale`](crate::Network::scale)
    pub(crate) fn scale[T: Scalar](numbers: &mut [T], factor: T) {
        for number in numbers {
            *number *= factor;
        }
    }
}

vectorized! {
    /// [`Network::add_scaled`](crate::Network::add_scaled)
    pub(crate) fn add_scaled[T: Scalar](numbers: &mut [T], factor: T, others: &[T]) {
        for (number, other) in numbers.iter_mut().zip(others) {
            *number += factor * *other;
        }
    }
}

vectorized! {
    /// [`Network::lerp`](crate::Network::lerp)
    pub(crate) fn lerp[T: Scalar](numbers: &mut [T], others: &[T], t: T) {
        if t == T::one() {
            // a + (b − a) is not always b.
            return numbers.copy_from_slice(others);
        }
        if t.is_zero() {
            // 0 times infinity is not 0.
            return;
        }
        for (number, other) in numbers.iter_mut().zip(others) {
            *number += t * (*other - *number);
        }
    }
}

/// The largest magnitude among what is learned, or NaN.
fn largest<D: Described>(numbers: &[D::Scalar]) -> D::Scalar {
    let mut most = D::Scalar::zero();
    learned::<D>(|range| {
        for number in &numbers[range] {
            let size = Float::abs(*number);
            // Not `max`, which leaves NaN out; once it is NaN, it stays.
            if !(size <= most || most.is_nan()) {
                most = size;
            }
        }
    });
    most
}

/// [`Network::clip_norm`](crate::Network::clip_norm)
pub(crate) fn clip_norm<D: Described>(numbers: &mut [D::Scalar], max: D::Scalar) -> D::Scalar {
    check(max);
    let norm = norm::<D>(numbers);
    if norm > max && norm.is_finite() {
        let factor = max / norm;
        learned::<D>(|range| {
            for number in &mut numbers[range] {
                *number *= factor;
            }
        });
    }
    norm
}

/// [`Network::clip_value`](crate::Network::clip_value)
pub(crate) fn clip_value<D: Described>(numbers: &mut [D::Scalar], max: D::Scalar) -> D::Scalar {
    check(max);
    let most = largest::<D>(numbers);
    learned::<D>(|range| {
        for number in &mut numbers[range] {
            if Float::abs(*number) > max {
                *number = max.copysign(*number);
            }
        }
    });
    most
}

fn check<T: Scalar>(max: T) {
    assert!(max >= T::zero(), "a gradient is clipped to a number from 0 on, found {max}");
}
