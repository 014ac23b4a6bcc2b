//! Stochastic gradient descent.

use super::arguments::{self, Decay, accessors, decays};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::sgd::SgdRule;

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
            momentum: 0.0,
            nesterov: false,
            decay: Decay::new(0.0),
            state: State::new(learning_rate),
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
        self.momentum = arguments::share("a momentum", momentum);
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

    fn moments(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["momentum_buffer"] }
    }

    fn update(&self, tensor: Update<'_, T>) {
        let rule = SgdRule {
            learning_rate: tensor.learning_rate,
            momentum: self.momentum,
            nesterov: self.nesterov,
            decay: self.decay.of(tensor.kind, tensor.weight_decay),
        };
        let operands = tensor.operands;
        if self.momentum == 0.0 {
            T::sgd(Run { rule, operands });
        } else {
            T::sgd_with_momentum(Run { rule, operands });
        }
    }
}
