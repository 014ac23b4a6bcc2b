//! The large kernels are compiled in this crate, once for each scalar and instruction set, and not again in the crate of every user:
//! there they would be most of what a network adds to a build.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::backward_weights::{PanelProduct, PanelWeights};
use crate::kernels::conv::direct::{DirectConvolution, DirectDots, DirectTiles, DirectWeights};
use crate::kernels::conv::direct_channels::{ByChannels, ChannelTiles};
use crate::kernels::elementwise::add_planes;
use crate::kernels::elementwise::are_finite;
use crate::kernels::gemm::gemv::One;
use crate::kernels::gemm::gemv::ProductOfOne;
use crate::kernels::gemm::microkernel::Tiles;
use crate::kernels::gemm::microkernel::{Product, Start};
use crate::kernels::gemm::packed::{self, Packed};
use crate::kernels::gemm::split_k::{multiply_in_halves, multiply_one_in_halves};
use crate::kernels::gemm::transposed_a::Blocks;
use crate::kernels::gemm::transposed_a::TransposedProduct;
use crate::kernels::matrix_mut::RowsMut;
use crate::kernels::normalize::squares;
use crate::kernels::pool::max2x2::{MaxSquares, MaxSquaresGradient, Squares};
use crate::kernels::reduce::BLOCK;
use crate::kernels::update::adagrad::AdaGradRule;
use crate::kernels::update::adam::AdamRule;
use crate::kernels::update::rmsprop::{self, RmsPropRule};
use crate::kernels::update::sgd::{self, SgdRule};
use crate::kernels::update::{self, Operands};
use crate::parallel::share;
use crate::simd::{Element, Isa, dispatch};

