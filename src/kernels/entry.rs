//! The large kernels are compiled in this crate, once for each scalar and instruction set, and not again in the crate of every user:
//! there they would be most of what a network adds to a build.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::blocked::BlockedConvolution;
use crate::kernels::conv::depthwise::Depthwise;
use crate::kernels::conv::direct::{DirectConvolution, RowsConvolution};
use crate::kernels::conv::direct_channels::DirectChannels;
use crate::kernels::conv::pointwise::Pointwise;
#[cfg(feature = "std")]
use crate::kernels::conv::winograd::WinogradConvolution;
use crate::kernels::gemm::{Gemm, Gemv, gemm, gemm_in_pass, gemv};
use crate::kernels::in_part::run_in_parts;
use crate::kernels::pool::max2x2::{MaxPool2x2, Windows2x2};
use crate::kernels::reduce::squares;
use crate::simd::{Element, Isa, dispatch};
#[cfg(feature = "train")]
use crate::{
    kernels::{
        batch_norm::{BatchNormBackward, BatchNormForward},
        conv::{
            blocked_weights::BlockedWeights,
            depthwise::DepthwiseWeights,
            direct::{DirectRows, DirectWeights},
            patch_products::{Im2colWeights, PatchProducts},
            pointwise_weights::PointwiseWeights,
            winograd::WinogradWeights,
        },
        gemm::{
            GemmTransposedA,
            split_k::{gemm_split_k, gemv_split_k},
        },
        pool::max2x2::MaxPool2x2Gradient,
        reduce::{add_planes, are_finite},
        sum_slices::SumSlices,
        update::{
            Run,
            adadelta::AdadeltaRule,
            adagrad::AdaGradRule,
            adam::{AdamRule, AmsGradRule},
            lion::LionRule,
            nadam::NAdamRule,
            radam::RAdamRule,
            rmsprop::RmsPropRule,
            sgd::SgdRule,
        },
    },
    parallel::{share, share_whole},
};

