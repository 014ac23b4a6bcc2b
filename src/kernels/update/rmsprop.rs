//! RMSProp.

use pulp::Simd;

use super::Rule;
use crate::simd::{Element, Vector};

/// With learning rate γ, smoothing α, momentum μ, weight decay λ and gradient g:
///
/// ```text
/// g ← g + λ w
/// s ← α s + (1 − α) g²
/// v ← μ v + g / (√s + ε)
/// w ← w − γ v              without momentum, v = g / (√s + ε)
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct RmsPropRule {
    pub(crate) learning_rate: f64,
    pub(crate) alpha: f64,
    pub(crate) momentum: f64,
    pub(crate) decay: f64,
    pub(crate) epsilon: f64,
}

impl RmsPropRule {
    /// g / (√s + ε), and s.
    #[inline(always)]
    fn scaled<T: Element, S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        s: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let g = w.constant(self.decay).mul_add(w, g);
        let s = w.constant(self.alpha).mul_add(s, w.constant(1.0 - self.alpha) * g * g);
        (g / (s.sqrt() + w.constant(self.epsilon)), s)
    }
}

impl<T: Element> Rule<T, 1> for RmsPropRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [s]: [Vector<T, S>; 1],
    ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
        let (scaled, s) = self.scaled(w, g, s);
        (w.constant(-self.learning_rate).mul_add(scaled, w), [s])
    }
}

impl<T: Element> Rule<T, 2> for RmsPropRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [s, v]: [Vector<T, S>; 2],
    ) -> (Vector<T, S>, [Vector<T, S>; 2]) {
        let (scaled, s) = self.scaled(w, g, s);
        let v = w.constant(self.momentum).mul_add(v, scaled);
        (w.constant(-self.learning_rate).mul_add(v, w), [s, v])
    }
}
