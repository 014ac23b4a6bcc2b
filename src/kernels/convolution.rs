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
//! The transposed convolution is the same with inputs and outputs exchanged. Sizes are constants of a [`Geometry`], so the copies
//! are unrolled for them.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Range;

use pulp::{Simd, WithSimd};

use super::direct::{self, DirectConvolution, DirectWeights};
use super::product::RowsProduct;
use super::{Mask, Product, Scalar, Start, Vector, activate};
use crate::activations::Activation;

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
pub(super) struct Sizes<K>(PhantomData<K>);

impl<K: Geometry> Sizes<K> {
    const CHANNELS: usize = K::INPUT[0] / K::GROUPS;
    pub(super) const HEIGHT: usize = K::INPUT[1];
    pub(super) const WIDTH: usize = K::INPUT[2];
    const INPUT_LEN: usize = K::INPUT[0] * Self::HEIGHT * Self::WIDTH;
    const OUTPUTS: usize = K::OUTPUT[0] / K::GROUPS;
    const ROWS: usize = K::OUTPUT[1];
    pub(super) const COLUMNS: usize = K::OUTPUT[2];
    pub(super) const POSITIONS: usize = Self::ROWS * Self::COLUMNS;
    const OUTPUT_LEN: usize = K::OUTPUT[0] * Self::POSITIONS;
    pub(super) const TAPS: usize = K::KERNEL[0] * K::KERNEL[1];
    const PATCH: usize = Self::CHANNELS * Self::TAPS;
    /// Whether a window reaches beyond the input.
    pub(super) const PADDED: bool = K::PADDING[0] > 0
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

    /// One group for the convolutions without a panel.
    #[inline(always)]
    fn direct(rows: usize, columns: usize) -> direct::Sizes {
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
    pub(super) fn row(y: usize, ky: usize) -> Option<usize> {
        let row = (y * K::STRIDE[0] + ky * K::DILATION[0]).checked_sub(K::PADDING[0])?;
        (!Self::PADDED || row < Self::HEIGHT).then_some(row)
    }

    /// Where in a row of the input a window's column is, if it is inside.
    #[inline(always)]
    pub(super) fn column(x: usize, kx: usize) -> Option<usize> {
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

/// Output channels whose gradient is transposed at a time.
const TRANSPOSED: usize = PANEL / POSITIONS;

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

impl<T: Scalar> Panel<T> {
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

    /// The columns of a block's gradient, dY W.
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
        // SAFETY: the numbers have been written.
        let panel = unsafe { core::slice::from_raw_parts_mut(self.as_mut_ptr(), len) };
        simd.vectorize(RowsProduct {
            a_stride: Sizes::<K>::POSITIONS,
            product: Product::<T, false> {
                a: &output[first * Sizes::<K>::POSITIONS + block.start::<K>()..],
                b: &weight[columns.start * K::OUTPUT[0] + first..],
                b_stride: K::OUTPUT[0],
                c: panel,
                m: block.len(),
                k: Sizes::<K>::OUTPUTS,
                n: columns.len(),
                c_stride: block.len(),
                start: Start::Zero,
            },
        });
        panel
    }
}

/// One row of a panel: the numbers of one row of the input that the windows of some positions have in their column `kx`.
///
/// # Safety
///
/// `block.columns` numbers and a vector must be writable at `to`.
#[inline(always)]
unsafe fn fill_row<T: Scalar, S: Simd, K: Geometry>(
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
unsafe fn zero<T: Scalar>(at: *mut T, count: usize) {
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

impl<T: Scalar, K: Geometry, A: Activation> WithSimd for Convolution<'_, T, K, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weight, bias, inputs, outputs, .. } = self;
        let mut panel = Panel::new();
        for (input, output) in inputs
            .chunks_exact(Sizes::<K>::INPUT_LEN)
            .zip(outputs.chunks_exact_mut(Sizes::<K>::OUTPUT_LEN))
        {
            if Sizes::<K>::is_direct(Vector::<T, S>::LANES) {
                let ([height, width], input) = if Sizes::<K>::PADDED {
                    (Sizes::<K>::BORDERED, panel.border::<K>(input))
                } else {
                    ([Sizes::<K>::HEIGHT, Sizes::<K>::WIDTH], input)
                };
                let planes = Sizes::<K>::CHANNELS * height * width;
                let groups = output.chunks_exact_mut(Sizes::<K>::OUTPUTS * Sizes::<K>::POSITIONS);
                for (group, output) in groups.enumerate() {
                    let first = group * Sizes::<K>::OUTPUTS;
                    let channels = first..first + Sizes::<K>::OUTPUTS;
                    simd.vectorize(DirectConvolution {
                        sizes: Sizes::<K>::direct(height, width),
                        input: &input[group * planes..],
                        weight: &weight[first..],
                        bias: bias.get(channels).unwrap_or_default(),
                        output,
                    });
                }
                activate::<A, T, S>(simd, output);
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
                        simd.vectorize(Product::<T, true> {
                            a,
                            b: &weight[column * K::OUTPUT[0] + first..],
                            b_stride: K::OUTPUT[0],
                            c: &mut output
                                [first * Sizes::<K>::POSITIONS + positions.start::<K>()..],
                            m: positions.len(),
                            k: columns.len(),
                            n: Sizes::<K>::OUTPUTS,
                            c_stride: Sizes::<K>::POSITIONS,
                            start,
                        });
                        column = columns.end;
                    }
                    block = positions.next::<K>();
                }
            }
            activate::<A, T, S>(simd, output);
        }
    }
}

