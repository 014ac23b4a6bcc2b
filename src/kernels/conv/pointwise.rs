//! Convolutions whose window is one pixel: Y = W X for each sample and group, with X channels x pixels and Y outputs x pixels, both where they are. The gradient of
//! the inputs is the same product with Wᵀ.
//!
//! Vectors hold pixels, and tiles are `R` vectors x `C` output channels, as those of the matrix products. The last vector of a plane overlaps the one before it. Planes that do
//! not fill vectors are copied side by side, those of some samples: that is a small part of the work, as each number is used for all output channels.
//!
//! Each output is one sum over the channels, in their order, on every way through this file: how many samples come together changes no bit.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::pointwise_plan::{
    InVectors, OUTPUTS_AT_ONCE, PANEL_COLUMNS, PointwisePlan, PointwiseSizes,
};
use crate::kernels::epilogue::PostOps;
use crate::kernels::gemm::microkernel::wide;
use crate::kernels::in_part::InPart;
use crate::memory::{Heap, Shared};
use crate::simd::{Columns, Element, Registers, Vector, transpose};

/// `Y = post(W X)` for some samples.
#[derive(Clone, Copy)]
pub(crate) struct Pointwise<'a, T> {
    pub(crate) sizes: PointwiseSizes,
    pub(crate) weight: &'a [T],
    pub(crate) inputs: &'a [T],
    pub(crate) outputs: Shared<'a, T>,
    pub(crate) post: PostOps<'a, T>,
}

/// Numbers of the workspace that are on the stack: all, where there is no heap.
const ON_STACK: usize = if cfg!(feature = "std") { 0 } else { BUFFER_LEN };

impl<T> Pointwise<'_, T> {
    pub(crate) fn multiply_adds(&self) -> usize {
        self.outputs.len() * self.sizes.channels
    }
}

impl<T: Element> WithSimd for InPart<Pointwise<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Pointwise { sizes, weight, inputs, outputs, post } = self.call;
        let samples = inputs.len() / sizes.input_len();
        assert!(
            inputs.len() == samples * sizes.input_len()
                && outputs.len() == samples * sizes.output_len()
                && weight.len() >= sizes.weight_len(),
            "a convolution of other sizes"
        );
        let lanes = Vector::<T, S>::LANES;
        let plan = PointwisePlan::of(&sizes, samples, Registers::of::<T, S>());
        let (mut heap, mut stack) = (Heap::default(), [T::zero(); ON_STACK]);
        let len = plan.panels_len(&sizes) + plan.planes_len(&sizes, lanes);
        let workspace = heap.or(&mut stack, len);
        let (panels, workspace) = workspace.split_at_mut(plan.panels_len(&sizes));
        // What is cut: outputs, in panels or vectors, and the strips of pixels of the first and the last of these, where planes are read in place.
        let (unit, strips) = match plan.vectors {
            InVectors::Pixels => (PANEL_COLUMNS, Strips::of::<T, S>(sizes.pixels).ends()),
            InVectors::Samples(_) => (PANEL_COLUMNS, 1),
            InVectors::Channels => (lanes, 1),
        };
        let units = sizes.outputs.div_ceil(unit);
        let cells = self.part.cells(sizes.groups * units, strips);
        let together = if let InVectors::Samples(count) = plan.vectors { count } else { 1 };
        for group in 0..sizes.groups {
            let mut weight = Weights {
                first: &weight[group * sizes.group_stride..],
                strides: sizes.weight_strides,
                panel_stride: PANEL_COLUMNS * sizes.weight_strides[1],
            };
            // The group's outputs of each of the rectangles.
            let cells = cells.clone().map(|[units_of_all, strips]| {
                let output = |at: usize| {
                    let unit_of_group =
                        at.clamp(group * units, (group + 1) * units) - group * units;
                    (unit_of_group * unit).min(sizes.outputs)
                };
                [output(units_of_all.start)..output(units_of_all.end), strips]
            });
            let are_there =
                |[outputs, strips]: &&[Range<usize>; 2]| !outputs.is_empty() && !strips.is_empty();
            let mut all = cells.iter().filter(are_there).map(|[outputs, _]| outputs);
            let Some(first) = all.next() else { continue };
            if plan.packs {
                let last = all.next_back().unwrap_or(first);
                weight = weight.packed(simd, panels, &sizes, first.start..last.end);
            }
            let mut sample = 0;
            while sample < samples {
                let count = together.min(samples - sample);
                let planes = Planes { sizes, group, sample, count, inputs };
                for [some, strips] in cells.iter().filter(are_there) {
                    let some = some.clone();
                    // SAFETY: these outputs and pixels are the part's own.
                    unsafe {
                        match plan.vectors {
                            InVectors::Pixels => {
                                let strips = strips.clone();
                                planes.in_place(simd, weight, some, strips, outputs, post);
                            }
                            InVectors::Samples(_) => {
                                planes.side_by_side(simd, weight, some, outputs, post, workspace);
                            }
                            InVectors::Channels => {
                                planes.of_channels(simd, weight, some, outputs, post, workspace);
                            }
                        }
                    }
                }
                sample += count;
            }
        }
    }
}

