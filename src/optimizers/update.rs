//! What an optimizer sees of a tensor in a step.

use std::borrow::Cow;

#[cfg(doc)]
use super::Optimizer;
use crate::core::Scalar;
use crate::kernels::update::{Operands, Rule, Run};
use crate::layers::Kind;
use crate::simd::dispatch;

/// Some parameters of one tensor, as an optimizer sees them, with their gradient and their moments.
#[derive(Debug)]
pub struct Update<'a, T> {
    /// The number of this step, from 1 on.
    pub step: u64,
    /// Whether this is a weight or a bias.
    pub kind: Kind,
    /// The step size here: the optimizer's, times the tensor's [own factor](Optimizer::scale_learning_rate).
    pub learning_rate: f64,
    /// What the weight decay is here, if it is not the optimizer's own ([`Optimizer::set_weight_decay`]).
    pub weight_decay: Option<f64>,
    pub(super) operands: Operands<'a, T>,
}

impl<'a, T: Scalar> Update<'a, T> {
    /// Runs a rule over all the parameters, in vectors of the machine's instruction set.
    ///
    /// # Panics
    ///
    /// If the rule has another number of moments than the optimizer has [names](Optimizer::moments).
    #[inline(always)]
    pub fn apply<const M: usize>(self, rule: impl Rule<T, M>) {
        let operands = self.operands;
        check_moments(M, operands.moments.columns());
        dispatch(Run { rule, operands });
    }

    /// The same as slices, for loops in plain Rust: parameters, gradient, and the moments in the order of their [names](Optimizer::moments), all of one length.
    ///
    /// The gradient of a matrix for one sample is an outer product, which is never stored where it is [applied](Self::apply): here it is, in new memory.
    ///
    /// ```
    /// # use axonal::prelude::*;
    /// # use axonal::optimizers::Update;
    /// fn update(tensor: Update<'_, f32>) {
    ///     let rate = tensor.learning_rate as f32;
    ///     let (parameters, gradient, [sum]) = tensor.slices();
    ///     for ((w, g), s) in parameters.iter_mut().zip(&*gradient).zip(sum) {
    ///         *s += g * g;
    ///         *w -= rate * g / (s.sqrt() + 1e-10);
    ///     }
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// If there is another number of moments.
    pub fn slices<const M: usize>(self) -> (&'a mut [T], Cow<'a, [T]>, [&'a mut [T]; M]) {
        let Operands { parameters, gradient, factors, moments } = self.operands;
        check_moments(M, moments.columns());
        let gradient = match factors {
            [factor] if *factor == T::one() => Cow::Borrowed(gradient),
            _ => {
                let columns = factors.iter().flat_map(|f| gradient.iter().map(move |g| *g * *f));
                Cow::Owned(columns.collect())
            }
        };
        (parameters, gradient, moments.into_columns())
    }
}

#[track_caller]
fn check_moments(expected: usize, found: usize) {
    assert!(
        expected == found,
        "an update takes as many moments as its optimizer names in `moments`: this one takes {expected}, and {found} have a name"
    );
}
