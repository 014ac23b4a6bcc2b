//! Gradients of single layers by central differences.

use axonal::Differentiable;
use axonal::Layer;
use axonal::prelude::*;

use crate::common::samples::random;
use crate::passes::random_layer;

/// Checks the gradients of a layer's parameters and inputs, with and without its activation, for a random weighted sum of its outputs.
pub(crate) fn check<L>(samples: usize, seed: u64)
where
    L: Differentiable + Layer<Scalar = f64>,
{
    let mut rng = StdRng::seed_from_u64(seed);
    let layer = random_layer::<L>(&mut rng);
    check_layer(&*layer, samples, &mut rng);
}

pub(crate) fn check_layer<L>(layer: &L, samples: usize, rng: &mut StdRng)
where
    L: Differentiable + Layer<Scalar = f64>,
{
    axonal::testing::check_layer(layer, &random::<L::Input>(samples, rng));
}