/// The weights of a group, in panels of [`PANEL_COLUMNS`] outputs.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a, T> {
    pub(super) first: &'a [T],
    /// From one channel to the next, and from one output to the next.
    pub(super) strides: [usize; 2],
    pub(super) panel_stride: usize,
}

impl<'a, T: Element> Weights<'a, T> {
    /// The same for some outputs, from the first of a panel on, with the numbers of a panel side by side.
    #[inline(always)]
    fn packed<'b, S: Simd>(
        self,
        simd: S,
        panels: &'b mut [T],
        sizes: &PointwiseSizes,
        outputs: Range<usize>,
    ) -> Weights<'b, T> {
        let panel_stride = sizes.channels * PANEL_COLUMNS;
        // Cache lines of the weights have outputs of several panels: these are filled at the same time.
        for first in outputs.clone().step_by(PANELS_AT_ONCE * PANEL_COLUMNS) {
            let last = outputs.end.min(first + PANELS_AT_ONCE * PANEL_COLUMNS);
            for channel in 0..sizes.channels {
                // What a vector has beyond a row of the panel is overwritten by the next one, but for the last ones: behind them is the next panel.
                let rest = (sizes.channels - channel) * PANEL_COLUMNS;
                for output in (first..last).step_by(PANEL_COLUMNS) {
                    let from = channel * self.strides[0] + output;
                    let to = output * sizes.channels + channel * PANEL_COLUMNS;
                    let panel = &mut panels[to..to + rest];
                    copy(simd, self.first, from, panel, 0, PANEL_COLUMNS.min(outputs.end - output));
                }
            }
        }
        Weights { first: panels, strides: [PANEL_COLUMNS, 1], panel_stride }
    }

    /// Where the weights of an output begin.
    #[inline(always)]
    fn output(&self, output: usize) -> *const T {
        let (panel, column) = (output / PANEL_COLUMNS, output % PANEL_COLUMNS);
        self.first[panel * self.panel_stride + column * self.strides[1]..].as_ptr()
    }
}

/// The planes of a group of some samples.
#[derive(Clone, Copy)]
struct Planes<'a, T> {
    sizes: PointwiseSizes,
    group: usize,
    sample: usize,
    count: usize,
    inputs: &'a [T],
}

