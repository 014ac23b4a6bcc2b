//! Convolutions whose vectors hold output channels, for planes that are narrower than a vector.
//!
//! Some positions of the output have a sum each, a vector of channels. The weights of one number of the windows are such a vector, as
//! they are; the input is read one number at a time and broadcast, as in the matrix products, but where it is: no panel is made. In
//! the gradient of the weights, positions and the numbers of a window change places, and nothing else does.
//!
//! Sizes are not constants here, so that all layers share the code.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::direct::{DirectConvolution, DirectWeights, Sizes};
use crate::simd::MOST_LANES;
use crate::simd::has_many_registers;
use crate::simd::{Columns, transpose};
use crate::simd::{Element, Vector};

/// The most positions of a plane.
const POSITIONS: usize = 256;

/// A convolution with vectors of channels.
pub struct ByChannels<C>(pub(crate) C);

/// The kernel of [`ByChannels`].
pub(crate) struct ChannelTiles<C>(pub(crate) C);

impl Sizes {
    /// Whether the outputs can be computed so, and tiles fill the registers.
    #[inline(always)]
    pub(crate) fn fit_channels<T: Element, S: Simd>(&self) -> bool {
        has_many_registers::<S>()
            && self.outputs.is_multiple_of(Vector::<T, S>::LANES)
            && self.positions() <= POSITIONS
            && self.dilation[1] == 1
            && width(self.columns) > 0
    }

    /// Whether the gradient of the weights can be computed so.
    #[inline(always)]
    pub(crate) fn weights_fit_channels<T: Element, S: Simd>(&self) -> bool {
        self.fit_channels::<T, S>() && width(self.kernel[1]) > 0
    }
}

/// How many columns a tile has, or 0 if there is no tile for them.
#[inline(always)]
const fn width(columns: usize) -> usize {
    let mut width = 8;
    while width >= 3 {
        if columns.is_multiple_of(width) {
            return width;
        }
        width -= 1;
    }
    0
}

/// Room for a vector of channels at each position.
struct Room<T>([MaybeUninit<T>; POSITIONS * MOST_LANES]);

impl<T> Room<T> {
    #[inline(always)]
    fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; POSITIONS * MOST_LANES])
    }

    #[inline(always)]
    fn as_mut_ptr(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

impl<T: Element> WithSimd for ChannelTiles<DirectConvolution<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DirectConvolution { sizes, input, weight, bias, output } = self.0;
        assert!(
            input.len() >= sizes.input_len()
                && weight.len() >= sizes.weight_len()
                && output.len() == sizes.outputs * sizes.positions()
                && (bias.is_empty() || bias.len() == sizes.outputs)
                && sizes.fit_channels::<T, S>(),
            "a convolution of other sizes"
        );
        let lanes = Vector::<T, S>::LANES;
        let mut room = Room::<T>::new();
        for channel in (0..sizes.outputs).step_by(lanes) {
            let sums = Sums {
                left: weight[channel..].as_ptr(),
                left_stride: sizes.weight_stride,
                input: input.as_ptr(),
                steps: [sizes.channels, sizes.kernel[0], sizes.kernel[1]],
                step_strides: [sizes.plane, sizes.dilation[0] * sizes.pitch],
                sums: room.as_mut_ptr(),
                sum_stride: lanes,
                rows: sizes.rows,
                columns: sizes.columns,
                row_stride: sizes.stride * sizes.pitch,
            };
            let zero = Vector::splat(simd, T::zero());
            let start = if bias.is_empty() { zero } else { Vector::load(simd, &bias[channel..]) };
            let columns = Columns { first: sums.sums.cast_const(), stride: lanes };
            let planes = &mut output[channel * sizes.positions()..];
            let rows = Columns { first: planes.as_mut_ptr(), stride: sizes.positions() };
            // SAFETY: the sizes were checked; there is room for all positions, which are written before they are read, and `planes` are
            // at least as many as lanes.
            unsafe {
                sums.add(simd, Some(start));
                transpose(simd, columns, rows, [lanes, sizes.positions()]);
            }
        }
    }
}

impl<T: Element> WithSimd for ChannelTiles<DirectWeights<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let this = self.0;
        let sizes = this.sizes;
        assert!(
            this.has_sizes() && sizes.weights_fit_channels::<T, S>(),
            "a convolution of other sizes"
        );
        let lanes = Vector::<T, S>::LANES;
        let taps = sizes.kernel[0] * sizes.kernel[1];
        let mut room = Room::<T>::new();
        for sample in 0..this.samples {
            let input = &this.inputs[sample * this.input_stride..];
            let output = &this.output_gradient[sample * this.output_stride..];
            for channel in (0..sizes.outputs).step_by(lanes) {
                let planes = &output[channel * sizes.positions()..];
                let columns = Columns { first: planes.as_ptr(), stride: sizes.positions() };
                let rows = Columns { first: room.as_mut_ptr(), stride: lanes };
                // SAFETY: the sizes were checked; there is room for all positions.
                unsafe { transpose(simd, columns, rows, [sizes.positions(), lanes]) };
                for plane in 0..sizes.channels {
                    let first = plane * taps * sizes.weight_stride + channel;
                    let sums = Sums {
                        left: rows.first.cast_const(),
                        left_stride: lanes,
                        input: input[plane * sizes.plane..].as_ptr(),
                        steps: [1, sizes.rows, sizes.columns],
                        step_strides: [0, sizes.stride * sizes.pitch],
                        sums: this.gradient[first..].as_mut_ptr(),
                        sum_stride: sizes.weight_stride,
                        rows: sizes.kernel[0],
                        columns: sizes.kernel[1],
                        row_stride: sizes.dilation[0] * sizes.pitch,
                    };
                    // SAFETY: the sizes were checked.
                    unsafe { sums.add(simd, None) };
                }
            }
        }
    }
}

