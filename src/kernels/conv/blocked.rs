//! Convolutions with vectors of output channels: a block of output pixels at a time, whose part of the input is copied with its padding, unless
//! it can be read where it is.
//!
//! A part of it is some blocks, and some vectors of outputs of the first and the last of these.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::correlation::{ChannelTile, Correlation, Finish, Start};
use crate::kernels::conv::patch::{Block, Patch, Scratch, numbers, transpose_whole};
use crate::kernels::conv::plan::{BLOCK_PIXELS, BlockedPlan, STRIP_PIXELS, SUMS_LEN};
use crate::kernels::epilogue::PostOps;
use crate::kernels::geometry::Sizes;
use crate::kernels::in_part::InPart;
use crate::memory::Shared;
use crate::simd::{Columns, Element, MOST_LANES, Registers, Vector};

/// `Y = post(W ∗ x)` for some samples; ∗ is the convolution.
#[derive(Clone, Copy)]
pub(crate) struct BlockedConvolution<'a, T> {
    pub(crate) sizes: Sizes,
    pub(crate) weight: &'a [T],
    pub(crate) inputs: &'a [T],
    pub(crate) outputs: Shared<'a, T>,
    pub(crate) post: PostOps<'a, T>,
}

/// Some outputs of a group of a sample: its channels of input, and their weights and outputs.
#[derive(Clone, Copy)]
struct Group<'a, T> {
    sizes: Sizes,
    plan: BlockedPlan,
    /// From its first channel on.
    input: &'a [T],
    weight: *const T,
    /// How many channels of outputs these are.
    outputs: usize,
    output: *mut T,
    post: PostOps<'a, T>,
}

impl<T> BlockedConvolution<'_, T> {
    pub(crate) fn multiply_adds(&self) -> usize {
        self.outputs.len() * self.sizes.patch()
    }
}

impl<T: Element> WithSimd for InPart<BlockedConvolution<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let BlockedConvolution { sizes, weight, inputs, outputs, post } = self.call;
        let plan = BlockedPlan::of(&sizes, Registers::of::<T, S>());
        let input_len: usize = sizes.input.iter().product();
        let output_len: usize = sizes.output.iter().product();
        let samples = outputs.len() / output_len;
        let addends = if post.addend.is_empty() { 0 } else { outputs.len() };
        let is_of = |numbers: &[T]| numbers.is_empty() || numbers.len() == sizes.output[0];
        assert!(
            inputs.len() == samples * input_len
                && outputs.len() == samples * output_len
                && weight.len() == sizes.patch() * sizes.output[0]
                && is_of(post.scale)
                && is_of(post.shift)
                && post.addend.len() == addends
                && sizes.group_outputs() >= Vector::<T, S>::LANES,
            "a convolution of other sizes"
        );
        let mut patch = Patch::<T>::new();
        let mut sums = Scratch::<T, SUMS_LEN>::new();
        // Where the pixels of a block see their first number. The last blocks of rows or columns have the first ones of these.
        let mut places = [0; BLOCK_PIXELS];
        let row_stride = plan.strides(&sizes)[1];
        for (y, row) in places.chunks_exact_mut(plan.block[1]).take(plan.block[0]).enumerate() {
            for (x, place) in row.iter_mut().enumerate() {
                *place = y * sizes.stride[0] * row_stride + x * sizes.stride[1];
            }
        }
        // The last vector of outputs reaches back where it would not be whole: it is one with that before it.
        let lanes = Vector::<T, S>::LANES;
        let vectors = sizes.group_outputs() / lanes;
        let channel =
            |vector| if vector == vectors { sizes.group_outputs() } else { vector * lanes };
        let blocks = plan.number_of_blocks(&sizes);
        for [some, vectors] in self.part.cells(samples * sizes.groups * blocks, vectors) {
            if vectors.is_empty() {
                continue;
            }
            let channels = channel(vectors.start)..channel(vectors.end);
            for index in some {
                let (sample, rest) =
                    (index / (sizes.groups * blocks), index % (sizes.groups * blocks));
                let (group, block) = (rest / blocks, plan.block(&sizes, rest % blocks));
                let input = &inputs[sample * input_len..];
                let first = group * sizes.group_outputs();
                let channels = first + channels.start..first + channels.end;
                let plane = sizes.input[1] * sizes.input[2];
                let at = sample * output_len + channels.start * sizes.pixels();
                let to = at..at + channels.len() * sizes.pixels();
                let group = Group {
                    sizes,
                    plan,
                    input: &input[group * sizes.group_inputs() * plane..],
                    weight: weight[channels.start..].as_ptr(),
                    outputs: channels.len(),
                    output: outputs.range(to).as_mut_ptr(),
                    post: post.of(sample, output_len, channels, sizes.pixels()),
                };
                let places = &places[..block.pixels()];
                // SAFETY: the sizes were checked; there is as much memory as the plan takes; the pixels of these channels are this part's own.
                unsafe { group.block(simd, block, places, patch.as_mut_ptr(), sums.as_mut_ptr()) };
            }
        }
    }
}

