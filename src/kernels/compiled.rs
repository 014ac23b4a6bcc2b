//! The large kernels are compiled in this crate, once for each scalar and instruction set, and not again in the crate of every user:
//! there they would be most of what a network adds to a build.

use pulp::{Simd, WithSimd};

use super::product::{RowsProduct, Tiles};
use super::transposed::Blocks;
use super::{Product, Scalar, TransposedProduct, dispatch};

/// The kernels of a scalar, as functions that are generic over nothing.
#[doc(hidden)]
pub trait Compiled: Sized {
    fn product(product: RowsProduct<'_, Self, false>);
    fn product_with_transposed(product: RowsProduct<'_, Self, true>);
    fn transposed_product(product: TransposedProduct<'_, Self>);
}

macro_rules! compiled {
    ($($scalar:ty)+) => {$(
        impl Compiled for $scalar {
            fn product(product: RowsProduct<'_, Self, false>) {
                dispatch(Tiles(product));
            }

            fn product_with_transposed(product: RowsProduct<'_, Self, true>) {
                dispatch(Tiles(product));
            }

            fn transposed_product(product: TransposedProduct<'_, Self>) {
                dispatch(Blocks(product));
            }
        }
    )+};
}

compiled!(f32 f64);

/// Out of a pass, into the compiled kernel for the same instruction set.
macro_rules! delegate {
    ($($kernel:ty: $product:ident => $compiled:expr;)+) => {$(
        impl<T: Scalar> WithSimd for $kernel {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, _simd: S) {
                let $product = self;
                $compiled;
            }
        }
    )+};
}

delegate! {
    RowsProduct<'_, T, false>: product => T::product(product);
    RowsProduct<'_, T, true>: product => T::product_with_transposed(product);
    Product<'_, T, false>: product => T::product(product.of_all_rows());
    Product<'_, T, true>: product => T::product_with_transposed(product.of_all_rows());
    TransposedProduct<'_, T>: product => T::transposed_product(product);
}
