//! The im2col buffer: patches of a block of output pixels, or a sample with its padding; and the forward pass with a matrix product.

use core::mem::MaybeUninit;
use core::ops::Range;

use pulp::Simd;

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::plan::first_block;
use crate::kernels::entry::Entry;
use crate::kernels::gemm::{Gemm, Init};
use crate::kernels::geometry::Geometry;
use crate::kernels::matrix_mut::MatrixMut;
use crate::simd::{Isa, MOST_LANES, Vector};

/// Vectors may reach over both ends of the matrix by less than this.
pub(crate) const MARGIN: usize = MOST_LANES;

/// Output pixels that follow each other in a plane: whole rows, or a part of one.
#[derive(Clone, Copy)]
pub(crate) struct PixelBlock {
    pub(crate) y: usize,
    pub(crate) rows: usize,
    pub(crate) x: usize,
    pub(crate) columns: usize,
}

impl PixelBlock {
    #[inline(always)]
    pub(crate) fn first<K: Geometry>() -> Self {
        let [rows, columns] = const { first_block(&K::SIZES) };
        Self { y: 0, rows, x: 0, columns }
    }

    /// The block after this one, which may be smaller.
    #[inline(always)]
    pub(crate) fn next<K: Geometry>(mut self) -> Option<Self> {
        self.x += self.columns;
        if self.x >= K::COLUMNS {
            self.x = 0;
            self.y += self.rows;
            if self.y >= K::ROWS {
                return None;
            }
        }
        self.rows = self.rows.min(K::ROWS - self.y);
        self.columns = Self::first::<K>().columns.min(K::COLUMNS - self.x);
        Some(self)
    }

    /// Its pixels.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.rows * self.columns
    }

    /// Where it begins in a plane of the output.
    #[inline(always)]
    pub(crate) fn start<K: Geometry>(self) -> usize {
        self.y * K::COLUMNS + self.x
    }
}

/// Memory on the stack, which is not set to zero first: that would take as long as a small layer.
pub(crate) struct Buffer<T> {
    numbers: [MaybeUninit<T>; BUFFER_LEN + 2 * MARGIN],
    /// How many numbers have been written, the first margin among them.
    written: usize,
}

impl<T: Entry> Buffer<T> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        let numbers = [const { MaybeUninit::uninit() }; BUFFER_LEN + 2 * MARGIN];
        let mut buffer = Self { numbers, written: 0 };
        buffer.write(MARGIN);
        buffer
    }

    /// The first `count` numbers are written from now on: with zeros, if they were not before.
    #[inline(always)]
    fn write(&mut self, count: usize) {
        if self.written < count {
            for number in &mut self.numbers[self.written..count] {
                number.write(T::zero());
            }
            self.written = count;
        }
    }

    /// The first number after the margin.
    #[inline(always)]
    fn as_mut_ptr(&mut self) -> *mut T {
        self.numbers[MARGIN..].as_mut_ptr().cast()
    }

    /// `len` numbers between two margins, with anything in them.
    #[inline(always)]
    pub(crate) fn with_margins(&mut self, len: usize) -> &mut [T] {
        assert!(len <= BUFFER_LEN, "{len} numbers in a buffer for {BUFFER_LEN}");
        self.write(len + 2 * MARGIN);
        // SAFETY: `write` has written these `len + 2 * MARGIN` numbers.
        unsafe {
            core::slice::from_raw_parts_mut(self.numbers.as_mut_ptr().cast(), len + 2 * MARGIN)
        }
    }

    /// Some columns of X, for a block of output pixels: `block.len()` x `columns.len()`.
    #[inline(always)]
    pub(crate) fn im2col<K: Geometry, S: Simd>(
        &mut self,
        simd: S,
        input: &[T],
        group: usize,
        block: PixelBlock,
        columns: Range<usize>,
    ) -> &[T] {
        let len = block.len() * columns.len();
        assert!(len <= BUFFER_LEN && input.len() == K::INPUT_LEN, "a sample of another size");
        let mut to = self.as_mut_ptr();
        for column in columns {
            let (channel, tap) = (column / K::TAPS, column % K::TAPS);
            let (ky, kx) = (tap / K::KERNEL[1], tap % K::KERNEL[1]);
            let plane = (group * K::GROUP_INPUTS + channel) * K::PLANE;
            let inside = K::inside(kx, block.x, block.columns);
            for y in block.y..block.y + block.rows {
                // SAFETY: this row, `block.columns` numbers, is among the `len` first, and a vector's length, which
                // is below MARGIN, is there after them.
                unsafe {
                    match K::row(y, ky) {
                        Some(row) => {
                            let row = plane + row * K::WIDTH;
                            copy_row::<T, S, K>(simd, input, row, kx, block, &inside, to);
                        }
                        None => zero(to, block.columns),
                    }
                    to = to.add(block.columns);
                }
            }
        }
        self.written = self.written.max(MARGIN + len);
        // SAFETY: the rows above are those `len` numbers, each written.
        unsafe { core::slice::from_raw_parts(self.as_mut_ptr(), len) }
    }

    /// A sample with the zeros around it that its windows see: itself, if they see none. Nothing but samples may have been written here before.
    #[inline(always)]
    pub(crate) fn padded<'a, K: Geometry>(&'a mut self, input: &'a [T]) -> &'a [T] {
        if !K::IS_PADDED {
            return input;
        }
        let ([height, width], len) = const { (K::SIZES.padded(), K::SIZES.padded_len()) };
        assert!(len <= BUFFER_LEN, "a sample of another size");
        self.write(MARGIN + len);
        // SAFETY: the numbers have been written.
        let padded = unsafe { core::slice::from_raw_parts_mut(self.as_mut_ptr(), len) };
        for (index, row) in input.chunks_exact(K::WIDTH).enumerate() {
            let (channel, row_index) = (index / K::HEIGHT, index % K::HEIGHT);
            let at = (channel * height + K::PADDING[0] + row_index) * width + K::PADDING[1];
            padded[at..at + K::WIDTH].copy_from_slice(row);
        }
        padded
    }
}

