//! RAdam.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With a learning rate γ that is corrected for the step, and gradient g:
///
/// ```text
/// g ← g + penalty w
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// w ← keep w − γ m / (√v + ε)      while v is not to be trusted yet, keep w − γ m
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct RAdamRule {
    pub(crate) learning_rate: f64,
    pub(crate) betas: [f64; 2],
    pub(crate) epsilon: f64,
    pub(crate) penalty: f64,
    pub(crate) keep: f64,
    /// Whether v is trusted.
    pub(crate) adaptive: bool,
}

impl<T: Element> Rule<T, 2> for RAdamRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [m, v]: [Vector<T, S>; 2],
    ) -> (Vector<T, S>, [Vector<T, S>; 2]) {
        let [first, second] = self.betas;
        let g = w.constant(self.penalty).mul_add(w, g);
        let m = w.constant(first).mul_add(m, w.constant(1.0 - first) * g);
        let v = w.constant(second).mul_add(v, w.constant(1.0 - second) * g * g);
        let scaled = if self.adaptive { m / (v.sqrt() + w.constant(self.epsilon)) } else { m };
        (w.constant(-self.learning_rate).mul_add(scaled, w * w.constant(self.keep)), [m, v])
    }
}
