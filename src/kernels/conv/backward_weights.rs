//! The gradient of a convolution's weights, dW = dYᵀ X, with or without X in memory.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::blocked_weights::BlockedWeights;
use crate::kernels::conv::depthwise::DepthwiseWeights;
use crate::kernels::conv::direct::{DirectWeights, GroupLayout};
use crate::kernels::conv::im2col::{Buffer, PixelBlock};
use crate::kernels::conv::patch_products::Im2colWeights;
use crate::kernels::conv::plan::BackwardWeights;
use crate::kernels::conv::pointwise_plan::WeightsPlan;
use crate::kernels::conv::pointwise_weights::PointwiseWeights;
use crate::kernels::conv::winograd::{Budget, Shape, WinogradWeights};
use crate::kernels::entry::Entry;
use crate::kernels::geometry::Geometry;
use crate::simd::{Isa, Registers};

/// `dW += dYᵀ X`, over all samples.
pub(crate) struct ConvolutionWeights<'a, T, K> {
    pub inputs: &'a [T],
    pub output_gradient: &'a [T],
    pub gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

impl<T: Entry, K: Geometry> WithSimd for ConvolutionWeights<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match const { BackwardWeights::of(K::SIZES, Registers::of::<T, S>()) } {
            BackwardWeights::DirectRows | BackwardWeights::DirectChannels => self.direct(simd),
            BackwardWeights::Blocked => self.blocked(Isa::of(simd)),
            BackwardWeights::BlockedNarrow => self.blocked(Isa::of(simd).narrower()),
            BackwardWeights::Pointwise => {
                let Self { inputs, output_gradient, gradient, .. } = self;
                let plan = const { WeightsPlan::of(&K::SIZES) };
                let weights = PointwiseWeights { plan, inputs, output_gradient, gradient };
                T::conv_weights_pointwise(Isa::of(simd), weights);
            }
            BackwardWeights::Depthwise => {
                let Self { inputs, output_gradient, gradient, .. } = self;
                let sizes = K::SIZES;
                let weights = DepthwiseWeights { sizes, inputs, output_gradient, gradient };
                T::conv_weights_depthwise(Isa::of(simd), weights);
            }
            BackwardWeights::Im2col(_) => self.im2col(simd),
            BackwardWeights::Winograd => {
                let Self { inputs, output_gradient, gradient, .. } = self;
                let shape = const { Shape::of(&K::SIZES) };
                let budget = Budget::USUAL;
                let weights = WinogradWeights { shape, inputs, output_gradient, gradient, budget };
                T::conv_weights_winograd(Isa::of(simd), weights);
            }
        }
    }
}

impl<T: Entry, K: Geometry> ConvolutionWeights<'_, T, K> {
    #[inline(always)]
    fn blocked(self, isa: Isa) {
        let Self { inputs, output_gradient, gradient, .. } = self;
        let sizes = const { K::SIZES };
        let weights = BlockedWeights { sizes, inputs, output_gradient, gradient };
        T::conv_weights_blocked(isa, weights);
    }

    /// Without X: all samples at once, or each with its padding in the buffer.
    #[inline(always)]
    fn direct<S: Simd>(self, simd: S) {
        let Self { inputs, output_gradient, gradient, .. } = self;
        if !K::IS_PADDED {
            if !inputs.is_empty() {
                direct_groups::<T, K, S>(simd, inputs, output_gradient, gradient);
            }
            return;
        }
        let mut buffer = Buffer::new();
        for (input, output) in
            inputs.chunks_exact(K::INPUT_LEN).zip(output_gradient.chunks_exact(K::OUTPUT_LEN))
        {
            direct_groups::<T, K, S>(simd, buffer.padded::<K>(input), output, gradient);
        }
    }

    /// A product a sample, group, block of pixels, and as many columns of X as the buffer holds.
    #[inline(always)]
    fn im2col<S: Simd>(self, simd: S) {
        let Self { inputs, output_gradient, gradient, .. } = self;
        let mut buffer = Buffer::new();
        for (input, output) in
            inputs.chunks_exact(K::INPUT_LEN).zip(output_gradient.chunks_exact(K::OUTPUT_LEN))
        {
            for group in 0..K::GROUPS {
                let first = group * K::GROUP_OUTPUTS;
                let mut block = Some(PixelBlock::first::<K>());
                while let Some(pixels) = block {
                    let most = BUFFER_LEN / pixels.len();
                    let mut column = 0;
                    while column < K::PATCH {
                        let columns = column..(column + most).min(K::PATCH);
                        let patches =
                            buffer.im2col::<K, S>(simd, input, group, pixels, columns.clone());
                        let product = Im2colWeights {
                            patches,
                            pixels: pixels.len(),
                            output: &output[first * K::PIXELS + pixels.start::<K>()..],
                            output_stride: K::PIXELS,
                            outputs: K::GROUP_OUTPUTS,
                            gradient: &mut gradient[column * K::OUTPUTS + first..],
                            gradient_stride: K::OUTPUTS,
                        };
                        T::conv_weights_im2col(Isa::of(simd), product);
                        column = columns.end;
                    }
                    block = pixels.next::<K>();
                }
            }
        }
    }
}

/// All groups of some samples, which have their padding.
#[inline(always)]
fn direct_groups<T: Entry, K: Geometry, S: Simd>(
    simd: S,
    inputs: &[T],
    output_gradient: &[T],
    gradient: &mut [T],
) {
    let layout = GroupLayout::of::<K>();
    let input_stride = K::GROUPS * layout.len();
    for group in 0..K::GROUPS {
        let first = group * K::GROUP_OUTPUTS;
        let weights = DirectWeights {
            layout,
            inputs: &inputs[group * layout.len()..],
            input_stride,
            output_gradient: &output_gradient[first * K::PIXELS..],
            output_stride: K::OUTPUT_LEN,
            samples: inputs.len() / input_stride,
            gradient: &mut gradient[first..],
        };
        match const { BackwardWeights::of(K::SIZES, Registers::of::<T, S>()) } {
            BackwardWeights::DirectRows => T::conv_weights_direct_rows(Isa::of(simd), weights),
            _ => T::conv_weights_direct_channels(Isa::of(simd), weights),
        }
    }
}
