//! Adadelta.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With learning rate γ, smoothing ρ, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// s ← ρ s + (1 − ρ) g²
/// δ = g √(u + ε) / √(s + ε)
/// u ← ρ u + (1 − ρ) δ²
/// w ← w − γ δ
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdadeltaRule {
    pub(crate) learning_rate: f64,
    pub(crate) rho: f64,
    pub(crate) decay: f64,
    pub(crate) epsilon: f64,
}

impl<T: Element> Rule<T, 2> for AdadeltaRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [s, u]: [Vector<T, S>; 2],
    ) -> (Vector<T, S>, [Vector<T, S>; 2]) {
        let (rho, rest) = (w.constant(self.rho), w.constant(1.0 - self.rho));
        let epsilon = w.constant(self.epsilon);
        let g = w.constant(self.decay).mul_add(w, g);
        let s = rho.mul_add(s, rest * g * g);
        // Two roots: their quotient under one root could be beyond the numbers.
        let delta = (u + epsilon).sqrt() / (s + epsilon).sqrt() * g;
        let u = rho.mul_add(u, rest * delta * delta);
        (w.constant(-self.learning_rate).mul_add(delta, w), [s, u])
    }
}