/// `dW += dYᵀ panel`, over all samples.
pub(crate) struct ConvolutionWeights<'a, T, K> {
    pub inputs: &'a [T],
    pub output_gradient: &'a [T],
    pub gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

impl<T: Scalar, K: Geometry> WithSimd for ConvolutionWeights<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { inputs, output_gradient, gradient, .. } = self;
        if Sizes::<K>::is_direct(Vector::<T, S>::LANES)
            && !Sizes::<K>::PADDED
            && Sizes::<K>::COLUMNS.is_multiple_of(Vector::<T, S>::LANES)
            && K::KERNEL[1] > 1
        {
            let planes = Sizes::<K>::CHANNELS * Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH;
            let samples = inputs.len() / Sizes::<K>::INPUT_LEN;
            for group in 0..if samples > 0 { K::GROUPS } else { 0 } {
                let first = group * Sizes::<K>::OUTPUTS;
                simd.vectorize(DirectWeights {
                    sizes: Sizes::<K>::direct(Sizes::<K>::HEIGHT, Sizes::<K>::WIDTH),
                    inputs: &inputs[group * planes..],
                    input_stride: Sizes::<K>::INPUT_LEN,
                    output_gradient: &output_gradient[first * Sizes::<K>::POSITIONS..],
                    output_stride: Sizes::<K>::OUTPUT_LEN,
                    samples,
                    gradient: &mut gradient[first..],
                });
            }
            return;
        }
        let mut panel = Panel::new();
        for (input, output) in inputs
            .chunks_exact(Sizes::<K>::INPUT_LEN)
            .zip(output_gradient.chunks_exact(Sizes::<K>::OUTPUT_LEN))
        {
            for group in 0..K::GROUPS {
                let mut block = Some(Block::first::<K>());
                while let Some(positions) = block {
                    let most = PANEL / positions.len();
                    let mut column = 0;
                    while column < Sizes::<K>::PATCH {
                        let columns = column..(column + most).min(Sizes::<K>::PATCH);
                        let first = group * Sizes::<K>::OUTPUTS;
                        let filled =
                            panel.fill::<K, S>(simd, input, group, positions, columns.clone());
                        let product = PanelWeights {
                            panel: filled,
                            positions: positions.len(),
                            output: &output
                                [first * Sizes::<K>::POSITIONS + positions.start::<K>()..],
                            output_stride: Sizes::<K>::POSITIONS,
                            outputs: Sizes::<K>::OUTPUTS,
                            gradient: &mut gradient[column * K::OUTPUT[0] + first..],
                            gradient_stride: K::OUTPUT[0],
                        };
                        simd.vectorize(product);
                        column = columns.end;
                    }
                    block = positions.next::<K>();
                }
            }
        }
    }
}

/// `dW += dYᵀ panel`, for one panel: a function that all convolutions share.
pub struct PanelWeights<'a, T> {
    /// Its columns are contiguous.
    panel: &'a [T],
    positions: usize,
    output: &'a [T],
    output_stride: usize,
    outputs: usize,
    gradient: &'a mut [T],
    gradient_stride: usize,
}

/// What the sum over a vector's lanes takes, in multiplications of vectors.
const REDUCTION: usize = 4;

/// The kernel of [`PanelWeights`].
pub(super) struct PanelProduct<'a, T>(pub(super) PanelWeights<'a, T>);

