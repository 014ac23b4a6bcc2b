//! Depthwise convolutions: each output channel sees one input channel. There are few multiply-adds for each number (9 for 3x3), so that what counts is how often numbers
//! are moved.
//!
//! Vectors hold channels: the planes of as many channels as a vector has lanes are transposed to a padded plane of vectors, computed, and transposed back. So rows may be as
//! short as they like, each tap is an aligned vector, and windows may move by any stride: neither lanes nor multiplications are wasted. To transpose takes about as long as
//! the 9 multiply-adds of 3x3.
//!
//! All three passes are sums over taps, a tap being a distance in the padded plane. The gradient of the inputs is a forward pass of dY with the window turned round; for a
//! stride of 2 these are four, for the even and odd rows and columns of dX ([`Phase`]). Large planes are computed some rows at a time.

use pulp::{Simd, WithSimd};

use crate::kernels::cache::LINE;
use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::depthwise_plan::{DepthwisePlan, Tap, Taps};
use crate::kernels::epilogue::PostOps;
use crate::kernels::geometry::Sizes;
use crate::kernels::in_part::InPart;
use crate::memory::{Heap, Shared};
use crate::simd::{
    Columns, Element, MOST_LANES, MOST_SIDE, Vector, square_side, transpose, transpose_square,
};

/// `Y = post(W ∗ x)` for some samples, or with `is_backward`, `dX = post(Wᵀ ∗ dY)`.
#[derive(Clone, Copy)]
pub(crate) struct Depthwise<'a, T> {
    /// Those of the forward pass.
    pub(crate) sizes: Sizes,
    pub(crate) is_backward: bool,
    pub(crate) weight: &'a [T],
    pub(crate) inputs: &'a [T],
    pub(crate) outputs: Shared<'a, T>,
    pub(crate) post: PostOps<'a, T>,
}

/// Numbers of the workspace that are on the stack: all, where there is no heap.
const ON_STACK: usize = if cfg!(feature = "std") { 0 } else { BUFFER_LEN };

impl<T> Depthwise<'_, T> {
    /// With the transpositions of both tensors, each about as long as [`TRANSPOSITION`].
    pub(crate) fn multiply_adds(&self) -> usize {
        let smaller = self.inputs.len().min(self.outputs.len());
        smaller * self.sizes.taps() + TRANSPOSITION * (self.inputs.len() + self.outputs.len())
    }
}

impl<T: Element> WithSimd for InPart<Depthwise<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Depthwise { sizes, is_backward, weight, inputs, outputs, post } = self.call;
        let lanes = Vector::<T, S>::LANES;
        let plan = DepthwisePlan::of(&sizes, is_backward, lanes);
        let (source, target) = (plan.source, plan.target);
        let samples = inputs.len() / source.len();
        assert!(
            inputs.len() == samples * source.len()
                && outputs.len() == samples * target.len()
                && weight.len() == sizes.output[0] * sizes.taps(),
            "a convolution of other sizes"
        );
        let (mut heap, mut stack) = (Heap::default(), [T::zero(); ON_STACK]);
        let mut buffers = Buffers::new(heap.or(&mut stack, plan.workspace()), &plan);
        let multiplier = plan.multiplier();
        // For each channel with a number of its own in the other tensor.
        let [each_source, each_target] = plan.each();
        // What is cut: planes of vectors, and the rows of the first and the last of these.
        let unit = plan.target_step[0];
        let blocks = sizes.input[0].div_ceil(lanes);
        for [planes, units] in self.part.cells(blocks * samples, target.rows.div_ceil(unit)) {
            let rows = units.start * unit..(units.end * unit).min(target.rows);
            if rows.is_empty() {
                continue;
            }
            let mut weights_of = None;
            for plane in planes {
                let (index, sample) = (plane / samples, plane % samples);
                let block = ChannelBlock::of(index, sizes.input[0], lanes);
                if weights_of.replace(index) != Some(index) {
                    for j in 0..multiplier {
                        buffers.set_weights(simd, &sizes, weight, &block, j);
                    }
                }
                let input = &inputs[sample * source.len()..(sample + 1) * source.len()];
                let from = sample * target.len();
                let output = outputs.range(from..from + target.len());
                let mut row = rows.start;
                while row < rows.end {
                    let rows = plan.block_rows.min(rows.end - row);
                    for j in 0..multiplier {
                        if each_source > 1 || j == 0 {
                            let planes = source.planes(block.first * each_source + j, each_source);
                            buffers.fill(simd, &plan, input, planes, &block, row, rows);
                        }
                        let is_last = each_source == 1 || j + 1 == multiplier;
                        let first = block.first * each_target + if each_target > 1 { j } else { 0 };
                        let last = if is_last {
                            // The addend lies in planes, and is added there.
                            let relu = post.relu && post.addend.is_empty();
                            LastOps::of(
                                simd,
                                PostOps { relu, ..post },
                                first,
                                each_target,
                                block.count,
                            )
                        } else {
                            LastOps::none()
                        };
                        let onto = each_source > 1 && j > 0;
                        buffers.convolve(simd, &plan, j, rows, onto, last);
                        if is_last {
                            let planes = target.planes(first, each_target);
                            // SAFETY: these rows of the block's own channels are the part's own.
                            unsafe {
                                buffers.empty(simd, &plan, output, planes, &block, row, rows);
                            }
                            if !post.addend.is_empty() {
                                let (at, len) = (row * target.columns, rows * target.columns);
                                for lane in block.overlap..block.count {
                                    let at = planes.0 + lane * planes.1 + at;
                                    // SAFETY: as above.
                                    let own = unsafe { output.range(at..at + len).into_slice() };
                                    post.add_addend(own, from + at..from + at + len);
                                }
                            }
                        }
                    }
                    row += rows;
                }
            }
        }
    }
}

