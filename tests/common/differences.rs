//! Gradients by central differences.

use axonal::losses::Loss;
use axonal::prelude::*;
use axonal::{Differentiable, Layer};
use rand::RngExt;

/// Half the distance of a difference: its error, about STEP², and the rounding, about 1e-16 / STEP, are both below 1e-10.
const STEP: f64 = 1e-5;
/// How far a derivative may be off, where derivatives are about 1.
const TOLERANCE: f64 = 2e-8;
/// No more parameters of one network are looked at.
const MOST: usize = 40;

/// Checks the gradient of a loss against differences, in random parameters (in all, if there are few).
///
/// Where a kink (of `relu`, of the absolute error) lies inside a difference, the slopes on both sides differ, and the derivative
/// must be between them. Gives back how many parameters met one, and how many were looked at.
pub(crate) fn check<N, Y, L>(
    net: &mut N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    rng: &mut StdRng,
) -> (usize, usize)
where
    N: Network + Differentiable + Parameters<Scalar = f64>,
    L: Loss<<N as Layer>::Output, Y, <N as Layer>::Activation>,
{
    let (value, gradient) = net.gradient(inputs, targets, loss);
    assert_eq!(value, net.loss(inputs, targets, loss), "the two ways to the loss");
    let gradient = gradient.as_slice();
    let indices: Vec<usize> = if N::PARAMETERS <= MOST {
        (0..N::PARAMETERS).collect()
    } else {
        (0..MOST).map(|_| rng.random_range(0..N::PARAMETERS)).collect()
    };
    let mut kinks = 0;
    for &index in &indices {
        let old = net.as_slice()[index];
        let mut at = |change: f64| {
            net.as_mut_slice()[index] = old + change;
            net.loss(inputs, targets, loss)
        };
        let (below, above) = (at(-STEP), at(STEP));
        net.as_mut_slice()[index] = old;
        let (left, right) = ((value - below) / STEP, (above - value) / STEP);
        let derivative = gradient[index];
        let allowed = TOLERANCE * (1.0 + derivative.abs());
        if (derivative - (left + right) / 2.0).abs() <= allowed {
            continue;
        }
        kinks += 1;
        // The curvature makes the slopes of the two sides differ a little without a kink.
        let inside = left.min(right) - allowed..=left.max(right) + allowed;
        assert!(
            (left - right).abs() > 1e-4 && inside.contains(&derivative),
            "parameter {index} of {} of {}: derivative {derivative}, slopes {left} and {right}",
            N::PARAMETERS,
            N::NAME,
        );
    }
    (kinks, indices.len())
}