/// Sums of vectors, each times a number of the input: `sum(v) += Σᵤ left(u) input(u + v)`, for some rows and columns `v` of sums.
struct Sums<T> {
    /// The vectors, in the order of the steps `u`.
    left: *const T,
    left_stride: usize,
    input: *const T,
    /// Planes, rows, columns.
    steps: [usize; 3],
    /// From one plane or row to the next; columns are side by side.
    step_strides: [usize; 2],
    sums: *mut T,
    sum_stride: usize,
    rows: usize,
    columns: usize,
    /// From one row to the next, in the input.
    row_stride: usize,
}

impl<T: Element> Sums<T> {
    /// Adds to `start`, or, without it, to the sums that are there.
    ///
    /// # Safety
    ///
    /// All vectors, sums and numbers of the input must be there, and the columns have a [`width`].
    #[inline(always)]
    unsafe fn add<S: Simd>(&self, simd: S, start: Option<Vector<T, S>>) {
        // Between 12 and 25 sums: as many as hide the latency of a multiplication, and no more than there are registers.
        // SAFETY: the caller's promise.
        unsafe {
            match width(self.columns) {
                8 => self.tiles::<S, 2, 8>(simd, start),
                7 => self.tiles::<S, 3, 7>(simd, start),
                6 => self.tiles::<S, 4, 6>(simd, start),
                5 => self.tiles::<S, 5, 5>(simd, start),
                4 => self.tiles::<S, 4, 4>(simd, start),
                _ => self.tiles::<S, 3, 3>(simd, start),
            }
        }
    }

    /// With tiles of `Y` rows and `X` columns.
    ///
    /// # Safety
    ///
    /// As for [`add`](Self::add); the columns must be a multiple of `X`.
    #[inline(always)]
    unsafe fn tiles<S: Simd, const Y: usize, const X: usize>(
        &self,
        simd: S,
        start: Option<Vector<T, S>>,
    ) {
        let mut row = 0;
        while row < self.rows {
            let whole = row + Y <= self.rows;
            for column in (0..self.columns).step_by(X) {
                // SAFETY: the caller's promise.
                unsafe {
                    match (whole, self.steps[2]) {
                        (true, 5) => self.tile::<S, Y, X, 5>(simd, start, row, column),
                        (true, 3) => self.tile::<S, Y, X, 3>(simd, start, row, column),
                        (true, _) => self.tile::<S, Y, X, 0>(simd, start, row, column),
                        (false, _) => self.tile::<S, 1, X, 0>(simd, start, row, column),
                    }
                }
            }
            row += if whole { Y } else { 1 };
        }
    }

    /// `N` is how many steps are in a row, or 0 if that is not known.
    ///
    /// # Safety
    ///
    /// As for [`add`](Self::add); `Y` rows from `row` on and `X` columns from `column` on must be there.
    #[inline(always)]
    unsafe fn tile<S: Simd, const Y: usize, const X: usize, const N: usize>(
        &self,
        simd: S,
        start: Option<Vector<T, S>>,
        row: usize,
        column: usize,
    ) {
        let Self { mut left, left_stride, steps, step_strides, sum_stride, row_stride, .. } = *self;
        let mut sums = [[start.unwrap_or(Vector::splat(simd, T::zero())); X]; Y];
        // SAFETY: every offset below is that of a sum, a vector or a number that is there (the caller's promise).
        unsafe {
            let to = self.sums.add((row * self.columns + column) * sum_stride);
            if start.is_none() {
                for y in 0..Y {
                    for x in 0..X {
                        let from = to.add((y * self.columns + x) * sum_stride);
                        sums[y][x] = Vector::load_ptr(simd, from);
                    }
                }
            }
            let input = self.input.add(row * row_stride + column);
            for plane in 0..steps[0] {
                for line in 0..steps[1] {
                    let line = input.add(plane * step_strides[0] + line * step_strides[1]);
                    for at in 0..if N > 0 { N } else { steps[2] } {
                        let vector = Vector::load_ptr(simd, left);
                        for y in 0..Y {
                            for x in 0..X {
                                let number = *line.add(at + y * row_stride + x);
                                let number = Vector::splat(simd, number);
                                sums[y][x] = vector.mul_add(number, sums[y][x]);
                            }
                        }
                        // It runs one step past the end in the last round, where it is not read.
                        left = left.wrapping_add(left_stride);
                    }
                }
            }
            for y in 0..Y {
                for x in 0..X {
                    sums[y][x].store_ptr(to.add((y * self.columns + x) * sum_stride));
                }
            }
        }
    }
}
