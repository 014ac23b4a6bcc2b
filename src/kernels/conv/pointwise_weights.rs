//! The gradient of the weights of a convolution whose window is one pixel: dW = dY Xᵀ, a sum over pixels.
//!
//! dY is transposed, a block of pixels at a time, so that vectors hold output channels: then it is the [product](super::pointwise) of pixels and input channels, whose planes are the
//! rows of dW. Small planes are put side by side first.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::pointwise::{Onto, Product, Weights, copy};
use crate::kernels::conv::pointwise_plan::{PANEL_COLUMNS, WeightsPlan};
use crate::kernels::epilogue::PostOps;
use crate::memory::Heap;
use crate::simd::{Columns, Element, Vector, transpose};

/// `dW += dY Xᵀ` over some samples and their pixels.
pub(crate) struct PointwiseWeights<'a, T> {
    pub(crate) plan: WeightsPlan,
    pub(crate) inputs: &'a [T],
    pub(crate) output_gradient: &'a [T],
    /// From an input channel of a group to the next, the outputs of all groups.
    pub(crate) gradient: &'a mut [T],
}

/// Numbers of the workspace that are on the stack: all, where there is no heap.
const ON_STACK: usize = if cfg!(feature = "std") { 0 } else { BUFFER_LEN };

impl<T: Element> WithSimd for PointwiseWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, inputs, output_gradient, gradient } = self;
        let WeightsPlan { groups, channels, outputs, pixels, block, together } = plan;
        let lanes = Vector::<T, S>::LANES;
        let [input_len, output_len] = [channels, outputs].map(|planes| groups * planes * pixels);
        let samples = inputs.len() / input_len;
        assert!(
            inputs.len() == samples * input_len
                && output_gradient.len() == samples * output_len
                && gradient.len() == channels * groups * outputs,
            "a convolution of other sizes"
        );
        // Output channels in whole vectors.
        let width = outputs.next_multiple_of(lanes);
        let (mut heap, mut stack) = (Heap::default(), [T::zero(); ON_STACK]);
        let workspace = heap.or(&mut stack, plan.workspace(lanes));
        let (sums, workspace) = workspace.split_at_mut(channels * width);
        let (transposed, side_by_side) = workspace.split_at_mut(block * width);
        for group in 0..groups {
            sums.fill(T::zero());
            let mut sample = 0;
            while sample < samples {
                let count = together.min(samples - sample);
                let planes = |tensor: &[T], len: usize, planes: usize, sample: usize| {
                    sample * len + group * planes * pixels..tensor.len()
                };
                let mut first = 0;
                while first < pixels {
                    let len = if count > 1 { pixels } else { block.min(pixels - first) };
                    for index in 0..count {
                        let from = planes(output_gradient, output_len, outputs, sample + index);
                        let from = &output_gradient[from][first..];
                        let to = &mut transposed[index * len * width..(index + 1) * len * width];
                        assert!(
                            from.len() >= (outputs - 1) * pixels + len,
                            "planes of another size"
                        );
                        let from = Columns { first: from.as_ptr(), stride: pixels };
                        let to = Columns { first: to.as_mut_ptr(), stride: width };
                        // SAFETY: `len` pixels of `outputs` planes are there, and as many rows for them.
                        unsafe { transpose(simd, from, to, [len, outputs]) };
                    }
                    let (input, stride) = if count > 1 {
                        for channel in 0..channels {
                            for index in 0..count {
                                let from =
                                    planes(inputs, input_len, channels, sample + index).start;
                                let to = channel * count * pixels + index * pixels;
                                copy(
                                    simd,
                                    inputs,
                                    from + channel * pixels,
                                    side_by_side,
                                    to,
                                    pixels,
                                );
                            }
                        }
                        (&*side_by_side, count * pixels)
                    } else {
                        let from = planes(inputs, input_len, channels, sample);
                        (&inputs[from][first..], pixels)
                    };
                    let weight = Weights {
                        first: input,
                        strides: [1, stride],
                        panel_stride: PANEL_COLUMNS * stride,
                    };
                    let product = Product {
                        channels: count * len,
                        weight,
                        input: &*transposed,
                        stride: width,
                        post: PostOps::bias(&[]),
                        onto: Onto::Last,
                    };
                    product.run_alone(simd, 0..channels, width, sums);
                    first += len;
                }
                sample += count;
            }
            for (channel, sums) in sums.chunks_exact(width).enumerate() {
                let at = (channel * groups + group) * outputs;
                for (number, sum) in gradient[at..at + outputs].iter_mut().zip(sums) {
                    *number += *sum;
                }
            }
        }
    }
}
