//! The large kernels are compiled in this crate, once for each scalar and instruction set, and not again in the crate of every user:
//! there they would be most of what a network adds to a build.

use pulp::{Simd, WithSimd};

use super::convolution::{PanelProduct, PanelWeights};
use super::direct::{DirectConvolution, DirectDots, DirectTiles, DirectWeights};
use super::packed::{self, Packed};
use super::product::{RowsProduct, Tiles};
use super::transposed::Blocks;
use super::{Product, Scalar, TransposedProduct, dispatch};

/// The kernels of a scalar, as functions that are generic over nothing.
#[doc(hidden)]
pub trait Compiled: Sized {
    fn product(product: RowsProduct<'_, Self, false>);
    fn product_with_transposed(product: RowsProduct<'_, Self, true>);
    fn transposed_product(product: TransposedProduct<'_, Self>);
    fn direct_convolution(convolution: DirectConvolution<'_, Self>);
    fn direct_weights(weights: DirectWeights<'_, Self>);
    fn panel_weights(weights: PanelWeights<'_, Self>);
}

/// With the kernel for its sizes: two functions, so that small products do not pay for the large one's memory.
fn multiply<T: Scalar, const TRANSPOSED: bool>(product: RowsProduct<'_, T, TRANSPOSED>) {
    if packed::pays(&product) {
        dispatch(Packed(product));
    } else {
        dispatch(Tiles(product));
    }
}

macro_rules! compiled {
    ($($scalar:ty)+) => {$(
        impl Compiled for $scalar {
            fn product(product: RowsProduct<'_, Self, false>) {
                multiply(product);
            }

            fn product_with_transposed(product: RowsProduct<'_, Self, true>) {
                multiply(product);
            }

            fn transposed_product(product: TransposedProduct<'_, Self>) {
                dispatch(Blocks(product));
            }

            fn direct_convolution(convolution: DirectConvolution<'_, Self>) {
                dispatch(DirectTiles(convolution));
            }

            fn direct_weights(weights: DirectWeights<'_, Self>) {
                dispatch(DirectDots(weights));
            }

            fn panel_weights(weights: PanelWeights<'_, Self>) {
                dispatch(PanelProduct(weights));
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
    DirectConvolution<'_, T>: convolution => T::direct_convolution(convolution);
    DirectWeights<'_, T>: weights => T::direct_weights(weights);
    PanelWeights<'_, T>: weights => T::panel_weights(weights);
}
