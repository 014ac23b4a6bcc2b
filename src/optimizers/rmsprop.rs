//! RMSProp.

use super::arguments::{self, Decay, accessors, decays, divides};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::rmsprop::RmsPropRule;

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
            alpha: 0.99,
            momentum: 0.0,
            epsilon: 1e-8,
            decay: Decay::new(0.0),
            state: State::new(learning_rate),
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
        self.alpha = arguments::share("the smoothing α", alpha);
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
        self.momentum = arguments::share("a momentum", momentum);
        self
    }

    divides!();

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

    fn moments(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &["square_avg"] } else { &["square_avg", "momentum_buffer"] }
    }

    fn update(&self, tensor: Update<'_, T>) {
        let rule = RmsPropRule {
            learning_rate: tensor.learning_rate,
            alpha: self.alpha,
            momentum: self.momentum,
            decay: self.decay.of(tensor.kind, tensor.weight_decay),
            epsilon: self.epsilon,
        };
        let operands = tensor.operands;
        if self.momentum == 0.0 {
            T::rmsprop(Run { rule, operands });
        } else {
            T::rmsprop_with_momentum(Run { rule, operands });
        }
    }
}
