//! The rows of the input that a band of output rows sees: copied with their padding, or read where they are.

use core::ops::Range;

use pulp::Simd;

use crate::kernels::conv::patch::{Scratch, padded_row};
use crate::kernels::conv::plan::{LINE, RowsPlan};
use crate::kernels::geometry::Sizes;
use crate::simd::{Element, MOST_LANES, Vector, deinterleave};

/// One row with its padding, before its even and odd columns are taken apart; vectors reach over its end.
pub(super) type Line<T> = Scratch<T, LINE_LEN>;

pub(super) const LINE_LEN: usize = LINE + 2 * MOST_LANES;

impl RowsPlan {
    /// From one channel, and one row, of the numbers that are read to the next.
    #[inline(always)]
    pub(super) const fn strides(&self, sizes: &Sizes) -> [usize; 2] {
        if self.copies {
            return [self.copied_rows(sizes, self.rows) * self.width, self.width];
        }
        [sizes.input[1] * sizes.input[2], sizes.input[2]]
    }

    /// Some channels of what the windows of `count` output rows from `y` on see; `input` is from the first channel of the group on.
    ///
    /// # Safety
    ///
    /// At `patch`, as many numbers must be writable as these rows have, and a vector; at `line`, those of a [`Line`].
    #[inline(always)]
    pub(super) unsafe fn numbers<T: Element, S: Simd>(
        &self,
        simd: S,
        sizes: &Sizes,
        input: &[T],
        [y, count]: [usize; 2],
        channels: Range<usize>,
        [patch, line]: [*mut T; 2],
    ) -> *const T {
        let [_, height, width] = sizes.input;
        let top = y * sizes.stride[0];
        if !self.copies {
            return input[(channels.start * height + top) * width..].as_ptr();
        }
        let seen = self.columns_seen(sizes);
        let before = sizes.padding[1].min(seen);
        let inside = width.min(seen - before);
        let [channel_stride, row_stride] = self.strides(sizes);
        for (index, channel) in channels.enumerate() {
            for row in 0..self.copied_rows(sizes, count) {
                let y = (top + row).wrapping_sub(sizes.padding[0]);
                let from = (y < height).then(|| &input[(channel * height + y) * width..]);
                // SAFETY: the caller's promise. What is written over the end of a row is before what is written to the next one.
                unsafe {
                    let to = patch.add(index * channel_stride + row * row_stride);
                    if self.columns.stride == 1 {
                        padded_row(simd, from, to, [before, inside, seen]);
                    } else {
                        padded_row(simd, from, line, [before, inside, seen]);
                        take_apart(simd, line, to, self.columns.odd);
                    }
                }
            }
        }
        patch
    }
}

/// `count` even columns, then as many odd ones.
///
/// # Safety
///
/// `2 * count` numbers must be writable at `to`; at `from`, as many and two vectors must be readable.
#[inline(always)]
unsafe fn take_apart<T: Element, S: Simd>(simd: S, from: *const T, to: *mut T, count: usize) {
    let lanes = Vector::<T, S>::LANES;
    let mut x = 0;
    while x < count {
        // SAFETY: the caller's promise; the last vectors are stored in part.
        unsafe {
            let pair = [0, lanes].map(|lane| Vector::load_ptr(simd, from.add(2 * x + lane)));
            let [even, odd] = deinterleave(simd, pair);
            if x + lanes <= count {
                even.store_ptr(to.add(x));
                odd.store_ptr(to.add(count + x));
            } else {
                let rest = count - x;
                even.store_partial(core::slice::from_raw_parts_mut(to.add(x), rest));
                odd.store_partial(core::slice::from_raw_parts_mut(to.add(count + x), rest));
            }
        }
        x += lanes;
    }
}