/// What the transposition of a number takes, in multiplications: for both tensors, as long as a window of 3x3.
const TRANSPOSITION: usize = 5;

/// Channels that a vector holds.
#[derive(Clone, Copy)]
struct ChannelBlock {
    first: usize,
    count: usize,
    /// Channels at the beginning that the block before has, too: their outputs are that block's.
    overlap: usize,
}

impl ChannelBlock {
    /// One of `channels`, in vectors. The last block overlaps the one before it, where there are enough channels.
    #[inline(always)]
    fn of(index: usize, channels: usize, lanes: usize) -> Self {
        let start = index * lanes;
        let first = start.min(channels.saturating_sub(lanes));
        Self { first, count: lanes.min(channels), overlap: start - first }
    }
}

/// All of them.
#[cfg(feature = "train")]
#[inline(always)]
fn channel_blocks(channels: usize, lanes: usize) -> impl Iterator<Item = ChannelBlock> {
    (0..channels.div_ceil(lanes)).map(move |index| ChannelBlock::of(index, channels, lanes))
}

/// Every `step`-th number, for the lanes of a vector.
#[inline(always)]
fn take_lanes<T: Element, S: Simd>(simd: S, from: &[T], step: usize, to: &mut [T]) {
    if step == 1 && to.len() == Vector::<T, S>::LANES {
        return Vector::load(simd, from).store(to);
    }
    for (lane, number) in to.iter_mut().enumerate() {
        *number = from[lane * step];
    }
}

/// What is done to each vector of sums: the [`PostOps`] of its channels, but for the addend.
#[derive(Clone, Copy)]
struct LastOps<T> {
    scale: Option<[T; MOST_LANES]>,
    shift: [T; MOST_LANES],
    relu: bool,
}

impl<T: Element> LastOps<T> {
    #[inline(always)]
    fn none() -> Self {
        Self { scale: None, shift: [T::zero(); MOST_LANES], relu: false }
    }

    /// Of `count` channels, every `step`-th from one on.
    #[inline(always)]
    fn of<S: Simd>(simd: S, post: PostOps<'_, T>, first: usize, step: usize, count: usize) -> Self {
        let lanes_of = |numbers: &[T]| {
            let mut vector = [T::zero(); MOST_LANES];
            take_lanes(simd, &numbers[first..], step, &mut vector[..count]);
            vector
        };
        let optional = |numbers: &[T]| (!numbers.is_empty()).then(|| lanes_of(numbers));
        Self {
            scale: optional(post.scale),
            shift: optional(post.shift).unwrap_or([T::zero(); MOST_LANES]),
            relu: post.relu,
        }
    }

