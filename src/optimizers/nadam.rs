//! NAdam.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::arguments::{
    self, Decay, accessors, correction, decays, decouples, divides, penalty_and_keep, smooths,
};
use super::{Optimizer, State, Update};
use crate::core::Scalar;
use crate::kernels::update::Run;
use crate::kernels::update::nadam::NAdamRule;

/// NAdam: [`Adam`](super::Adam) with Nesterov's momentum, which looks a step ahead. PyTorch's `NAdam`.
///
/// With learning rate γ, weight decay λ, momentum decay ψ, gradient g and step t from 1 on:
///
/// ```text
/// g ← g + λ w                                   decoupled: w ← w − γ λ w
/// μₜ = β₁ (1 − 0.96^(t ψ) / 2)
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// m̂ = μₜ₊₁ m / (1 − μ₁ μ₂ … μₜ₊₁) + (1 − μₜ) g / (1 − μ₁ μ₂ … μₜ)
/// w ← w − γ m̂ / (√(v / (1 − β₂ᵗ)) + ε)
/// ```
///
/// Defaults: γ = 0.002, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, λ = 0, ψ = 0.004.
///
/// Source: T. Dozat, [Incorporating Nesterov momentum into Adam](https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ) (2016).
#[derive(Clone, Debug)]
pub struct NAdam<T = f32> {
    betas: [f64; 2],
    momentum_decay: f64,
    epsilon: f64,
    decay: Decay,
    decoupled: bool,
    product: Product,
    state: State<T>,
}

impl<T: Scalar> NAdam<T> {
    /// With a learning rate and the other defaults.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self {
            betas: [0.9, 0.999],
            momentum_decay: 4e-3,
            epsilon: 1e-8,
            decay: Decay::new(0.0),
            decoupled: false,
            product: Product::of(Momentum::default()),
            state: State::new(learning_rate),
        }
    }

    smooths!("Sets the smoothing of the gradient, β₁, and of its square, β₂.");

    /// Sets the momentum decay ψ: how soon the momentum grows from β₁ / 2 to β₁.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn momentum_decay(mut self, decay: f64) -> Self {
        self.momentum_decay = arguments::rate::<T>("a momentum decay", decay);
        self
    }

    divides!();

    decays!(
        "Sets the weight decay λ: an L2 penalty, unless it is [decoupled](Self::decoupled_weight_decay)."
    );

    decouples!();

    fn schedule(&self) -> Momentum {
        Momentum { end: self.betas[0], decay: self.momentum_decay }
    }
}

/// PyTorch's learning rate, 0.002.
impl<T: Scalar> Default for NAdam<T> {
    fn default() -> Self {
        Self::new(2e-3)
    }
}

impl<T: Scalar> Optimizer<T> for NAdam<T> {
    accessors!();

    fn moments(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn scalars(&self) -> Vec<(&'static str, f64)> {
        let steps = self.state.steps();
        vec![("mu_product", self.product.until(steps, self.schedule()))]
    }

    fn update(&self, tensor: Update<'_, T>) {
        let step = tensor.step;
        let momenta = self.schedule();
        let [momentum, next] = [step, step + 1].map(|step| momenta.at(step));
        let product = self.product.until(step, momenta);
        let decay = self.decay.of(tensor.kind, tensor.weight_decay);
        let [penalty, keep] = penalty_and_keep(decay, self.decoupled, tensor.learning_rate);
        let root = correction(self.betas[1], step).sqrt();
        let rate = tensor.learning_rate * root;
        let rule = NAdamRule {
            of_gradient: rate * (1.0 - momentum) / (1.0 - product),
            of_mean: rate * next / (1.0 - product * next),
            betas: self.betas,
            epsilon: self.epsilon * root,
            penalty,
            keep,
        };
        T::nadam(Run { rule, operands: tensor.operands });
    }
}

/// How the momentum grows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Momentum {
    /// β₁
    end: f64,
    /// ψ
    decay: f64,
}

impl Momentum {
    /// μₜ
    fn at(self, step: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of steps")]
        let step = step as f64;
        self.end * (1.0 - 0.5 * 0.96_f64.powf(step * self.decay))
    }
}

/// μ₁ μ₂ … μₜ. It follows from the step, so that it need not be in the state; the last one is kept, so that the next is one multiplication.
struct Product(Mutex<Factors>);

#[derive(Clone, Copy)]
struct Factors {
    momenta: Momentum,
    step: u64,
    product: f64,
}

impl Product {
    fn of(momenta: Momentum) -> Self {
        Self(Mutex::new(Factors { momenta, step: 0, product: 1.0 }))
    }

    fn until(&self, step: u64, momenta: Momentum) -> f64 {
        /// What is smaller makes no difference to 1.
        const NOTHING: f64 = f64::EPSILON / 4.0;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if step < last.step || momenta != last.momenta {
            *last = Factors { momenta, step: 0, product: 1.0 };
        }
        while last.step < step && last.product > NOTHING {
            last.step += 1;
            last.product *= momenta.at(last.step);
        }
        last.step = step;
        last.product
    }
}

impl Clone for Product {
    fn clone(&self) -> Self {
        Self(Mutex::new(*self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// It is no setting.
impl fmt::Debug for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Product").finish_non_exhaustive()
    }
}