impl<T: Scalar> WithSimd for PanelProduct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let PanelWeights {
            panel,
            positions,
            output,
            output_stride,
            outputs,
            gradient,
            gradient_stride,
        } = self.0;
        let lanes = Vector::<T, S>::LANES;
        let columns = panel.len() / positions;
        // Vectors of positions, or vectors of channels?
        if outputs * (positions.div_ceil(lanes) + REDUCTION) < outputs.div_ceil(lanes) * positions {
            let matrices = Dots { a: output, a_stride: output_stride, b: panel, k: positions };
            let mut column = 0;
            while column < columns {
                let count = if columns - column >= 5 { 5 } else { 1 };
                let mut row = 0;
                while row < outputs {
                    let rows = if outputs - row >= 2 { 2 } else { 1 };
                    let to = &mut gradient[column * gradient_stride + row..];
                    match (rows, count) {
                        (2, 5) => matrices.add::<S, 2, 5>(simd, row, column, to, gradient_stride),
                        (2, _) => matrices.add::<S, 2, 1>(simd, row, column, to, gradient_stride),
                        (_, 5) => matrices.add::<S, 1, 5>(simd, row, column, to, gradient_stride),
                        (_, _) => matrices.add::<S, 1, 1>(simd, row, column, to, gradient_stride),
                    }
                    row += rows;
                }
                column += count;
            }
            return;
        }
        let mut transposed = [T::zero(); TRANSPOSED * POSITIONS];
        let mut first = 0;
        while first < outputs {
            let channels = TRANSPOSED.min(outputs - first);
            let transposed = &mut transposed[..channels * positions];
            transpose(&output[first * output_stride..], output_stride, transposed, channels);
            simd.vectorize(Product::<T, false> {
                a: transposed,
                b: panel,
                b_stride: positions,
                c: &mut gradient[first..],
                m: channels,
                k: positions,
                n: columns,
                c_stride: gradient_stride,
                start: Start::Current,
            });
            first += channels;
        }
    }
}

/// Some planes, from one to the next `stride`, as a matrix with one row a plane, columns contiguous.
#[inline(always)]
fn transpose<T: Scalar>(planes: &[T], stride: usize, matrix: &mut [T], rows: usize) {
    /// Planes that are read at the same time: as many as a set of the L1 cache has ways, since they may be a power of two apart.
    const WAYS: usize = 8;
    let mut row = 0;
    while row < rows {
        let planes = &planes[row * stride..];
        if row + WAYS <= rows {
            for (position, column) in matrix.chunks_exact_mut(rows).enumerate() {
                let column = &mut column[row..row + WAYS];
                for (plane, number) in column.iter_mut().enumerate() {
                    *number = planes[plane * stride + position];
                }
            }
            row += WAYS;
        } else {
            for (position, column) in matrix.chunks_exact_mut(rows).enumerate() {
                column[row] = planes[position];
            }
            row += 1;
        }
    }
}

/// Dot products of columns of `A` with columns of `B`.
#[derive(Clone, Copy)]
struct Dots<'a, T> {
    a: &'a [T],
    a_stride: usize,
    /// Its columns are contiguous.
    b: &'a [T],
    /// How long the columns are.
    k: usize,
}

impl<T: Scalar> Dots<'_, T> {
    /// Adds those of `R` columns of `A` with `C` columns of `B`.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const C: usize>(
        self,
        simd: S,
        row: usize,
        column: usize,
        to: &mut [T],
        stride: usize,
    ) {
        let Self { a, a_stride, b, k } = self;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        let a = &a[row * a_stride..][..(R - 1) * a_stride + k];
        let b = &b[column * k..][..C * k];
        let mut at = 0;
        while at + lanes <= k {
            let mut right = [zero; C];
            for j in 0..C {
                // SAFETY: `b` has C columns of k elements, and `at + lanes` is not above k.
                right[j] = unsafe { Vector::load_ptr(simd, b.as_ptr().add(j * k + at)) };
            }
            for r in 0..R {
                // SAFETY: `a` has R columns of k elements, and `at + lanes` is not above k.
                let left = unsafe { Vector::load_ptr(simd, a.as_ptr().add(r * a_stride + at)) };
                for j in 0..C {
                    sums[r][j] = left.mul_add(right[j], sums[r][j]);
                }
            }
            at += lanes;
        }
        if at < k {
            let mut right = [zero; C];
            for j in 0..C {
                right[j] = Vector::load_partial(simd, &b[j * k + at..(j + 1) * k]);
            }
            for r in 0..R {
                let left = Vector::load_partial(simd, &a[r * a_stride + at..r * a_stride + k]);
                for j in 0..C {
                    sums[r][j] = left.mul_add(right[j], sums[r][j]);
                }
            }
        }
        for r in 0..R {
            for j in 0..C {
                to[j * stride + r] += sums[r][j].sum();
            }
        }
    }
}

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

