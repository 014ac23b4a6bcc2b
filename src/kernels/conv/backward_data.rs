//! The gradient of a convolution's inputs, and the outputs of a transposed one.

use core::marker::PhantomData;
use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::{Block, Geometry, MARGIN, PANEL, POSITIONS, Panel, Sizes};
use crate::kernels::entry::Entry;
use crate::simd::Vector;
use crate::simd::lanes_between;

/// What the input's numbers are added to.
#[derive(Clone, Copy)]
pub(crate) enum Onto<'a, T> {
    Zero,
    /// One number a channel.
    Channels(&'a [T]),
}

/// `dX = onto + `(the columns of `dY W`, each number added where its window is), for each sample.
pub(crate) struct ConvolutionInputs<'a, T, K> {
    pub weight: &'a [T],
    pub output_gradient: &'a [T],
    pub input_gradient: &'a mut [T],
    pub onto: Onto<'a, T>,
    pub kind: PhantomData<K>,
}

/// The columns of larger windows are added number by number.
const MOST: usize = 16;

impl<T: Entry, K: Geometry> WithSimd for ConvolutionInputs<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weight, output_gradient, input_gradient, onto, .. } = self;
        let mut panel = Panel::new();
        let plane = Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH;
        for (output, input) in output_gradient
            .chunks_exact(Sizes::<K>::OUTPUT_LEN)
            .zip(input_gradient.chunks_exact_mut(Sizes::<K>::INPUT_LEN))
        {
            match onto {
                Onto::Zero => input.fill(T::zero()),
                Onto::Channels(bias) => {
                    for (plane, bias) in input.chunks_exact_mut(plane).zip(bias) {
                        plane.fill(*bias);
                    }
                }
            }
            for group in 0..K::GROUPS {
                let mut block = Some(Block::first::<K>());
                while let Some(positions) = block {
                    let most = PANEL / positions.len();
                    let channels = most / Sizes::<K>::TAPS;
                    let whole = channels > 0
                        && K::STRIDE[1] == 1
                        && K::KERNEL[0] <= MOST
                        && K::KERNEL[1] <= MOST
                        && Sizes::<K>::COLUMNS <= POSITIONS;
                    let most = if whole { channels * Sizes::<K>::TAPS } else { most };
                    let mut column = 0;
                    while column < Sizes::<K>::PATCH {
                        let columns = column..(column + most).min(Sizes::<K>::PATCH);
                        column = columns.end;
                        let padded = panel.gradient::<K, S>(
                            simd,
                            output,
                            weight,
                            group,
                            positions,
                            columns.clone(),
                        );
                        let first = group * Sizes::<K>::CHANNELS;
                        if whole {
                            let start = columns.start / Sizes::<K>::TAPS;
                            let count = columns.len() / Sizes::<K>::TAPS;
                            let input = &mut input[(first + start) * plane..];
                            gather::<T, S, K>(simd, padded, positions, count, input);
                        } else {
                            let gradient = &padded[MARGIN..padded.len() - MARGIN];
                            scatter::<T, K>(
                                gradient,
                                positions,
                                columns,
                                &mut input[first * plane..],
                            );
                        }
                    }
                    block = positions.next::<K>();
                }
            }
        }
    }
}

/// Adds each number of a panel's columns where its window is.
#[inline(always)]
fn scatter<T: Entry, K: Geometry>(
    panel: &[T],
    block: Block,
    columns: Range<usize>,
    input: &mut [T],
) {
    for (column, numbers) in columns.zip(panel.chunks_exact(block.len())) {
        let (channel, tap) = (column / Sizes::<K>::TAPS, column % Sizes::<K>::TAPS);
        let (ky, kx) = (tap / K::KERNEL[1], tap % K::KERNEL[1]);
        let inside = Sizes::<K>::inside(kx, block.x, block.columns);
        for (y, numbers) in numbers.chunks_exact(block.columns).enumerate() {
            let Some(row) = Sizes::<K>::row(block.y + y, ky) else { continue };
            let row = (channel * Sizes::<K>::HEIGHT + row) * Sizes::<K>::WIDTH;
            let at = row + block.x * K::STRIDE[1] + kx * K::DILATION[1];
            for x in inside.clone() {
                input[at + x * K::STRIDE[1] - K::PADDING[1]] += numbers[x];
            }
        }
    }
}