impl<T: Element> Group<'_, T> {
    /// # Safety
    ///
    /// The slices and pointers must be those of a group of these sizes, and the scratch as long as the plan takes.
    #[inline(always)]
    unsafe fn block<S: Simd>(
        &self,
        simd: S,
        block: Block,
        places: &[usize],
        patch: *mut T,
        sums: *mut T,
    ) {
        let (inputs, outputs) = (self.sizes.group_inputs(), self.outputs);
        let in_one = self.plan.channels >= inputs;
        // SAFETY: the caller's promise.
        unsafe {
            if in_one {
                let numbers = self.numbers(simd, block, 0..inputs, patch);
                let mut first = 0;
                while first < outputs {
                    let tile = self.vectors::<S>(first);
                    for strip in (0..places.len()).step_by(STRIP_PIXELS) {
                        let end = (strip + STRIP_PIXELS).min(places.len());
                        let pixels = &places[strip..end];
                        self.add(simd, numbers, pixels, 0..inputs, first, tile, sums);
                        self.store(simd, block, strip..end, first, tile, sums);
                    }
                    first += tile.channels;
                }
                return;
            }
            let mut start = 0;
            while start < outputs {
                let mut end = start;
                for channel in (0..inputs).step_by(self.plan.channels) {
                    let channels = channel..(channel + self.plan.channels).min(inputs);
                    let numbers = self.numbers(simd, block, channels.clone(), patch);
                    let (mut first, mut to) = (start, 0);
                    while first < outputs {
                        let tile = self.vectors::<S>(first);
                        let len = tile.vectors * Vector::<T, S>::LANES * places.len();
                        if to + len > SUMS_LEN {
                            break;
                        }
                        self.add(
                            simd,
                            numbers,
                            places,
                            channels.clone(),
                            first,
                            tile,
                            sums.add(to),
                        );
                        first += tile.channels;
                        to += len;
                    }
                    end = first;
                }
                let mut to = 0;
                while start < end {
                    let tile = self.vectors::<S>(start);
                    self.store(simd, block, 0..places.len(), start, tile, sums.add(to));
                    to += tile.vectors * Vector::<T, S>::LANES * places.len();
                    start += tile.channels;
                }
            }
        }
    }

    /// # Safety
    ///
    /// As for [`block`](Self::block).
    #[inline(always)]
    unsafe fn numbers<S: Simd>(
        &self,
        simd: S,
        block: Block,
        channels: Range<usize>,
        patch: *mut T,
    ) -> *const T {
        // SAFETY: the caller's promise.
        unsafe { numbers(simd, &self.sizes, &self.plan, self.input, block, channels, patch) }
    }

    /// The output channels of the tile from `first` on.
    #[inline(always)]
    fn vectors<S: Simd>(&self, first: usize) -> ChannelTile {
        self.plan.tile(self.outputs - first, Vector::<T, S>::LANES)
    }

    /// Adds the products with some input channels to the sums of some pixels and of the output channels of a tile.
    ///
    /// # Safety
    ///
    /// As for [`block`](Self::block); `numbers` must begin with those input channels.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "the three ranges of a product, and where they are"
    )]
    unsafe fn add<S: Simd>(
        &self,
        simd: S,
        numbers: *const T,
        places: &[usize],
        channels: Range<usize>,
        first: usize,
        tile: ChannelTile,
        sums: *mut T,
    ) {
        let [channel_stride, row_stride] = self.plan.strides(&self.sizes);
        let sizes = &self.sizes;
        let is_last = channels.end == sizes.group_inputs();
        let of =
            |numbers: &[T]| numbers.get(first..).filter(|rest| !rest.is_empty()).map(<[T]>::as_ptr);
        let scale = of(self.post.scale);
        let shift = of(self.post.shift);
        let start = match shift {
            _ if channels.start > 0 => Start::Sums,
            Some(shift) if scale.is_none() => Start::Vectors(shift),
            _ => Start::Zero,
        };
        let zeros = [T::zero(); 4 * MOST_LANES];
        let affine =
            scale.filter(|_| is_last).map(|scale| [scale, shift.unwrap_or(zeros.as_ptr())]);
        // SAFETY: the caller's promise.
        unsafe {
            let correlation = Correlation {
                left: self.weight.add(channels.start * sizes.taps() * sizes.output[0] + first),
                left_stride: sizes.output[0],
                tile,
                numbers,
                places,
                steps: [channels.len(), sizes.kernel[0], sizes.kernel[1]],
                strides: [channel_stride, sizes.dilation[0] * row_stride, sizes.dilation[1]],
                sums,
                sum_stride: tile.vectors * Vector::<T, S>::LANES,
                start,
                finish: Finish {
                    affine,
                    relu: self.post.relu && is_last && self.post.addend.is_empty(),
                },
            };
            correlation.run(simd);
        }
    }

    /// Writes the finished sums of some pixels of a block, and of the output channels of a tile, to their planes.
    ///
    /// # Safety
    ///
    /// As for [`block`](Self::block).
    #[inline(always)]
    unsafe fn store<S: Simd>(
        &self,
        simd: S,
        block: Block,
        pixels: Range<usize>,
        first: usize,
        tile: ChannelTile,
        sums: *mut T,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let plane = self.sizes.pixels();
        // A block is of whole rows, or a part of one row.
        let at = first * plane + block.start(&self.sizes) + pixels.start;
        // SAFETY: the caller's promise.
        unsafe {
            let to = Columns { first: self.output.add(at), stride: plane };
            for v in 0..tile.vectors {
                let lane = if v + 1 < tile.vectors { v * lanes } else { tile.last };
                let from =
                    Columns { first: sums.add(lane).cast_const(), stride: tile.vectors * lanes };
                let to = Columns { first: to.first.add(lane * plane), ..to };
                transpose_whole(simd, from, to, [lanes, pixels.len()]);
            }
            if !self.post.addend.is_empty() {
                for channel in 0..tile.channels {
                    let to = core::slice::from_raw_parts_mut(
                        to.first.add(channel * plane),
                        pixels.len(),
                    );
                    let addend = &self.post.addend[at + channel * plane..][..pixels.len()];
                    add(simd, to, addend, self.post.relu);
                }
            }
        }
    }
}

/// `to = to + addend`, with or without `relu`.
#[inline(always)]
fn add<T: Element, S: Simd>(simd: S, to: &mut [T], addend: &[T], relu: bool) {
    let zero = Vector::splat(simd, T::zero());
    let lanes = Vector::<T, S>::LANES;
    let finish = |sum: Vector<T, S>| if relu { sum.less_than(zero).select(zero, sum) } else { sum };
    let mut to = to.chunks_exact_mut(lanes);
    let mut addend = addend.chunks_exact(lanes);
    for (to, addend) in (&mut to).zip(&mut addend) {
        finish(Vector::load(simd, to) + Vector::load(simd, addend)).store(to);
    }
    let (to, addend) = (to.into_remainder(), addend.remainder());
    finish(Vector::load_partial(simd, to) + Vector::load_partial(simd, addend)).store_partial(to);
}
