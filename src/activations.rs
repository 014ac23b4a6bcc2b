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


macro_rules! temp { ($($n:ident $(<$($c:ident : $t:ty),*>)?, $name:literal, |$x:ident| $f:expr, |$y:ident| $d:expr;)*) => { $(
/// TEMP
#[derive(Debug)]
pub struct $n $(<$(const $c: $t),*>)?;
impl $(<$(const $c: $t),*>)? Activation for $n $(<$($c),*>)? { fn name() -> impl core::fmt::Display { $name }
  #[inline(always)]
  fn element<T: Scalar, S: Simd>(mut score: Vector<T, S>) -> Vector<T, S> { for v in score.as_mut_slice() { let $x = *v; *v = $f; } score } }
impl $(<$(const $c: $t),*>)? ActivationGradient for $n $(<$($c),*>)? { 
  #[inline(always)]
fn backward<T: Scalar, S: Simd>(_: S, _: &[T], outputs: &[T], gradient: &mut [T]) { for ($y, g) in outputs.iter().zip(gradient) { let $y = *$y; *g *= $d; } } }
)* } }
temp! {
 Identity, "identity", |x| x, |_y| T::one();
 Sigmoid, "sigmoid", |x| T::one() / (T::one() + (-x).exp()), |y| y * (T::one() - y);
 Tanh, "tanh", |x| x.tanh(), |y| T::one() - y * y;
 Relu, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 LeakyRelu<N: i64, D: u64>, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Elu<N: i64, D: u64>, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Selu, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Gelu, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Silu, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Softplus, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Softsign, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 HardSigmoid, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
 Softmax, "relu", |x| x.max(T::zero()), |y| if y > T::zero() { T::one() } else { T::zero() };
}
/// TEMP
pub fn softmax_in_place<T: Scalar, S: Simd>(_simd: S, scores: &mut [T]) -> T {
  let max = scores.iter().copied().fold(T::neg_infinity(), T::max);
  let mut sum = T::zero();
  for s in scores.iter_mut() { *s = (*s - max).exp(); sum += *s; }
  for s in scores.iter_mut() { *s /= sum; }
  max + sum.ln()
}
/// TEMP
#[derive(Debug)]
pub struct Step;
impl Activation for Step { fn name() -> impl core::fmt::Display { "step" } }
