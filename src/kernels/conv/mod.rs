//! Convolutions as matrix products, one sample after the other: nothing is copied for a whole batch.
//!
//! A block of output pixels (positions) times the patch that each looks at is a matrix, the *panel*: one column a number of the
//! patch, its positions contiguous. Output planes are contiguous too, so positions are what vectors hold. With W the weights, one
//! row an output channel, all three passes are products of such matrices:
//!
//! | | |
//! |---|---|
//! | outputs | Y = panel Wᵀ |
//! | gradient of the weights | dW = dYᵀ panel |
//! | gradient of the inputs | d panel = dY W, whose columns are added up where they came from |
//!
//! Two kinds of convolutions need no panel for the first two: those whose rows fill [vectors](super::direct), and those with whole
//! [vectors of output channels](super::channels).
//!
//! The transposed convolution is the same with inputs and outputs exchanged. Sizes are constants of a [`Geometry`], so the copies
//! are unrolled for them.

mod backward_data;
pub(crate) mod backward_weights;
pub(crate) mod direct;
pub(crate) mod direct_channels;

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::direct::DirectConvolution;
use crate::kernels::conv::direct_channels::ByChannels;
use crate::kernels::elementwise::activate;
use crate::kernels::entry::Entry;
use crate::kernels::epilogue::Epilogue;
use crate::kernels::gemm::microkernel::{Product, Start};
use crate::kernels::matrix_mut::RowsMut;
use crate::simd::Vector;

pub(crate) use crate::kernels::conv::backward_data::{ConvolutionInputs, Onto};
pub(crate) use crate::kernels::conv::backward_weights::ConvolutionWeights;

/// The sizes of a convolution: from an input, where windows move, to an output with one position a window.
pub(crate) trait Geometry: Send + Sync + 'static {
    /// Channels, rows, columns.
    const INPUT: [usize; 3];
    /// Channels, rows, columns.
    const OUTPUT: [usize; 3];
    /// Rows, columns of a window.
    const KERNEL: [usize; 2];
    /// From one window to the next: down, to the right.
    const STRIDE: [usize; 2];
    /// Zeros above the input, and left of it; those below and to the right follow from the output's size.
    const PADDING: [usize; 2];
    /// From one number of a window to the next: down, to the right.
    const DILATION: [usize; 2];
    /// The channels are in so many groups that do not see each other.
    const GROUPS: usize;
}

/// What follows from a geometry.
pub(crate) struct Sizes<K>(PhantomData<K>);

impl<K: Geometry> Sizes<K> {
    const CHANNELS: usize = K::INPUT[0] / K::GROUPS;
    pub(crate) const HEIGHT: usize = K::INPUT[1];
    pub(crate) const WIDTH: usize = K::INPUT[2];
    const INPUT_LEN: usize = K::INPUT[0] * Self::HEIGHT * Self::WIDTH;
    const OUTPUTS: usize = K::OUTPUT[0] / K::GROUPS;
    const ROWS: usize = K::OUTPUT[1];
    pub(crate) const COLUMNS: usize = K::OUTPUT[2];
    pub(crate) const POSITIONS: usize = Self::ROWS * Self::COLUMNS;
    const OUTPUT_LEN: usize = K::OUTPUT[0] * Self::POSITIONS;
    pub(crate) const TAPS: usize = K::KERNEL[0] * K::KERNEL[1];
    const PATCH: usize = Self::CHANNELS * Self::TAPS;
    /// Whether a window reaches beyond the input.
    pub(crate) const PADDED: bool = K::PADDING[0] > 0
        || K::PADDING[1] > 0
        || (Self::ROWS - 1) * K::STRIDE[0] + (K::KERNEL[0] - 1) * K::DILATION[0] >= Self::HEIGHT
        || (Self::COLUMNS - 1) * K::STRIDE[1] + (K::KERNEL[1] - 1) * K::DILATION[1] >= Self::WIDTH;

    /// Rows and columns of the input with all zeros that windows see around it.
    const BORDERED: [usize; 2] = [
        largest(
            K::PADDING[0] + Self::HEIGHT,
            (Self::ROWS - 1) * K::STRIDE[0] + (K::KERNEL[0] - 1) * K::DILATION[0] + 1,
        ),
        largest(
            K::PADDING[1] + Self::WIDTH,
            (Self::COLUMNS - 1) * K::STRIDE[1] + (K::KERNEL[1] - 1) * K::DILATION[1] + 1,
        ),
    ];
    const BORDERED_LEN: usize = K::INPUT[0] * Self::BORDERED[0] * Self::BORDERED[1];

