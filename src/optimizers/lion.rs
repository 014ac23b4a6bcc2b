//! Lion.

use super::arguments::{Decay, accessors, decays, penalty_and_keep, smooths};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::lion::LionRule;

/// Lion: steps of one length, in the direction of the sign of a running mean of the gradient; one moment a parameter, where [`Adam`](super::Adam) keeps two.
///
/// With learning rate γ, weight decay λ and gradient g:
///
/// ```text
/// w ← w − γ λ w
/// w ← w − γ sign(β₁ m + (1 − β₁) g)      sign(0) = 0
/// m ← β₂ m + (1 − β₂) g
/// ```
///
/// Defaults: γ = 1e-4, β₁ = 0.9, β₂ = 0.99, λ = 0. The paper advises a learning rate that is 3 to 10 times smaller than that of [`AdamW`](super::AdamW), and a weight decay
/// that is as much larger.
///
/// Source: X. Chen et al., [Symbolic discovery of optimization algorithms](https://arxiv.org/abs/2302.06675) (2023); for PyTorch it is
/// [`lion-pytorch`](https://pypi.org/project/lion-pytorch/).
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Line<input 1 => dense 1>; }
///
/// let (mut net, mut optimizer) = (Line::zeros(), Lion::new(0.125).weight_decay(0.1));
/// net.train_step(&[[1.0].into()], &[[0.5].into()], &MeanSquaredError, &mut optimizer);
/// assert_eq!(net.as_slice(), [0.125, 0.125]);
/// ```
#[derive(Clone, Debug)]
pub struct Lion<T = f32> {
    betas: [f64; 2],
    decay: Decay,
    state: State<T>,
}

impl<T: Scalar> Lion<T> {
    /// With a learning rate and the other defaults.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self { betas: [0.9, 0.99], decay: Decay::new(0.0), state: State::new(learning_rate) }
    }

    smooths!(
        "Sets how much of the running mean is in the direction of a step, β₁, and how much of it is kept, β₂."
    );

    decays!("Sets the weight decay λ, which is apart from the gradient.");
}

/// The learning rate of the paper's authors for images, 1e-4.
impl<T: Scalar> Default for Lion<T> {
    fn default() -> Self {
        Self::new(1e-4)
    }
}

impl<T: Scalar> Optimizer<T> for Lion<T> {
    accessors!();

    fn moments(&self) -> &'static [&'static str] {
        &["exp_avg"]
    }

    fn update(&self, tensor: Update<'_, T>) {
        let learning_rate = tensor.learning_rate;
        let decay = self.decay.of(tensor.kind, tensor.weight_decay);
        let [_, keep] = penalty_and_keep(decay, true, learning_rate);
        let rule = LionRule { learning_rate, betas: self.betas, keep };
        T::lion(Run { rule, operands: tensor.operands });
    }
}
