//! Gradients of single layers by central differences.

use axonal::Differentiable;
use axonal::layers::{Context, End};
use axonal::prelude::*;
use axonal::{Layer, Sample};
use rand::RngExt;
use rand::seq::index;

use crate::common::differences::{STEP, slope};
use crate::common::learned;
use crate::common::samples::random;
use crate::passes::{Trained, Training, random_layer};

const TOLERANCE: f64 = 1e-7;
/// No more numbers of one kind are looked at.
const MOST: usize = 40;

/// Σ weights · outputs.
fn loss<X: Sample<Scalar = f64>>(outputs: &[X], weights: &[X]) -> f64 {
    let pairs = outputs.iter().zip(weights);
    pairs.map(|(y, w)| y.as_slice().iter().zip(w.as_slice()).map(|(y, w)| y * w).sum::<f64>()).sum()
}

/// Checks the gradients of a layer's parameters and inputs, with and without its activation, for a random weighted sum of its outputs.
pub(crate) fn check<L>(samples: usize, seed: u64)
where
    L: Differentiable + Layer<Scalar = f64>,
{
    let mut rng = StdRng::seed_from_u64(seed);
    let mut layer = random_layer::<L>(&mut rng);
    check_layer(&mut *layer, samples, &mut rng);
}

pub(crate) fn check_layer<L>(layer: &mut L, samples: usize, rng: &mut StdRng)
where
    L: Differentiable + Layer<Scalar = f64>,
{
    let mut inputs: Vec<L::Input> = random(samples, rng);
    let weights: Vec<L::Output> = random(samples, rng);
    let context = Context::training(rng.random());
    for end in [End::Scores, End::Outputs] {
        let run = |layer: &L, inputs: &[L::Input], onto: Option<f64>, wants: bool| {
            Training {
                layer,
                context,
                inputs,
                output_gradient: &weights,
                end,
                onto,
                wants_input_gradient: wants,
            }
            .run()
        };
        let Trained { gradient, input_gradient, .. } = run(layer, &inputs, None, true);
        let added = run(layer, &inputs, Some(1.0), false);
        for (added, gradient) in added.gradient.iter().zip(&gradient) {
            assert!(
                (added - gradient - 1.0).abs() < 1e-12,
                "{added} is not 1 more than {gradient}"
            );
        }
        let value = |layer: &L, inputs: &[L::Input]| {
            loss(&run(layer, inputs, None, true).outputs, &weights)
        };
        let learned = learned::<L>();
        for at in index::sample(rng, learned.len(), MOST.min(learned.len())) {
            let at = learned[at];
            let old = Parameters::as_slice(layer)[at];
            let slope = slope(STEP, |by| {
                Parameters::as_mut_slice(layer)[at] = old + by;
                value(layer, &inputs)
            });
            Parameters::as_mut_slice(layer)[at] = old;
            compare(gradient[at], slope, "parameter", at);
        }
        let len = L::Input::LEN;
        for at in index::sample(rng, samples * len, MOST.min(samples * len)) {
            let old = inputs[at / len].as_slice()[at % len];
            let slope = slope(STEP, |by| {
                inputs[at / len].as_mut_slice()[at % len] = old + by;
                value(layer, &inputs)
            });
            inputs[at / len].as_mut_slice()[at % len] = old;
            compare(input_gradient[at / len].as_slice()[at % len], slope, "input", at);
        }
    }
}

fn compare(derivative: f64, slope: f64, what: &str, at: usize) {
    assert!(
        (derivative - slope).abs() <= TOLERANCE * (1.0 + slope.abs()),
        "{what} {at}: derivative {derivative}, slope {slope}"
    );
}
