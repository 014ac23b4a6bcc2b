//! RAdam.

use super::arguments::{
    Decay, accessors, correction, decays, decouples, divides, penalty_and_keep, smooths,
};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::radam::RAdamRule;

/// RAdam: [`Adam`](super::Adam) whose first steps are not divided by the size of the gradient, of which they know too little, and the next ones carefully: a
/// warm-up of its own. PyTorch's `RAdam`.
///
/// With learning rate γ, weight decay λ, gradient g, step t from 1 on, and ρ∞ = 2 / (1 − β₂) − 1:
///
/// ```text
/// g ← g + λ w                                   decoupled: w ← w − γ λ w
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
/// r = √((ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ))
/// w ← w − γ m / (1 − β₁ᵗ) · r √(1 − β₂ᵗ) / (√v + ε)      while ρ ≤ 5, w − γ m / (1 − β₁ᵗ)
/// ```
///
/// Defaults: γ = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, λ = 0.
///
/// Source: L. Liu et al., [On the variance of the adaptive learning rate and beyond](https://arxiv.org/abs/1908.03265) (2019).
#[derive(Clone, Debug)]
pub struct RAdam<T = f32> {
    betas: [f64; 2],
    epsilon: f64,
    decay: Decay,
    decoupled: bool,
    state: State<T>,
}

impl<T: Scalar> RAdam<T> {
    /// With a learning rate and the other defaults.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self {
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            decay: Decay::new(0.0),
            decoupled: false,
            state: State::new(learning_rate),
        }
    }

    smooths!("Sets the smoothing of the gradient, β₁, and of its square, β₂.");

    divides!();

    decays!(
        "Sets the weight decay λ: an L2 penalty, unless it is [decoupled](Self::decoupled_weight_decay)."
    );

    decouples!();
}

/// PyTorch's learning rate, 0.001.
impl<T: Scalar> Default for RAdam<T> {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl<T: Scalar> Optimizer<T> for RAdam<T> {
    accessors!();

    fn moments(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn update(&self, tensor: Update<'_, T>) {
        let [first, second] = self.betas.map(|beta| correction(beta, tensor.step));
        let rectification = rectification(self.betas[1], second, tensor.step);
        let decay = self.decay.of(tensor.kind, tensor.weight_decay);
        let [penalty, keep] = penalty_and_keep(decay, self.decoupled, tensor.learning_rate);
        let scale = rectification.map_or(1.0, |rectification| rectification * second.sqrt());
        let rule = RAdamRule {
            learning_rate: tensor.learning_rate * scale / first,
            betas: self.betas,
            epsilon: self.epsilon,
            penalty,
            keep,
            adaptive: rectification.is_some(),
        };
        T::radam(Run { rule, operands: tensor.operands });
    }
}

/// r, if ρ is above 5; `correction` is 1 − β₂ᵗ.
fn rectification(beta: f64, correction: f64, step: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count of steps")]
    let step = step as f64;
    let end = 2.0 / (1.0 - beta) - 1.0;
    let length = end - 2.0 * step * (1.0 - correction) / correction;
    let ratio = (length - 4.0) * (length - 2.0) * end / ((end - 4.0) * (end - 2.0) * length);
    (length > 5.0).then(|| ratio.sqrt())
}
