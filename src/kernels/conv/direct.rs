//! Direct convolutions with vectors along output rows. With a stride of one column, pixels x .. x + lanes of an output row read, for each tap
//! kx, the input's columns x + kx · dilation .. as they are; with one of two, even and odd columns of the input are copied side by side first.
//! The tiles are those of the matrix products: `R` vectors of pixels x `C` channels.
//!
//! Sizes are not constants here, so that all layers share the code.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::patch::Patch;
use crate::kernels::conv::plan::RowsPlan;
use crate::kernels::conv::rows::{LINE_LEN, Line};
use crate::kernels::epilogue::PostOps;
use crate::kernels::gemm::microkernel::wide;
use crate::kernels::geometry::{Geometry, Sizes};
use crate::kernels::in_part::InPart;
use crate::memory::Shared;
#[cfg(feature = "train")]
use crate::simd::Mask;
use crate::simd::has_many_registers;
use crate::simd::lanes_between;
use crate::simd::{Element, Registers, Vector};

/// One group of channels: its sizes, and the distances in memory.
#[derive(Clone, Copy)]
pub(crate) struct GroupLayout {
    /// Input channels.
    pub(crate) channels: usize,
    /// From one channel of the input to the next.
    pub(crate) channel_stride: usize,
    /// From one row of the input to the next.
    pub(crate) row_stride: usize,
    pub(crate) kernel: [usize; 2],
    /// Rows of the input from one output row to the next.
    pub(crate) stride: usize,
    pub(crate) dilation: [usize; 2],
    /// Output channels.
    pub(crate) outputs: usize,
    /// Rows and columns of the output.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From one column of the weights to the next.
    pub(crate) weight_stride: usize,
}

impl GroupLayout {
    /// Of an input with its padding.
    #[inline(always)]
    pub(crate) fn of<K: Geometry>() -> Self {
        let [height, width] = const { K::SIZES.padded() };
        Self {
            channels: K::GROUP_INPUTS,
            channel_stride: height * width,
            row_stride: width,
            kernel: K::KERNEL,
            stride: K::STRIDE[0],
            dilation: K::DILATION,
            outputs: K::GROUP_OUTPUTS,
            rows: K::ROWS,
            columns: K::COLUMNS,
            weight_stride: K::OUTPUTS,
        }
    }

    /// Numbers of the group in a sample.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.channels * self.channel_stride
    }

    /// Pixels of an output channel.
    pub(crate) fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    /// How long the input must be.
    pub(crate) fn input_len(&self) -> usize {
        let row = (self.rows - 1) * self.stride + (self.kernel[0] - 1) * self.dilation[0];
        let column = self.columns + (self.kernel[1] - 1) * self.dilation[1];
        (self.channels - 1) * self.channel_stride + row * self.row_stride + column
    }

    /// How long the weights must be.
    pub(crate) fn weight_len(&self) -> usize {
        let patch = self.channels * self.kernel[0] * self.kernel[1];
        (patch - 1) * self.weight_stride + self.outputs
    }
}

/// `Y = post(W ∗ x)` for one group of channels of one sample; ∗ is the convolution.
#[derive(Clone, Copy)]
pub(crate) struct DirectConvolution<'a, T> {
    pub(crate) layout: GroupLayout,
    /// With zeros around it, if windows reach there.
    pub(crate) input: &'a [T],
    pub(crate) weight: &'a [T],
    /// Of these channels and this sample. Kernels begin with the bias, and leave the rest.
    pub(crate) post: PostOps<'a, T>,
    pub(crate) output: Shared<'a, T>,
}

impl<T> DirectConvolution<'_, T> {
    pub(crate) fn multiply_adds(&self) -> usize {
        self.output.len() * self.layout.channels * self.layout.kernel[0] * self.layout.kernel[1]
    }
}

/// `Y = post(W ∗ x)` for some samples, with vectors along output rows.
#[derive(Clone, Copy)]
pub(crate) struct RowsConvolution<'a, T> {
    pub(crate) sizes: Sizes,
    pub(crate) weight: &'a [T],
    pub(crate) inputs: &'a [T],
    pub(crate) outputs: Shared<'a, T>,
    pub(crate) post: PostOps<'a, T>,
}

impl<T> RowsConvolution<'_, T> {
    pub(crate) fn multiply_adds(&self) -> usize {
        self.outputs.len() * self.sizes.patch()
    }
}

