//! U = G g Gᵀ: the weights of all windows, transformed.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::winograd::product::Numbers;
use crate::kernels::conv::winograd::transforms;
use crate::kernels::conv::winograd::{NUMBERS, SIDE, TAPS, Window};
use crate::simd::{Columns, Element, MOST_LANES, Vector, transpose};

/// The weights for one block of outputs: 36 matrices of inputs x outputs.
pub(super) struct Kernels<'a, T> {
    pub(super) weight: &'a [T],
    pub(super) window: Window,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// The vectors of outputs of the block.
    pub(super) vectors: Range<usize>,
    /// A step is an input.
    pub(super) to: Numbers<*mut T>,
}

impl<T: Element> WithSimd for Kernels<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { inputs, outputs, to, .. } = self;
        let lanes = Vector::<T, S>::LANES;
        let mut windows = [T::zero(); MOST_LANES * TAPS * MOST_LANES];
        for (index, vector) in self.vectors.clone().enumerate() {
            let channel = vector * lanes;
            let channels = lanes.min(outputs - channel);
            for first in (0..inputs).step_by(lanes) {
                let count = lanes.min(inputs - first);
                let at = first * TAPS * outputs + channel;
                let (windows, step) = if self.window == Window::Forward && channels == lanes {
                    // They are vectors as they are.
                    (&self.weight[at..], outputs)
                } else {
                    self.copy(simd, &mut windows, [first, count], [channel, channels]);
                    (&windows[..], lanes)
                };
                for input in 0..count {
                    // SAFETY: there is room for the vectors of all inputs and numbers.
                    unsafe {
                        let to_first = to.first.add((first + input) * to.step + index * lanes);
                        transform(simd, &windows[input * TAPS * step..], step, to_first, to.stride);
                    }
                }
            }
        }
    }
}

impl<T: Element> Kernels<'_, T> {
    /// The windows of some inputs and a vector of outputs, side by side: inputs, rows and columns of the window, outputs.
    #[inline(always)]
    fn copy<S: Simd>(
        &self,
        simd: S,
        to: &mut [T],
        [first, inputs]: [usize; 2],
        [channel, channels]: [usize; 2],
    ) {
        let lanes = Vector::<T, S>::LANES;
        match self.window {
            Window::Forward => {
                for (index, to) in to.chunks_exact_mut(lanes).take(inputs * TAPS).enumerate() {
                    let at = (first * TAPS + index) * self.outputs + channel;
                    Vector::load_partial(simd, &self.weight[at..at + channels]).store(to);
                }
            }
            Window::Flipped => {
                // The weights have a column for each channel and tap of what is the output here.
                let column = self.inputs;
                for tap in 0..TAPS {
                    let at = (channel * TAPS + TAPS - 1 - tap) * column + first;
                    let last = at + (channels - 1) * TAPS * column + inputs;
                    assert!(last <= self.weight.len() && to.len() >= lanes * TAPS * lanes);
                    let from = Columns { first: self.weight[at..].as_ptr(), stride: TAPS * column };
                    let to =
                        Columns { first: to[tap * lanes..].as_mut_ptr(), stride: TAPS * lanes };
                    // SAFETY: both were just checked.
                    unsafe { transpose(simd, from, to, [inputs, channels]) };
                }
            }
        }
    }
}

/// One window, whose weights begin `step` numbers apart.
///
/// # Safety
///
/// There must be room for a vector every `stride` numbers, 36 times.
#[inline(always)]
unsafe fn transform<T: Element, S: Simd>(
    simd: S,
    window: &[T],
    step: usize,
    to: *mut T,
    stride: usize,
) {
    let zero = Vector::splat(simd, T::zero());
    let mut lines = [[zero; 3]; SIDE];
    for j in 0..3 {
        let mut line = [zero; 3];
        for i in 0..3 {
            line[i] = Vector::load(simd, &window[(i * 3 + j) * step..]);
        }
        let line = transforms::weights(line);
        for i in 0..SIDE {
            lines[i][j] = line[i];
        }
    }
    const { assert!(SIDE * SIDE == NUMBERS) };
    for i in 0..SIDE {
        let line = transforms::weights(lines[i]);
        for j in 0..SIDE {
            // SAFETY: the caller's promise.
            unsafe { line[j].store_ptr(to.add((i * SIDE + j) * stride)) };
        }
    }
}