impl<T: Scalar, K: Geometry> WithSimd for ConvolutionInputs<'_, T, K> {
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
                        let gradient = panel.gradient::<K, S>(
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
                            // SAFETY: the panel has a margin after it, which has been written.
                            unsafe {
                                gather::<T, S, K>(simd, gradient, positions, count, input);
                            }
                        } else {
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
fn scatter<T: Scalar, K: Geometry>(
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

/// How many scalars a row of positions takes in [`gather`], with a vector of zeros on both sides.
const LINE: usize = POSITIONS + 2 * MARGIN;

/// Adds the numbers of whole channels of a panel where their windows are. Windows are one column apart, and the block has whole rows.
///
/// For each row of the input, the rows of the panel that belong there are added up first, a line for each column of a window; these
/// lines, moved by that column, are the row.
///
/// # Safety
///
/// After the panel, a vector must be readable.
#[inline(always)]
unsafe fn gather<T: Scalar, S: Simd, K: Geometry>(
    simd: S,
    panel: &[T],
    block: Block,
    channels: usize,
    input: &mut [T],
) {
    let lanes = Vector::<T, S>::LANES;
    let zero = Vector::splat(simd, T::zero());
    let (len, columns, width) = (block.len(), Sizes::<K>::COLUMNS, Sizes::<K>::WIDTH);
    assert!(
        panel.len() == channels * Sizes::<K>::TAPS * len
            && block.columns == columns
            && columns <= POSITIONS
            && K::KERNEL[0] <= MOST
            && K::KERNEL[1] <= MOST
            && lanes <= MARGIN,
        "a panel of another size"
    );
    let mut lines = [[T::zero(); LINE]; MOST];
    // Rows that the block's windows reach.
    let top = (block.y * K::STRIDE[0]).saturating_sub(K::PADDING[0]);
    let bottom =
        ((block.y + block.rows - 1) * K::STRIDE[0] + (K::KERNEL[0] - 1) * K::DILATION[0] + 1)
            .saturating_sub(K::PADDING[0])
            .min(Sizes::<K>::HEIGHT);
    let short = first_lanes(simd, columns);
    let last = first_lanes(simd, width - (width - 1) / lanes * lanes);
    for channel in 0..channels {
        for row in top..bottom {
            // Where in the panel the rows are that belong here, for the first column of the windows.
            let (mut rows, mut count) = ([0; MOST], 0);
            for ky in 0..K::KERNEL[0] {
                let Some(y) = (row + K::PADDING[0]).checked_sub(ky * K::DILATION[0]) else {
                    continue;
                };
                let (y, between) = (y / K::STRIDE[0], y % K::STRIDE[0]);
                if between == 0 && y >= block.y && y < block.y + block.rows {
                    rows[count] = (channel * K::KERNEL[0] + ky) * K::KERNEL[1] * len
                        + (y - block.y) * columns;
                    count += 1;
                }
            }
            for kx in 0..K::KERNEL[1] {
                let line = &mut lines[kx][MARGIN..];
                let mut x = 0;
                loop {
                    let mut sum = zero;
                    for at in &rows[..count] {
                        // SAFETY: it is the start of a row of the panel, whose `columns` numbers are inside, and, where they are
                        // fewer than a vector has, the caller's promise.
                        sum = sum
                            + unsafe {
                                Vector::load_ptr(simd, panel.as_ptr().add(*at + kx * len + x))
                            };
                    }
                    if columns < lanes {
                        sum = short.select(sum, zero);
                    }
                    sum.store(&mut line[x..]);
                    if x + lanes >= columns {
                        break;
                    }
                    // The last vector overlaps the one before it.
                    x = (x + lanes).min(columns - lanes);
                }
            }
            let start = (channel * Sizes::<K>::HEIGHT + row) * width;
            let mut left = 0;
            while left < width {
                let mut sum = zero;
                for kx in 0..K::KERNEL[1] {
                    // Where the first lane is in the line.
                    let Some(at) = (MARGIN + left + K::PADDING[1]).checked_sub(kx * K::DILATION[1])
                    else {
                        continue;
                    };
                    if at + lanes > MARGIN && at < MARGIN + columns {
                        sum = sum + Vector::load(simd, &lines[kx][at..]);
                    }
                }
                if left + lanes > width {
                    sum = last.select(sum, zero);
                }
                let to = &mut input[start + left..];
                if to.len() >= lanes {
                    (Vector::load(simd, to) + sum).store(to);
                } else {
                    (Vector::load_partial(simd, to) + sum).store_partial(to);
                }
                left += lanes;
            }
        }
    }
}

/// So many lanes.
#[inline(always)]
fn first_lanes<T: Scalar, S: Simd>(simd: S, count: usize) -> Mask<T, S> {
    let one = Vector::splat(simd, T::one());
    let mut lanes = Vector::splat(simd, T::zero());
    for value in lanes.as_mut_slice().iter_mut().take(count) {
        *value = T::one();
    }
    lanes.equal(one)
}
