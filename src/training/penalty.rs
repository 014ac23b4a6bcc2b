//! Penalties on large weights.

use num_traits::Zero;

use crate::core::Scalar;
use crate::layers::{Described, Kind, tensors};

/// Adds the gradient of `l1` Σ |w| + `l2` Σ w² over all weights w.
pub(super) fn add<D: Described>(
    gradient: &mut [D::Scalar],
    weights: &[D::Scalar],
    l1: f64,
    l2: f64,
) {
    let (l1, twice) = (D::Scalar::of(l1), D::Scalar::of(2.0 * l2));
    tensors::<D>(&mut |_, kind, shape, start| {
        if kind != Kind::Weight {
            return;
        }
        let range = start..start + shape.iter().product::<usize>();
        for (gradient, weight) in gradient[range.clone()].iter_mut().zip(&weights[range]) {
            // The derivative of |w| at 0 is taken to be 0.
            let sign = if weight.is_zero() {
                D::Scalar::zero()
            } else {
                num_traits::Float::signum(*weight)
            };
            *gradient += l1 * sign + twice * *weight;
        }
    });
}