/// Output channels of the next tile, of `rest`: six, or four where six would leave one or two.
#[inline(always)]
fn channels_from(rest: usize) -> usize {
    match rest {
        1..=3 => rest,
        4 | 5 | 7 | 8 => 4,
        _ => 6,
    }
}

/// A part is some output rows. They are taken by bands, and a band by some input channels at a time, as many as the copy of their rows has room for: the sums
/// wait in the output, which changes no bit of them.
impl<T: Element> WithSimd for InPart<RowsConvolution<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let RowsConvolution { sizes, weight, inputs, outputs, post } = self.call;
        let plan = RowsPlan::of(&sizes, Registers::of::<T, S>());
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
                && plan.channels > 0
                && sizes.output[2] >= Vector::<T, S>::LANES,
            "a convolution of other sizes"
        );
        let mut patch = Patch::<T>::new();
        let mut line = Line::<T>::new();
        if plan.columns.stride > 1 {
            // SAFETY: a line is as long, and zero bits are a number.
            unsafe { core::ptr::write_bytes(line.as_mut_ptr(), 0, LINE_LEN) };
        }
        let (group_inputs, group_outputs) = (sizes.group_inputs(), sizes.group_outputs());
        let [_, height, width] = sizes.input;
        let [_, in_sample, columns] = sizes.output;
        // So many rows that tiles of full height end with them, where that is possible.
        let unit = (wide::<S>() / columns.div_ceil(Vector::<T, S>::LANES)).max(1);
        let rows = self.part.of(samples * in_sample, unit);
        let mut row = rows.start;
        while row < rows.end {
            let (sample, y) = (row / in_sample, row % in_sample);
            let count = plan.rows.min(in_sample - y).min(rows.end - row);
            let input = &inputs[sample * input_len..][..input_len];
            for group in 0..sizes.groups {
                let first = group * group_outputs;
                let post =
                    post.of(sample, output_len, first..first + group_outputs, sizes.pixels());
                for channel in (0..group_inputs).step_by(plan.channels) {
                    let channels = channel..(channel + plan.channels).min(group_inputs);
                    let is_last = channels.end == group_inputs;
                    let [channel_stride, row_stride] = plan.strides(&sizes);
                    // SAFETY: the sizes were checked; the plan's copy has room for these rows of these channels; the rows are this part's own.
                    unsafe {
                        let input = plan.numbers(
                            simd,
                            &sizes,
                            &input[group * group_inputs * height * width..],
                            [y, count],
                            channels.clone(),
                            [patch.as_mut_ptr(), line.as_mut_ptr()],
                        );
                        let tiles = RowTiles {
                            layout: GroupLayout {
                                channels: channels.len(),
                                channel_stride,
                                row_stride,
                                kernel: sizes.kernel,
                                stride: sizes.stride[0],
                                dilation: sizes.dilation,
                                outputs: group_outputs,
                                rows: count,
                                columns,
                                weight_stride: sizes.output[0],
                            },
                            steps: plan.columns.steps(sizes.dilation[1]),
                            plane: sizes.pixels(),
                            onto: channel > 0,
                            input,
                            weight: weight
                                .as_ptr()
                                .add(channel * sizes.taps() * sizes.output[0] + first),
                            bias: pointer(post.first()).filter(|_| channel == 0),
                            scale: pointer(post.scale).filter(|_| is_last),
                            shift: pointer(post.shift),
                            addend: pointer(post.addend)
                                .filter(|_| is_last)
                                .map(|a| a.add(y * columns)),
                            relu: post.relu && is_last,
                            output: outputs
                                .as_mut_ptr()
                                .add(sample * output_len + first * sizes.pixels() + y * columns),
                        };
                        tiles.run(simd);
                    }
                }
            }
            row += count;
        }
    }
}

fn pointer<T>(numbers: &[T]) -> Option<*const T> {
    (!numbers.is_empty()).then_some(numbers.as_ptr())
}

/// Some rows of a [`RowsConvolution`], of one group and some of its input channels, as pointers.
#[derive(Clone, Copy)]
struct RowTiles<T> {
    layout: GroupLayout,
    /// From one tap to the next, by turns.
    steps: [usize; 2],
    /// From one channel of the output to the next.
    plane: usize,
    /// Whether the outputs hold the sums over other input channels.
    onto: bool,
    input: *const T,
    weight: *const T,
    bias: Option<*const T>,
    scale: Option<*const T>,
    shift: Option<*const T>,
    addend: Option<*const T>,
    relu: bool,
    output: *mut T,
}

