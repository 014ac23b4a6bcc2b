//! Stochastic gradient descent.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With learning rate γ, momentum μ, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// v ← μ v + g
/// w ← w − γ v            without momentum, v = g; with Nesterov's, w ← w − γ (g + μ v)
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct SgdRule {
    pub(crate) learning_rate: f64,
    pub(crate) momentum: f64,
    pub(crate) nesterov: bool,
    pub(crate) decay: f64,
}

impl<T: Element> Rule<T, 0> for SgdRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        []: [Vector<T, S>; 0],
    ) -> (Vector<T, S>, [Vector<T, S>; 0]) {
        let g = w.constant(self.decay).mul_add(w, g);
        (w.constant(-self.learning_rate).mul_add(g, w), [])
    }
}

impl<T: Element> Rule<T, 1> for SgdRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [v]: [Vector<T, S>; 1],
    ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
        let momentum = w.constant(self.momentum);
        let g = w.constant(self.decay).mul_add(w, g);
        let v = momentum.mul_add(v, g);
        let direction = if self.nesterov { momentum.mul_add(v, g) } else { v };
        (w.constant(-self.learning_rate).mul_add(direction, w), [v])
    }
}
