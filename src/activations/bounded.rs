//! Activations with bounded outputs.

use pulp::Simd;

use super::{Elementwise, ElementwiseGradient};
use crate::core::Scalar;
use crate::simd::Vector;

/// The logistic function.
///
/// - Formula: `y = 1 / (1 + exp(-x))`
/// - Range: `0 ..= 1`
/// - Derivative: `y (1 - y)`
/// - Source: P.-F. Verhulst, 1845; in networks since Rumelhart, Hinton and Williams, *Learning representations by
///   back-propagating errors*, 1986
/// - PyTorch: `torch.nn.Sigmoid`
///
/// ```
/// use axonal::activations::{Elementwise, Sigmoid};
///
/// assert_eq!(Sigmoid::of(0.0_f32), 0.5);
/// assert_eq!(Sigmoid::of(f64::NEG_INFINITY), 0.0);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sigmoid;

impl Elementwise for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const DECISION_BOUNDARY: f64 = 0.5;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x.sigmoid()
    }
}

impl ElementwiseGradient for Sigmoid {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        y * (y.constant(1.0) - y)
    }
}

/// The hyperbolic tangent.
///
/// - Formula: `y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))`
/// - Range: `-1 ..= 1`
/// - Derivative: `1 - y^2`
/// - Source: in networks since LeCun, Bottou, Orr and Müller, *Efficient BackProp*, 1998
/// - PyTorch: `torch.nn.Tanh`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tanh;

impl Elementwise for Tanh {
    const NAME: &'static str = "tanh";

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x.tanh()
    }
}

impl ElementwiseGradient for Tanh {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        (-y).mul_add(y, y.constant(1.0))
    }
}

/// A sigmoid without an exponential.
///
/// - Formula: `y = x / (1 + |x|)`
/// - Range: `-1 ..= 1`; NaN at the infinities, as in PyTorch
/// - Derivative: `(1 - |y|)^2`
/// - Source: Turian, Bergstra and Bengio, *Quadratic features and deep architectures for chunking*, 2009
/// - PyTorch: `torch.nn.Softsign`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softsign;

impl Elementwise for Softsign {
    const NAME: &'static str = "softsign";

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x / (x.constant(1.0) + x.abs())
    }
}

impl ElementwiseGradient for Softsign {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let rest = y.constant(1.0) - y.abs();
        rest * rest
    }
}

/// A sigmoid in three straight pieces.
///
/// - Formula: `y = min(max(x + 3, 0), 6) / 6`
/// - Range: `0 ..= 1`
/// - Derivative: `1/6` where `-3 < x < 3`, else 0
/// - Source: Howard and others, *Searching for MobileNetV3*, 2019; in this scaling
/// - PyTorch: `torch.nn.Hardsigmoid`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HardSigmoid;

impl Elementwise for HardSigmoid {
    const NAME: &'static str = "hard_sigmoid";
    const DECISION_BOUNDARY: f64 = 0.5;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        (x + x.constant(3.0)).clamp(0.0, 6.0) * x.constant(1.0 / 6.0)
    }
}

impl ElementwiseGradient for HardSigmoid {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let zero = y.constant(0.0);
        let below_one = y.less_than(y.constant(1.0)).select(y.constant(1.0 / 6.0), zero);
        zero.less_than(y).select(below_one, zero)
    }
}

/// The threshold of the perceptron, which has no useful gradient: for prediction only.
///
/// - Formula: `y = 1` where `x >= 0`, else 0
/// - Range: 0 and 1
/// - Derivative: none is defined, so that networks with it cannot be trained by backpropagation
/// - Source: Rosenblatt, *The perceptron*, 1958
/// - PyTorch: `torch.heaviside(x, torch.tensor(1.0))`, except that NaN stays NaN
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step;

impl Elementwise for Step {
    const NAME: &'static str = "step";
    const DECISION_BOUNDARY: f64 = 0.5;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        let zero = x.constant(0.0);
        let one_or_nan = x.equal(x).select(x.constant(1.0), x);
        x.less_than(zero).select(zero, one_or_nan)
    }
}