/// Adds the numbers of whole channels of a panel where their windows are. Windows are one column apart, and the block has whole rows.
///
/// A vector of a row of the input is the sum of rows of the panel, one for each number of a window, each read from as many columns
/// further left as its number is further right. So it reads beyond the panel's ends: `padded` is the panel with a margin before and after it.
#[inline(always)]
fn gather<T: Entry, S: Simd, K: Geometry>(
    simd: S,
    padded: &[T],
    block: Block,
    channels: usize,
    input: &mut [T],
) {
    let lanes = Vector::<T, S>::LANES;
    let zero = Vector::splat(simd, T::zero());
    let (len, columns, width) = (block.len(), Sizes::<K>::COLUMNS, Sizes::<K>::WIDTH);
    assert!(
        padded.len() == channels * Sizes::<K>::TAPS * len + 2 * MARGIN
            && block.columns == columns
            && columns <= POSITIONS
            && K::KERNEL[0] <= MOST
            && K::KERNEL[1] <= MOST
            && lanes <= MARGIN,
        "a panel of another size"
    );
    // Rows that the block's windows reach.
    let top = (block.y * K::STRIDE[0]).saturating_sub(K::PADDING[0]);
    let bottom =
        ((block.y + block.rows - 1) * K::STRIDE[0] + (K::KERNEL[0] - 1) * K::DILATION[0] + 1)
            .saturating_sub(K::PADDING[0])
            .min(Sizes::<K>::HEIGHT);
    for left in (0..width).step_by(lanes) {
        // For each column of a window: the position in the first lane, plus the width of the windows, and the lanes of positions that are there.
        let reach = (K::KERNEL[1] - 1) * K::DILATION[1];
        let mut first = [0; MOST];
        let mut inside = [lanes_between(simd, 0, 0); MOST];
        for kx in 0..K::KERNEL[1] {
            first[kx] = left + K::PADDING[1] + reach - kx * K::DILATION[1];
            let before = reach.saturating_sub(first[kx]);
            let count = (columns + reach).saturating_sub(first[kx]).min(width - left);
            inside[kx] = lanes_between(simd, before, count);
        }
        for channel in 0..channels {
            for row in top..bottom {
                let mut sums = [zero; MOST];
                for ky in 0..K::KERNEL[0] {
                    let Some(y) = (row + K::PADDING[0]).checked_sub(ky * K::DILATION[0]) else {
                        continue;
                    };
                    let (y, between) = (y / K::STRIDE[0], y % K::STRIDE[0]);
                    if between > 0 || y < block.y || y >= block.y + block.rows {
                        continue;
                    }
                    // Where in the panel the row is that belongs here, for the first column of the windows.
                    let at = (channel * K::KERNEL[0] + ky) * K::KERNEL[1] * len
                        + (y - block.y) * columns;
                    for kx in 0..K::KERNEL[1] {
                        if first[kx] + lanes <= reach || first[kx] >= reach + columns {
                            continue;
                        }
                        // SAFETY: a row of the panel begins at `at + kx * len`, and less than a vector before and after it is read (just checked),
                        // which is no longer than a margin: it is within `padded`.
                        let numbers = unsafe {
                            let from = MARGIN + at + kx * len + first[kx] - reach;
                            Vector::load_ptr(simd, padded.as_ptr().add(from))
                        };
                        sums[kx] = sums[kx] + inside[kx].select(numbers, zero);
                    }
                }
                let mut sum = zero;
                for kx in 0..K::KERNEL[1] {
                    sum = sum + sums[kx];
                }
                let to = &mut input[(channel * Sizes::<K>::HEIGHT + row) * width + left..];
                if to.len() >= lanes {
                    (Vector::load(simd, to) + sum).store(to);
                } else {
                    (Vector::load_partial(simd, to) + sum).store_partial(to);
                }
            }
        }
    }
}
