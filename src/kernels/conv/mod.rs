//! Convolutions, one sample after the other: nothing is copied for a whole batch.
//!
//! The patch that each output pixel sees is a row of a matrix, X (im2col): pixels x patch, column-major, as output planes are contiguous
//! too. With W the weights, `OUT` x patch, all three passes are products of such matrices:
//!
//! | pass | product |
//! |---|---|
//! | outputs | Y = b + X Wᵀ |
//! | gradient of the weights | dW = dYᵀ X |
//! | gradient of the inputs | dX = dY W, whose columns are added where they came from (col2im) |
//!
//! Convolutions whose output rows fill vectors, or whose output channels do, need no X for the first two: that is most of them.
//! `plan` chooses:
//!
//! | file | is |
//! |---|---|
//! | `plan` | which kernel runs, and the thresholds |
//! | `blocked`, `blocked_weights` | vectors of output channels, or of half the width, for all strides and large images: forward and backward-weights; `correlation` is their microkernel, `patch` the padded copies |
//! | `direct`, `direct_channels` | vectors along rows (`rows` copies what they see), and vectors of channels of small planes, forward and backward-weights |
//! | `im2col` | the buffer of X, a block of pixels at a time, and the forward pass by it |
//! | `winograd` | 3x3 windows with a quarter of the multiplications |
//! | `depthwise`, `depthwise_plan` | each output channel sees one input channel: all three passes |
//! | `pointwise`, `pointwise_plan`, `pointwise_weights` | windows of one pixel: all three passes |
//! | `backward_data`, `backward_weights` | the other two passes |
//! | `patch_products` | dYᵀ X, compiled once for all convolutions |
//!
//! The transposed convolution is the same with inputs and outputs exchanged: its forward pass is `backward_data`. Sizes are constants of
//! a [`Geometry`], so that copies are unrolled for them.

mod backward_data;
#[cfg(feature = "train")]
mod backward_weights;
pub(crate) mod blocked;
#[cfg(feature = "train")]
pub(crate) mod blocked_weights;
mod correlation;
pub(crate) mod depthwise;
mod depthwise_plan;
pub(crate) mod direct;
pub(crate) mod direct_channels;
mod im2col;
mod patch;
#[cfg(feature = "train")]
pub(crate) mod patch_products;
pub(crate) mod plan;
pub(crate) mod pointwise;
mod pointwise_plan;
#[cfg(feature = "train")]
pub(crate) mod pointwise_weights;
mod rows;
#[cfg(all(test, feature = "train"))]
mod tests;
#[cfg(all(test, feature = "train"))]
mod whole_batch_tests;
#[cfg(feature = "std")]
pub(crate) mod winograd;

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::blocked::BlockedConvolution;
use crate::kernels::conv::depthwise::Depthwise;
use crate::kernels::conv::direct::{DirectConvolution, GroupLayout, RowsConvolution};
use crate::kernels::conv::im2col::Buffer;
use crate::kernels::conv::plan::Forward;
use crate::kernels::conv::pointwise::Pointwise;
use crate::kernels::conv::pointwise_plan::PointwiseSizes;
#[cfg(feature = "std")]
use crate::kernels::conv::winograd::{Budget, Shape, Window, WinogradConvolution};
use crate::kernels::elementwise::activate;
use crate::kernels::entry::Entry;
use crate::kernels::epilogue::{Epilogue, PostOps};
use crate::kernels::geometry::Geometry;
use crate::memory::Shared;
use crate::simd::{Isa, Registers};

pub(crate) use crate::kernels::conv::backward_data::{ConvolutionInputs, Onto};
#[cfg(feature = "train")]
pub(crate) use crate::kernels::conv::backward_weights::ConvolutionWeights;

/// How many scalars the im2col buffer holds, besides its margins: 64 KiB of `f32`, on the stack. A sample with its padding must fit too
/// where a direct kernel is to read it.
pub(crate) const BUFFER_LEN: usize = 16 * 1024;

/// `Y = f(post(X Wᵀ))` for each sample: [`PostOps`], then the activation `E`.
pub(crate) struct Convolution<'a, T, K, E> {
    pub weight: &'a [T],
    pub inputs: &'a [T],
    pub outputs: &'a mut [T],
    pub post: PostOps<'a, T>,
    pub kind: PhantomData<(K, E)>,
}