    /// What sums begin with.
    #[inline(always)]
    fn first<S: Simd>(&self, simd: S) -> Vector<T, S> {
        let zero = Vector::splat(simd, T::zero());
        if self.scale.is_some() { zero } else { Vector::load(simd, &self.shift) }
    }

    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, sum: Vector<T, S>) -> Vector<T, S> {
        let mut y = sum;
        if let Some(scale) = &self.scale {
            y = y.mul_add(Vector::load(simd, scale), Vector::load(simd, &self.shift));
        }
        if self.relu {
            let zero = Vector::splat(simd, T::zero());
            y = y.less_than(zero).select(zero, y);
        }
        y
    }
}

/// The workspace: a padded plane of vectors that is read, a plane that is written, and the weights, all of them vectors of channels that begin at cache lines.
struct Buffers<'a, T> {
    source: &'a mut [T],
    target: &'a mut [T],
    weights: &'a mut [T],
    taps: Taps,
}

impl<'a, T: Element> Buffers<'a, T> {
    #[inline(always)]
    fn new(workspace: &'a mut [T], plan: &DepthwisePlan) -> Self {
        let aligned = workspace.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
        let (source, rest) = workspace[aligned..].split_at_mut(plan.source_len());
        let (target, rest) = rest.split_at_mut(plan.target_len());
        // Columns beside the plane stay zero.
        source.fill(T::zero());
        Self { source, target, weights: &mut rest[..plan.weights_len()], taps: plan.taps() }
    }

    /// The windows of a block of channels, for output `j` of each.
    #[inline(always)]
    fn set_weights<S: Simd>(
        &mut self,
        simd: S,
        sizes: &Sizes,
        weight: &[T],
        block: &ChannelBlock,
        j: usize,
    ) {
        let (taps, lanes) = (sizes.taps(), Vector::<T, S>::LANES);
        let (outputs, multiplier) = (sizes.output[0], sizes.group_outputs());
        for tap in 0..taps {
            let to = &mut self.weights[(j * taps + tap) * lanes..][..block.count];
            let from = &weight[tap * outputs + block.first * multiplier + j..];
            take_lanes(simd, from, multiplier, to);
        }
    }

    /// The rows of the source that some rows of the target see, transposed.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "two blocks, of channels and of rows, of one plane"
    )]
    fn fill<S: Simd>(
        &mut self,
        simd: S,
        plan: &DepthwisePlan,
        input: &[T],
        (first, stride): (usize, usize),
        block: &ChannelBlock,
        row: usize,
        rows: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let window = plan.source_rows(row, rows);
        let row_len = plan.row * lanes;
        let inside = window.inside(plan.source.rows);
        self.source[..inside.start * row_len].fill(T::zero());
        self.source[inside.end * row_len..window.count * row_len].fill(T::zero());
        if inside.is_empty() {
            return;
        }
        let columns = plan.source.columns;
        let at = first + window.plane_row(inside.start) * columns;
        let pixels = inside.len() * columns;
        assert!(
            input.len() >= at + (block.count - 1) * stride + pixels
                && self.source.len() >= inside.end * row_len
                && plan.left + columns <= plan.row,
            "planes of another size"
        );
        // SAFETY: pixels and channels are inside of the input, and rows inside of the buffer, as just checked.
        unsafe {
            let from = Columns { first: input.as_ptr().add(at), stride };
            let to = self.source.as_mut_ptr().add(inside.start * row_len + plan.left * lanes);
            let place = Place { to, columns, row_len, lanes };
            to_vectors(simd, from, [pixels, block.count], place);
        }
    }

    /// Some rows of the target, computed. `onto` what is there, or from zero.
    #[inline(always)]
    fn convolve<S: Simd>(
        &mut self,
        simd: S,
        plan: &DepthwisePlan,
        j: usize,
        rows: usize,
        onto: bool,
        last: LastOps<T>,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let [down, right] = plan.target_step;
        for index in 0..down * right {
            let phase = [index / right, index % right];
            let sums = Sums {
                source: self.source,
                target: self.target,
                weights: &self.weights[j * plan.window() * lanes..],
                taps: self.taps.of(index),
                steps: [plan.source_step[0] * plan.row * lanes, plan.source_step[1] * lanes],
                target_at: (phase[0] * plan.target.columns + phase[1]) * lanes,
                target_steps: [down * plan.target.columns * lanes, right * lanes],
                rows: rows.saturating_sub(phase[0]).div_ceil(down),
                onto,
                last,
            };
            let columns = plan.target.columns.saturating_sub(phase[1]).div_ceil(right);
            sums.run(simd, columns);
        }
    }

    /// Some rows of the target, to those of their planes that the block before does not write.
    ///
    /// # Safety
    ///
    /// Nobody else may use these rows of these planes.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "two blocks, of channels and of rows, of one plane"
    )]
    unsafe fn empty<S: Simd>(
        &mut self,
        simd: S,
        plan: &DepthwisePlan,
        output: Shared<'_, T>,
        (first, stride): (usize, usize),
        block: &ChannelBlock,
        row: usize,
        rows: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let (at, pixels) = (first + row * plan.target.columns, rows * plan.target.columns);
        assert!(
            output.len() >= at + (block.count - 1) * stride + pixels
                && self.target.len() >= pixels * lanes,
            "planes of another size"
        );
        let own = block.count - block.overlap;
        // SAFETY: just checked.
        unsafe {
            let from = Columns { first: self.target.as_ptr().add(block.overlap), stride: lanes };
            let at = at + block.overlap * stride;
            let to = Columns { first: output.as_mut_ptr().add(at), stride };
            transpose(simd, from, to, [own, pixels]);
        }
    }
}

