//! A network as a vector: its norm, and gradients that are clipped.

use core::ops::Range;

use num_traits::{Float, Zero};

use crate::Layer;
use crate::core::Scalar;
use crate::kernels::Entry;
use crate::layers::{Kind, tensors};

/// Calls `visit` with the places of the parameters that are learned, which running statistics are not.
fn learned<N: Layer>(mut visit: impl FnMut(Range<usize>)) {
    tensors::<N>(&mut |_, kind, shape, start| {
        if kind != Kind::Statistic {
            visit(start..start + shape.iter().product::<usize>());
        }
    });
}

/// [`Network::norm`](crate::Network::norm)
pub(crate) fn norm<N: Layer>(net: &N) -> N::Scalar {
    let numbers = net.as_slice();
    let mut sum = 0.0;
    learned::<N>(|range| {
        // A sum of few in the network's own type, the sum of these in `f64`: its error does not grow with the length.
        sum +=
            numbers[range].chunks(1024).map(|n| N::Scalar::sum_of_squares(n).as_f64()).sum::<f64>();
    });
    // Squares that are too large or too small for the type: the numbers are taken as multiples of the largest.
    let is_safe = sum > 1e-20 && sum < 1e30;
    if is_safe || sum.is_nan() {
        return N::Scalar::of(sum.sqrt());
    }
    let most = largest(net).as_f64();
    if most == 0.0 || !most.is_finite() {
        return N::Scalar::of(most);
    }
    let mut sum = 0.0;
    learned::<N>(|range| {
        sum += numbers[range].iter().map(|n| (n.as_f64() / most).powi(2)).sum::<f64>();
    });
    N::Scalar::of(most * sum.sqrt())
}

/// The largest magnitude among what is learned, or NaN.
fn largest<N: Layer>(net: &N) -> N::Scalar {
    let mut most = N::Scalar::zero();
    learned::<N>(|range| {
        for number in &net.as_slice()[range] {
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
pub(crate) fn clip_norm<N: Layer>(net: &mut N, max: N::Scalar) -> N::Scalar {
    check(max);
    let norm = norm(net);
    if norm > max && norm.is_finite() {
        let factor = max / norm;
        let numbers = net.as_mut_slice();
        learned::<N>(|range| {
            for number in &mut numbers[range] {
                *number *= factor;
            }
        });
    }
    norm
}

/// [`Network::clip_value`](crate::Network::clip_value)
pub(crate) fn clip_value<N: Layer>(net: &mut N, max: N::Scalar) -> N::Scalar {
    check(max);
    let most = largest(net);
    let numbers = net.as_mut_slice();
    learned::<N>(|range| {
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
