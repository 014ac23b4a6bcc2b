//! Lion.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With learning rate γ and gradient g:
///
/// ```text
/// w ← keep w − γ sign(β₁ m + (1 − β₁) g)      sign(0) = 0
/// m ← β₂ m + (1 − β₂) g
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct LionRule {
    pub(crate) learning_rate: f64,
    pub(crate) betas: [f64; 2],
    pub(crate) keep: f64,
}

impl<T: Element> Rule<T, 1> for LionRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [m]: [Vector<T, S>; 1],
    ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
        let [first, second] = self.betas;
        let zero = w.constant(0.0);
        let mean = w.constant(first).mul_add(m, w.constant(1.0 - first) * g);
        let step = w.constant(self.learning_rate).copysign(mean);
        let step = mean.equal(zero).select(zero, step);
        let m = w.constant(second).mul_add(m, w.constant(1.0 - second) * g);
        (w.constant(self.keep).mul_add(w, -step), [m])
    }
}