impl<T: Element> RowTiles<T> {
    /// # Safety
    ///
    /// The pointers must be those of slices of these sizes.
    #[inline(always)]
    unsafe fn run<S: Simd>(&self, simd: S) {
        let layout = self.layout;
        let wide = wide::<S>();
        let vectors = layout.rows * layout.columns.div_ceil(Vector::<T, S>::LANES);
        let mut channel = 0;
        while channel < layout.outputs {
            let count = channels_from(layout.outputs - channel);
            let mut vector = 0;
            while vector < vectors {
                // SAFETY: the caller's promise; these vectors and channels are there.
                unsafe {
                    if vector + wide > vectors {
                        self.of_height::<S, 1>(simd, vector, channel, count);
                        vector += 1;
                        continue;
                    }
                    if has_many_registers::<S>() {
                        self.of_height::<S, 4>(simd, vector, channel, count);
                    } else {
                        self.of_height::<S, 2>(simd, vector, channel, count);
                    }
                }
                vector += wide;
            }
            channel += count;
        }
    }

    /// The [`tile`](Self::tile) for `count` channels and the window's columns.
    ///
    /// # Safety
    ///
    /// As for [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn of_height<S: Simd, const R: usize>(
        &self,
        simd: S,
        vector: usize,
        channel: usize,
        count: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match (count, self.layout.kernel[1]) {
                (6, 3) => self.tile::<S, R, 6, 3>(simd, vector, channel),
                (6, _) => self.tile::<S, R, 6, 0>(simd, vector, channel),
                (4, 3) => self.tile::<S, R, 4, 3>(simd, vector, channel),
                (4, _) => self.tile::<S, R, 4, 0>(simd, vector, channel),
                (3, _) => self.tile::<S, R, 3, 0>(simd, vector, channel),
                (2, _) => self.tile::<S, R, 2, 0>(simd, vector, channel),
                (_, _) => self.tile::<S, R, 1, 0>(simd, vector, channel),
            }
        }
    }

    /// `R` vectors of pixels from `vector` on, `C` output channels from `channel` on. The last vector of an output row overlaps the one
    /// before it. `KW` is the window's columns, or 0 if they are no constant.
    ///
    /// # Safety
    ///
    /// As for [`run`](Self::run), and the vectors and channels must be there.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize, const KW: usize>(
        &self,
        simd: S,
        vector: usize,
        channel: usize,
    ) {
        let Self { layout, input, weight, bias, output, plane: output_plane, .. } = *self;
        let width = if KW > 0 { KW } else { layout.kernel[1] };
        let lanes = Vector::<T, S>::LANES;
        let in_row = layout.columns.div_ceil(lanes);
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        // SAFETY: every offset below is that of a pixel, a tap and a channel that are there (the caller's promise).
        unsafe {
            let mut from = [input; R];
            let mut to = [output; R];
            for r in 0..R {
                let (y, x) = ((vector + r) / in_row, (vector + r) % in_row);
                let x = (x * lanes).min(layout.columns - lanes);
                from[r] = input.add(y * layout.stride * layout.row_stride + x);
                to[r] = output.add(channel * output_plane + y * layout.columns + x);
            }
            if let Some(bias) = bias {
                for j in 0..C {
                    let bias = Vector::splat(simd, *bias.add(channel + j));
                    for r in 0..R {
                        sums[r][j] = bias;
                    }
                }
            }
            if self.onto {
                for r in 0..R {
                    for j in 0..C {
                        sums[r][j] = Vector::load_ptr(simd, to[r].add(j * output_plane));
                    }
                }
            }
            let mut weight = weight.add(channel);
            for plane in 0..layout.channels {
                for ky in 0..layout.kernel[0] {
                    let mut at =
                        plane * layout.channel_stride + ky * layout.dilation[0] * layout.row_stride;
                    let mut steps = self.steps;
                    for _ in 0..width {
                        let mut left = [zero; R];
                        for r in 0..R {
                            left[r] = Vector::load_ptr(simd, from[r].add(at));
                        }
                        for j in 0..C {
                            let right = Vector::splat(simd, *weight.add(j));
                            for r in 0..R {
                                sums[r][j] = left[r].mul_add(right, sums[r][j]);
                            }
                        }
                        at = at.wrapping_add(steps[0]);
                        steps.swap(0, 1);
                        // It runs one step past the end in the last round, where it is not read.
                        weight = weight.wrapping_add(layout.weight_stride);
                    }
                }
            }
            if let Some(scale) = self.scale {
                for j in 0..C {
                    let scale = Vector::splat(simd, *scale.add(channel + j));
                    let shift = self
                        .shift
                        .map_or(zero, |shift| Vector::splat(simd, *shift.add(channel + j)));
                    for r in 0..R {
                        sums[r][j] = sums[r][j].mul_add(scale, shift);
                    }
                }
            }
            if let Some(addend) = self.addend {
                for r in 0..R {
                    let at = to[r].offset_from_unsigned(output);
                    for j in 0..C {
                        let addend = addend.add(at + j * output_plane);
                        sums[r][j] = sums[r][j] + Vector::load_ptr(simd, addend);
                    }
                }
            }
            if self.relu {
                for r in 0..R {
                    for j in 0..C {
                        sums[r][j] = sums[r][j].less_than(zero).select(zero, sums[r][j]);
                    }
                }
            }
            // The last vector of a row may overlap the one before it, whose outputs are sums with these channels already.
            let again = in_row * lanes - layout.columns;
            for r in 0..R {
                if self.onto && again > 0 && (vector + r) % in_row == in_row - 1 {
                    let again = lanes_between(simd, 0, again);
                    for j in 0..C {
                        let done = Vector::load_ptr(simd, to[r].add(j * output_plane));
                        sums[r][j] = again.select(done, sums[r][j]);
                    }
                }
                for j in 0..C {
                    sums[r][j].store_ptr(to[r].add(j * output_plane));
                }
            }
        }
    }
}

