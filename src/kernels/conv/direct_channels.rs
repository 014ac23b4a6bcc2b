//! Direct convolutions with vectors of output channels, for planes that are narrower than a vector.
//!
//! Y(o, p) = Σ W(o, c, t) x(c, p + t), over the channels c and taps t, for `lanes` outputs o at a time: a column of W is such a vector as it
//! is, x is read one number at a time and broadcast, and a tile has the sums of some pixels p in registers. For the gradient of the weights,
//! dW(o, c, t) = Σ dY(o, p) x(c, p + t), pixels and taps change places.
//!
//! Sizes are not constants here, so that all layers share the code.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::direct::{DirectConvolution, DirectWeights, GroupLayout};
use crate::kernels::conv::plan::{CHANNEL_PIXELS, channel_tiles_fit, tile_columns};
use crate::kernels::in_part::InPart;
use crate::simd::{Columns, Element, MOST_LANES, Registers, Vector, transpose};

/// The kernel of a [`DirectConvolution`] or of [`DirectWeights`] with vectors of output channels.
#[derive(Clone, Copy)]
pub(crate) struct DirectChannels<C>(pub(crate) C);

/// Whether the kernels' tiles fit, as the plan has it.
#[inline(always)]
fn fits<T: Element, S: Simd>(layout: &GroupLayout) -> bool {
    let registers = Registers::of::<T, S>();
    let pixels = [layout.rows, layout.columns];
    channel_tiles_fit(registers, layout.outputs, pixels, layout.dilation[1])
}

/// Memory for a vector of channels at each pixel.
struct PixelVectors<T>([MaybeUninit<T>; CHANNEL_PIXELS * MOST_LANES]);

impl<T> PixelVectors<T> {
    #[inline(always)]
    fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; CHANNEL_PIXELS * MOST_LANES])
    }

    #[inline(always)]
    fn as_mut_ptr(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

/// A part is some output channels.
impl<T: Element> WithSimd for InPart<DirectChannels<DirectConvolution<'_, T>>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DirectConvolution { layout, input, weight, post, output } = self.call.0;
        let bias = post.first();
        assert!(
            input.len() >= layout.input_len()
                && weight.len() >= layout.weight_len()
                && output.len() == layout.outputs * layout.pixels()
                && (bias.is_empty() || bias.len() == layout.outputs)
                && fits::<T, S>(&layout),
            "a convolution of other sizes"
        );
        let lanes = Vector::<T, S>::LANES;
        let mut vectors = PixelVectors::<T>::new();
        for channel in self.part.of(layout.outputs, lanes).step_by(lanes) {
            let sums = Correlation {
                left: weight[channel..].as_ptr(),
                left_stride: layout.weight_stride,
                input: input.as_ptr(),
                steps: [layout.channels, layout.kernel[0], layout.kernel[1]],
                step_strides: [layout.channel_stride, layout.dilation[0] * layout.row_stride],
                sums: vectors.as_mut_ptr(),
                sum_stride: lanes,
                rows: layout.rows,
                columns: layout.columns,
                row_stride: layout.stride * layout.row_stride,
            };
            let zero = Vector::splat(simd, T::zero());
            let start = if bias.is_empty() { zero } else { Vector::load(simd, &bias[channel..]) };
            let columns = Columns { first: sums.sums.cast_const(), stride: lanes };
            let planes =
                output.range(channel * layout.pixels()..(channel + lanes) * layout.pixels());
            let rows = Columns { first: planes.as_mut_ptr(), stride: layout.pixels() };
            // SAFETY: the sizes were checked; there is memory for all pixels, which are written before they are read, and `planes` are
            // as many as lanes, and the part's own.
            unsafe {
                sums.add(simd, Some(start));
                transpose(simd, columns, rows, [lanes, layout.pixels()]);
            }
        }
    }
}

impl<T: Element> WithSimd for DirectChannels<DirectWeights<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let this = self.0;
        let layout = this.layout;
        assert!(
            this.has_sizes() && fits::<T, S>(&layout) && tile_columns(layout.kernel[1]) > 0,
            "a convolution of other sizes"
        );
        let lanes = Vector::<T, S>::LANES;
        let taps = layout.kernel[0] * layout.kernel[1];
        let mut vectors = PixelVectors::<T>::new();
        for sample in 0..this.samples {
            let input = &this.inputs[sample * this.input_stride..];
            let output = &this.output_gradient[sample * this.output_stride..];
            for channel in (0..layout.outputs).step_by(lanes) {
                let planes = &output[channel * layout.pixels()..];
                let columns = Columns { first: planes.as_ptr(), stride: layout.pixels() };
                let rows = Columns { first: vectors.as_mut_ptr(), stride: lanes };
                // SAFETY: the sizes were checked; there is memory for all pixels.
                unsafe { transpose(simd, columns, rows, [layout.pixels(), lanes]) };
                for plane in 0..layout.channels {
                    let first = plane * taps * layout.weight_stride + channel;
                    let sums = Correlation {
                        left: rows.first.cast_const(),
                        left_stride: lanes,
                        input: input[plane * layout.channel_stride..].as_ptr(),
                        steps: [1, layout.rows, layout.columns],
                        step_strides: [0, layout.stride * layout.row_stride],
                        sums: this.gradient[first..].as_mut_ptr(),
                        sum_stride: layout.weight_stride,
                        rows: layout.kernel[0],
                        columns: layout.kernel[1],
                        row_stride: layout.dilation[0] * layout.row_stride,
                    };
                    // SAFETY: the sizes were checked.
                    unsafe { sums.add(simd, None) };
                }
            }
        }
    }
}

/// `sum(v) += Σᵤ left(u) input(u + v)`, where `sum` and `left` are vectors, for all rows and columns `v` of sums.
struct Correlation<T> {
    /// The vectors `left(u)`, in the order of `u`.
    left: *const T,
    left_stride: usize,
    input: *const T,
    /// Planes, rows and columns of `u`.
    steps: [usize; 3],
    /// From one plane or row to the next; columns are side by side.
    step_strides: [usize; 2],
    sums: *mut T,
    sum_stride: usize,
    rows: usize,
    columns: usize,
    /// In the input, from one row of `v` to the next.
    row_stride: usize,
}

impl<T: Element> Correlation<T> {
    /// Adds to `start`, or, without it, to the sums that are there.
    ///
    /// # Safety
    ///
    /// All vectors, sums and numbers of the input must be there, and the columns have a [tile](tile_columns).
    #[inline(always)]
    unsafe fn add<S: Simd>(&self, simd: S, start: Option<Vector<T, S>>) {
        // 9 to 25 sums: as many as hide the latency of a multiplication, and fewer than there are registers.
        // SAFETY: the caller's promise.
        unsafe {
            match tile_columns(self.columns) {
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

    /// `N` is how many columns `u` has, or 0 if they are no constant.
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
