//! Adam, and AdamW with its decoupled weight decay.

use super::arguments::{Decay, accessors, correction, decays, divides, penalty_and_keep, smooths};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::adam::{AdamRule, AmsGradRule};

macro_rules! adam {
    ($(#[$doc:meta])* $name:ident, default decay $decay:literal, $decay_doc:literal, decoupled $decoupled:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<T = f32> {
            betas: [f64; 2],
            epsilon: f64,
            amsgrad: bool,
            decay: Decay,
            state: State<T>,
        }

        impl<T: Scalar> $name<T> {
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
                    amsgrad: false,
                    decay: Decay::new($decay),
                    state: State::new(learning_rate),
                }
            }

            smooths!("Sets the smoothing of the gradient, β₁, and of its square, β₂.");

            divides!();

            decays!($decay_doc);

            /// AMSGrad: divides by the largest running mean of the square that there was, v̂ ← max(v̂, v), in the place of v. PyTorch's `amsgrad=True`.
            ///
            /// Source: S. Reddi, S. Kale, S. Kumar, [On the convergence of Adam and beyond](https://arxiv.org/abs/1904.09237) (2018).
            #[must_use]
            pub fn amsgrad(mut self) -> Self {
                self.amsgrad = true;
                self
            }
        }

        /// PyTorch's learning rate, 0.001.
        impl<T: Scalar> Default for $name<T> {
            fn default() -> Self {
                Self::new(1e-3)
            }
        }

        impl<T: Scalar> Optimizer<T> for $name<T> {
            accessors!();

            fn moments(&self) -> &'static [&'static str] {
                if self.amsgrad {
                    &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
                } else {
                    &["exp_avg", "exp_avg_sq"]
                }
            }

            fn update(&self, tensor: Update<'_, T>) {
                let decay = self.decay.of(tensor.kind, tensor.weight_decay);
                let [penalty, keep] = penalty_and_keep(decay, $decoupled, tensor.learning_rate);
                step(tensor, self.betas, self.epsilon, [penalty, keep], self.amsgrad);
            }
        }
    };
}

adam!(
    /// Adam: steps along the running mean of the gradient, divided by that of its size. PyTorch's `Adam`.
    ///
    /// With learning rate γ, weight decay λ, gradient g and step t from 1 on:
    ///
    /// ```text
    /// g ← g + λ w
    /// m ← β₁ m + (1 − β₁) g
    /// v ← β₂ v + (1 − β₂) g²
    /// w ← w − γ m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
    /// ```
    ///
    /// Defaults: γ = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, λ = 0.
    ///
    /// Source: D. Kingma, J. Ba, [Adam: a method for stochastic optimization](https://arxiv.org/abs/1412.6980) (2014).
    Adam, default decay 0.0, "Sets the weight decay λ (an L2 penalty). [`AdamW`] decays in another way.", decoupled false
);

adam!(
    /// AdamW: [`Adam`] with weight decay that is kept apart from the gradient. PyTorch's `AdamW`.
    ///
    /// With learning rate γ, weight decay λ, gradient g and step t from 1 on:
    ///
    /// ```text
    /// w ← w − γ λ w
    /// m ← β₁ m + (1 − β₁) g
    /// v ← β₂ v + (1 − β₂) g²
    /// w ← w − γ m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
    /// ```
    ///
    /// Defaults: γ = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, λ = 0.01.
    ///
    /// Source: I. Loshchilov, F. Hutter, [Decoupled weight decay regularization](https://arxiv.org/abs/1711.05101) (2017).
    AdamW, default decay 0.01, "Sets the weight decay λ.", decoupled true
);

/// One step of either: a penalty goes into the gradient, and weights are multiplied by what they keep.
fn step<T: Scalar>(
    tensor: Update<'_, T>,
    betas: [f64; 2],
    epsilon: f64,
    [penalty, keep]: [f64; 2],
    amsgrad: bool,
) {
    let [first, second] = betas.map(|beta| correction(beta, tensor.step));
    let root = second.sqrt();
    let rule = AdamRule {
        learning_rate: tensor.learning_rate * root / first,
        betas,
        epsilon: epsilon * root,
        penalty,
        keep,
    };
    let operands = tensor.operands;
    if amsgrad {
        T::amsgrad(Run { rule: AmsGradRule(rule), operands });
    } else {
        T::adam(Run { rule, operands });
    }
}
