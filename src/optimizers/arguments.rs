//! Settings that several optimizers have, checked where they are set.

use crate::core::Scalar;
use crate::layers::Kind;

/// A setting, checked where it is made: a wrong one would show much later, as NaN, or as a network that learns nothing.
#[track_caller]
fn setting(name: &str, value: f64, is_good: bool, range: &str) -> f64 {
    assert!(is_good, "{name} is {range}, found {value}");
    value
}

/// A learning rate, a weight decay: finite in the network's numbers too.
#[track_caller]
pub(super) fn rate<T: Scalar>(name: &str, value: f64) -> f64 {
    setting(name, value, is_rate::<T>(value), "a finite number from 0 on")
}

pub(super) fn is_rate<T: Scalar>(value: f64) -> bool {
    value >= 0.0 && T::of(value).is_finite()
}

/// An ε that is added to a divisor: above 0, in the network's numbers too.
#[track_caller]
pub(super) fn divisor<T: Scalar>(name: &str, value: f64) -> f64 {
    let is_good = T::of(value) > T::zero() && T::of(value).is_finite();
    setting(name, value, is_good, "a finite number above 0")
}

/// How much of the past is kept.
#[track_caller]
pub(super) fn share(name: &str, value: f64) -> f64 {
    setting(name, value, (0.0..1.0).contains(&value), "from 0 to 1, without 1")
}

/// Weight decay: how much, and whether biases decay too (they do in PyTorch).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decay {
    pub(super) rate: f64,
    pub(super) weights_only: bool,
}

impl Decay {
    pub(super) const fn new(rate: f64) -> Self {
        Self { rate, weights_only: false }
    }

    /// That of a tensor, which may have one of its `own`.
    #[inline(always)]
    pub(super) fn of(self, kind: Kind, own: Option<f64>) -> f64 {
        if self.weights_only && kind == Kind::Bias { 0.0 } else { own.unwrap_or(self.rate) }
    }
}

/// The state of an optimizer is in a field of this name.
macro_rules! accessors {
    () => {
        fn state(&self) -> &State<T> {
            &self.state
        }

        fn state_mut(&mut self) -> &mut State<T> {
            &mut self.state
        }
    };
}
pub(super) use accessors;

/// The methods of an optimizer with weight decay, in its `impl` block.
macro_rules! decays {
    ($doc:literal) => {
        #[doc = $doc]
        ///
        /// # Panics
        ///
        /// If it is negative, NaN or infinite.
        #[must_use]
        #[track_caller]
        pub fn weight_decay(mut self, rate: f64) -> Self {
            self.decay.rate = $crate::optimizers::arguments::rate::<T>("a weight decay", rate);
            self
        }

        /// Lets weights decay, but not biases, nor slopes of `prelu` ([`Kind::Bias`](crate::layers::Kind::Bias)).
        #[must_use]
        pub fn decay_weights_only(mut self) -> Self {
            self.decay.weights_only = true;
            self
        }
    };
}
pub(super) use decays;

/// The method that sets ε, in the `impl` block of an optimizer with a field of this name.
macro_rules! divides {
    () => {
        /// Sets ε, which keeps the division from zero.
        ///
        /// # Panics
        ///
        /// If it is not a finite number above 0.
        #[must_use]
        #[track_caller]
        pub fn epsilon(mut self, epsilon: f64) -> Self {
            self.epsilon = $crate::optimizers::arguments::divisor::<T>("ε", epsilon);
            self
        }
    };
}
pub(super) use divides;

/// The method that sets β₁ and β₂, in the `impl` block of an optimizer with a field `betas`.
macro_rules! smooths {
    ($doc:literal) => {
        #[doc = $doc]
        ///
        /// # Panics
        ///
        /// If one is not from 0 to 1, without 1.
        #[must_use]
        #[track_caller]
        pub fn betas(mut self, first: f64, second: f64) -> Self {
            let share = $crate::optimizers::arguments::share;
            self.betas = [share("β₁", first), share("β₂", second)];
            self
        }
    };
}
pub(super) use smooths;

/// The method that keeps weight decay apart from the gradient, in the `impl` block of an optimizer with a field `decoupled`.
macro_rules! decouples {
    () => {
        /// Keeps weight decay apart from the gradient, as [`AdamW`](crate::optimizers::AdamW) does. PyTorch's `decoupled_weight_decay=True`.
        #[must_use]
        pub fn decoupled_weight_decay(mut self) -> Self {
            self.decoupled = true;
            self
        }
    };
}
pub(super) use decouples;

/// How a weight decay λ goes into a step: what is added to the gradient for each weight, and what a weight is multiplied by.
pub(super) fn penalty_and_keep(decay: f64, decoupled: bool, learning_rate: f64) -> [f64; 2] {
    if decoupled { [0.0, 1.0 - learning_rate * decay] } else { [decay, 1.0] }
}

/// 1 − βᵗ.
pub(super) fn correction(beta: f64, step: u64) -> f64 {
    1.0 - beta.powi(i32::try_from(step).unwrap_or(i32::MAX))
}