/// Where the vectors of a plane are.
#[derive(Clone, Copy)]
struct Place<T> {
    to: *mut T,
    /// Pixels of a row.
    columns: usize,
    /// From one row to the next.
    row_len: usize,
    lanes: usize,
}

/// The planes of some channels, `pixels` of each, as vectors of channels.
///
/// # Safety
///
/// These numbers must be readable, and the vectors writable.
#[inline(always)]
unsafe fn to_vectors<T: Element, S: Simd>(
    simd: S,
    from: Columns<*const T>,
    [pixels, channels]: [usize; 2],
    place: Place<T>,
) {
    let side = square_side::<T, S>(simd, pixels.min(channels));
    // From the end of a row to the next one.
    let gap = place.row_len - place.columns * place.lanes;
    let (mut pixel, mut column, mut next) = (0, 0, place.to);
    while pixel < pixels {
        if pixel + side > pixels && pixels >= side {
            // The last square overlaps the one before it.
            pixel = pixels - side;
            column = pixel % place.columns;
            next =
                place.to.wrapping_add(pixel / place.columns * place.row_len + column * place.lanes);
        }
        let count = side.min(pixels - pixel);
        let mut to = [place.to; MOST_SIDE];
        for to in &mut to[..count] {
            *to = next;
            next = next.wrapping_add(place.lanes);
            column += 1;
            if column == place.columns {
                column = 0;
                next = next.wrapping_add(gap);
            }
        }
        // SAFETY: these pixels and channels are there (the caller's promise).
        unsafe {
            let mut channel = 0;
            while channel + side <= channels && count == side {
                let from = Columns { first: from.first.add(pixel + channel * from.stride), ..from };
                transpose_square(simd, side, from, |row| to[row].add(channel));
                channel += side;
            }
            for channel in channel..channels {
                for (index, to) in to[..count].iter().enumerate() {
                    to.add(channel).write(*from.first.add(pixel + index + channel * from.stride));
                }
            }
        }
        pixel += count;
    }
}

/// The sums of a [`Phase`]: rows and columns of the target, each the sum of its taps.
struct Sums<'a, T> {
    source: &'a [T],
    target: &'a mut [T],
    weights: &'a [T],
    /// Numbers from the first vector of the source to that of a tap, for the first pixel.
    taps: &'a [Tap],
    /// Numbers of the source from one row and column of the sums to the next.
    steps: [usize; 2],
    /// The first pixel.
    target_at: usize,
    target_steps: [usize; 2],
    rows: usize,
    onto: bool,
    last: LastOps<T>,
}

