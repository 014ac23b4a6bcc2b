//! Activation functions and their derivatives.

use pulp::Simd;

use crate::init::Initializer;
use crate::kernels::{Scalar, Vector};

/// An activation as layers use it: on scores, in place.
///
/// Implement [`Elementwise`] for one that looks at each number alone, and this comes with it.
pub trait Activation: Send + Sync + 'static {
    /// The decision boundary of a single output: 0.5 for a probability, 0 for a score.
    const THRESHOLD: f64 = 0.0;

    /// How the weights before it are drawn, unless the description says otherwise.
    const INITIALIZER: Initializer = Initializer::GlorotUniform;

    /// The word in a description, with its parameter: `leaky_relu(0.01)`.
    fn name() -> impl core::fmt::Display;

    /// What is done to each number alone; layers run it while the number is in a register.
    fn element<T: Scalar, S: Simd>(score: Vector<T, S>) -> Vector<T, S> {
        score
    }

    /// What needs all numbers of a sample (or of a pixel's channels), after [`element`](Self::element).
    fn sample<T: Scalar, S: Simd>(simd: S, sample: &mut [T]) {
        let _ = (simd, sample);
    }
}

/// An activation that backpropagation goes through.
pub trait ActivationGradient: Activation {
    /// Whether [`backward`](Self::backward) reads the scores; where the outputs do, the scores are not kept.
    const NEEDS_SCORES: bool = false;

    /// From the gradient of the outputs of one sample to that of its scores, in place.
    ///
    /// `scores` is empty unless [`NEEDS_SCORES`](Self::NEEDS_SCORES).
    fn backward<T: Scalar, S: Simd>(simd: S, scores: &[T], outputs: &[T], gradient: &mut [T]);
}

/// TEMP
#[derive(Debug)]
pub struct Identity;
impl Activation for Identity {
    fn name() -> impl core::fmt::Display {
        "identity"
    }
}
impl ActivationGradient for Identity {
    fn backward<T: Scalar, S: Simd>(_: S, _: &[T], _: &[T], _: &mut [T]) {}
}
/// TEMP
#[derive(Debug)]
pub struct Step;
impl Activation for Step {
    fn name() -> impl core::fmt::Display {
        "step"
    }
}
