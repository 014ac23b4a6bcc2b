//! Elementary functions on [`Vector`]s: the same few lines for both scalars, without a branch.
//!
//! Range reductions are the classic ones: Cody and Waite's split of `ln 2` for the exponential, fdlibm's for the logarithm
//! (Sun Microsystems, `e_log.c`, `s_log1p.c`), Juffa's for the error function. Rounding to an integer is the addition of
//! `1.5 * 2^m`, as in `rten-vecmath` and XNNPACK, which also leaves the integer in the sum's lowest bits, so that a shift makes
//! a power of two of it. The polynomials are our own: `coefficients.py`.
//!
//! The largest errors in units in the last place (ulp), with and without fused multiplication and addition, are those found
//! over all 2^32 values of `f32` and over half a million of `f64`. `tests/suite/math.rs` holds the functions to them.

mod coefficients;

use pulp::Simd;

pub use crate::simd::math::coefficients::Elementary;

use crate::simd::Element;
use crate::simd::vector::Vector;

/// `exp(x) = 2^n (1 + tail)`.
struct Reduced<T: Element, S: Simd> {
    /// A number whose lowest bits hold `n` plus the bias that was asked for.
    shifted: Vector<T, S>,
    /// `n`, exactly.
    n: Vector<T, S>,
    /// `exp(x - n ln 2) - 1`.
    tail: Vector<T, S>,
}

