//! The gradient of a convolution's inputs, and the outputs of a transposed convolution.
//!
//! dY W has a row for each output pixel and a column for each number of a window; each of its numbers is added to dX where the pixel's
//! window has it (col2im). It is made in the buffer, a block of pixels and some columns at a time, and then:
//!
//! | | |
//! |---|---|
//! | gather | each vector of dX is summed up in registers: whole channels of columns, windows that move by one column or two |
//! | scatter | each number of dY W is added to dX in memory |
//!
//! For [Winograd's algorithm](super::winograd), it is a convolution.

use core::marker::PhantomData;
use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::depthwise::Depthwise;
use crate::kernels::conv::im2col::{Buffer, MARGIN, PixelBlock};
use crate::kernels::conv::plan::{BLOCK_PIXELS, BackwardData, GATHERED_KERNEL, gathered_channels};
use crate::kernels::conv::pointwise::Pointwise;
use crate::kernels::conv::pointwise_plan::PointwiseSizes;
#[cfg(feature = "std")]
use crate::kernels::conv::winograd::{Budget, Shape, Window, WinogradConvolution};
use crate::kernels::entry::Entry;
use crate::kernels::epilogue::PostOps;
use crate::kernels::gemm::{Gemm, Init};
use crate::kernels::geometry::Geometry;
use crate::kernels::matrix_mut::MatrixMut;
use crate::memory::Shared;
use crate::simd::{Isa, Registers, Vector, interleave, lanes_between};

/// What dX starts from.
#[derive(Clone, Copy)]
pub(crate) enum Onto<'a, T> {
    Zero,
    /// One number a channel.
    Channels(&'a [T]),
}

/// `dX = onto + col2im(dY W)` for each sample.
pub(crate) struct ConvolutionInputs<'a, T, K> {
    pub weight: &'a [T],
    pub output_gradient: &'a [T],
    pub input_gradient: &'a mut [T],
    pub onto: Onto<'a, T>,
    pub kind: PhantomData<K>,
}

impl<T: Entry, K: Geometry> WithSimd for ConvolutionInputs<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weight, output_gradient, input_gradient, onto, .. } = self;
        let post = PostOps::bias(match onto {
            Onto::Zero => &[],
            Onto::Channels(bias) => bias,
        });
        let (isa, outputs) = (Isa::of(simd), Shared::from(&mut *input_gradient));
        match const { BackwardData::of(K::SIZES, Registers::of::<T, S>()) } {
            #[cfg(feature = "std")]
            BackwardData::Winograd => {
                let convolution = WinogradConvolution {
                    shape: const { Shape::of_backward_data(&K::SIZES) },
                    window: Window::Flipped,
                    weight,
                    inputs: output_gradient,
                    outputs,
                    post,
                    budget: Budget::USUAL,
                };
                return T::conv_winograd(isa, convolution);
            }
            BackwardData::Pointwise => {
                let sizes = const { PointwiseSizes::backward_data(&K::SIZES) };
                let inputs = output_gradient;
                let product = Pointwise { sizes, weight, inputs, outputs, post };
                return T::conv_pointwise(isa, product);
            }
            BackwardData::Depthwise => {
                let (sizes, is_backward) = (K::SIZES, true);
                let inputs = output_gradient;
                let product = Depthwise { sizes, is_backward, weight, inputs, outputs, post };
                return T::conv_depthwise(isa, product);
            }
            _ => {}
        }
        let mut buffer = Buffer::new();
        for (output, input) in output_gradient
            .chunks_exact(K::OUTPUT_LEN)
            .zip(input_gradient.chunks_exact_mut(K::INPUT_LEN))
        {
            match onto {
                Onto::Zero => input.fill(T::zero()),
                Onto::Channels(bias) => {
                    for (plane, bias) in input.chunks_exact_mut(K::PLANE).zip(bias) {
                        plane.fill(*bias);
                    }
                }
            }
            for group in 0..K::GROUPS {
                let mut block = Some(PixelBlock::first::<K>());
                while let Some(pixels) = block {
                    let products = ColumnGradients { weight, output, group, block: pixels };
                    let first = group * K::GROUP_INPUTS;
                    let input = &mut input[first * K::PLANE..];
                    match BackwardData::of_block(K::SIZES, pixels.len()) {
                        BackwardData::Gather => {
                            products.gather_all::<K, S>(simd, &mut buffer, input);
                        }
                        _ => {
                            products.scatter_all::<K, S>(simd, &mut buffer, input);
                        }
                    }
                    block = pixels.next::<K>();
                }
            }
        }
    }
}