/// Columns of the widest tile.
const TILE: usize = 8;

impl<T: Element> Sums<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S, columns: usize) {
        if self.rows == 0 || columns == 0 {
            return;
        }
        let lanes = Vector::<T, S>::LANES;
        let end = (self.rows - 1) * self.steps[0] + (columns - 1) * self.steps[1] + lanes;
        let target_end = self.target_at
            + (self.rows - 1) * self.target_steps[0]
            + (columns - 1) * self.target_steps[1]
            + lanes;
        let fits = |tap: &Tap| {
            tap.source + end <= self.source.len() && tap.weight + lanes <= self.weights.len()
        };
        assert!(
            self.taps.iter().all(fits) && target_end <= self.target.len(),
            "a plane of another size"
        );
        let mut column = 0;
        while column < columns {
            // Tiles of about the same width.
            let rest = columns - column;
            let count = rest.div_ceil(rest.div_ceil(TILE));
            let strip = Strip { sums: &mut self, column };
            if strip.sums.steps[1] == lanes {
                strip.of_width::<S, 1>(simd, count);
            } else {
                strip.of_width::<S, 0>(simd, count);
            }
            column += count;
        }
    }
}

/// Columns of all rows of some sums.
struct Strip<'a, 'b, T> {
    sums: &'a mut Sums<'b, T>,
    column: usize,
}

impl<T: Element> Strip<'_, '_, T> {
    /// Rows and columns of a tile are at least 8 sums, as far as there are rows: so many multiply-adds are under way at a time.
    #[inline(always)]
    fn of_width<S: Simd, const STEP: usize>(self, simd: S, columns: usize) {
        match columns {
            8 => simd.vectorize(StripOf::<T, 1, 8, STEP>(self)),
            7 => simd.vectorize(StripOf::<T, 1, 7, STEP>(self)),
            6 => simd.vectorize(StripOf::<T, 2, 6, STEP>(self)),
            5 => simd.vectorize(StripOf::<T, 2, 5, STEP>(self)),
            4 => simd.vectorize(StripOf::<T, 2, 4, STEP>(self)),
            3 => simd.vectorize(StripOf::<T, 3, 3, STEP>(self)),
            2 => simd.vectorize(StripOf::<T, 4, 2, STEP>(self)),
            _ => simd.vectorize(StripOf::<T, 4, 1, STEP>(self)),
        }
    }

    /// `R` rows from one on, `C` columns.
    ///
    /// # Safety
    ///
    /// The pixels and their taps must be there, and steps to the right be `STEP` vectors, if that is no 0.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize, const STEP: usize>(
        &mut self,
        simd: S,
        row: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let Sums { taps, steps, target_steps, last, .. } = *self.sums;
        let right = if STEP > 0 { STEP * lanes } else { steps[1] };
        let mut sums = [[last.first(simd); C]; R];
        // SAFETY: the caller's promise, for each.
        unsafe {
            let source = self.sums.source.as_ptr().add(row * steps[0] + self.column * right);
            let weights = self.sums.weights.as_ptr();
            let target =
                self.sums.target.as_mut_ptr().add(
                    self.sums.target_at + row * target_steps[0] + self.column * target_steps[1],
                );
            if self.sums.onto {
                for r in 0..R {
                    for c in 0..C {
                        let at = target.add(r * target_steps[0] + c * target_steps[1]);
                        sums[r][c] = sums[r][c] + Vector::load_ptr(simd, at);
                    }
                }
            }
            for tap in taps {
                let weight = Vector::load_ptr(simd, weights.add(tap.weight));
                let source = source.add(tap.source);
                for r in 0..R {
                    for c in 0..C {
                        let x = Vector::load_ptr(simd, source.add(r * steps[0] + c * right));
                        sums[r][c] = x.mul_add(weight, sums[r][c]);
                    }
                }
            }
            for r in 0..R {
                for c in 0..C {
                    let at = target.add(r * target_steps[0] + c * target_steps[1]);
                    last.finish(simd, sums[r][c]).store_ptr(at);
                }
            }
        }
    }
}

