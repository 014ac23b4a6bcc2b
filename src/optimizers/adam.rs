//! Adam, and AdamW with its decoupled weight decay.

use super::{Decay, Optimizer, State, Update, accessors, decays};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::adam::AdamRule;

macro_rules! adam {
    ($(#[$doc:meta])* $name:ident, default decay $decay:literal, $decay_doc:literal, decoupled $decoupled:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<T = f32> {
            betas: [f64; 2],
            epsilon: f64,
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
                    decay: Decay::new($decay),
                    state: State::new(learning_rate),
                }
            }

            /// Sets the smoothing of the gradient, β₁, and of its square, β₂.
            ///
            /// # Panics
            ///
            /// If one is not from 0 to 1, without 1.
            #[must_use]
            #[track_caller]
            pub fn betas(mut self, first: f64, second: f64) -> Self {
                self.betas = [super::share("β₁", first), super::share("β₂", second)];
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

            decays!($decay_doc);
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
                &["exp_avg", "exp_avg_sq"]
            }

            fn update(&self, tensor: Update<'_, T>) {
                let decay = self.decay.of(tensor.kind, tensor.weight_decay);
                let (penalty, shrink) =
                    if $decoupled { (0.0, tensor.learning_rate * decay) } else { (decay, 0.0) };
                step(tensor, self.betas, self.epsilon, penalty, shrink);
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

/// One step of either: `penalty` goes into the gradient, `shrink` onto the weights.
fn step<T: Scalar>(
    tensor: Update<'_, T>,
    betas: [f64; 2],
    epsilon: f64,
    penalty: f64,
    shrink: f64,
) {
    let exponent = i32::try_from(tensor.step).unwrap_or(i32::MAX);
    let corrections = betas.map(|beta| 1.0 - beta.powi(exponent));
    let root = corrections[1].sqrt();
    let rule = AdamRule {
        learning_rate: tensor.learning_rate * root / corrections[0],
        betas,
        epsilon: epsilon * root,
        penalty,
        keep: 1.0 - shrink,
    };
    T::adam(Run { rule, operands: tensor.operands });
}