impl<T: Element> Planes<'_, T> {
    /// Of one sample, with at least as many pixels as a vector has lanes.
    ///
    /// # Safety
    ///
    /// Nobody else may use these outputs' pixels of these strips.
    #[inline(always)]
    unsafe fn in_place<S: Simd>(
        self,
        simd: S,
        weight: Weights<'_, T>,
        some: Range<usize>,
        strips: Range<usize>,
        outputs: Shared<'_, T>,
        post: PostOps<'_, T>,
    ) {
        let Self { sizes, group, sample, inputs, .. } = self;
        let PointwiseSizes { channels, outputs: count, pixels, .. } = sizes;
        let planes = group * count..(group + 1) * count;
        let input = &inputs[sample * sizes.input_len() + group * channels * pixels..];
        let at = sample * sizes.output_len() + (planes.start + some.start) * pixels;
        let output = outputs.range(at..at + some.len() * pixels);
        let post = post.of(sample, sizes.output_len(), planes, pixels);
        let product =
            Product { channels, weight, input, stride: pixels, post, onto: Onto::Nothing };
        // SAFETY: the caller's promise.
        unsafe { product.run(simd, some, strips, pixels, output) };
    }

    /// Copied side by side.
    ///
    /// # Safety
    ///
    /// Nobody else may use these outputs' planes.
    #[inline(always)]
    unsafe fn side_by_side<S: Simd>(
        self,
        simd: S,
        weight: Weights<'_, T>,
        some: Range<usize>,
        outputs: Shared<'_, T>,
        post: PostOps<'_, T>,
        workspace: &mut [T],
    ) {
        let Self { sizes, group, sample, count, inputs } = self;
        let PointwiseSizes { channels, outputs: group_outputs, pixels, .. } = sizes;
        let lanes = Vector::<T, S>::LANES;
        let row = (count * pixels).next_multiple_of(lanes);
        let (input, output) = workspace.split_at_mut(channels * row + lanes);
        for channel in 0..channels {
            for index in 0..count {
                let from =
                    (sample + index) * sizes.input_len() + (group * channels + channel) * pixels;
                // What a vector has beyond the plane is overwritten by the next one.
                copy(simd, inputs, from, input, channel * row + index * pixels, pixels);
            }
        }
        // An addend lies in the samples' order: it is added, and f is done, when the results go there.
        let planes = group * group_outputs..(group + 1) * group_outputs;
        let channel_post =
            PostOps { addend: &[], relu: post.relu && post.addend.is_empty(), ..post }
                .of(0, 0, planes, 0);
        let product = Product {
            channels,
            weight,
            input: &*input,
            stride: row,
            post: channel_post,
            onto: Onto::Nothing,
        };
        let (mut first, end) = (some.start, some.end);
        while first < end {
            let some = first..(first + OUTPUTS_AT_ONCE).min(end);
            let results = &mut output[..some.len() * row];
            product.run_alone(simd, some.clone(), row, results);
            for index in 0..count {
                let start = (sample + index) * sizes.output_len() + group * group_outputs * pixels;
                let range = start + some.start * pixels..start + some.end * pixels;
                // SAFETY: the caller's promise.
                let planes = unsafe { outputs.range(range.clone()).into_slice() };
                for from in 0..some.len() {
                    copy(simd, output, from * row + index * pixels, planes, from * pixels, pixels);
                }
                if !post.addend.is_empty() {
                    post.add_addend(planes, range);
                }
            }
            first = some.end;
        }
    }

    /// Of one sample, with output channels in vectors: Yᵀ = Xᵀ Wᵀ, where the planes are what is broadcast.
    ///
    /// # Safety
    ///
    /// Nobody else may use these outputs' planes.
    #[inline(always)]
    unsafe fn of_channels<S: Simd>(
        self,
        simd: S,
        weight: Weights<'_, T>,
        some: Range<usize>,
        outputs: Shared<'_, T>,
        post: PostOps<'_, T>,
        workspace: &mut [T],
    ) {
        let Self { sizes, group, sample, inputs, .. } = self;
        let PointwiseSizes { channels, outputs: group_outputs, pixels, .. } = sizes;
        let lanes = Vector::<T, S>::LANES;
        let count = some.len();
        let planes = group * group_outputs + some.start..group * group_outputs + some.end;
        let results = &mut workspace[..pixels * count];
        let of_channels = PostOps { addend: &[], ..post }.of(0, 0, planes.clone(), 0);
        for row in results.chunks_exact_mut(count) {
            match of_channels.first() {
                [] => row.fill(T::zero()),
                first => row.copy_from_slice(first),
            }
        }
        let input = &inputs[sample * sizes.input_len() + group * channels * pixels..];
        let product = Product {
            channels,
            weight: Weights { first: input, strides: [pixels, 1], panel_stride: PANEL_COLUMNS },
            input: &weight.first[some.start..],
            stride: weight.strides[0],
            post: PostOps::bias(&[]),
            onto: Onto::First,
        };
        product.run_alone(simd, 0..pixels, count, results);
        let zero = Vector::splat(simd, T::zero());
        let rectifies = post.relu && post.addend.is_empty();
        if !post.scale.is_empty() || rectifies {
            for row in results.chunks_exact_mut(count) {
                for (index, values) in row.chunks_exact_mut(lanes).enumerate() {
                    let mut y = Vector::load(simd, values);
                    if let Some(scale) = of_channels.scale.get(index * lanes..) {
                        let shift = match of_channels.shift {
                            [] => zero,
                            shift => Vector::load(simd, &shift[index * lanes..]),
                        };
                        if !scale.is_empty() {
                            y = y.mul_add(Vector::load(simd, scale), shift);
                        }
                    }
                    if rectifies {
                        y = y.less_than(zero).select(zero, y);
                    }
                    y.store(values);
                }
            }
        }
        let at = sample * sizes.output_len() + planes.start * pixels;
        let range = at..at + count * pixels;
        // SAFETY: the caller's promise.
        let output = unsafe { outputs.range(range.clone()).into_slice() };
        let from = Columns { first: results.as_ptr(), stride: count };
        let to = Columns { first: output.as_mut_ptr(), stride: pixels };
        // SAFETY: both slices have `count` x `pixels` numbers.
        unsafe { transpose(simd, from, to, [count, pixels]) };
        if !post.addend.is_empty() {
            post.add_addend(output, range);
        }
    }
}