/// `C` columns, `R` rows at a time: a function of its own for each.
struct StripOf<'a, 'b, T, const R: usize, const C: usize, const STEP: usize>(Strip<'a, 'b, T>);

impl<T: Element, const R: usize, const C: usize, const STEP: usize> WithSimd
    for StripOf<'_, '_, T, R, C, STEP>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut strip = self.0;
        let rows = strip.sums.rows;
        let mut row = 0;
        // SAFETY: `Sums::run` has checked that all rows and columns are there, with their taps.
        unsafe {
            while row + R <= rows {
                strip.tile::<S, R, C, STEP>(simd, row);
                row += R;
            }
            while row < rows {
                strip.tile::<S, 1, C, STEP>(simd, row);
                row += 1;
            }
        }
    }
}

/// `dW += dY ∗ x` over some samples.
#[cfg(feature = "train")]
pub(crate) struct DepthwiseWeights<'a, T> {
    pub(crate) sizes: Sizes,
    pub(crate) inputs: &'a [T],
    pub(crate) output_gradient: &'a [T],
    pub(crate) gradient: &'a mut [T],
}

#[cfg(feature = "train")]
impl<T: Element> WithSimd for DepthwiseWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sizes, inputs, output_gradient, gradient } = self;
        let lanes = Vector::<T, S>::LANES;
        // dY is where the forward pass has its target.
        let plan = DepthwisePlan::of(&sizes, false, lanes);
        let (source, target) = (plan.source, plan.target);
        let samples = inputs.len() / source.len();
        assert!(
            inputs.len() == samples * source.len()
                && output_gradient.len() == samples * target.len()
                && gradient.len() == sizes.output[0] * sizes.taps(),
            "a convolution of other sizes"
        );
        let (mut heap, mut stack) = (Heap::default(), [T::zero(); ON_STACK]);
        let mut buffers = Buffers::new(heap.or(&mut stack, plan.workspace()), &plan);
        let multiplier = plan.multiplier();
        for block in channel_blocks(sizes.input[0], lanes) {
            buffers.weights.fill(T::zero());
            for sample in 0..samples {
                let input = &inputs[sample * source.len()..(sample + 1) * source.len()];
                let output = &output_gradient[sample * target.len()..(sample + 1) * target.len()];
                let mut row = 0;
                while row < target.rows {
                    let rows = plan.block_rows.min(target.rows - row);
                    buffers.fill(
                        simd,
                        &plan,
                        input,
                        source.planes(block.first, 1),
                        &block,
                        row,
                        rows,
                    );
                    for j in 0..multiplier {
                        let planes = target.planes(block.first * multiplier + j, multiplier);
                        buffers.fill_target(simd, &plan, output, planes, &block, row, rows);
                        buffers.add_weights(simd, &plan, j, rows);
                    }
                    row += rows;
                }
            }
            let (taps, outputs) = (sizes.taps(), sizes.output[0]);
            for (index, sums) in buffers.weights.chunks_exact(lanes).enumerate() {
                let (j, tap) = (index / taps, index % taps);
                for lane in block.overlap..block.count {
                    let channel = (block.first + lane) * multiplier + j;
                    gradient[tap * outputs + channel] += sums[lane];
                }
            }
        }
    }
}