/// A row of a block, of one column of X: what the windows of `block.columns` output pixels have in their column `kx`, from the input row
/// that begins at `row`.
///
/// # Safety
///
/// `block.columns` numbers and a vector must be writable at `to`.
#[inline(always)]
unsafe fn copy_row<T: Entry, S: Simd, K: Geometry>(
    simd: S,
    input: &[T],
    row: usize,
    kx: usize,
    block: PixelBlock,
    inside: &Range<usize>,
    to: *mut T,
) {
    let lanes = Vector::<T, S>::LANES;
    let columns = block.columns;
    // Where the first pixel's number is, plus the padding, so that it is not below zero.
    let shifted = row + block.x * K::STRIDE[1] + kx * K::DILATION[1];
    let first = shifted.checked_sub(K::PADDING[1]);
    let vectors = columns.next_multiple_of(lanes);
    // SAFETY: the caller's promise for what is written; what is read is checked.
    unsafe {
        match first {
            // Whole vectors. Numbers after this row are overwritten by the next one; those that belong to other rows of the input, by zeros.
            Some(first) if K::STRIDE[1] == 1 && first + vectors <= input.len() => {
                let from = input.as_ptr().add(first);
                let mut x = 0;
                while x < columns {
                    Vector::load_ptr(simd, from.add(x)).store_ptr(to.add(x));
                    x += lanes;
                }
            }
            _ => {
                for x in inside.clone() {
                    *to.add(x) = input[shifted + x * K::STRIDE[1] - K::PADDING[1]];
                }
            }
        }
        if K::IS_PADDED {
            zero(to, inside.start);
            zero(to.add(inside.end), columns - inside.end);
        }
    }
}

/// # Safety
///
/// `count` numbers must be writable at `at`.
#[inline(always)]
unsafe fn zero<T: Entry>(at: *mut T, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's promise.
        unsafe { *at.add(index) = T::zero() };
    }
}

/// `Y = b + X Wᵀ` for one sample: a product a group, a block of pixels, and as many columns of X as the buffer holds.
#[inline(always)]
pub(crate) fn forward<T: Entry, K: Geometry, S: Simd>(
    simd: S,
    buffer: &mut Buffer<T>,
    weight: &[T],
    bias: &[T],
    input: &[T],
    output: &mut [T],
) {
    for group in 0..K::GROUPS {
        let first = group * K::GROUP_OUTPUTS;
        let channels = first..first + K::GROUP_OUTPUTS;
        let mut block = Some(PixelBlock::first::<K>());
        while let Some(pixels) = block {
            let most = BUFFER_LEN / pixels.len();
            let mut column = 0;
            while column < K::PATCH {
                let columns = column..(column + most).min(K::PATCH);
                let init = match bias.get(channels.clone()) {
                    _ if column > 0 => Init::Accumulate,
                    Some(bias) => Init::Row(bias),
                    None => Init::Zero,
                };
                let a = buffer.im2col::<K, S>(simd, input, group, pixels, columns.clone());
                let c = &mut output[first * K::PIXELS + pixels.start::<K>()..];
                let product = Gemm::<T, true> {
                    a,
                    a_stride: pixels.len(),
                    b: &weight[column * K::OUTPUTS + first..],
                    b_stride: K::OUTPUTS,
                    c: MatrixMut::strided(c, [pixels.len(), K::GROUP_OUTPUTS], K::PIXELS),
                    k: columns.len(),
                    init,
                };
                T::gemm_transposed_b(Isa::of(simd), product);
                column = columns.end;
            }
            block = pixels.next::<K>();
        }
    }
}