/// Panels that are filled at the same time: 48 outputs are three cache lines of `f32`.
const PANELS_AT_ONCE: usize = 8;

/// Copies `count` numbers, and as many after them as whole vectors have where both slices have them.
#[inline(always)]
pub(super) fn copy<T: Element, S: Simd>(
    simd: S,
    from: &[T],
    at: usize,
    to: &mut [T],
    to_at: usize,
    count: usize,
) {
    let lanes = Vector::<T, S>::LANES;
    let whole = count.next_multiple_of(lanes);
    if at + whole <= from.len() && to_at + whole <= to.len() {
        for index in (0..whole).step_by(lanes) {
            Vector::load(simd, &from[at + index..]).store(&mut to[to_at + index..]);
        }
    } else {
        to[to_at..to_at + count].copy_from_slice(&from[at..at + count]);
    }
}

/// Planes of inputs, each `stride` numbers after the one before it, times weights.
#[derive(Clone, Copy)]
pub(super) struct Product<'a, T> {
    pub(super) channels: usize,
    pub(super) weight: Weights<'a, T>,
    pub(super) input: &'a [T],
    pub(super) stride: usize,
    pub(super) post: PostOps<'a, T>,
    pub(super) onto: Onto,
}

/// What becomes of the numbers that are there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    Nothing,
    /// Sums begin with them. `pixels` must be whole vectors.
    First,
    /// Sums are added to them: the error of a sum does not grow with the number of blocks. `pixels` must be whole vectors.
    #[cfg_attr(not(feature = "train"), allow(dead_code, reason = "for gradients of weights"))]
    Last,
}

/// The vectors of a plane, in strips of up to a tile's height.
#[derive(Clone, Copy)]
struct Strips {
    pixels: usize,
    lanes: usize,
    /// Vectors of a tile.
    most: usize,
}

impl Strips {
    #[inline(always)]
    fn of<T: Element, S: Simd>(pixels: usize) -> Self {
        Self { pixels, lanes: Vector::<T, S>::LANES, most: wide::<S>() }
    }

    fn vectors(self) -> usize {
        self.pixels.div_ceil(self.lanes)
    }

    fn count(self) -> usize {
        self.vectors().div_ceil(self.most)
    }

    /// Where a strip begins, or, for the count of them, where the last one ends: as many vectors in each, as far as that goes.
    #[inline(always)]
    fn start(self, strip: usize) -> usize {
        let (vectors, count) = (self.vectors(), self.count());
        vectors / count * strip + strip.min(vectors % count)
    }

