//! Gradients by central differences.

use axonal::layers::Context;
use axonal::prelude::*;
use axonal::{Scalar, Trainable};
use rand::RngExt;

use super::learned;

/// Half the distance of a difference: its error, about STEP², and the rounding, about 1e-16 / STEP, are both below 1e-10.
pub(crate) const STEP: f64 = 1e-5;
/// Where there may be a kink: few are so near, the rounding is still below the tolerance, and the slopes of the two sides
/// differ by about 1e-7 where the loss is smooth.
const SMALL_STEP: f64 = 1e-7;
/// How far a derivative may be off, where derivatives are about 1.
const TOLERANCE: f64 = 2e-8;
/// No more parameters of one network are looked at.
const MOST: usize = 24;

/// The slope of a function at 0, by a central difference.
pub(crate) fn slope(step: f64, mut of: impl FnMut(f64) -> f64) -> f64 {
    (of(step) - of(-step)) / (2.0 * step)
}

/// Checks the gradient of a loss against differences, in random parameters (in all, if there are few).
///
/// A kink (of `relu`, of the absolute error) inside a difference spoils it. A smaller one decides then; if the kink is inside
/// that too, the derivative must be between the slopes of the two sides.
/// Gives back how many parameters met a kink, and how many were looked at.
pub(crate) fn check<N, Y: Sync, L>(
    net: &mut N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    rng: &mut StdRng,
) -> (usize, usize)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let (value, gradient) = net.gradient(inputs, targets, loss);
    assert_eq!(value, net.loss(inputs, targets, loss), "the two ways to the loss");
    compare(net, value, gradient.as_slice(), |net| net.loss(inputs, targets, loss), rng)
}

/// As [`check`], where training has another loss than inference: with statistics of the batch, and with dropout.
///
/// With one seed, the same numbers are drawn each time. What is not learned, running statistics, has no derivative.
pub(crate) fn check_training<N, Y: Sync, L>(
    net: &mut N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    rng: &mut StdRng,
) -> (usize, usize)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let training = |net: &N| {
        let mut gradient = N::zeros();
        let context = Context::training(1);
        (net.gradient_with(context, inputs, targets, loss, &mut gradient), gradient)
    };
    let (value, gradient) = training(net);
    compare(net, value, gradient.as_slice(), |net| training(net).0, rng)
}

/// As [`check`], of the gradient in inference mode.
pub(crate) fn check_inference<N, Y: Sync, L>(
    net: &mut N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    rng: &mut StdRng,
) -> (usize, usize)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let mut gradient = N::zeros();
    let value = net.gradient_with(Context::INFERENCE, inputs, targets, loss, &mut gradient);
    assert_eq!(value, net.loss(inputs, targets, loss), "the two ways to the loss");
    compare(net, value, gradient.as_slice(), |net| net.loss(inputs, targets, loss), rng)
}

pub(crate) fn compare<N>(
    net: &mut N,
    value: f64,
    gradient: &[f64],
    loss: impl Fn(&N) -> f64,
    rng: &mut StdRng,
) -> (usize, usize)
where
    N: Network,
{
    let learned = learned::<N>();
    let indices: Vec<usize> = if learned.len() <= MOST {
        learned
    } else {
        (0..MOST).map(|_| learned[rng.random_range(0..learned.len())]).collect()
    };
    let mut kinks = 0;
    for &index in &indices {
        let derivative = gradient[index];
        let allowed = TOLERANCE * (1.0 + derivative.abs());
        let mut slopes = |step: f64| {
            let old = net.as_slice()[index];
            let mut at = |change: f64| {
                net.as_mut_slice()[index] = N::Scalar::of(old.as_f64() + change);
                loss(net)
            };
            let slopes = ((value - at(-step)) / step, (at(step) - value) / step);
            net.as_mut_slice()[index] = old;
            slopes
        };
        let fits = |(left, right)| (derivative - f64::midpoint(left, right)).abs() <= allowed;
        if fits(slopes(STEP)) {
            continue;
        }
        kinks += 1;
        let (left, right) = slopes(SMALL_STEP);
        let inside = left.min(right) - allowed..=left.max(right) + allowed;
        let is_kink = (left - right).abs() > 10.0 * SMALL_STEP;
        assert!(
            fits((left, right)) || is_kink && inside.contains(&derivative),
            "parameter {index} of {} of {}: derivative {derivative}, slopes {left} and {right}",
            N::PARAMETERS,
            N::NAME,
        );
    }
    (kinks, indices.len())
}
