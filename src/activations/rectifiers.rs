//! The identity and the activations that follow it for large scores.

use core::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use pulp::Simd;

use super::{Elementwise, ElementwiseGradient, fraction};
use crate::core::Initializer;
use crate::core::Scalar;
use crate::simd::Vector;

/// No activation: outputs are the scores.
///
/// - Formula: `y = x`
/// - Range: all numbers
/// - Derivative: 1
/// - PyTorch: `torch.nn.Identity`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identity;

impl Elementwise for Identity {
    const NAME: &'static str = "identity";
    const IS_IDENTITY: bool = true;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x
    }
}

impl ElementwiseGradient for Identity {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        y.constant(1.0)
    }
}

/// The rectified linear unit.
///
/// - Formula: `y = max(x, 0)`
/// - Range: `0 ..`
/// - Derivative: 1 where `x > 0`, else 0
/// - Source: Nair and Hinton, *Rectified linear units improve restricted Boltzmann machines*, 2010
/// - PyTorch: `torch.nn.ReLU`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relu;

impl Elementwise for Relu {
    const NAME: &'static str = "relu";
    const IS_RELU: bool = true;
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        // Not `max`, which loses NaN on some machines.
        let zero = x.constant(0.0);
        x.less_than(zero).select(zero, x)
    }
}

impl ElementwiseGradient for Relu {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let zero = y.constant(0.0);
        zero.less_than(y).select(y.constant(1.0), zero)
    }
}

/// A rectified linear unit with an upper bound of 6, for networks in integers of 8 bits.
///
/// - Formula: `y = min(max(x, 0), 6)`
/// - Range: `0 ..= 6`
/// - Derivative: 1 where `0 < x < 6`, else 0
/// - Source: Krizhevsky, *Convolutional deep belief networks on CIFAR-10*, 2010; in MobileNets since Howard and others, 2017
/// - PyTorch: `torch.nn.ReLU6`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relu6;

impl Elementwise for Relu6 {
    const NAME: &'static str = "relu6";
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x.clamp(0.0, 6.0)
    }
}

impl ElementwiseGradient for Relu6 {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let zero = y.constant(0.0);
        let below_six = y.less_than(y.constant(6.0)).select(y.constant(1.0), zero);
        zero.less_than(y).select(below_six, zero)
    }
}

/// A rectified linear unit that lets a little through below zero: `slope = NUMERATOR / DENOMINATOR`, 0.01 by default.
///
/// - Formula: `y = x` where `x > 0`, else `slope x`
/// - Range: all numbers
/// - Derivative: 1 where `x > 0`, else `slope`
/// - Source: Maas, Hannun and Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013
/// - PyTorch: `torch.nn.LeakyReLU(negative_slope)`
///
/// ```
/// use axonal::activations::{Elementwise, LeakyRelu};
///
/// assert_eq!(LeakyRelu::<1, 4>::of(-2.0), -0.5);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeakyRelu<const NUMERATOR: i64 = 1, const DENOMINATOR: u64 = 100>;

impl<const NUMERATOR: i64, const DENOMINATOR: u64> LeakyRelu<NUMERATOR, DENOMINATOR> {
    const SLOPE: f64 = fraction(NUMERATOR, DENOMINATOR);
}

impl<const NUMERATOR: i64, const DENOMINATOR: u64> Elementwise
    for LeakyRelu<NUMERATOR, DENOMINATOR>
{
    const NAME: &'static str = "leaky_relu";
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;
    const PARAMETER: Option<f64> = Some(Self::SLOPE);

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x.constant(0.0).less_than(x).select(x, x * x.constant(Self::SLOPE))
    }
}

impl<const NUMERATOR: i64, const DENOMINATOR: u64> ElementwiseGradient
    for LeakyRelu<NUMERATOR, DENOMINATOR>
{
    // With a negative slope, both pieces have positive outputs.
    const FROM_SCORE: bool = NUMERATOR < 0;

    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(x: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let side = if Self::FROM_SCORE { x } else { y };
        y.constant(0.0).less_than(side).select(y.constant(1.0), y.constant(Self::SLOPE))
    }
}

/// The exponential linear unit: `alpha = NUMERATOR / DENOMINATOR`, 1 by default.
///
/// - Formula: `y = x` where `x > 0`, else `alpha (exp(x) - 1)`
/// - Range: `-alpha ..`
/// - Derivative: 1 where `x > 0`, else `y + alpha`
/// - Source: Clevert, Unterthiner and Hochreiter, *Fast and accurate deep network learning by exponential linear units*, 2015
/// - PyTorch: `torch.nn.ELU(alpha)`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Elu<const NUMERATOR: i64 = 1, const DENOMINATOR: u64 = 1>;

impl<const NUMERATOR: i64, const DENOMINATOR: u64> Elu<NUMERATOR, DENOMINATOR> {
    const ALPHA: f64 = fraction(NUMERATOR, DENOMINATOR);
}

impl<const NUMERATOR: i64, const DENOMINATOR: u64> Elementwise for Elu<NUMERATOR, DENOMINATOR> {
    const NAME: &'static str = "elu";
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;
    const PARAMETER: Option<f64> = Some(Self::ALPHA);

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x.constant(0.0).less_than(x).select(x, x.exp_m1() * x.constant(Self::ALPHA))
    }
}