#[cfg(feature = "train")]
impl<T: Element> Buffers<'_, T> {
    /// Some rows of the target, from their planes.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "two blocks, of channels and of rows, of one plane"
    )]
    fn fill_target<S: Simd>(
        &mut self,
        simd: S,
        plan: &DepthwisePlan,
        output: &[T],
        (first, stride): (usize, usize),
        block: &ChannelBlock,
        row: usize,
        rows: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let columns = plan.target.columns;
        let (at, pixels) = (first + row * columns, rows * columns);
        assert!(
            output.len() >= at + (block.count - 1) * stride + pixels
                && self.target.len() >= pixels * lanes,
            "planes of another size"
        );
        // SAFETY: just checked.
        unsafe {
            let from = Columns { first: output.as_ptr().add(at), stride };
            let to = Columns { first: self.target.as_mut_ptr(), stride: lanes };
            transpose(simd, from, to, [pixels, block.count]);
        }
    }

    /// Adds what some rows give for the windows of output `j`.
    #[inline(always)]
    fn add_weights<S: Simd>(&mut self, simd: S, plan: &DepthwisePlan, j: usize, rows: usize) {
        let lanes = Vector::<T, S>::LANES;
        let taps = self.taps.of(0);
        let count = taps.len();
        let columns = plan.target.columns;
        let steps = [plan.source_step[0] * plan.row * lanes, plan.source_step[1] * lanes];
        let end = (rows - 1) * steps[0] + (columns - 1) * steps[1] + lanes;
        let weights = &mut self.weights[j * count * lanes..(j + 1) * count * lanes];
        assert!(
            taps.iter().all(|tap| tap.source + end <= self.source.len())
                && rows * columns * lanes <= self.target.len(),
            "a plane of another size"
        );
        // As many taps at a time, as far as that goes.
        let mut tap = 0;
        while tap < count {
            let rest = count - tap;
            let some = rest.div_ceil(rest.div_ceil(TAPS_AT_ONCE));
            let sums = WeightSums {
                source: self.source,
                target: self.target,
                weights: &mut weights[tap * lanes..(tap + some) * lanes],
                taps: &taps[tap..tap + some],
                steps,
                rows,
                columns,
            };
            match some {
                9 => simd.vectorize(WeightSumsOf::<T, 9>(sums)),
                8 => simd.vectorize(WeightSumsOf::<T, 8>(sums)),
                7 => simd.vectorize(WeightSumsOf::<T, 7>(sums)),
                6 => simd.vectorize(WeightSumsOf::<T, 6>(sums)),
                5 => simd.vectorize(WeightSumsOf::<T, 5>(sums)),
                4 => simd.vectorize(WeightSumsOf::<T, 4>(sums)),
                3 => simd.vectorize(WeightSumsOf::<T, 3>(sums)),
                2 => simd.vectorize(WeightSumsOf::<T, 2>(sums)),
                _ => simd.vectorize(WeightSumsOf::<T, 1>(sums)),
            }
            tap += some;
        }
    }
}

/// The most taps whose sums are in registers: those of 3x3.
#[cfg(feature = "train")]
const TAPS_AT_ONCE: usize = 9;

/// For each of some taps the sum over pixels of dY times what the tap sees.
#[cfg(feature = "train")]
struct WeightSums<'a, T> {
    source: &'a [T],
    target: &'a [T],
    weights: &'a mut [T],
    taps: &'a [Tap],
    steps: [usize; 2],
    rows: usize,
    columns: usize,
}

/// Of `N` taps: a function of its own for each.
#[cfg(feature = "train")]
struct WeightSumsOf<'a, T, const N: usize>(WeightSums<'a, T>);

#[cfg(feature = "train")]
impl<T: Element, const N: usize> WithSimd for WeightSumsOf<'_, T, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let WeightSums { source, target, weights, taps, steps, rows, columns } = self.0;
        let lanes = Vector::<T, S>::LANES;
        let mut sums = [Vector::splat(simd, T::zero()); N];
        let mut at = [0; N];
        for n in 0..N {
            at[n] = taps[n].source;
        }
        for row in 0..rows {
            // SAFETY: the pixels of the target, and those of the source that the taps see from there, were checked where these sums are made.
            unsafe {
                let mut y = target.as_ptr().add(row * columns * lanes);
                let mut x = source.as_ptr().add(row * steps[0]);
                for _ in 0..columns {
                    let gradient = Vector::load_ptr(simd, y);
                    for n in 0..N {
                        let seen = Vector::load_ptr(simd, x.add(at[n]));
                        sums[n] = gradient.mul_add(seen, sums[n]);
                    }
                    y = y.wrapping_add(lanes);
                    // It runs beyond the row in the last round, where it is not read.
                    x = x.wrapping_add(steps[1]);
                }
            }
        }
        for n in 0..N {
            // What these rows give is summed up by itself: the error of a sum does not grow with the number of samples.
            let weights = &mut weights[n * lanes..];
            (Vector::load(simd, weights) + sums[n]).store(weights);
        }
    }
}