impl<T: Entry, K: Geometry, E: Epilogue<T>> WithSimd for Convolution<'_, T, K, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weight, inputs, outputs, post, .. } = self;
        let post = PostOps { relu: post.relu || E::RELU, ..post };
        #[cfg(feature = "std")]
        if const { matches!(Forward::of(K::SIZES, Registers::of::<T, S>()), Forward::Winograd) } {
            let convolution = WinogradConvolution {
                shape: const { Shape::of(&K::SIZES) },
                window: Window::Forward,
                weight,
                inputs,
                outputs: Shared::from(&mut *outputs),
                post,
                budget: Budget::USUAL,
            };
            T::conv_winograd(Isa::of(simd), convolution);
            if !E::RELU {
                activate::<E, T, S>(simd, outputs);
            }
            return;
        }
        if const { Forward::takes_batches(K::SIZES, Registers::of::<T, S>()) } {
            whole_batch::<T, K, S>(simd, weight, inputs, outputs, post);
            if !E::RELU {
                activate::<E, T, S>(simd, outputs);
            }
            return;
        }
        let mut buffer = Buffer::new();
        let samples =
            inputs.chunks_exact(K::INPUT_LEN).zip(outputs.chunks_exact_mut(K::OUTPUT_LEN));
        for (index, (input, output)) in samples.enumerate() {
            let post = post.of(index, K::OUTPUT_LEN, 0..K::OUTPUTS, K::PIXELS);
            let bias = post.first();
            match const { Forward::of(K::SIZES, Registers::of::<T, S>()) } {
                Forward::DirectChannels => {
                    let input = buffer.padded::<K>(input);
                    for group in 0..K::GROUPS {
                        let group = direct_group::<T, K>(group, weight, post, input, output);
                        T::conv_direct_channels(Isa::of(simd), group);
                    }
                }
                // It does all of `post` in registers.
                Forward::DirectRows => {
                    let convolution = RowsConvolution {
                        sizes: const { K::SIZES.with_zeros() },
                        weight,
                        inputs: buffer.padded::<K>(input),
                        outputs: Shared::from(&mut *output),
                        post,
                    };
                    T::conv_direct_rows(Isa::of(simd), convolution);
                    if !E::RELU {
                        activate::<E, T, S>(simd, output);
                    }
                    continue;
                }
                // These take whole batches.
                Forward::Blocked
                | Forward::BlockedNarrow
                | Forward::Winograd
                | Forward::Pointwise
                | Forward::Depthwise => {}
                Forward::Im2col => {
                    im2col::forward::<T, K, S>(simd, &mut buffer, weight, bias, input, output);
                }
            }
            post.finish(simd, output, K::PIXELS);
            if !E::RELU {
                activate::<E, T, S>(simd, output);
            }
        }
    }
}

/// All samples in one call, by the kernels that do all of it: [`PostOps`] too.
#[inline(always)]
fn whole_batch<T: Entry, K: Geometry, S: Simd>(
    simd: S,
    weight: &[T],
    inputs: &[T],
    outputs: &mut [T],
    post: PostOps<'_, T>,
) {
    let (isa, sizes, outputs) = (Isa::of(simd), const { K::SIZES }, Shared::from(outputs));
    match const { Forward::of(K::SIZES, Registers::of::<T, S>()) } {
        Forward::DirectRows => {
            T::conv_direct_rows(isa, RowsConvolution { sizes, weight, inputs, outputs, post });
        }
        Forward::Pointwise => {
            let sizes = const { PointwiseSizes::forward(&K::SIZES) };
            T::conv_pointwise(isa, Pointwise { sizes, weight, inputs, outputs, post });
        }
        Forward::Depthwise => {
            let is_backward = false;
            let product = Depthwise { sizes, is_backward, weight, inputs, outputs, post };
            T::conv_depthwise(isa, product);
        }
        way => {
            let isa = if matches!(way, Forward::BlockedNarrow) { isa.narrower() } else { isa };
            T::conv_blocked(isa, BlockedConvolution { sizes, weight, inputs, outputs, post });
        }
    }
}

/// One group of a sample, for the kernels without X; `input` has its padding.
#[inline(always)]
fn direct_group<'a, T: Entry, K: Geometry>(
    group: usize,
    weight: &'a [T],
    post: PostOps<'a, T>,
    input: &'a [T],
    output: &'a mut [T],
) -> DirectConvolution<'a, T> {
    let layout = GroupLayout::of::<K>();
    let channels = group * K::GROUP_OUTPUTS..(group + 1) * K::GROUP_OUTPUTS;
    DirectConvolution {
        layout,
        input: &input[group * layout.len()..],
        weight: &weight[channels.start..],
        post: post.of(0, K::OUTPUT_LEN, channels.clone(), K::PIXELS),
        output: Shared::from(&mut output[channels.start * K::PIXELS..channels.end * K::PIXELS]),
    }
}
