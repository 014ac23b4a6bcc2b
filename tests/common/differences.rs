//! Gradients by central differences.

use axonal::layers::Context;
use axonal::messages::{Backpropagation, Through};
use axonal::prelude::*;
use axonal::{Differentiable, Sample, Scalar, Trainable};
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
    check_backward(net, Context::INFERENCE, inputs, rng);
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
    check_backward(net, Context::training(1), inputs, rng);
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

/// Checks `backward` against differences of Σ **w** · **y** over the batch, with random **w**: to the parameters and to the inputs, together and each alone.
/// And the Jacobian at the first input, which is computed forward or backward, against the gradients of its outputs.
fn check_backward<N>(net: &mut N, context: Context, inputs: &[N::Input], rng: &mut StdRng)
where
    N: Network + Differentiable + Parameters<Scalar = f64>,
{
    /// So many inputs are looked at.
    const LOOKED_AT: usize = 6;
    let mut weights = N::Output::zeros_vec(inputs.len());
    for weight in weights.iter_mut().flat_map(Sample::as_mut_slice) {
        *weight = rng.random_range(-1.0..1.0);
    }
    let value = |net: &N, inputs: &[N::Input]| {
        let mut outputs = N::Output::zeros_vec(inputs.len());
        net.forward_with(context, inputs, &mut outputs);
        let products = outputs
            .iter()
            .zip(&weights)
            .flat_map(|(y, w)| y.as_slice().iter().zip(w.as_slice()).map(|(y, w)| y * w));
        products.sum::<f64>()
    };
    let mut gradient = N::zeros();
    let mut input_gradients = N::Input::zeros_vec(inputs.len());
    let to_inputs = Some(&mut input_gradients[..]);
    net.backward_with(context, inputs, &weights, Some(&mut gradient), to_inputs);

    let (mut alone, mut inputs_alone) = (N::zeros(), N::Input::zeros_vec(inputs.len()));
    net.backward_with(context, inputs, &weights, Some(&mut alone), None);
    net.backward_with(context, inputs, &weights, None, Some(&mut inputs_alone));
    assert!(alone.as_slice() == gradient.as_slice(), "the gradient of the parameters alone");
    assert!(inputs_alone == input_gradients, "the gradient of the inputs alone");

    let of_net = value(net, inputs);
    compare(net, of_net, gradient.as_slice(), |net| value(net, inputs), rng);
    let mut changed = inputs.to_vec();
    let numbers = inputs.len() * N::INPUT;
    for _ in 0..LOOKED_AT.min(numbers) {
        let index = rng.random_range(0..numbers);
        let (sample, place) = (index / N::INPUT, index % N::INPUT);
        let at = |change: f64| {
            let old = inputs[sample].as_slice()[place];
            changed[sample].as_mut_slice()[place] = old + change;
            let value = value(net, &changed);
            changed[sample].as_mut_slice()[place] = old;
            value
        };
        compare_at(input_gradients[sample].as_slice()[place], of_net, at, || {
            format!("input {index} of {}", N::NAME)
        });
    }

    let Some(input) = inputs.first().filter(|_| N::INPUT * N::OUTPUT < 10_000) else { return };
    let mut jacobian = vec![f64::NAN; N::INPUT * N::OUTPUT];
    <Backpropagation as Through<N>>::jacobian(net, input, &mut jacobian);
    for row in 0..N::OUTPUT {
        let mut unit = N::Output::zeros_vec(1);
        unit[0].as_mut_slice()[row] = 1.0;
        let expected = net.input_gradient(input, &unit[0]);
        for (column, expected) in expected.as_slice().iter().enumerate() {
            let found = jacobian[column * N::OUTPUT + row];
            assert!(
                (found - expected).abs() <= 1e-11 * (1.0 + expected.abs()),
                "row {row}, column {column} of the Jacobian of {}: {found}, and backward {expected}",
                N::NAME,
            );
        }
    }
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
        let old = net.as_slice()[index];
        let at = |change: f64| {
            net.as_mut_slice()[index] = N::Scalar::of(old.as_f64() + change);
            let loss = loss(net);
            net.as_mut_slice()[index] = old;
            loss
        };
        let is_smooth = compare_at(gradient[index], value, at, || {
            format!("parameter {index} of {} of {}", N::PARAMETERS, N::NAME)
        });
        kinks += usize::from(!is_smooth);
    }
    (kinks, indices.len())
}

/// Holds a derivative against the slopes of a function at both sides of 0, where it has the `value`. Whether there was no kink.
fn compare_at(
    derivative: f64,
    value: f64,
    mut at: impl FnMut(f64) -> f64,
    place: impl Fn() -> String,
) -> bool {
    // Values are some units in the last place off.
    let allowed =
        |step: f64| TOLERANCE * (1.0 + derivative.abs()) + 8.0 * f64::EPSILON * value.abs() / step;
    let mut slopes = |step: f64| ((value - at(-step)) / step, (at(step) - value) / step);
    let fits =
        |(left, right), step| (derivative - f64::midpoint(left, right)).abs() <= allowed(step);
    if fits(slopes(STEP), STEP) {
        return true;
    }
    let (left, right) = slopes(SMALL_STEP);
    let allowed = allowed(SMALL_STEP);
    let inside = left.min(right) - allowed..=left.max(right) + allowed;
    let is_kink = (left - right).abs() > 10.0 * SMALL_STEP;
    assert!(
        fits((left, right), SMALL_STEP) || is_kink && inside.contains(&derivative),
        "{}: derivative {derivative}, slopes {left} and {right}",
        place()
    );
    false
}
