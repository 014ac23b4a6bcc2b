//! Adam, AdamW with its decoupled weight decay, and AMSGrad of both.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With a learning rate γ and an ε that are corrected for the step, and gradient g:
///
/// ```text
/// g ← g + penalty w
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// w ← keep w − γ m / (√v + ε)
/// ```
///
/// Weight decay is a penalty (Adam) or shrinks the weights (AdamW). One division a parameter: √(v / c) + ε = (√v + ε √c) / √c for the correction c.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamRule {
    pub(crate) learning_rate: f64,
    pub(crate) betas: [f64; 2],
    pub(crate) epsilon: f64,
    pub(crate) penalty: f64,
    pub(crate) keep: f64,
}

impl<T: Element> Rule<T, 2> for AdamRule {
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
        let scaled = m / (v.sqrt() + w.constant(self.epsilon));
        (w.constant(-self.learning_rate).mul_add(scaled, w * w.constant(self.keep)), [m, v])
    }
}

/// AMSGrad: v̂ ← max(v̂, v) in the place of v under the root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AmsGradRule(pub(crate) AdamRule);

impl<T: Element> Rule<T, 3> for AmsGradRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [m, v, most]: [Vector<T, S>; 3],
    ) -> (Vector<T, S>, [Vector<T, S>; 3]) {
        let AdamRule { learning_rate, betas: [first, second], epsilon, penalty, keep } = self.0;
        let g = w.constant(penalty).mul_add(w, g);
        let m = w.constant(first).mul_add(m, w.constant(1.0 - first) * g);
        let v = w.constant(second).mul_add(v, w.constant(1.0 - second) * g * g);
        let most = most.max(v);
        let scaled = m / (most.sqrt() + w.constant(epsilon));
        (w.constant(-learning_rate).mul_add(scaled, w * w.constant(keep)), [m, v, most])
    }
}