/// `dW += dY ∗ x` for one group of channels, over all samples.
pub(crate) struct DirectWeights<'a, T> {
    pub(crate) layout: GroupLayout,
    /// From the first channel of the group in the first sample on.
    pub(crate) inputs: &'a [T],
    /// From one sample to the next.
    pub(crate) input_stride: usize,
    pub(crate) output_gradient: &'a [T],
    pub(crate) output_stride: usize,
    pub(crate) samples: usize,
    pub(crate) gradient: &'a mut [T],
}

/// Bytes of inputs and dY that stay in a usual L1 cache while all taps go over them.
#[cfg(feature = "train")]
const CACHED: usize = 32 * 1024;

/// The kernel of [`DirectWeights`] with vectors along output rows.
#[cfg(feature = "train")]
pub(crate) struct DirectRows<C>(pub(crate) C);

/// Output channels of the next tile, of `rest`: each vector of the input is loaded once for all of them.
#[cfg(feature = "train")]
#[inline(always)]
fn channels_at_once<S: Simd>(rest: usize) -> usize {
    match rest {
        1 | 2 => rest,
        _ if !has_many_registers::<S>() => 2,
        3 | 5 | 6 => 3,
        _ => 4,
    }
}

#[cfg(feature = "train")]
impl<T: Element> WithSimd for DirectRows<DirectWeights<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let this = self.0;
        let layout = this.layout;
        assert!(
            this.has_sizes() && layout.columns >= Vector::<T, S>::LANES,
            "a convolution of other sizes"
        );
        let mut channel = 0;
        while channel < layout.outputs {
            let count = channels_at_once::<S>(layout.outputs - channel);
            let each = (this.input_stride + count * layout.pixels()) * size_of::<T>();
            let most = (CACHED / each).max(1);
            for first in (0..this.samples).step_by(most) {
                let mut part = DirectWeights {
                    inputs: &this.inputs[first * this.input_stride..],
                    output_gradient: &this.output_gradient[first * this.output_stride..],
                    samples: most.min(this.samples - first),
                    gradient: &mut *this.gradient,
                    ..this
                };
                // SAFETY: the sizes were checked above; these channels and samples are there.
                unsafe {
                    match count {
                        4 => part.add_channels::<S, 4>(simd, channel),
                        3 => part.add_channels::<S, 3>(simd, channel),
                        2 => part.add_channels::<S, 2>(simd, channel),
                        _ => part.add_channels::<S, 1>(simd, channel),
                    }
                }
            }
            channel += count;
        }
    }
}

impl<T: Element> DirectWeights<'_, T> {
    /// Whether the slices are as long as the sizes say.
    pub(crate) fn has_sizes(&self) -> bool {
        let layout = self.layout;
        let others = self.samples.saturating_sub(1);
        self.samples > 0
            && self.inputs.len() >= others * self.input_stride + layout.input_len()
            && self.output_gradient.len()
                >= others * self.output_stride + layout.outputs * layout.pixels()
            && self.gradient.len() >= layout.weight_len()
    }
}

