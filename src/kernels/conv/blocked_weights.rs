//! The gradient of a convolution's weights with vectors of output channels: dY is transposed and the input copied with its padding, or read
//! where it is, for a block of pixels; then sums of a tile of weights stay in registers over all pixels of the block.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::correlation::{Correlation, Finish, Start};
use crate::kernels::conv::patch::{Block, Patch, Scratch, numbers, transpose_whole};
use crate::kernels::conv::plan::{BlockedPlan, PLACES, SUMS_LEN};
use crate::kernels::geometry::Sizes;
use crate::simd::{Columns, Element, Registers, Vector};

/// `dW += dY ∗ x`, over all samples.
pub(crate) struct BlockedWeights<'a, T> {
    pub(crate) sizes: Sizes,
    pub(crate) inputs: &'a [T],
    pub(crate) output_gradient: &'a [T],
    pub(crate) gradient: &'a mut [T],
}

impl<T: Element> WithSimd for BlockedWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sizes, inputs, output_gradient, gradient } = self;
        let plan = BlockedPlan::of_weights(&sizes, Registers::of::<T, S>());
        let input_len: usize = sizes.input.iter().product();
        let output_len: usize = sizes.output.iter().product();
        let samples = output_gradient.len() / output_len;
        assert!(
            inputs.len() == samples * input_len
                && output_gradient.len() == samples * output_len
                && gradient.len() == sizes.patch() * sizes.output[0]
                && sizes.group_outputs() >= Vector::<T, S>::LANES
                && plan.channels > 0,
            "a convolution of other sizes"
        );
        let mut patch = Patch::<T>::new();
        let mut left = Scratch::<T, SUMS_LEN>::new();
        // Where the first output pixel sees the number of each weight.
        let mut places = [0; PLACES];
        let [channel_stride, row_stride] = plan.strides(&sizes);
        let columns = sizes.kernel[1];
        for (channel, taps) in places.chunks_exact_mut(sizes.taps()).enumerate() {
            for (ky, row) in taps.chunks_exact_mut(columns).enumerate() {
                let row_place = channel * channel_stride + ky * sizes.dilation[0] * row_stride;
                for (kx, place) in row.iter_mut().enumerate() {
                    *place = row_place + kx * sizes.dilation[1];
                }
            }
        }
        let (group_inputs, group_outputs) = (sizes.group_inputs(), sizes.group_outputs());
        let plane = sizes.input[1] * sizes.input[2];
        for first in (0..samples).step_by(plan.samples) {
            let count = plan.samples.min(samples - first);
            for group in 0..sizes.groups {
                let channel = group * group_outputs;
                let group = Group {
                    sizes,
                    plan,
                    places: &places,
                    count,
                    inputs: &inputs[first * input_len + group * group_inputs * plane..],
                    input_len,
                    output: output_gradient[first * output_len + channel * sizes.pixels()..]
                        .as_ptr(),
                    output_len,
                    gradient: gradient[channel..].as_mut_ptr(),
                };
                for block in plan.blocks(sizes) {
                    // SAFETY: the sizes were checked; there is as much memory as the plan takes.
                    unsafe { group.add(simd, block, patch.as_mut_ptr(), left.as_mut_ptr()) };
                }
            }
        }
    }
}

/// A group of some samples, from its first channel on.
#[derive(Clone, Copy)]
struct Group<'a, T> {
    sizes: Sizes,
    plan: BlockedPlan,
    places: &'a [usize],
    /// Samples.
    count: usize,
    inputs: &'a [T],
    input_len: usize,
    output: *const T,
    output_len: usize,
    gradient: *mut T,
}

impl<T: Element> Group<'_, T> {
    /// The share of a block of pixels of each sample.
    ///
    /// # Safety
    ///
    /// The slices and pointers must be those of a group of these sizes, and the scratch as long as the plan takes.
    #[inline(always)]
    unsafe fn add<S: Simd>(&self, simd: S, block: Block, patch: *mut T, left: *mut T) {
        let lanes = Vector::<T, S>::LANES;
        let sizes = &self.sizes;
        let (inputs, outputs) = (sizes.group_inputs(), sizes.group_outputs());
        let pixels = block.pixels();
        // Output channels whose dY is transposed at a time.
        let most = SUMS_LEN / (self.count * pixels);
        let mut start = 0;
        while start < outputs {
            let mut end = start;
            while end < outputs {
                let tile = self.plan.tile(outputs - end, lanes);
                if end > start && end + tile.channels - start > most {
                    break;
                }
                end += tile.channels;
            }
            let width = end - start;
            // SAFETY: the caller's promise.
            unsafe {
                for sample in 0..self.count {
                    let planes = sample * self.output_len + start * sizes.pixels();
                    let first = self.output.add(planes + block.start(sizes));
                    let from = Columns { first, stride: sizes.pixels() };
                    let to = Columns { first: left.add(sample * pixels * width), stride: width };
                    transpose_whole(simd, from, to, [pixels, width]);
                }
                for channel in (0..inputs).step_by(self.plan.channels) {
                    let count = self.plan.channels.min(inputs - channel);
                    self.add_channels(simd, block, [channel, count], [start, end], patch, left);
                }
            }
            start = end;
        }
    }

    /// For some input channels, by their first one and their number, and the output channels that are transposed.
    ///
    /// # Safety
    ///
    /// As for [`add`](Self::add).
    #[inline(always)]
    unsafe fn add_channels<S: Simd>(
        &self,
        simd: S,
        block: Block,
        [channel, count]: [usize; 2],
        [start, end]: [usize; 2],
        patch: *mut T,
        left: *const T,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let Self { sizes, plan, .. } = self;
        let [channel_stride, row_stride] = plan.strides(sizes);
        let sample_stride = if plan.copies { count * channel_stride } else { self.input_len };
        // SAFETY: the caller's promise.
        unsafe {
            let mut first_numbers = patch.cast_const();
            for sample in 0..self.count {
                let input = &self.inputs[sample * self.input_len..];
                let patch = patch.wrapping_add(sample * sample_stride);
                let channels = channel..channel + count;
                let numbers = numbers(simd, sizes, plan, input, block, channels, patch);
                if sample == 0 {
                    first_numbers = numbers;
                }
                if !plan.copies {
                    break;
                }
            }
            let at_once = PLACES / sizes.taps();
            let mut tile_start = start;
            while tile_start < end {
                let tile = plan.tile(sizes.group_outputs() - tile_start, lanes);
                for part in (0..count).step_by(at_once) {
                    let weights = at_once.min(count - part) * sizes.taps();
                    let row = (channel + part) * sizes.taps() * sizes.output[0];
                    let correlation = Correlation {
                        left: left.add(tile_start - start),
                        left_stride: end - start,
                        tile,
                        numbers: first_numbers.add(part * channel_stride),
                        places: &self.places[..weights],
                        steps: [self.count, block.rows, block.columns],
                        strides: [sample_stride, sizes.stride[0] * row_stride, sizes.stride[1]],
                        sums: self.gradient.add(row + tile_start),
                        sum_stride: sizes.output[0],
                        start: Start::Sums,
                        finish: Finish { affine: None, relu: false },
                    };
                    correlation.run(simd);
                }
                tile_start += tile.channels;
            }
        }
    }
}
