//! NAdam.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With an ε that is corrected for the step, the shares a and b of the gradient g and of its mean m, which have the learning rate in them:
///
/// ```text
/// g ← g + penalty w
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// w ← keep w − (a g + b m) / (√v + ε)
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct NAdamRule {
    pub(crate) of_gradient: f64,
    pub(crate) of_mean: f64,
    pub(crate) betas: [f64; 2],
    pub(crate) epsilon: f64,
    pub(crate) penalty: f64,
    pub(crate) keep: f64,
}

impl<T: Element> Rule<T, 2> for NAdamRule {
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
        let step = w.constant(self.of_gradient).mul_add(g, w.constant(self.of_mean) * m);
        let scaled = step / (v.sqrt() + w.constant(self.epsilon));
        (w.constant(self.keep).mul_add(w, -scaled), [m, v])
    }
}
