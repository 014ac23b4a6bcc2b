//! AdaGrad.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With learning rate γ, which has decayed, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// s ← s + g²
/// w ← w − γ g / (√s + ε)
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdaGradRule {
    pub(crate) learning_rate: f64,
    pub(crate) decay: f64,
    pub(crate) epsilon: f64,
}

impl<T: Element> Rule<T, 1> for AdaGradRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [s]: [Vector<T, S>; 1],
    ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
        let g = w.constant(self.decay).mul_add(w, g);
        let s = g.mul_add(g, s);
        let scaled = g / (s.sqrt() + w.constant(self.epsilon));
        (w.constant(-self.learning_rate).mul_add(scaled, w), [s])
    }
}