    /// Those of a range of [ends](Self::ends).
    #[inline(always)]
    fn between(self, ends: &Range<usize>) -> Range<usize> {
        let strip = |end| if end == self.ends() { self.count() } else { end };
        strip(ends.start)..strip(ends.end)
    }

    /// How many there are that parts can be cut at: the last one is one with that before it, if it is a single vector, which overlaps the one before it.
    fn ends(self) -> usize {
        let (vectors, count) = (self.vectors(), self.count());
        let overlaps = vectors / count == 1 && !self.pixels.is_multiple_of(self.lanes);
        count - usize::from(overlaps && count > 1)
    }
}

impl<T: Element> Product<'_, T> {
    /// Some output channels, whose planes of `pixels` numbers follow each other in `output`.
    #[inline(always)]
    pub(super) fn run_alone<S: Simd>(
        self,
        simd: S,
        channels: Range<usize>,
        pixels: usize,
        output: &mut [T],
    ) {
        let strips = 0..Strips::of::<T, S>(pixels).ends();
        // SAFETY: nobody else has the outputs.
        unsafe { self.run(simd, channels, strips, pixels, Shared::from(output)) };
    }

    /// Some output channels, whose planes of `pixels` numbers follow each other in `output`, and some [strips](Strips) of these.
    ///
    /// # Safety
    ///
    /// Nobody else may use the pixels of these strips.
    #[inline(always)]
    unsafe fn run<S: Simd>(
        self,
        simd: S,
        channels: Range<usize>,
        strips: Range<usize>,
        pixels: usize,
        output: Shared<'_, T>,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let all = Strips::of::<T, S>(pixels);
        assert!(
            pixels >= lanes
                && strips.end <= all.ends()
                && (self.onto == Onto::Nothing || pixels.is_multiple_of(lanes))
                && output.len() == channels.len() * pixels
                && self.input.len() >= (self.channels - 1) * self.stride + pixels,
            "planes of another size"
        );
        for strip in all.between(&strips) {
            let (vector, count) = (all.start(strip), all.start(strip + 1) - all.start(strip));
            let first = (vector * lanes).min(pixels - lanes);
            let last = ((vector + count - 1) * lanes).min(pixels - lanes) - first;
            let strip =
                Strip { product: self, pixels, first, last, channels: channels.clone(), output };
            match count {
                1 => simd.vectorize(StripOf::<T, 1>(strip)),
                2 => simd.vectorize(StripOf::<T, 2>(strip)),
                3 => simd.vectorize(StripOf::<T, 3>(strip)),
                _ => simd.vectorize(StripOf::<T, 4>(strip)),
            }
        }
    }
}

/// Some vectors of pixels, for some output channels.
struct Strip<'a, T> {
    product: Product<'a, T>,
    pixels: usize,
    /// The first pixel of the first vector, and from there that of the last one: between them, vectors follow each other.
    first: usize,
    last: usize,
    channels: Range<usize>,
    output: Shared<'a, T>,
}

/// `R` vectors: a function of its own for each `R`, as that of the matrix products.
struct StripOf<'a, T, const R: usize>(Strip<'a, T>);

impl<T: Element, const R: usize> WithSimd for StripOf<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if R > wide::<S>() {
            return;
        }
        let strip = self.0;
        let (mut column, end) = (0, strip.channels.len());
        // As many sums as a tile of twice the height has.
        let is_low = 2 * R <= wide::<S>();
        while column < end {
            // SAFETY: `Product::run` has checked the sizes, and these vectors of pixels and channels are there.
            unsafe {
                match end - column {
                    12.. if is_low => {
                        strip.tile::<S, R, 12>(simd, column);
                        column += PANEL_COLUMNS;
                    }
                    PANEL_COLUMNS.. => strip.tile::<S, R, PANEL_COLUMNS>(simd, column),
                    5 => strip.tile::<S, R, 5>(simd, column),
                    4 => strip.tile::<S, R, 4>(simd, column),
                    3 => strip.tile::<S, R, 3>(simd, column),
                    2 => strip.tile::<S, R, 2>(simd, column),
                    _ => strip.tile::<S, R, 1>(simd, column),
                }
            }
            column += PANEL_COLUMNS;
        }
    }
}