    /// Whether a row of windows is a part of a row of the input, and not much shorter than whole vectors.
    #[inline(always)]
    fn is_direct(lanes: usize) -> bool {
        let columns = Self::COLUMNS;
        K::STRIDE[1] == 1
            && columns >= lanes
            && 3 * (columns.next_multiple_of(lanes) - columns) <= columns
            && (!Self::PADDED || Self::BORDERED_LEN <= PANEL)
    }

    /// Whether there are [vectors of channels](ByChannels), which only pays where rows are not [direct](Self::is_direct).
    #[inline(always)]
    fn has_channels<T: Entry, S: Simd>() -> bool {
        K::STRIDE[1] == 1
            && (!Self::PADDED || Self::BORDERED_LEN <= PANEL)
            && Self::direct(Self::BORDERED).fit_channels::<T, S>()
    }

    /// One group for the convolutions without a panel.
    #[inline(always)]
    fn direct([rows, columns]: [usize; 2]) -> direct::Sizes {
        direct::Sizes {
            channels: Self::CHANNELS,
            plane: rows * columns,
            pitch: columns,
            kernel: K::KERNEL,
            stride: K::STRIDE[0],
            dilation: K::DILATION,
            outputs: Self::OUTPUTS,
            rows: Self::ROWS,
            columns: Self::COLUMNS,
            weight_stride: K::OUTPUT[0],
        }
    }

    /// Where in a column of the input a window's row is, if it is inside.
    #[inline(always)]
    pub(crate) fn row(y: usize, ky: usize) -> Option<usize> {
        let row = (y * K::STRIDE[0] + ky * K::DILATION[0]).checked_sub(K::PADDING[0])?;
        (!Self::PADDED || row < Self::HEIGHT).then_some(row)
    }

    /// Where in a row of the input a window's column is, if it is inside.
    #[inline(always)]
    pub(crate) fn column(x: usize, kx: usize) -> Option<usize> {
        let column = (x * K::STRIDE[1] + kx * K::DILATION[1]).checked_sub(K::PADDING[1])?;
        (!Self::PADDED || column < Self::WIDTH).then_some(column)
    }

    /// The positions from `first` on, counted from there, whose windows have their column `kx` inside the input.
    #[inline(always)]
    fn inside(kx: usize, first: usize, count: usize) -> Range<usize> {
        if !Self::PADDED {
            return 0..count;
        }
        let at = kx * K::DILATION[1] + first * K::STRIDE[1];
        let low = K::PADDING[1].saturating_sub(at).div_ceil(K::STRIDE[1]).min(count);
        let high = (Self::WIDTH + K::PADDING[1]).saturating_sub(at).div_ceil(K::STRIDE[1]);
        low..high.min(count).max(low)
    }
}

