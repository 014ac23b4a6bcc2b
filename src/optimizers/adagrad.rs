//! AdaGrad.

use super::arguments::{self, Decay, accessors, decays, divides};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::adagrad::AdaGradRule;

/// AdaGrad: a step size for each parameter, which shrinks with the gradients it has seen. PyTorch's `Adagrad`.
///
/// With learning rate γ, learning rate decay η, weight decay λ, gradient g and step t from 1 on:
///
/// ```text
/// g ← g + λ w
/// s ← s + g²
/// w ← w − γ / (1 + (t − 1) η) · g / (√s + ε)
/// ```
///
/// Defaults: γ = 0.01, η = 0, λ = 0, ε = 1e-10, s starts at 0.
///
/// Source: J. Duchi, E. Hazan, Y. Singer,
/// [Adaptive subgradient methods for online learning and stochastic optimization](https://jmlr.org/papers/v12/duchi11a.html) (2011).
#[derive(Clone, Debug)]
pub struct AdaGrad<T = f32> {
    rate_decay: f64,
    epsilon: f64,
    decay: Decay,
    state: State<T>,
}

impl<T: Scalar> AdaGrad<T> {
    /// AdaGrad with a learning rate and the other defaults.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self {
            rate_decay: 0.0,
            epsilon: 1e-10,
            decay: Decay::new(0.0),
            state: State::new(learning_rate),
        }
    }

    /// Sets the learning rate decay η.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn learning_rate_decay(mut self, decay: f64) -> Self {
        self.rate_decay = arguments::rate::<T>("a learning rate decay", decay);
        self
    }

    divides!();

    decays!("Sets the weight decay λ (an L2 penalty).");
}

/// PyTorch's learning rate, 0.01.
impl<T: Scalar> Default for AdaGrad<T> {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl<T: Scalar> Optimizer<T> for AdaGrad<T> {
    accessors!();

    fn moments(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn update(&self, tensor: Update<'_, T>) {
        #[expect(clippy::cast_precision_loss, reason = "a count of steps")]
        let before = (tensor.step - 1) as f64;
        let rule = AdaGradRule {
            learning_rate: tensor.learning_rate / (1.0 + before * self.rate_decay),
            decay: self.decay.of(tensor.kind, tensor.weight_decay),
            epsilon: self.epsilon,
        };
        T::adagrad(Run { rule, operands: tensor.operands });
    }
}