/// The columns of `dY W` for a group and a block of output pixels.
#[derive(Clone, Copy)]
struct ColumnGradients<'a, T> {
    weight: &'a [T],
    /// dY of a sample.
    output: &'a [T],
    group: usize,
    block: PixelBlock,
}

impl<T: Entry> ColumnGradients<'_, T> {
    /// Some of them: `block.len()` x `columns.len()`, with a margin before and after them.
    #[inline(always)]
    fn product<K: Geometry, S: Simd>(
        self,
        simd: S,
        buffer: &mut Buffer<T>,
        columns: Range<usize>,
    ) -> &[T] {
        let Self { weight, output, group, block } = self;
        let (len, first) = (block.len() * columns.len(), group * K::GROUP_OUTPUTS);
        let padded = buffer.with_margins(len);
        let product = Gemm::<T, false> {
            a: &output[first * K::PIXELS + block.start::<K>()..],
            a_stride: K::PIXELS,
            b: &weight[columns.start * K::OUTPUTS + first..],
            b_stride: K::OUTPUTS,
            c: MatrixMut::whole(&mut padded[MARGIN..][..len], block.len()),
            k: K::GROUP_OUTPUTS,
            init: Init::Zero,
        };
        T::gemm(Isa::of(simd), product);
        padded
    }

    /// Adds all of them to the channels of the group, as many whole channels at a time as the buffer holds.
    #[inline(always)]
    fn gather_all<K: Geometry, S: Simd>(self, simd: S, buffer: &mut Buffer<T>, input: &mut [T]) {
        let most = gathered_channels(&K::SIZES, self.block.len());
        let mut channel = 0;
        while channel < K::GROUP_INPUTS {
            let count = most.min(K::GROUP_INPUTS - channel);
            let columns = channel * K::TAPS..(channel + count) * K::TAPS;
            let padded = self.product::<K, S>(simd, buffer, columns);
            gather::<T, S, K>(simd, padded, self.block, count, &mut input[channel * K::PLANE..]);
            channel += count;
        }
    }

    /// Adds all of them to the channels of the group, as many columns at a time as the buffer holds.
    #[inline(always)]
    fn scatter_all<K: Geometry, S: Simd>(self, simd: S, buffer: &mut Buffer<T>, input: &mut [T]) {
        let most = BUFFER_LEN / self.block.len();
        let mut column = 0;
        while column < K::PATCH {
            let columns = column..(column + most).min(K::PATCH);
            column = columns.end;
            let padded = self.product::<K, S>(simd, buffer, columns.clone());
            scatter::<T, K>(&padded[MARGIN..padded.len() - MARGIN], self.block, columns, input);
        }
    }
}

/// Adds each number of some columns of dY W where its window is.
#[inline(always)]
fn scatter<T: Entry, K: Geometry>(
    products: &[T],
    block: PixelBlock,
    columns: Range<usize>,
    input: &mut [T],
) {
    for (column, numbers) in columns.zip(products.chunks_exact(block.len())) {
        let (channel, tap) = (column / K::TAPS, column % K::TAPS);
        let (ky, kx) = (tap / K::KERNEL[1], tap % K::KERNEL[1]);
        let inside = K::inside(kx, block.x, block.columns);
        for (y, numbers) in numbers.chunks_exact(block.columns).enumerate() {
            let Some(row) = K::row(block.y + y, ky) else { continue };
            let row = (channel * K::HEIGHT + row) * K::WIDTH;
            let at = row + block.x * K::STRIDE[1] + kx * K::DILATION[1];
            for x in inside.clone() {
                input[at + x * K::STRIDE[1] - K::PADDING[1]] += numbers[x];
            }
        }
    }
}

