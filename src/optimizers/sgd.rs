//! Stochastic gradient descent.

use pulp::Simd;

use super::compiled::BuiltIn;
use super::{Decay, Optimizer, Rule, State, Update, accessors, decays, for_each, updates};
use crate::core::Scalar;
use crate::simd::Vector;

/// Stochastic gradient descent, with momentum, Nesterov's momentum and weight decay. PyTorch's `SGD`.
///
/// With learning rate γ, momentum μ, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// v ← g at the first step, μ v + g later
/// w ← w − γ v            without momentum, v = g; with Nesterov's, w ← w − γ (g + μ v)
/// ```
///
/// Source: I. Sutskever et al., [On the importance of initialization and momentum in deep learning](https://proceedings.mlr.press/v28/sutskever13.html) (2013).
///
/// ```
/// use axonal::prelude::*;
///
/// let plain: Sgd = Sgd::new(0.1);
/// let nesterov: Sgd = Sgd::new(0.01).momentum(0.9).nesterov().weight_decay(1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct Sgd<T = f32> {
    learning_rate: f64,
    momentum: f64,
    nesterov: bool,
    decay: Decay,
    state: State<T>,
}

impl<T: Scalar> Sgd<T> {
    /// Plain gradient descent with a learning rate.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate: super::rate::<T>("a learning rate", learning_rate),
            momentum: 0.0,
            nesterov: false,
            decay: Decay::new(0.0),
            state: State::default(),
        }
    }

    /// Sets the momentum μ, usually 0.9.
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

    /// Looks ahead along the momentum; without momentum there is nothing to look along, and nothing changes.
    #[must_use]
    pub fn nesterov(mut self) -> Self {
        self.nesterov = true;
        self
    }

    decays!("Sets the weight decay λ (an L2 penalty).");
}

/// PyTorch's learning rate, 0.001.
impl<T: Scalar> Default for Sgd<T> {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl<T: Scalar> Optimizer<T> for Sgd<T> {
    accessors!();

    fn moments(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    updates!(sgd);
}

impl<T: Scalar> BuiltIn<T> for Sgd<T> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, tensor: Update<'_, T>) {
        let Update { kind, learning_rate_factor, weight_decay, .. } = tensor;
        let Update { parameters, gradient, factors, first, .. } = tensor;
        let splat = |value: f64| Vector::splat(simd, T::of(value));
        let rule = SgdRule {
            rate: splat(-self.learning_rate * learning_rate_factor),
            decay: splat(self.decay.of(kind, weight_decay)),
            momentum: splat(self.momentum),
            nesterov: self.nesterov,
        };
        if self.momentum == 0.0 {
            for_each(simd, parameters, gradient, factors, [], &rule);
        } else {
            for_each(simd, parameters, gradient, factors, [first], &rule);
        }
    }
}

struct SgdRule<T: Scalar, S: Simd> {
    rate: Vector<T, S>,
    decay: Vector<T, S>,
    momentum: Vector<T, S>,
    nesterov: bool,
}

impl<T: Scalar, S: Simd> Rule<T, S, 0> for SgdRule<T, S> {
    #[inline(always)]
    fn apply(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        []: [Vector<T, S>; 0],
    ) -> (Vector<T, S>, [Vector<T, S>; 0]) {
        (self.rate.mul_add(self.decay.mul_add(w, g), w), [])
    }
}

impl<T: Scalar, S: Simd> Rule<T, S, 1> for SgdRule<T, S> {
    #[inline(always)]
    fn apply(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [v]: [Vector<T, S>; 1],
    ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
        let g = self.decay.mul_add(w, g);
        let v = self.momentum.mul_add(v, g);
        let direction = if self.nesterov { self.momentum.mul_add(v, g) } else { v };
        (self.rate.mul_add(direction, w), [v])
    }
}
