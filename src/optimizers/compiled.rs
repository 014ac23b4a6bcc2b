//! The optimizers' loops are compiled in this crate, once for each scalar and instruction set, and not again in the crate of every user.

use pulp::{Simd, WithSimd};

use super::{AdaGrad, Adam, AdamW, Optimizer, RmsProp, Sgd, Update};
use crate::core::Scalar;
use crate::simd::dispatch;

/// An optimizer of this crate.
pub(super) trait BuiltIn<T> {
    /// Moves the parameters of one tensor.
    fn run<S: Simd>(&self, simd: S, tensor: Update<'_, T>);
}

struct Run<'a, T, O> {
    optimizer: &'a O,
    tensor: Update<'a, T>,
}

impl<T: Scalar, O: BuiltIn<T>> WithSimd for Run<'_, T, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.optimizer.run(simd, self.tensor)
    }
}

macro_rules! moves {
    ($($name:ident: $optimizer:ident),+) => {
        /// The steps of a scalar, as functions that are generic over nothing.
        #[doc(hidden)]
        pub trait Moves: Sized {
            $(fn $name(optimizer: &$optimizer<Self>, tensor: Update<'_, Self>);)+
        }

        moves!(impl f32: $($name: $optimizer),+);
        moves!(impl f64: $($name: $optimizer),+);
    };
    (impl $scalar:ty: $($name:ident: $optimizer:ident),+) => {
        impl Moves for $scalar {
            $(
                fn $name(optimizer: &$optimizer<Self>, tensor: Update<'_, Self>) {
                    dispatch(Run { optimizer, tensor })
                }
            )+
        }
    };
}

moves!(sgd: Sgd, adagrad: AdaGrad, rmsprop: RmsProp, adam: Adam, adamw: AdamW);

/// [`Optimizer::run_update`] of a user's own optimizer.
pub(super) fn update<T: Scalar, O: Optimizer<T>>(optimizer: &O, tensor: Update<'_, T>) {
    dispatch(Own { optimizer, tensor });
}

struct Own<'a, T, O> {
    optimizer: &'a O,
    tensor: Update<'a, T>,
}

impl<T: Scalar, O: Optimizer<T>> WithSimd for Own<'_, T, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.optimizer.update(simd, self.tensor);
    }
}
