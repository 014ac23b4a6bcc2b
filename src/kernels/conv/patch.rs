//! The part of the input that a block of output pixels sees: copied with its padding, or read where it is.

use core::mem::MaybeUninit;
use core::ops::Range;

use pulp::Simd;

use crate::kernels::conv::plan::{BlockedPlan, PATCH_LEN};
use crate::kernels::geometry::Sizes;
use crate::simd::{Columns, Element, MOST_LANES, Vector, transpose};

/// What a copy of a block's input has room for, and a vector that reaches over its end.
pub(super) type Patch<T> = Scratch<T, { PATCH_LEN + MOST_LANES }>;

/// Memory on the stack that holds anything.
pub(super) struct Scratch<T, const N: usize>([MaybeUninit<T>; N]);

impl<T, const N: usize> Scratch<T, N> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; N])
    }

    #[inline(always)]
    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

/// A rectangle of output pixels.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) y: usize,
    pub(super) x: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Block {
    pub(super) fn pixels(self) -> usize {
        self.rows * self.columns
    }

    /// Where it begins in a plane.
    pub(super) fn start(self, sizes: &Sizes) -> usize {
        self.y * sizes.output[2] + self.x
    }
}

impl BlockedPlan {
    /// All blocks, row by row.
    #[cfg(feature = "train")]
    pub(super) fn blocks(self, sizes: Sizes) -> impl Iterator<Item = Block> {
        (0..self.number_of_blocks(&sizes)).map(move |index| self.block(&sizes, index))
    }

    pub(super) fn number_of_blocks(&self, sizes: &Sizes) -> usize {
        let [_, rows, columns] = sizes.output;
        rows.div_ceil(self.block[0]) * columns.div_ceil(self.block[1])
    }

    /// One of them.
    pub(super) fn block(&self, sizes: &Sizes, index: usize) -> Block {
        let [_, rows, columns] = sizes.output;
        let [height, width] = self.block;
        let in_row = columns.div_ceil(width);
        let (y, x) = (index / in_row * height, index % in_row * width);
        Block { y, x, rows: height.min(rows - y), columns: width.min(columns - x) }
    }

    /// From one channel, and one row, of the numbers that are read to the next.
    pub(super) fn strides(&self, sizes: &Sizes) -> [usize; 2] {
        let [rows, columns] =
            if self.copies { self.patch } else { [sizes.input[1], sizes.input[2]] };
        [rows * columns, columns]
    }
}

/// Some channels of what the windows of a block see; `input` is from the first channel of the group on.
///
/// # Safety
///
/// At `patch`, as many numbers must be writable as the plan's patch has in these channels, and a vector.
#[inline(always)]
pub(super) unsafe fn numbers<T: Element, S: Simd>(
    simd: S,
    sizes: &Sizes,
    plan: &BlockedPlan,
    input: &[T],
    block: Block,
    channels: Range<usize>,
    patch: *mut T,
) -> *const T {
    let [_, height, width] = sizes.input;
    let (top, left) = (block.y * sizes.stride[0], block.x * sizes.stride[1]);
    if !plan.copies {
        return input[(channels.start * height + top) * width + left..].as_ptr();
    }
    let [rows, columns] = plan.patch;
    // What is left and right of the image, and the image between.
    let before = sizes.padding[1].saturating_sub(left).min(columns);
    let start = (left + before - sizes.padding[1]).min(width);
    let count = (width - start).min(columns - before);
    let mut to = patch;
    for channel in channels {
        for row in 0..rows {
            let y = (top + row).wrapping_sub(sizes.padding[0]);
            // SAFETY: a patch has `rows` rows of `columns` numbers for each of the channels, and a vector's length after them. What is
            // written over the end of a row is before what is written to the next one.
            unsafe {
                let from = (y < height).then(|| &input[(channel * height + y) * width + start..]);
                padded_row(simd, from, to, [before, count, columns]);
                to = to.add(columns);
            }
        }
    }
    patch
}

/// A row of `columns` numbers: `before` zeros, `count` numbers, and zeros; or zeros alone, beyond the image.
///
/// # Safety
///
/// `columns` numbers and a vector must be writable at `to`.
#[inline(always)]
pub(super) unsafe fn padded_row<T: Element, S: Simd>(
    simd: S,
    from: Option<&[T]>,
    to: *mut T,
    [before, count, columns]: [usize; 3],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(from) = from else {
            return zero(simd, to, columns);
        };
        zero(simd, to, before);
        copy(simd, from, to.add(before), count);
        zero(simd, to.add(before + count), columns - before - count);
    }
}

/// Copies the first `count` numbers, in whole vectors if there are as many.
///
/// # Safety
///
/// `count` numbers and a vector must be writable at `to`.
#[inline(always)]
unsafe fn copy<T: Element, S: Simd>(simd: S, from: &[T], to: *mut T, count: usize) {
    let lanes = Vector::<T, S>::LANES;
    // SAFETY: the caller's promise for what is written; what is read is checked.
    unsafe {
        if count.next_multiple_of(lanes) <= from.len() {
            let mut x = 0;
            while x < count {
                Vector::load_ptr(simd, from.as_ptr().add(x)).store_ptr(to.add(x));
                x += lanes;
            }
        } else {
            core::ptr::copy_nonoverlapping(from[..count].as_ptr(), to, count);
        }
    }
}

/// # Safety
///
/// `count` numbers and a vector must be writable at `to`.
#[inline(always)]
unsafe fn zero<T: Element, S: Simd>(simd: S, to: *mut T, count: usize) {
    let zero = Vector::<T, S>::splat(simd, T::zero());
    let mut x = 0;
    while x < count {
        // SAFETY: the caller's promise.
        unsafe { zero.store_ptr(to.add(x)) };
        x += Vector::<T, S>::LANES;
    }
}

/// A transposition of whole squares, which overlap at the ends, where there are as many rows and columns.
///
/// # Safety
///
/// As for [`transpose`].
#[inline(always)]
pub(super) unsafe fn transpose_whole<T: Element, S: Simd>(
    simd: S,
    from: Columns<*const T>,
    to: Columns<*mut T>,
    size: [usize; 2],
) {
    const SQUARE: usize = 8;
    let [rows, columns] =
        size.map(|count| if count < SQUARE { count } else { count / SQUARE * SQUARE });
    // SAFETY: the caller's promise.
    unsafe {
        let part = |[row, column]: [usize; 2], size| {
            let from = Columns { first: from.first.add(row + column * from.stride), ..from };
            let to = Columns { first: to.first.add(column + row * to.stride), ..to };
            transpose(simd, from, to, size);
        };
        part([0, 0], [rows, columns]);
        if columns < size[1] {
            part([0, size[1] - SQUARE], [rows, SQUARE]);
        }
        if rows < size[0] {
            part([size[0] - SQUARE, 0], [SQUARE, columns]);
            if columns < size[1] {
                part([size[0] - SQUARE, size[1] - SQUARE], [SQUARE; 2]);
            }
        }
    }
}