/// The kernels of a scalar, as functions that are generic over nothing.
#[doc(hidden)]
pub trait Entry: Element {
    fn product(set: Isa, product: Product<'_, Self, false>);
    fn product_with_transposed(set: Isa, product: Product<'_, Self, true>);
    fn transposed_product(set: Isa, product: TransposedProduct<'_, Self>);
    fn product_of_one(set: Isa, product: ProductOfOne<'_, Self>);
    fn direct_convolution(set: Isa, convolution: DirectConvolution<'_, Self>);
    fn direct_weights(set: Isa, weights: DirectWeights<'_, Self>);
    fn channel_convolution(set: Isa, convolution: ByChannels<DirectConvolution<'_, Self>>);
    fn channel_weights(set: Isa, weights: ByChannels<DirectWeights<'_, Self>>);
    fn panel_weights(set: Isa, weights: PanelWeights<'_, Self>);
    fn max_squares(set: Isa, pool: MaxSquares<'_, Self>);
    fn max_squares_gradient(set: Isa, pool: MaxSquaresGradient<'_, Self>);
    /// On as many threads as pay, as the three below.
    fn shared_product(product: Product<'_, Self, false>);
    fn shared_transposed_product(product: TransposedProduct<'_, Self>);
    fn product_in_halves(product: Product<'_, Self, false>, partial: &mut [Self]);
    fn product_of_one_in_halves(product: ProductOfOne<'_, Self>, partial: &mut [Self]);
    /// `sums[channel] += ` the sum of its plane of so many pixels, over all samples, or `=` unless they `accumulate`.
    fn sums_of_planes(sums: &mut [Self], samples: &[Self], pixels: usize, accumulate: bool);
    /// Whether none is NaN or infinite.
    fn are_finite(numbers: &[Self]) -> bool;
    /// The sum of their squares.
    fn sum_of_squares(numbers: &[Self]) -> Self;
    /// The optimizers' steps.
    fn sgd(rule: SgdRule, operands: Operands<'_, Self>);
    fn adagrad(rule: AdaGradRule, operands: Operands<'_, Self>);
    fn rmsprop(rule: RmsPropRule, operands: Operands<'_, Self>);
    fn adam(rule: AdamRule, operands: Operands<'_, Self>);
}

/// With the kernel for its sizes: two functions, so that small products do not pay for the large one's memory.
fn multiply<T: Element, const TRANSPOSED: bool>(set: Isa, product: Product<'_, T, TRANSPOSED>) {
    if product.k > BLOCK {
        in_blocks(set, product);
    } else {
        multiply_block(set, product);
    }
}

/// The product along a long common dimension, in [blocks](BLOCK) of the sums.
#[inline(never)]
fn in_blocks<T: Element, const TRANSPOSED: bool>(set: Isa, product: Product<'_, T, TRANSPOSED>) {
    /// Rows and columns of `C` whose sums are on the stack.
    const SIDE: usize = 64;
    let Product { a, a_stride, b, b_stride, mut c, k, start } = product;
    let (m, n) = (c.rows(), c.columns());
    let right = |k: usize, column: usize| {
        if TRANSPOSED { k * b_stride + column } else { k + column * b_stride }
    };
    for (left, top) in
        (0..n).step_by(SIDE).flat_map(|column| (0..m).step_by(SIDE).map(move |row| (column, row)))
    {
        let (rows, columns) = (SIDE.min(m - top), SIDE.min(n - left));
        let mut totals = [0.0; SIDE * SIDE];
        let mut sums = [T::zero(); SIDE * SIDE];
        let sums = &mut sums[..rows * columns];
        for first in (0..k).step_by(BLOCK) {
            let block = Product::<T, TRANSPOSED> {
                a: &a[first * a_stride + top..],
                a_stride,
                b: &b[right(first, left)..],
                b_stride,
                c: RowsMut::whole(&mut *sums, rows),
                k: BLOCK.min(k - first),
                start: Start::Zero,
            };
            multiply_block(set, block);
            for (total, sum) in totals.iter_mut().zip(&*sums) {
                *total += sum.wide();
            }
        }
        for (column, totals) in totals[..rows * columns].chunks(rows).enumerate() {
            let numbers = &mut c.column(left + column)[top..top + rows];
            for (index, (number, total)) in numbers.iter_mut().zip(totals).enumerate() {
                let start = match start {
                    Start::Zero => T::zero(),
                    Start::Column(column) => column[top + index],
                    Start::Row(row) => row[left + column],
                    Start::Current => *number,
                };
                *number = T::nearest(start.wide() + total);
            }
        }
    }
}

fn multiply_block<T: Element, const TRANSPOSED: bool>(
    set: Isa,
    product: Product<'_, T, TRANSPOSED>,
) {
    if packed::pays(&product) {
        set.run(Packed(product));
    } else {
        set.run(Tiles(product));
    }
}

/// [`Entry::sums_of_planes`], as a pass.
struct Sums<'a, T> {
    sums: &'a mut [T],
    samples: &'a [T],
    pixels: usize,
    accumulate: bool,
}

impl<T: Element> WithSimd for Sums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        add_planes(simd, self.sums, self.samples, self.pixels, self.accumulate);
    }
}

/// [`Entry::are_finite`], as a pass.
struct AreFinite<'a, T>(&'a [T]);

impl<T: Element> WithSimd for AreFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        are_finite(simd, self.0)
    }
}

/// [`Entry::sum_of_squares`], as a pass.
struct SumOfSquares<'a, T>(&'a [T]);

impl<T: Element> WithSimd for SumOfSquares<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        squares(simd, self.0, T::zero())
    }
}

macro_rules! compiled {
    ($($scalar:ty)+) => {$(
        impl Entry for $scalar {
            fn product(set: Isa, product: Product<'_, Self, false>) {
                multiply(set, product);
            }

            fn product_with_transposed(set: Isa, product: Product<'_, Self, true>) {
                multiply(set, product);
            }

            fn transposed_product(set: Isa, product: TransposedProduct<'_, Self>) {
                set.run(Blocks(product));
            }

            fn product_of_one(set: Isa, product: ProductOfOne<'_, Self>) {
                set.run(One(product));
            }

            fn shared_product(product: Product<'_, Self, false>) {
                share(product);
            }

            fn shared_transposed_product(product: TransposedProduct<'_, Self>) {
                share(product);
            }

            fn product_in_halves(product: Product<'_, Self, false>, partial: &mut [Self]) {
                multiply_in_halves(product, partial);
            }

            fn product_of_one_in_halves(product: ProductOfOne<'_, Self>, partial: &mut [Self]) {
                multiply_one_in_halves(product, partial);
            }

            fn sums_of_planes(
                sums: &mut [Self],
                samples: &[Self],
                pixels: usize,
                accumulate: bool,
            ) {
                dispatch(Sums { sums, samples, pixels, accumulate });
            }

            fn are_finite(numbers: &[Self]) -> bool {
                dispatch(AreFinite(numbers))
            }

            fn sum_of_squares(numbers: &[Self]) -> Self {
                dispatch(SumOfSquares(numbers))
            }

            fn sgd(rule: SgdRule, operands: Operands<'_, Self>) {
                sgd::step(rule, operands);
            }

            fn adagrad(rule: AdaGradRule, operands: Operands<'_, Self>) {
                dispatch(update::Run { rule, operands });
            }

            fn rmsprop(rule: RmsPropRule, operands: Operands<'_, Self>) {
                rmsprop::step(rule, operands);
            }

            fn adam(rule: AdamRule, operands: Operands<'_, Self>) {
                dispatch(update::Run { rule, operands });
            }

            fn direct_convolution(set: Isa, convolution: DirectConvolution<'_, Self>) {
                set.run(DirectTiles(convolution));
            }

            fn direct_weights(set: Isa, weights: DirectWeights<'_, Self>) {
                set.run(DirectDots(weights));
            }

            fn channel_convolution(set: Isa, convolution: ByChannels<DirectConvolution<'_, Self>>) {
                set.run(ChannelTiles(convolution.0));
            }

            fn channel_weights(set: Isa, weights: ByChannels<DirectWeights<'_, Self>>) {
                set.run(ChannelTiles(weights.0));
            }

            fn panel_weights(set: Isa, weights: PanelWeights<'_, Self>) {
                set.run(PanelProduct(weights));
            }

            fn max_squares(set: Isa, pool: MaxSquares<'_, Self>) {
                set.run(Squares(pool));
            }

            fn max_squares_gradient(set: Isa, pool: MaxSquaresGradient<'_, Self>) {
                set.run(Squares(pool));
            }
        }
    )+};
}

compiled!(f32 f64);

/// Out of a pass, into the compiled kernel for the same instruction set.
macro_rules! delegate {
    ($set:ident: $($kernel:ty: $product:ident => $compiled:expr;)+) => {$(
        impl<T: Entry> WithSimd for $kernel {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                let ($product, $set) = (self, Isa::of(simd));
                $compiled;
            }
        }
    )+};
}

delegate! {
    set:
    Product<'_, T, false>: product => T::product(set, product);
    Product<'_, T, true>: product => T::product_with_transposed(set, product);
    TransposedProduct<'_, T>: product => T::transposed_product(set, product);
    ProductOfOne<'_, T>: product => T::product_of_one(set, product);
    DirectConvolution<'_, T>: convolution => T::direct_convolution(set, convolution);
    DirectWeights<'_, T>: weights => T::direct_weights(set, weights);
    ByChannels<DirectConvolution<'_, T>>: convolution => T::channel_convolution(set, convolution);
    ByChannels<DirectWeights<'_, T>>: weights => T::channel_weights(set, weights);
    PanelWeights<'_, T>: weights => T::panel_weights(set, weights);
    MaxSquares<'_, T>: pool => T::max_squares(set, pool);
    MaxSquaresGradient<'_, T>: pool => T::max_squares_gradient(set, pool);
}