/// Adds the columns of `channels` whole channels to dX. Windows move by one column or two, and the block has whole rows.
///
/// A vector of a row of dX is a sum over the taps (ky, kx): the numbers of that tap's column of dY W, read `kx · dilation` pixels further
/// left. So vectors reach over both ends of the matrix: `padded` is the matrix with its margins. Where windows move by two columns, each tap belongs to the
/// even or to the odd columns of dX: a vector of each is summed up, and interleaved.
#[inline(always)]
fn gather<T: Entry, S: Simd, K: Geometry>(
    simd: S,
    padded: &[T],
    block: PixelBlock,
    channels: usize,
    input: &mut [T],
) {
    let lanes = Vector::<T, S>::LANES;
    let zero = Vector::splat(simd, T::zero());
    let (len, columns, width) = (block.len(), K::COLUMNS, K::WIDTH);
    assert!(
        padded.len() == channels * K::TAPS * len + 2 * MARGIN
            && block.columns == columns
            && columns <= BLOCK_PIXELS
            && K::KERNEL[0] <= GATHERED_KERNEL
            && K::KERNEL[1] <= GATHERED_KERNEL
            && lanes <= MARGIN,
        "a matrix of another size"
    );
    // Rows that the block's windows reach.
    let top = (block.y * K::STRIDE[0]).saturating_sub(K::PADDING[0]);
    let bottom =
        ((block.y + block.rows - 1) * K::STRIDE[0] + (K::KERNEL[0] - 1) * K::DILATION[0] + 1)
            .saturating_sub(K::PADDING[0])
            .min(K::HEIGHT);
    let stride = K::STRIDE[1];
    for left in (0..width).step_by(lanes * stride) {
        // For each column kx of a window: the output column in the first lane, plus `reach` so that it is not below zero, and the lanes whose
        // output columns are there.
        let reach = (K::KERNEL[1] - 1) * K::DILATION[1];
        let mut first = [0; GATHERED_KERNEL];
        let mut inside = [lanes_between(simd, 0, 0); GATHERED_KERNEL];
        // Which columns of dX, counted from `left`, are those of this tap: 0, or the odd ones, 1.
        let mut odd = [0; GATHERED_KERNEL];
        for kx in 0..K::KERNEL[1] {
            let at = kx * K::DILATION[1];
            odd[kx] = (left + K::PADDING[1] + at) % stride;
            // In steps of the stride, as the output's columns are.
            first[kx] = (left + odd[kx] + K::PADDING[1] + reach * stride - at) / stride;
            let before = reach.saturating_sub(first[kx]);
            let there = width.saturating_sub(left + odd[kx]).div_ceil(stride);
            let count = (columns + reach).saturating_sub(first[kx]).min(there);
            inside[kx] = lanes_between(simd, before, count);
        }
        for channel in 0..channels {
            for row in top..bottom {
                let mut sums = [zero; GATHERED_KERNEL];
                for ky in 0..K::KERNEL[0] {
                    let Some(y) = (row + K::PADDING[0]).checked_sub(ky * K::DILATION[0]) else {
                        continue;
                    };
                    let (y, between) = (y / K::STRIDE[0], y % K::STRIDE[0]);
                    if between > 0 || y < block.y || y >= block.y + block.rows {
                        continue;
                    }
                    // Where this tap's column has its row y, for kx = 0.
                    let at = (channel * K::KERNEL[0] + ky) * K::KERNEL[1] * len
                        + (y - block.y) * columns;
                    for kx in 0..K::KERNEL[1] {
                        if first[kx] + lanes <= reach || first[kx] >= reach + columns {
                            continue;
                        }
                        // SAFETY: the row begins at `at + kx * len`; less than a vector before and after it is read (just checked), which
                        // is no more than a margin: all of it is within `padded`.
                        let numbers = unsafe {
                            let from = MARGIN + at + kx * len + first[kx] - reach;
                            Vector::load_ptr(simd, padded.as_ptr().add(from))
                        };
                        sums[kx] = sums[kx] + inside[kx].select(numbers, zero);
                    }
                }
                let mut both = [zero; 2];
                for kx in 0..K::KERNEL[1] {
                    both[odd[kx]] = both[odd[kx]] + sums[kx];
                }
                let to = &mut input[(channel * K::HEIGHT + row) * width + left..];
                if stride == 1 {
                    add_to(simd, to, both[0]);
                } else {
                    let [low, high] = interleave(simd, both);
                    add_to(simd, to, low);
                    if left + lanes < width {
                        add_to(simd, &mut to[lanes..], high);
                    }
                }
            }
        }
    }
}

/// Adds a vector to the first numbers, or as much of it as there are.
#[inline(always)]
fn add_to<T: Entry, S: Simd>(simd: S, to: &mut [T], vector: Vector<T, S>) {
    if to.len() >= Vector::<T, S>::LANES {
        (Vector::load(simd, to) + vector).store(to);
    } else {
        (Vector::load_partial(simd, to) + vector).store_partial(to);
    }
}