impl<const NUMERATOR: i64, const DENOMINATOR: u64> ElementwiseGradient
    for Elu<NUMERATOR, DENOMINATOR>
{
    // With a negative alpha, both pieces have positive outputs.
    const FROM_SCORE: bool = NUMERATOR < 0;

    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(x: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let side = if Self::FROM_SCORE { x } else { y };
        let below = y + y.constant(Self::ALPHA);
        y.constant(0.0).less_than(side).select(y.constant(1.0), below)
    }
}

/// The self-normalizing exponential linear unit: an [`Elu`] whose two constants keep mean 0 and variance 1.
///
/// - Formula: `y = scale x` where `x > 0`, else `scale alpha (exp(x) - 1)`; `scale` 1.0507…, `alpha` 1.6733…
/// - Range: `-1.7581… ..`
/// - Derivative: `scale` where `x > 0`, else `y + scale alpha`
/// - Source: Klambauer, Unterthiner, Mayr and Hochreiter, *Self-normalizing neural networks*, 2017
/// - PyTorch: `torch.nn.SELU`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selu;

impl Selu {
    const SCALE: f64 = 1.050_700_987_355_480_5;
    const BELOW: f64 = Self::SCALE * 1.673_263_242_354_377_2;
}

impl Elementwise for Selu {
    const NAME: &'static str = "selu";
    const INITIAL_WEIGHTS: Initializer = Initializer::LecunNormal;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        let above = x * x.constant(Self::SCALE);
        x.constant(0.0).less_than(x).select(above, x.exp_m1() * x.constant(Self::BELOW))
    }
}

impl ElementwiseGradient for Selu {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        let below = y + y.constant(Self::BELOW);
        y.constant(0.0).less_than(y).select(y.constant(Self::SCALE), below)
    }
}

/// The Gaussian error linear unit, exact (with the error function).
///
/// - Formula: `y = x Φ(x)`, where `Φ(x) = (1 + erf(x / √2)) / 2` is the normal distribution's
/// - Range: `-0.17 ..`; NaN at minus infinity, as in PyTorch
/// - Derivative: `Φ(x) + x exp(-x^2 / 2) / √(2π)`, from the score
/// - Source: Hendrycks and Gimpel, *Gaussian error linear units*, 2016
/// - PyTorch: `torch.nn.GELU()`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gelu;

impl Gelu {
    /// `Φ`.
    #[inline(always)]
    fn normal_distribution<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        let half = x.constant(0.5);
        (x * x.constant(FRAC_1_SQRT_2)).erf().mul_add(half, half)
    }
}

impl Elementwise for Gelu {
    const NAME: &'static str = "gelu";
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x * Self::normal_distribution(x)
    }
}

impl ElementwiseGradient for Gelu {
    const FROM_SCORE: bool = true;

    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(x: Vector<T, S>, _: Vector<T, S>) -> Vector<T, S> {
        let density =
            (x * x * x.constant(-0.5)).exp() * x.constant(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        x.mul_add(density, Self::normal_distribution(x))
    }
}

/// The sigmoid linear unit, also called swish.
///
/// - Formula: `y = x σ(x)`, where `σ` is the [`Sigmoid`](super::Sigmoid)
/// - Range: `-0.28 ..`; NaN at minus infinity, as in PyTorch
/// - Derivative: `σ(x) (1 + x (1 - σ(x)))`, from the score
/// - Source: Elfwing, Uchibe and Doya, *Sigmoid-weighted linear units*, 2017; Ramachandran, Zoph and Le, *Searching for
///   activation functions*, 2017
/// - PyTorch: `torch.nn.SiLU`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Silu;

impl Elementwise for Silu {
    const NAME: &'static str = "silu";
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x * x.sigmoid()
    }
}

impl ElementwiseGradient for Silu {
    const FROM_SCORE: bool = true;

    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(x: Vector<T, S>, _: Vector<T, S>) -> Vector<T, S> {
        let one = x.constant(1.0);
        let sigmoid = x.sigmoid();
        sigmoid * x.mul_add(one - sigmoid, one)
    }
}

/// A smooth [`Relu`].
///
/// - Formula: `y = ln(1 + exp(x))`; `y = x` where `x > 20`
/// - Range: `0 ..`
/// - Derivative: `1 - exp(-y)`; 1 where `x > 20`
/// - Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, *Incorporating second-order functional knowledge for better option
///   pricing*, 2000
/// - PyTorch: `torch.nn.Softplus()`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softplus;

impl Softplus {
    /// Where the function is taken to be linear.
    const LINEAR: f64 = 20.0;
    /// `ln(1 + exp(20))`.
    const AT_LINEAR: f64 = 20.000_000_002_061_153;
}

impl Elementwise for Softplus {
    const NAME: &'static str = "softplus";
    const INITIAL_WEIGHTS: Initializer = Initializer::HeNormal;

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x.constant(Self::LINEAR).less_than(x).select(x, x.exp().ln_1p())
    }
}

impl ElementwiseGradient for Softplus {
    #[inline(always)]
    fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
        y.constant(Self::AT_LINEAR).less_than(y).select(y.constant(1.0), -(-y).exp_m1())
    }
}
