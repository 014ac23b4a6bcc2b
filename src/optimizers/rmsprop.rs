//! RMSProp.

use pulp::Simd;

use super::compiled::BuiltIn;
use super::{Decay, Optimizer, Rule, State, Update, accessors, decays, for_each, updates};
use crate::core::Scalar;
use crate::simd::Vector;

/// RMSProp: gradients divided by a running mean of their size. PyTorch's `RMSprop`.
///
/// With learning rate γ, smoothing α, momentum μ, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// s ← α s + (1 − α) g²
/// v ← μ v + g / (√s + ε)
/// w ← w − γ v              without momentum, v = g / (√s + ε)
/// ```
///
/// Defaults: γ = 0.01, α = 0.99, μ = 0, λ = 0, ε = 1e-8.
///
/// Source: T. Tieleman, G. Hinton, [Neural networks for machine learning, lecture 6.5](https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf) (2012).
#[derive(Clone, Debug)]
pub struct RmsProp<T = f32> {
    learning_rate: f64,
    alpha: f64,
    momentum: f64,
    epsilon: f64,
    decay: Decay,
    state: State<T>,
}

impl<T: Scalar> RmsProp<T> {
    /// RMSProp with a learning rate and the other defaults.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate: super::rate::<T>("a learning rate", learning_rate),
            alpha: 0.99,
            momentum: 0.0,
            epsilon: 1e-8,
            decay: Decay::new(0.0),
            state: State::default(),
        }
    }

    /// Sets the smoothing α.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1, without 1.
    #[must_use]
    #[track_caller]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = super::share("the smoothing α", alpha);
        self
    }

    /// Sets the momentum μ.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1, without 1.
    #[must_use]
    #[track_caller]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = super::share("a momentum", momentum);
        self
    }

    /// Sets ε, which keeps the division from zero.
    ///
    /// # Panics
    ///
    /// If it is not a finite number above 0.
    #[must_use]
    #[track_caller]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = super::divisor::<T>("ε", epsilon);
        self
    }

    decays!("Sets the weight decay λ (an L2 penalty).");
}

/// PyTorch's learning rate, 0.01.
impl<T: Scalar> Default for RmsProp<T> {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl<T: Scalar> Optimizer<T> for RmsProp<T> {
    accessors!();

    fn moments(&self) -> usize {
        if self.momentum == 0.0 { 1 } else { 2 }
    }

    updates!(rmsprop);
}

impl<T: Scalar> BuiltIn<T> for RmsProp<T> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, tensor: Update<'_, T>) {
        let Update { kind, learning_rate_factor, weight_decay, .. } = tensor;
        let Update { parameters, gradient, factors, first, second, .. } = tensor;
        let splat = |value: f64| Vector::splat(simd, T::of(value));
        let rule = RmsPropRule {
            rate: splat(-self.learning_rate * learning_rate_factor),
            decay: splat(self.decay.of(kind, weight_decay)),
            alpha: splat(self.alpha),
            rest: splat(1.0 - self.alpha),
            momentum: splat(self.momentum),
            epsilon: splat(self.epsilon),
        };
        if self.momentum == 0.0 {
            for_each(simd, parameters, gradient, factors, [first], &rule);
        } else {
            for_each(simd, parameters, gradient, factors, [first, second], &rule);
        }
    }
}

struct RmsPropRule<T: Scalar, S: Simd> {
    rate: Vector<T, S>,
    decay: Vector<T, S>,
    alpha: Vector<T, S>,
    rest: Vector<T, S>,
    momentum: Vector<T, S>,
    epsilon: Vector<T, S>,
}

impl<T: Scalar, S: Simd> RmsPropRule<T, S> {
    /// The gradient over its running size, and that size squared.
    #[inline(always)]
    fn scaled(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        s: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let g = self.decay.mul_add(w, g);
        let s = self.alpha.mul_add(s, self.rest * g * g);
        (g / (s.sqrt() + self.epsilon), s)
    }
}

impl<T: Scalar, S: Simd> Rule<T, S, 1> for RmsPropRule<T, S> {
    #[inline(always)]
    fn apply(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [s]: [Vector<T, S>; 1],
    ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
        let (scaled, s) = self.scaled(w, g, s);
        (self.rate.mul_add(scaled, w), [s])
    }
}

impl<T: Scalar, S: Simd> Rule<T, S, 2> for RmsPropRule<T, S> {
    #[inline(always)]
    fn apply(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [s, v]: [Vector<T, S>; 2],
    ) -> (Vector<T, S>, [Vector<T, S>; 2]) {
        let (scaled, s) = self.scaled(w, g, s);
        let v = self.momentum.mul_add(v, scaled);
        (self.rate.mul_add(v, w), [s, v])
    }
}