impl<T: Element, S: Simd> Vector<T, S> {
    /// Values below `low` become `low`, those above `high` become `high`; NaN stays NaN on every machine.
    #[inline(always)]
    #[must_use]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        let (low, high) = (self.constant(low), self.constant(high));
        let raised = self.less_than(low).select(low, self);
        high.less_than(self).select(high, raised)
    }

    /// The exponential function.
    ///
    /// `x = n ln 2 + r` with `|r| <= ln(2) / 2`; `exp(r)` is a polynomial; `2^n` is multiplied in two halves, so that results may
    /// be subnormal and the way to infinity is rounded once.
    ///
    /// Largest error: 1.1 ulp.
    #[inline(always)]
    #[must_use]
    pub fn exp(self) -> Self {
        let x = self.clamp(T::EXP_LOW, T::EXP_HIGH);
        let Reduced { shifted, n, tail } = x.reduce(T::BIAS);
        // The halves are taken as numbers: a loop over the bits of both vectors at once is compiled to narrower ones for AVX-512.
        let round = x.constant(T::ROUND + T::BIAS);
        let first = n.mul_add(x.constant(0.5), round);
        let second = shifted - (first - round);
        let half = first.power_of_two();
        half.mul_add(tail, half) * second.power_of_two()
    }

    /// `exp(x) - 1`, accurate near zero too.
    ///
    /// As [`exp`](Self::exp), but 1 is taken away from the power of two, not from the result.
    ///
    /// Largest error: 1.7 ulp in `f32`, 2.3 in `f64`, just above `ln(2) / 2`.
    #[inline(always)]
    #[must_use]
    pub fn exp_m1(self) -> Self {
        let x = self.clamp(T::EXP_M1_LOW, T::EXP_HIGH);
        let Reduced { shifted, tail, .. } = x.reduce(T::BIAS - 1.0);
        let half = shifted.power_of_two();
        let half_result = half.mul_add(tail, half - x.constant(0.5));
        let is_tiny = self.abs().less_than(x.constant(T::TINY));
        is_tiny.select(self, half_result + half_result)
    }

    /// The logistic function `1 / (1 + exp(-x))`.
    ///
    /// Numerator and denominator are both scaled by a power of two, so that `exp(-x)` does not overflow where the result is
    /// still a (subnormal) number.
    ///
    /// Largest error: 2.5 ulp.
    #[inline(always)]
    #[must_use]
    pub fn sigmoid(self) -> Self {
        let x = self.clamp(T::EXP_LOW, T::SIGMOID_HIGH);
        let exponent = f64::from(T::SIGMOID_EXPONENT);
        let Reduced { shifted, tail, .. } = (-x).reduce(T::BIAS - exponent);
        let scale = shifted.power_of_two();
        let one = x.constant(power_of_two(-T::SIGMOID_EXPONENT));
        one / scale.mul_add(tail, scale + one)
    }

    /// The hyperbolic tangent.
    ///
    /// `x = n ln(2)/2 + y` with `|y| <= ln(2) / 4`, for the magnitude of `x`. The tangent `t` of `y` is a polynomial, that of the
    /// rest is `(s - 1) / (s + 1)` with `s = 2^n`, and the addition theorem makes `((s - 1) + (s + 1) t) / ((s + 1) + (s - 1) t)`
    /// of both. The sign is put back.
    ///
    /// `ln 2` is taken as one number: what it lacks is multiplied by `n`, and divided by a factor that grows as `2^n`.
    ///
    /// Largest error: 2.5 ulp in `f32`, near 4.5 in magnitude; 2.7 in `f64`, near 0.53.
    #[inline(always)]
    #[must_use]
    pub fn tanh(self) -> Self {
        let one = self.constant(1.0);
        let magnitude = self.abs();
        let high = self.constant(T::TANH_HIGH);
        let x = high.less_than(magnitude).select(high, magnitude);
        let round = x.constant(T::ROUND + T::BIAS);
        let shifted = x.mul_add(x.constant(2.0 * core::f64::consts::LOG2_E), round);
        let y = (shifted - round).mul_add(x.constant(-0.5 * core::f64::consts::LN_2), x);
        let square = y * y;
        let t = (y * square).mul_add(square.horner(T::TANH), y);
        let s = shifted.power_of_two();
        let (less, more) = (s - one, s + one);
        (more.mul_add(t, less) / less.mul_add(t, more)).copysign(self)
    }

    /// The natural logarithm.
    ///
    /// `x = 2^k (1 + f)` with `1 + f` between `sqrt(1/2)` and `sqrt(2)`; `ln(1 + f)` as in fdlibm's `e_log.c`.
    ///
    /// Largest error: 0.9 ulp. Zero gives minus infinity, negative numbers give NaN.
    #[inline(always)]
    #[must_use]
    pub fn ln(self) -> Self {
        let is_subnormal = self.less_than(self.constant(T::SMALLEST_NORMAL));
        let normalized = self * self.constant(power_of_two(T::NORMALIZE));
        let x = is_subnormal.select(normalized, self);
        let zero = self.constant(0.0);
        let shift = is_subnormal.select(self.constant(f64::from(T::NORMALIZE)), zero);
        let result = x.ln_of_normal(shift, zero);
        self.with_special_logarithms(result)
    }

    /// `ln(1 + x)`, accurate near zero too.
    ///
    /// [`ln`](Self::ln) of the rounded sum, corrected by what the rounding lost, as in fdlibm's `s_log1p.c`.
    ///
    /// Largest error: 0.9 ulp. -1 gives minus infinity, numbers below it give NaN.
    #[inline(always)]
    #[must_use]
    pub fn ln_1p(self) -> Self {
        let one = self.constant(1.0);
        let sum = self + one;
        // Knuth's exact sum: what is lost in the rounding of `sum`.
        let part = sum - one;
        let lost = (one - (sum - part)) + (self - part);
        let result = sum.ln_of_normal(self.constant(0.0), lost / sum);
        let is_tiny = self.abs().less_than(self.constant(T::TINY));
        is_tiny.select(self, sum.with_special_logarithms(result))
    }

    /// The error function.
    ///
    /// An odd polynomial near zero, `1 - exp(q(x))` with a polynomial `q` elsewhere; the idea is N. Juffa's, as published for
    /// `erff` in CUDA's forums.
    ///
    /// Largest error: 1.3 ulp in `f32`, 1.4 in `f64`.
    #[inline(always)]
    #[must_use]
    pub fn erf(self) -> Self {
        let magnitude = self.abs();
        let near = magnitude.mul_add((magnitude * magnitude).polynomial(T::ERF_NEAR), magnitude);
        let high = self.constant(T::ERF_HIGH);
        let x = high.less_than(magnitude).select(high, magnitude);
        let Reduced { shifted, tail, .. } = x.polynomial(T::LN_ERFC).reduce(T::BIAS);
        let scale = shifted.power_of_two();
        let far = (-scale).mul_add(tail, self.constant(1.0) - scale);
        magnitude.less_than(self.constant(T::ERF_MIDDLE)).select(near, far).copysign(self)
    }

    /// The polynomial with these coefficients, lowest order first.
    ///
    /// Horner's scheme in the square of `self` over pairs of coefficients: half as long a chain as Horner's.
    #[inline(always)]
    fn polynomial(self, coefficients: &[f64]) -> Self {
        let square = self * self;
        let mut count = coefficients.len() & !1;
        let mut result;
        if count < coefficients.len() {
            result = self.constant(coefficients[count]);
        } else {
            count -= 2;
            result = self.pair(coefficients, count);
        }
        while count > 0 {
            count -= 2;
            result = result.mul_add(square, self.pair(coefficients, count));
        }
        result
    }

    /// The polynomial by Horner's scheme: a longer chain, and an operation less.
    #[inline(always)]
    fn horner(self, coefficients: &[f64]) -> Self {
        let mut result = self.constant(coefficients[coefficients.len() - 1]);
        for coefficient in coefficients.iter().rev().skip(1) {
            result = result.mul_add(self, self.constant(*coefficient));
        }
        result
    }

    #[inline(always)]
    fn pair(self, coefficients: &[f64], index: usize) -> Self {
        self.constant(coefficients[index + 1]).mul_add(self, self.constant(coefficients[index]))
    }

    /// The exponential's range reduction and polynomial.
    #[inline(always)]
    fn reduce(self, bias: f64) -> Reduced<T, S> {
        let round = self.constant(T::ROUND + bias);
        let shifted = self.mul_add(self.constant(core::f64::consts::LOG2_E), round);
        let n = shifted - round;
        let r = n.mul_add(self.constant(-T::LN_2_HIGH), self);
        let r = n.mul_add(self.constant(-T::LN_2_LOW), r);
        let tail = (r * r).mul_add(r.polynomial(T::EXP), r);
        Reduced { shifted, n, tail }
    }

    /// `2^(i - BIAS)` for the integer `i` in the lowest bits.
    #[inline(always)]
    fn power_of_two(mut self) -> Self {
        for bits in self.as_mut_bits() {
            *bits = T::exponent(*bits);
        }
        self
    }

    /// `ln(self * 2^-shift) + correction` for positive normal numbers.
    #[inline(always)]
    fn ln_of_normal(self, shift: Self, correction: Self) -> Self {
        let (mut exponent, mut mantissa) = (self, self);
        for (exponent, mantissa) in exponent.as_mut_bits().iter_mut().zip(mantissa.as_mut_bits()) {
            (*exponent, *mantissa) = T::split(*mantissa);
        }
        let k = exponent - self.constant(T::SPLIT_BIAS) - shift;
        let f = mantissa - self.constant(1.0);
        let s = f / (f + self.constant(2.0));
        let square = s * s;
        let tail = square * square.polynomial(T::LN);
        let half = self.constant(0.5) * f * f;
        let low = k.mul_add(self.constant(T::LN_2_LOW), correction);
        let small = s.mul_add(half + tail, low) - half;
        k.mul_add(self.constant(T::LN_2_HIGH), small + f)
    }

    /// `result`, except where the logarithm of `self` is infinite or NaN.
    #[inline(always)]
    fn with_special_logarithms(self, result: Self) -> Self {
        let zero = self.constant(0.0);
        let infinity = self.constant(f64::INFINITY);
        let result = self.less_than(infinity).select(result, self);
        let result = self.less_than(zero).select(self.constant(f64::NAN), result);
        self.equal(zero).select(-infinity, result)
    }
}

/// `2^exponent`, in the range of `f64`'s normal numbers.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}