impl<T: Element> Strip<'_, T> {
    /// `R` vectors of pixels x `C` output channels from `column` on.
    ///
    /// # Safety
    ///
    /// These vectors must be inside of the planes, and these channels among the weights and outputs.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize>(&self, simd: S, column: usize) {
        let Product { channels, weight, input, stride, post, onto } = self.product;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let channel = self.channels.start + column;
        let place = |r: usize| if r + 1 == R { self.last } else { r * lanes };
        let mut sums = [[zero; C]; R];
        if let Some(first) = post.first().get(channel..channel + C) {
            for j in 0..C {
                let first = Vector::splat(simd, first[j]);
                for r in 0..R {
                    sums[r][j] = first;
                }
            }
        }
        let output = self.output.as_mut_ptr().wrapping_add(column * self.pixels + self.first);
        if onto == Onto::First {
            for j in 0..C {
                for r in 0..R {
                    // SAFETY: these pixels are inside of the plane (the caller's promise).
                    sums[r][j] =
                        unsafe { Vector::load_ptr(simd, output.add(j * self.pixels + place(r))) };
                }
            }
        }
        let mut x = input[self.first..].as_ptr();
        // A tile of twelve columns has two panels.
        let mut left = weight.output(channel);
        let mut right =
            if C > PANEL_COLUMNS { weight.output(channel + PANEL_COLUMNS) } else { left };
        let [channel_stride, output_stride] = weight.strides;
        for _ in 0..channels {
            let mut pixels = [zero; R];
            for r in 0..R {
                // SAFETY: these pixels are inside of the plane (the caller's promise).
                pixels[r] = unsafe { Vector::load_ptr(simd, x.add(place(r))) };
            }
            for j in 0..C {
                // SAFETY: this channel is among the weights (the caller's promise).
                let number = unsafe {
                    if j < PANEL_COLUMNS {
                        *left.add(j * output_stride)
                    } else {
                        *right.add((j - PANEL_COLUMNS) * output_stride)
                    }
                };
                let number = Vector::splat(simd, number);
                for r in 0..R {
                    sums[r][j] = pixels[r].mul_add(number, sums[r][j]);
                }
            }
            // They run one step past the end in the last round, where they are not read.
            x = x.wrapping_add(stride);
            left = left.wrapping_add(channel_stride);
            right = right.wrapping_add(channel_stride);
        }
        if onto == Onto::Last {
            for j in 0..C {
                for r in 0..R {
                    // SAFETY: as above.
                    let there =
                        unsafe { Vector::load_ptr(simd, output.add(j * self.pixels + place(r))) };
                    sums[r][j] = sums[r][j] + there;
                }
            }
        }
        if !post.scale.is_empty() {
            for j in 0..C {
                let scale = Vector::splat(simd, post.scale[channel + j]);
                let shift = post.shift.get(channel + j).copied().unwrap_or_else(T::zero);
                let shift = Vector::splat(simd, shift);
                for r in 0..R {
                    sums[r][j] = sums[r][j].mul_add(scale, shift);
                }
            }
        }
        if !post.addend.is_empty() {
            for j in 0..C {
                let plane = &post.addend[(channel + j) * self.pixels + self.first..];
                for r in 0..R {
                    sums[r][j] = sums[r][j] + Vector::load(simd, &plane[place(r)..]);
                }
            }
        }
        if post.relu {
            for j in 0..C {
                for r in 0..R {
                    sums[r][j] = sums[r][j].less_than(zero).select(zero, sums[r][j]);
                }
            }
        }
        for j in 0..C {
            for r in 0..R {
                // SAFETY: as for the loads.
                unsafe { sums[r][j].store_ptr(output.add(j * self.pixels + place(r))) };
            }
        }
    }
}