/// The kernels of a scalar, as functions that are generic over nothing: what a layer calls.
///
/// `isa` is the instruction set of the pass ([`Isa::of`]) or, outside of one, of the machine ([`Isa::current`]).
pub(crate) trait Entry: Element {
    /// C = init + A B.
    fn gemm(isa: Isa, product: Gemm<'_, Self, false>);
    /// C = init + A Bᵀ.
    fn gemm_transposed_b(isa: Isa, product: Gemm<'_, Self, true>);
    /// y = init + A x.
    fn gemv(isa: Isa, product: Gemv<'_, Self>);
    /// C = init + A B, on as many threads as pay.
    #[cfg(feature = "train")]
    fn shared_gemm(product: Gemm<'_, Self, false>);
    /// C = Aᵀ B, on as many threads as pay.
    #[cfg(feature = "train")]
    fn shared_gemm_transposed_a(product: GemmTransposedA<'_, Self>);
    /// C = init + A B as two halves of k, on two threads if that pays. `partial` has room for m n numbers.
    #[cfg(feature = "train")]
    fn gemm_split_k(product: Gemm<'_, Self, false>, partial: &mut [Self]);
    /// y = init + A x as two halves of k, on two threads if that pays. `partial` has room for m numbers.
    #[cfg(feature = "train")]
    fn gemv_split_k(product: Gemv<'_, Self>, partial: &mut [Self]);
    /// Y = post(W ∗ x) for some samples, with vectors along output rows.
    fn conv_direct_rows(isa: Isa, convolution: RowsConvolution<'_, Self>);
    /// dW += dY ∗ x for one group of channels, with vectors along output rows.
    #[cfg(feature = "train")]
    fn conv_weights_direct_rows(isa: Isa, weights: DirectWeights<'_, Self>);
    /// Y = post(W ∗ x) for some samples, with vectors of output channels.
    fn conv_blocked(isa: Isa, convolution: BlockedConvolution<'_, Self>);
    /// Y = b + W ∗ x for one group of channels, with vectors of output channels.
    fn conv_direct_channels(isa: Isa, convolution: DirectConvolution<'_, Self>);
    /// dW += dY ∗ x for one group of channels, with vectors of output channels.
    #[cfg(feature = "train")]
    fn conv_weights_direct_channels(isa: Isa, weights: DirectWeights<'_, Self>);
    /// dW += dY ∗ x for some samples, with vectors of output channels.
    #[cfg(feature = "train")]
    fn conv_weights_blocked(isa: Isa, weights: BlockedWeights<'_, Self>);
    /// Y = b + W ∗ x of all samples, by Winograd's algorithm.
    #[cfg(feature = "std")]
    fn conv_winograd(isa: Isa, convolution: WinogradConvolution<'_, Self>);
    /// dW += dY ∗ x over all samples, by Winograd's algorithm.
    #[cfg(feature = "train")]
    fn conv_weights_winograd(isa: Isa, weights: WinogradWeights<'_, Self>);
    /// dW += dYᵀ X for a block of patches X.
    #[cfg(feature = "train")]
    fn conv_weights_im2col(isa: Isa, weights: Im2colWeights<'_, Self>);
    /// Y = W x for windows of one pixel, for all groups and samples.
    fn conv_pointwise(isa: Isa, product: Pointwise<'_, Self>);
    /// Y = W ∗ x or dX = Wᵀ ∗ dY where each output channel sees one input channel, for all samples.
    fn conv_depthwise(isa: Isa, convolution: Depthwise<'_, Self>);
    /// dW += dY ∗ x where each output channel sees one input channel, over all samples.
    #[cfg(feature = "train")]
    fn conv_weights_depthwise(isa: Isa, weights: DepthwiseWeights<'_, Self>);
    /// dW += dY xᵀ for windows of one pixel, over all samples.
    #[cfg(feature = "train")]
    fn conv_weights_pointwise(isa: Isa, weights: PointwiseWeights<'_, Self>);
    /// The largest number of each 2x2 window.
    fn max_pool_2x2(isa: Isa, pool: MaxPool2x2<'_, Self>);
    /// Its gradient.
    #[cfg(feature = "train")]
    fn max_pool_2x2_gradient(isa: Isa, pool: MaxPool2x2Gradient<'_, Self>);
    /// `sums[channel] += ` the sum of the channel's planes (`pixels` numbers each) over all samples; without `accumulate`, `=` in the place of `+=`.
    #[cfg(feature = "train")]
    fn sums_of_planes(sums: &mut [Self], samples: &[Self], pixels: usize, accumulate: bool);
    /// Whether none is NaN or infinite.
    #[cfg(feature = "train")]
    fn are_finite(numbers: &[Self]) -> bool;
    /// The sum of their squares.
    fn sum_of_squares(numbers: &[Self]) -> Self;
    /// `sums[i] += Σ others[j len + i]`, the slices in their order, on several threads if it has `least` multiply-adds.
    #[cfg(feature = "train")]
    fn shared_sum(sums: &mut [Self], others: &[Self], least: usize);
    /// The same inside of a pass that is [shared](share).
    #[cfg(feature = "train")]
    fn sum_in_pass(sums: &mut [Self], others: &[Self]);
    /// `sums[i] = base[i] + Σ others[j len + i]`, inside of a pass that is [shared](share).
    #[cfg(feature = "train")]
    fn sum_in_pass_from(base: &[Self], sums: &mut [Self], others: &[Self]);
    /// Batch normalization, on as many threads as pay.
    #[cfg(feature = "train")]
    fn batch_norm(pass: BatchNormForward<'_, Self>);
    /// Its gradients.
    #[cfg(feature = "train")]
    fn batch_norm_gradient(pass: BatchNormBackward<'_, Self>);
    /// The optimizers' steps.
    #[cfg(feature = "train")]
    fn sgd(step: Run<'_, Self, SgdRule, 0>);
    #[cfg(feature = "train")]
    fn sgd_with_momentum(step: Run<'_, Self, SgdRule, 1>);
    #[cfg(feature = "train")]
    fn adagrad(step: Run<'_, Self, AdaGradRule, 1>);
    #[cfg(feature = "train")]
    fn rmsprop(step: Run<'_, Self, RmsPropRule, 1>);
    #[cfg(feature = "train")]
    fn rmsprop_with_momentum(step: Run<'_, Self, RmsPropRule, 2>);
    #[cfg(feature = "train")]
    fn adam(step: Run<'_, Self, AdamRule, 2>);
    #[cfg(feature = "train")]
    fn amsgrad(step: Run<'_, Self, AmsGradRule, 3>);
    #[cfg(feature = "train")]
    fn nadam(step: Run<'_, Self, NAdamRule, 2>);
    #[cfg(feature = "train")]
    fn radam(step: Run<'_, Self, RAdamRule, 2>);
    #[cfg(feature = "train")]
    fn adadelta(step: Run<'_, Self, AdadeltaRule, 2>);
    #[cfg(feature = "train")]
    fn lion(step: Run<'_, Self, LionRule, 1>);
}

/// [`Entry::sums_of_planes`], as a pass.
#[cfg(feature = "train")]
struct SumsOfPlanes<'a, T> {
    sums: &'a mut [T],
    samples: &'a [T],
    pixels: usize,
    accumulate: bool,
}

#[cfg(feature = "train")]
impl<T: Element> WithSimd for SumsOfPlanes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        add_planes(simd, self.sums, self.samples, self.pixels, self.accumulate);
    }
}

/// [`Entry::are_finite`], as a pass.
#[cfg(feature = "train")]
struct AreFinite<'a, T>(&'a [T]);

#[cfg(feature = "train")]
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
            fn gemm(isa: Isa, product: Gemm<'_, Self, false>) {
                gemm_in_pass(isa, product);
            }

            fn gemm_transposed_b(isa: Isa, product: Gemm<'_, Self, true>) {
                gemm(isa, product);
            }

            fn gemv(isa: Isa, product: Gemv<'_, Self>) {
                gemv(isa, product);
            }

            #[cfg(feature = "train")]
            fn shared_gemm(product: Gemm<'_, Self, false>) {
                share(product);
            }

            #[cfg(feature = "train")]
            fn shared_gemm_transposed_a(product: GemmTransposedA<'_, Self>) {
                share(product);
            }

            #[cfg(feature = "train")]
            fn gemm_split_k(product: Gemm<'_, Self, false>, partial: &mut [Self]) {
                gemm_split_k(product, partial);
            }

            #[cfg(feature = "train")]
            fn gemv_split_k(product: Gemv<'_, Self>, partial: &mut [Self]) {
                gemv_split_k(product, partial);
            }

            #[cfg(feature = "train")]
            fn sums_of_planes(
                sums: &mut [Self],
                samples: &[Self],
                pixels: usize,
                accumulate: bool,
            ) {
                dispatch(SumsOfPlanes { sums, samples, pixels, accumulate });
            }

            #[cfg(feature = "train")]
            fn are_finite(numbers: &[Self]) -> bool {
                dispatch(AreFinite(numbers))
            }

            fn sum_of_squares(numbers: &[Self]) -> Self {
                dispatch(SumOfSquares(numbers))
            }

            #[cfg(feature = "train")]
            fn shared_sum(sums: &mut [Self], others: &[Self], least: usize) {
                share_whole(SumSlices::new(sums, others), least);
            }

            #[cfg(feature = "train")]
            fn sum_in_pass(sums: &mut [Self], others: &[Self]) {
                share(SumSlices::new(sums, others));
            }

            #[cfg(feature = "train")]
            fn sum_in_pass_from(base: &[Self], sums: &mut [Self], others: &[Self]) {
                share(SumSlices::from(base, sums, others));
            }

            #[cfg(feature = "train")]
            fn batch_norm(pass: BatchNormForward<'_, Self>) {
                share(pass);
            }

            #[cfg(feature = "train")]
            fn batch_norm_gradient(pass: BatchNormBackward<'_, Self>) {
                share(pass);
            }

            #[cfg(feature = "train")]
            fn sgd(step: Run<'_, Self, SgdRule, 0>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn sgd_with_momentum(step: Run<'_, Self, SgdRule, 1>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn adagrad(step: Run<'_, Self, AdaGradRule, 1>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn rmsprop(step: Run<'_, Self, RmsPropRule, 1>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn rmsprop_with_momentum(step: Run<'_, Self, RmsPropRule, 2>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn adam(step: Run<'_, Self, AdamRule, 2>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn amsgrad(step: Run<'_, Self, AmsGradRule, 3>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn nadam(step: Run<'_, Self, NAdamRule, 2>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn radam(step: Run<'_, Self, RAdamRule, 2>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn adadelta(step: Run<'_, Self, AdadeltaRule, 2>) {
                dispatch(step);
            }

            #[cfg(feature = "train")]
            fn lion(step: Run<'_, Self, LionRule, 1>) {
                dispatch(step);
            }

            fn conv_direct_rows(isa: Isa, convolution: RowsConvolution<'_, Self>) {
                run_in_parts(isa, convolution.multiply_adds(), convolution);
            }

            #[cfg(feature = "train")]
            fn conv_weights_direct_rows(isa: Isa, weights: DirectWeights<'_, Self>) {
                isa.run(DirectRows(weights));
            }

            fn conv_blocked(isa: Isa, convolution: BlockedConvolution<'_, Self>) {
                run_in_parts(isa, convolution.multiply_adds(), convolution);
            }

            fn conv_direct_channels(isa: Isa, convolution: DirectConvolution<'_, Self>) {
                run_in_parts(isa, convolution.multiply_adds(), DirectChannels(convolution));
            }

            #[cfg(feature = "train")]
            fn conv_weights_direct_channels(isa: Isa, weights: DirectWeights<'_, Self>) {
                isa.run(DirectChannels(weights));
            }

            #[cfg(feature = "std")]
            fn conv_winograd(isa: Isa, convolution: WinogradConvolution<'_, Self>) {
                run_in_parts(isa, convolution.multiply_adds(), convolution);
            }

            #[cfg(feature = "train")]
            fn conv_weights_winograd(isa: Isa, weights: WinogradWeights<'_, Self>) {
                isa.run(weights);
            }

            #[cfg(feature = "train")]
            fn conv_weights_blocked(isa: Isa, weights: BlockedWeights<'_, Self>) {
                isa.run(weights);
            }

            #[cfg(feature = "train")]
            fn conv_weights_im2col(isa: Isa, weights: Im2colWeights<'_, Self>) {
                isa.run(PatchProducts(weights));
            }

            fn conv_pointwise(isa: Isa, product: Pointwise<'_, Self>) {
                run_in_parts(isa, product.multiply_adds(), product);
            }

            fn conv_depthwise(isa: Isa, convolution: Depthwise<'_, Self>) {
                run_in_parts(isa, convolution.multiply_adds(), convolution);
            }

            #[cfg(feature = "train")]
            fn conv_weights_depthwise(isa: Isa, weights: DepthwiseWeights<'_, Self>) {
                isa.run(weights);
            }

            #[cfg(feature = "train")]
            fn conv_weights_pointwise(isa: Isa, weights: PointwiseWeights<'_, Self>) {
                isa.run(weights);
            }

            fn max_pool_2x2(isa: Isa, pool: MaxPool2x2<'_, Self>) {
                isa.run(Windows2x2(pool));
            }

            #[cfg(feature = "train")]
            fn max_pool_2x2_gradient(isa: Isa, pool: MaxPool2x2Gradient<'_, Self>) {
                isa.run(Windows2x2(pool));
            }
        }
    )+};
}

compiled!(f32 f64);
