//! The optimizers' loops: an update rule, run over the parameters of a tensor.
//!
//! | | |
//! |---|---|
//! | `rule` | [`Rule`], from a vector of parameters, gradients and moments to the new ones, and the loop over a tensor |
//! | `sgd`, `adagrad`, `adadelta`, `rmsprop`, `adam`, `nadam`, `radam`, `lion` | the rules of the optimizers, as plain numbers |

pub(crate) mod adadelta;
pub(crate) mod adagrad;
pub(crate) mod adam;
pub(crate) mod lion;
pub(crate) mod nadam;
pub(crate) mod radam;
pub(crate) mod rmsprop;
mod rule;
pub(crate) mod sgd;

use pulp::{Simd, WithSimd};

pub use rule::Rule;
pub(crate) use rule::for_each;

use crate::kernels::MatrixMut;
use crate::simd::Element;

/// Some parameters of one tensor, their gradient and their moments.
///
/// ∂loss/∂parameter i is `gradient[i % n] * factors[i / n]`, where n is the length of `gradient`: an outer product is given as its two vectors, and never
/// stored. A gradient as long as the parameters has one factor, which is 1.
#[derive(Debug)]
pub(crate) struct Operands<'a, T> {
    pub(crate) parameters: &'a mut [T],
    pub(crate) gradient: &'a [T],
    pub(crate) factors: &'a [T],
    /// One row a parameter, one column a moment.
    pub(crate) moments: MatrixMut<'a, T>,
}

/// A rule over a tensor, as a pass. The rule is moved in: what its numbers are is known not to change while parameters are written.
///
/// An optimizer makes it, and it is handed on as it is: a struct that is put together from others reads them in larger pieces than they were just written in, and
/// waits for the cache each time.
#[derive(Debug)]
pub(crate) struct Run<'a, T, R, const M: usize> {
    pub(crate) rule: R,
    pub(crate) operands: Operands<'a, T>,
}

impl<T: Element, R: Rule<T, M>, const M: usize> WithSimd for Run<'_, T, R, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rule, operands } = self;
        let Operands { parameters, gradient, factors, moments } = operands;
        for_each(simd, parameters, gradient, factors, moments.into_columns(), &rule);
    }
}