#[cfg(feature = "train")]
impl<T: Element> DirectWeights<'_, T> {
    /// For `R` output channels from `channel` on.
    ///
    /// # Safety
    ///
    /// As for [`add`](Self::add).
    #[inline(always)]
    unsafe fn add_channels<S: Simd, const R: usize>(&mut self, simd: S, channel: usize) {
        let layout = self.layout;
        for plane in 0..layout.channels {
            for ky in 0..layout.kernel[0] {
                let mut kx = 0;
                while kx < layout.kernel[1] {
                    let count = match layout.kernel[1] - kx {
                        rest @ 1..=5 => rest,
                        6 => 3,
                        _ => 4,
                    };
                    // SAFETY: the caller's promise; the taps are the window's.
                    unsafe {
                        match count {
                            5 => self.add::<S, R, 5>(simd, plane, ky, kx, channel),
                            4 => self.add::<S, R, 4>(simd, plane, ky, kx, channel),
                            3 => self.add::<S, R, 3>(simd, plane, ky, kx, channel),
                            2 => self.add::<S, R, 2>(simd, plane, ky, kx, channel),
                            _ => self.add::<S, R, 1>(simd, plane, ky, kx, channel),
                        }
                    }
                    kx += count;
                }
            }
        }
    }

    /// For `R` output channels from `channel` on, and the taps kx .. kx + `C` of the window's row `ky`.
    ///
    /// # Safety
    ///
    /// The slices must have the sizes that [`DirectRows`] asks for, and channels and taps must be there.
    #[inline(always)]
    unsafe fn add<S: Simd, const R: usize, const C: usize>(
        &mut self,
        simd: S,
        plane: usize,
        ky: usize,
        kx: usize,
        channel: usize,
    ) {
        let layout = self.layout;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        // The last vector of a row may overlap the one before it.
        let again = lanes_between(simd, 0, layout.columns.next_multiple_of(lanes) - layout.columns);
        let line = plane * layout.channel_stride
            + ky * layout.dilation[0] * layout.row_stride
            + kx * layout.dilation[1];
        for sample in 0..self.samples {
            // SAFETY: every offset is that of a sample, a pixel, a tap and a channel that are there (the caller's promise).
            unsafe {
                let x = self.inputs.as_ptr().add(sample * self.input_stride + line);
                let g = self.output_gradient.as_ptr();
                let g = g.add(sample * self.output_stride + channel * layout.pixels());
                for row in 0..layout.rows {
                    let x = x.add(row * layout.stride * layout.row_stride);
                    let g = g.add(row * layout.columns);
                    let mut at = 0;
                    while at + lanes <= layout.columns {
                        self.step(simd, g.add(at), x.add(at), None, &mut sums);
                        at += lanes;
                    }
                    if at < layout.columns {
                        let at = layout.columns - lanes;
                        self.step(simd, g.add(at), x.add(at), Some(again), &mut sums);
                    }
                }
            }
        }
        let patch = (plane * layout.kernel[0] + ky) * layout.kernel[1] + kx;
        for r in 0..R {
            for j in 0..C {
                self.gradient[(patch + j) * layout.weight_stride + channel + r] += sums[r][j].sum();
            }
        }
    }

    /// One vector of pixels, without those `again` that the vector before had.
    ///
    /// # Safety
    ///
    /// The vector must be readable for `R` channels at `g`, and for `C` taps at `x`.
    #[inline(always)]
    unsafe fn step<S: Simd, const R: usize, const C: usize>(
        &self,
        simd: S,
        g: *const T,
        x: *const T,
        again: Option<Mask<T, S>>,
        sums: &mut [[Vector<T, S>; C]; R],
    ) {
        let layout = self.layout;
        let zero = Vector::splat(simd, T::zero());
        let mut left = [zero; R];
        // SAFETY: the caller's promise.
        unsafe {
            for r in 0..R {
                left[r] = Vector::load_ptr(simd, g.add(r * layout.pixels()));
                if let Some(again) = again {
                    left[r] = again.select(zero, left[r]);
                }
            }
            for j in 0..C {
                let right = Vector::load_ptr(simd, x.add(j * layout.dilation[1]));
                for r in 0..R {
                    sums[r][j] = left[r].mul_add(right, sums[r][j]);
                }
            }
        }
    }
}