const fn largest(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// How many scalars a panel holds at most.
const PANEL: usize = 16 * 1024;

/// Vectors may reach over both ends of a panel by less than this: the lanes of the widest vector.
const MARGIN: usize = 16;

/// How many positions are taken at a time, about: whole tiles of the matrix product.
const POSITIONS: usize = 256;

/// Some positions that are contiguous in a plane of the output: whole rows of it, or a part of one.
#[derive(Clone, Copy)]
struct Block {
    y: usize,
    rows: usize,
    x: usize,
    columns: usize,
}

impl Block {
    /// The first block.
    #[inline(always)]
    fn first<K: Geometry>() -> Self {
        let columns = Sizes::<K>::COLUMNS;
        if columns > POSITIONS {
            return Self { y: 0, rows: 1, x: 0, columns: POSITIONS };
        }
        let pieces = Sizes::<K>::ROWS.div_ceil(POSITIONS / columns);
        Self { y: 0, rows: Sizes::<K>::ROWS.div_ceil(pieces), x: 0, columns }
    }

    /// The block after this one.
    #[inline(always)]
    fn next<K: Geometry>(mut self) -> Option<Self> {
        let (rows, columns) = (Sizes::<K>::ROWS, Sizes::<K>::COLUMNS);
        self.x += self.columns;
        if self.x >= columns {
            self.x = 0;
            self.y += self.rows;
            if self.y >= rows {
                return None;
            }
        }
        self.rows = self.rows.min(rows - self.y);
        self.columns = Self::first::<K>().columns.min(columns - self.x);
        Some(self)
    }

    #[inline(always)]
    fn len(self) -> usize {
        self.rows * self.columns
    }

    /// Where it is in a plane of the output.
    #[inline(always)]
    fn start<K: Geometry>(self) -> usize {
        self.y * Sizes::<K>::COLUMNS + self.x
    }
}

/// Memory for a panel. It is not set to zero first, which would take as long as a small layer.
struct Panel<T> {
    numbers: [MaybeUninit<T>; PANEL + 2 * MARGIN],
    /// How many numbers have been written, the first margin among them.
    written: usize,
}

impl<T: Entry> Panel<T> {
    #[inline(always)]
    fn new() -> Self {
        let numbers = [const { MaybeUninit::uninit() }; PANEL + 2 * MARGIN];
        let mut panel = Self { numbers, written: 0 };
        panel.write(MARGIN);
        panel
    }

    /// Sees to it that so many numbers have been written.
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

    /// Columns of the patches of a block of positions.
    #[inline(always)]
    fn fill<K: Geometry, S: Simd>(
        &mut self,
        simd: S,
        input: &[T],
        group: usize,
        block: Block,
        columns: Range<usize>,
    ) -> &[T] {
        let len = block.len() * columns.len();
        assert!(len <= PANEL && input.len() == Sizes::<K>::INPUT_LEN, "a panel of another size");
        let mut at = self.as_mut_ptr();
        for column in columns {
            let (channel, tap) = (column / Sizes::<K>::TAPS, column % Sizes::<K>::TAPS);
            let (ky, kx) = (tap / K::KERNEL[1], tap % K::KERNEL[1]);
            let plane =
                (group * Sizes::<K>::CHANNELS + channel) * (Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH);
            let inside = Sizes::<K>::inside(kx, block.x, block.columns);
            for y in block.y..block.y + block.rows {
                // SAFETY: this row of the panel, `block.columns` numbers, is among the `len` first, and a vector's length, which
                // is below MARGIN, is there after them.
                unsafe {
                    match Sizes::<K>::row(y, ky) {
                        Some(row) => {
                            let row = plane + row * Sizes::<K>::WIDTH;
                            fill_row::<T, S, K>(simd, input, row, kx, block, &inside, at);
                        }
                        None => zero(at, block.columns),
                    }
                    at = at.add(block.columns);
                }
            }
        }
        self.written = self.written.max(MARGIN + len);
        // SAFETY: the rows above are those `len` numbers, each written.
        unsafe { core::slice::from_raw_parts(self.as_mut_ptr(), len) }
    }

    /// A sample with zeros around it. Nothing else has been written here before.
    #[inline(always)]
    fn border<K: Geometry>(&mut self, input: &[T]) -> &[T] {
        let ([height, width], len) = (Sizes::<K>::BORDERED, Sizes::<K>::BORDERED_LEN);
        assert!(len <= PANEL, "a panel of another size");
        self.write(MARGIN + len);
        // SAFETY: the numbers have been written.
        let bordered = unsafe { core::slice::from_raw_parts_mut(self.as_mut_ptr(), len) };
        let rows = input.chunks_exact(Sizes::<K>::WIDTH);
        for (index, row) in rows.enumerate() {
            let (channel, row_index) = (index / Sizes::<K>::HEIGHT, index % Sizes::<K>::HEIGHT);
            let at = (channel * height + K::PADDING[0] + row_index) * width + K::PADDING[1];
            bordered[at..at + Sizes::<K>::WIDTH].copy_from_slice(row);
        }
        bordered
    }

    /// The columns of a block's gradient, dY W, with a margin before and after them.
    #[inline(always)]
    fn gradient<K: Geometry, S: Simd>(
        &mut self,
        simd: S,
        output: &[T],
        weight: &[T],
        group: usize,
        block: Block,
        columns: Range<usize>,
    ) -> &[T] {
        let len = block.len() * columns.len();
        assert!(len <= PANEL, "a panel of another size");
        let first = group * Sizes::<K>::OUTPUTS;
        // Vectors are loaded over the end, too.
        self.write(len + 2 * MARGIN);
        // SAFETY: so many numbers have been written.
        let padded = unsafe {
            core::slice::from_raw_parts_mut(self.numbers.as_mut_ptr().cast(), len + 2 * MARGIN)
        };
        let panel = &mut padded[MARGIN..][..len];
        simd.vectorize(Product::<T, false> {
            a: &output[first * Sizes::<K>::POSITIONS + block.start::<K>()..],
            a_stride: Sizes::<K>::POSITIONS,
            b: &weight[columns.start * K::OUTPUT[0] + first..],
            b_stride: K::OUTPUT[0],
            c: RowsMut::whole(panel, block.len()),
            k: Sizes::<K>::OUTPUTS,
            start: Start::Zero,
        });
        padded
    }
}

/// One row of a panel: the numbers of one row of the input that the windows of some positions have in their column `kx`.
///
/// # Safety
///
/// `block.columns` numbers and a vector must be writable at `to`.
#[inline(always)]
unsafe fn fill_row<T: Entry, S: Simd, K: Geometry>(
    simd: S,
    input: &[T],
    row: usize,
    kx: usize,
    block: Block,
    inside: &Range<usize>,
    to: *mut T,
) {
    let lanes = Vector::<T, S>::LANES;
    let columns = block.columns;
    // Where the first position's number is, plus the padding, so that it is not below zero.
    let shifted = row + block.x * K::STRIDE[1] + kx * K::DILATION[1];
    let first = shifted.checked_sub(K::PADDING[1]);
    let vectors = columns.next_multiple_of(lanes);
    // SAFETY: the caller's promise for what is written; what is read is checked.
    unsafe {
        match first {
            // Whole vectors. What is beyond the row is overwritten by the next one; what is before it, or between, by zeros.
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
        if Sizes::<K>::PADDED {
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

/// `Y = f(bias + panel Wᵀ)` for each sample.
pub(crate) struct Convolution<'a, T, K, A> {
    pub weight: &'a [T],
    /// One number an output channel, or empty.
    pub bias: &'a [T],
    pub inputs: &'a [T],
    pub outputs: &'a mut [T],
    pub kind: PhantomData<(K, A)>,
}

impl<T: Entry, K: Geometry, E: Epilogue<T>> WithSimd for Convolution<'_, T, K, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weight, bias, inputs, outputs, .. } = self;
        let mut panel = Panel::new();
        for (input, output) in inputs
            .chunks_exact(Sizes::<K>::INPUT_LEN)
            .zip(outputs.chunks_exact_mut(Sizes::<K>::OUTPUT_LEN))
        {
            let is_direct = Sizes::<K>::is_direct(Vector::<T, S>::LANES);
            if is_direct || Sizes::<K>::has_channels::<T, S>() {
                let input = if Sizes::<K>::PADDED { panel.border::<K>(input) } else { input };
                let sizes = Sizes::<K>::direct(Sizes::<K>::BORDERED);
                let planes = sizes.channels * sizes.plane;
                let groups = output.chunks_exact_mut(Sizes::<K>::OUTPUTS * Sizes::<K>::POSITIONS);
                for (group, output) in groups.enumerate() {
                    let first = group * Sizes::<K>::OUTPUTS;
                    let channels = first..first + Sizes::<K>::OUTPUTS;
                    let convolution = DirectConvolution {
                        sizes,
                        input: &input[group * planes..],
                        weight: &weight[first..],
                        bias: bias.get(channels).unwrap_or_default(),
                        output,
                    };
                    if is_direct {
                        simd.vectorize(convolution);
                    } else {
                        simd.vectorize(ByChannels(convolution));
                    }
                }
                activate::<E, T, S>(simd, output);
                continue;
            }
            for group in 0..K::GROUPS {
                let first = group * Sizes::<K>::OUTPUTS;
                let channels = first..first + Sizes::<K>::OUTPUTS;
                let mut block = Some(Block::first::<K>());
                while let Some(positions) = block {
                    let most = PANEL / positions.len();
                    let mut column = 0;
                    while column < Sizes::<K>::PATCH {
                        let columns = column..(column + most).min(Sizes::<K>::PATCH);
                        let start = match bias.get(channels.clone()) {
                            _ if column > 0 => Start::Current,
                            Some(bias) => Start::Row(bias),
                            None => Start::Zero,
                        };
                        let a = panel.fill::<K, S>(simd, input, group, positions, columns.clone());
                        let c =
                            &mut output[first * Sizes::<K>::POSITIONS + positions.start::<K>()..];
                        let size = [positions.len(), Sizes::<K>::OUTPUTS];
                        simd.vectorize(Product::<T, true> {
                            a,
                            a_stride: positions.len(),
                            b: &weight[column * K::OUTPUT[0] + first..],
                            b_stride: K::OUTPUT[0],
                            c: RowsMut::strided(c, size, Sizes::<K>::POSITIONS),
                            k: columns.len(),
                            start,
                        });
                        column = columns.end;
                    }
                    block = positions.next::<K>();
                }
            }
            activate::<E, T, S>(simd, output);
        }
    }
}
