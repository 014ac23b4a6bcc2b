//! Adadelta.

use super::arguments::{self, Decay, accessors, decays, divides};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::adadelta::AdadeltaRule;

/// Adadelta: steps as long as those before, in the units of the parameters, so that there need not be a learning rate. PyTorch's `Adadelta`.
///
/// With learning rate γ, smoothing ρ, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// s ← ρ s + (1 − ρ) g²
/// δ = g √(u + ε) / √(s + ε)
/// u ← ρ u + (1 − ρ) δ²
/// w ← w − γ δ
/// ```
///
/// Defaults: γ = 1, ρ = 0.9, λ = 0, ε = 1e-6. The first steps are as short as √ε: training begins slowly.
///
/// Source: M. Zeiler, [ADADELTA: an adaptive learning rate method](https://arxiv.org/abs/1212.5701) (2012).
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Line<input 1 => dense 1>; }
///
/// let (mut net, mut optimizer) = (Line::zeros(), Adadelta::default());
/// net.train_step(&[[1.0].into()], &[[-0.5].into()], &MeanSquaredError, &mut optimizer);
/// // The gradient is 1: √1e-6 / √(0.1 + 1e-6).
/// assert!((net.dense1.weight[0] + 0.003162).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Adadelta<T = f32> {
    rho: f64,
    epsilon: f64,
    decay: Decay,
    state: State<T>,
}

impl<T: Scalar> Adadelta<T> {
    /// With a learning rate and the other defaults.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self { rho: 0.9, epsilon: 1e-6, decay: Decay::new(0.0), state: State::new(learning_rate) }
    }

    /// Sets the smoothing ρ.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1, without 1.
    #[must_use]
    #[track_caller]
    pub fn rho(mut self, rho: f64) -> Self {
        self.rho = arguments::share("the smoothing ρ", rho);
        self
    }

    divides!();

    decays!("Sets the weight decay λ (an L2 penalty).");
}

/// PyTorch's learning rate, 1.
impl<T: Scalar> Default for Adadelta<T> {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl<T: Scalar> Optimizer<T> for Adadelta<T> {
    accessors!();

    fn moments(&self) -> &'static [&'static str] {
        &["square_avg", "acc_delta"]
    }

    fn update(&self, tensor: Update<'_, T>) {
        let rule = AdadeltaRule {
            learning_rate: tensor.learning_rate,
            rho: self.rho,
            decay: self.decay.of(tensor.kind, tensor.weight_decay),
            epsilon: self.epsilon,
        };
        T::adadelta(Run { rule, operands: tensor.operands });
    }
}
