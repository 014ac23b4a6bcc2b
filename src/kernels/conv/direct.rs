//! Convolutions without a panel, where windows are one column apart: a number of all windows of a row is then a part of a row of the
//! input, as it is. The tiles are those of the matrix products.
//!
//! Sizes are not constants here, so that all layers share the code.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::microkernel::wide;
use crate::simd::has_many_registers;
use crate::simd::lanes_between;
use crate::simd::{Element, Mask, Vector};

/// The sizes of one group of channels.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) channels: usize,
    /// From one channel of the input to the next.
    pub(crate) plane: usize,
    /// From one row of the input to the next.
    pub(crate) pitch: usize,
    pub(crate) kernel: [usize; 2],
    /// From one row of windows to the next.
    pub(crate) stride: usize,
    pub(crate) dilation: [usize; 2],
    /// Output channels.
    pub(crate) outputs: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From one column of the weights to the next.
    pub(crate) weight_stride: usize,
}

impl Sizes {
    pub(crate) fn positions(&self) -> usize {
        self.rows * self.columns
    }

    /// How long the input must be.
    pub(crate) fn input_len(&self) -> usize {
        let row = (self.rows - 1) * self.stride + (self.kernel[0] - 1) * self.dilation[0];
        let column = self.columns + (self.kernel[1] - 1) * self.dilation[1];
        (self.channels - 1) * self.plane + row * self.pitch + column
    }

    /// How long the weights must be.
    pub(crate) fn weight_len(&self) -> usize {
        let patch = self.channels * self.kernel[0] * self.kernel[1];
        (patch - 1) * self.weight_stride + self.outputs
    }
}

/// `Y = bias + W * x` for one group of channels of one sample.
pub struct DirectConvolution<'a, T> {
    pub(crate) sizes: Sizes,
    /// With zeros around it, if windows reach there.
    pub(crate) input: &'a [T],
    pub(crate) weight: &'a [T],
    /// One number an output channel, or empty.
    pub(crate) bias: &'a [T],
    pub(crate) output: &'a mut [T],
}

/// The kernel of a [`DirectConvolution`].
pub(crate) struct DirectTiles<'a, T>(pub(crate) DirectConvolution<'a, T>);

/// Six channels at a time, without leaving one or two for the end where fours avoid it.
#[inline(always)]
fn channels_from(rest: usize) -> usize {
    match rest {
        1..=3 => rest,
        4 | 5 | 7 | 8 => 4,
        _ => 6,
    }
}

impl<T: Element> WithSimd for DirectTiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DirectConvolution { sizes, input, weight, bias, output } = self.0;
        let lanes = Vector::<T, S>::LANES;
        assert!(
            input.len() >= sizes.input_len()
                && weight.len() >= sizes.weight_len()
                && output.len() == sizes.outputs * sizes.positions()
                && (bias.is_empty() || bias.len() == sizes.outputs)
                && sizes.columns >= lanes,
            "a convolution of other sizes"
        );
        let tiles = Tiles {
            sizes,
            input: input.as_ptr(),
            weight: weight.as_ptr(),
            bias: if bias.is_empty() { None } else { Some(bias.as_ptr()) },
            output: output.as_mut_ptr(),
        };
        let vectors = sizes.rows * sizes.columns.div_ceil(lanes);
        let wide = wide::<S>();
        let mut channel = 0;
        while channel < sizes.outputs {
            let count = channels_from(sizes.outputs - channel);
            let mut vector = 0;
            while vector < vectors {
                // SAFETY: the sizes were checked above; vectors and channels are below their numbers.
                unsafe {
                    if vector + wide > vectors {
                        tiles.of_height::<S, 1>(simd, vector, channel, count);
                        vector += 1;
                        continue;
                    }
                    if has_many_registers::<S>() {
                        tiles.of_height::<S, 4>(simd, vector, channel, count);
                    } else {
                        tiles.of_height::<S, 2>(simd, vector, channel, count);
                    }
                }
                vector += wide;
            }
            channel += count;
        }
    }
}

/// The numbers of a [`DirectConvolution`] as pointers.
#[derive(Clone, Copy)]
struct Tiles<T> {
    sizes: Sizes,
    input: *const T,
    weight: *const T,
    bias: Option<*const T>,
    output: *mut T,
}

impl<T: Element> Tiles<T> {
    /// The tile for so many channels.
    ///
    /// # Safety
    ///
    /// As for [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn of_height<S: Simd, const R: usize>(
        &self,
        simd: S,
        vector: usize,
        channel: usize,
        count: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match (count, self.sizes.kernel[1]) {
                (6, 3) => self.tile::<S, R, 6, 3>(simd, vector, channel),
                (6, 5) => self.tile::<S, R, 6, 5>(simd, vector, channel),
                (6, _) => self.tile::<S, R, 6, 0>(simd, vector, channel),
                (4, 3) => self.tile::<S, R, 4, 3>(simd, vector, channel),
                (4, 5) => self.tile::<S, R, 4, 5>(simd, vector, channel),
                (4, _) => self.tile::<S, R, 4, 0>(simd, vector, channel),
                (3, _) => self.tile::<S, R, 3, 0>(simd, vector, channel),
                (2, _) => self.tile::<S, R, 2, 0>(simd, vector, channel),
                (_, _) => self.tile::<S, R, 1, 0>(simd, vector, channel),
            }
        }
    }

    /// `R` vectors of positions from `vector` on, `C` output channels from `channel` on. The last vector of a row of positions overlaps
    /// the one before it. `KW` is how many columns a window has, or 0 if that is not known.
    ///
    /// # Safety
    ///
    /// The pointers must be those of slices of the sizes that [`DirectConvolution`] asks for, and the vectors and channels must be
    /// there.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize, const KW: usize>(
        &self,
        simd: S,
        vector: usize,
        channel: usize,
    ) {
        let Self { sizes, input, weight, bias, output } = *self;
        let width = if KW > 0 { KW } else { sizes.kernel[1] };
        let lanes = Vector::<T, S>::LANES;
        let in_row = sizes.columns.div_ceil(lanes);
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        // SAFETY: every offset below is that of a number of a position, a window or a channel that is there (the caller's promise).
        unsafe {
            let mut from = [input; R];
            let mut to = [output; R];
            for r in 0..R {
                let (y, x) = ((vector + r) / in_row, (vector + r) % in_row);
                let x = (x * lanes).min(sizes.columns - lanes);
                from[r] = input.add(y * sizes.stride * sizes.pitch + x);
                to[r] = output.add(channel * sizes.positions() + y * sizes.columns + x);
            }
            if let Some(bias) = bias {
                for j in 0..C {
                    let bias = Vector::splat(simd, *bias.add(channel + j));
                    for r in 0..R {
                        sums[r][j] = bias;
                    }
                }
            }
            let mut weight = weight.add(channel);
            for plane in 0..sizes.channels {
                for ky in 0..sizes.kernel[0] {
                    let line = plane * sizes.plane + ky * sizes.dilation[0] * sizes.pitch;
                    for kx in 0..width {
                        let at = line + kx * sizes.dilation[1];
                        let mut left = [zero; R];
                        for r in 0..R {
                            left[r] = Vector::load_ptr(simd, from[r].add(at));
                        }
                        for j in 0..C {
                            let right = Vector::splat(simd, *weight.add(j));
                            for r in 0..R {
                                sums[r][j] = left[r].mul_add(right, sums[r][j]);
                            }
                        }
                        // It runs one step past the end in the last round, where it is not read.
                        weight = weight.wrapping_add(sizes.weight_stride);
                    }
                }
            }
            for r in 0..R {
                for j in 0..C {
                    sums[r][j].store_ptr(to[r].add(j * sizes.positions()));
                }
            }
        }
    }
}

/// `dW += dY * x` for one group of channels, over all samples.
pub struct DirectWeights<'a, T> {
    pub(crate) sizes: Sizes,
    /// From the first channel of the group in the first sample on.
    pub(crate) inputs: &'a [T],
    /// From one sample to the next.
    pub(crate) input_stride: usize,
    pub(crate) output_gradient: &'a [T],
    pub(crate) output_stride: usize,
    pub(crate) samples: usize,
    pub(crate) gradient: &'a mut [T],
}

/// So many bytes stay in a usual L1 cache while all numbers of a window go over them.
const CACHED: usize = 32 * 1024;

/// The kernel of [`DirectWeights`].
pub(crate) struct DirectDots<'a, T>(pub(crate) DirectWeights<'a, T>);

/// How many channels have their sums in registers, of so many that are left: each vector of the input is loaded once for all of these.
#[inline(always)]
fn channels_at_once<S: Simd>(rest: usize) -> usize {
    match rest {
        1 | 2 => rest,
        _ if !has_many_registers::<S>() => 2,
        3 | 5 | 6 => 3,
        _ => 4,
    }
}

impl<T: Element> WithSimd for DirectDots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let this = self.0;
        let sizes = this.sizes;
        assert!(
            this.has_sizes() && sizes.columns >= Vector::<T, S>::LANES,
            "a convolution of other sizes"
        );
        let mut channel = 0;
        while channel < sizes.outputs {
            let count = channels_at_once::<S>(sizes.outputs - channel);
            let each = (this.input_stride + count * sizes.positions()) * size_of::<T>();
            let most = (CACHED / each).max(1);
            for first in (0..this.samples).step_by(most) {
                let mut part = DirectWeights {
                    inputs: &this.inputs[first * this.input_stride..],
                    output_gradient: &this.output_gradient[first * this.output_stride..],
                    samples: most.min(this.samples - first),
                    gradient: &mut *this.gradient,
                    ..this
                };
                // SAFETY: the sizes were checked above; these channels and samples are there.
                unsafe {
                    match count {
                        4 => part.add_channels::<S, 4>(simd, channel),
                        3 => part.add_channels::<S, 3>(simd, channel),
                        2 => part.add_channels::<S, 2>(simd, channel),
                        _ => part.add_channels::<S, 1>(simd, channel),
                    }
                }
            }
            channel += count;
        }
    }
}

impl<T: Element> DirectWeights<'_, T> {
    /// Whether the slices are as long as the sizes say.
    pub(crate) fn has_sizes(&self) -> bool {
        let sizes = self.sizes;
        let others = self.samples.saturating_sub(1);
        self.samples > 0
            && self.inputs.len() >= others * self.input_stride + sizes.input_len()
            && self.output_gradient.len()
                >= others * self.output_stride + sizes.outputs * sizes.positions()
            && self.gradient.len() >= sizes.weight_len()
    }

    /// For `R` output channels from `channel` on.
    ///
    /// # Safety
    ///
    /// As for [`add`](Self::add).
    #[inline(always)]
    unsafe fn add_channels<S: Simd, const R: usize>(&mut self, simd: S, channel: usize) {
        let sizes = self.sizes;
        for plane in 0..sizes.channels {
            for ky in 0..sizes.kernel[0] {
                let mut kx = 0;
                while kx < sizes.kernel[1] {
                    let count = match sizes.kernel[1] - kx {
                        rest @ 1..=5 => rest,
                        6 => 3,
                        _ => 4,
                    };
                    // SAFETY: the caller's promise; the numbers are below the window's.
                    unsafe {
                        match count {
                            5 => self.add::<S, R, 5>(simd, plane, ky, kx, channel),
                            4 => self.add::<S, R, 4>(simd, plane, ky, kx, channel),
                            3 => self.add::<S, R, 3>(simd, plane, ky, kx, channel),
                            2 => self.add::<S, R, 2>(simd, plane, ky, kx, channel),
                            _ => self.add::<S, R, 1>(simd, plane, ky, kx, channel),
                        }
                    }
                    kx += count;
                }
            }
        }
    }

    /// For `R` output channels from `channel` on, and `C` numbers of a window's row from `kx` on.
    ///
    /// # Safety
    ///
    /// The slices must have the sizes that [`DirectDots`] asks for, and channels and numbers must be there.
    #[inline(always)]
    unsafe fn add<S: Simd, const R: usize, const C: usize>(
        &mut self,
        simd: S,
        plane: usize,
        ky: usize,
        kx: usize,
        channel: usize,
    ) {
        let sizes = self.sizes;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        // The last vector of a row may overlap the one before it.
        let again = lanes_between(simd, 0, sizes.columns.next_multiple_of(lanes) - sizes.columns);
        let line =
            plane * sizes.plane + ky * sizes.dilation[0] * sizes.pitch + kx * sizes.dilation[1];
        for sample in 0..self.samples {
            // SAFETY: every offset is that of a number of a sample, a position, a window or a channel that is there (the caller's promise).
            unsafe {
                let x = self.inputs.as_ptr().add(sample * self.input_stride + line);
                let g = self.output_gradient.as_ptr();
                let g = g.add(sample * self.output_stride + channel * sizes.positions());
                for row in 0..sizes.rows {
                    let x = x.add(row * sizes.stride * sizes.pitch);
                    let g = g.add(row * sizes.columns);
                    let mut at = 0;
                    while at + lanes <= sizes.columns {
                        self.step(simd, g.add(at), x.add(at), None, &mut sums);
                        at += lanes;
                    }
                    if at < sizes.columns {
                        let at = sizes.columns - lanes;
                        self.step(simd, g.add(at), x.add(at), Some(again), &mut sums);
                    }
                }
            }
        }
        let patch = (plane * sizes.kernel[0] + ky) * sizes.kernel[1] + kx;
        for r in 0..R {
            for j in 0..C {
                self.gradient[(patch + j) * sizes.weight_stride + channel + r] += sums[r][j].sum();
            }
        }
    }

    /// One vector of positions, without those that are done `again`.
    ///
    /// # Safety
    ///
    /// The vector must be readable for `R` channels at `g`, and for `C` numbers of a window at `x`.
    #[inline(always)]
    unsafe fn step<S: Simd, const R: usize, const C: usize>(
        &self,
        simd: S,
        g: *const T,
        x: *const T,
        again: Option<Mask<T, S>>,
        sums: &mut [[Vector<T, S>; C]; R],
    ) {
        let sizes = self.sizes;
        let zero = Vector::splat(simd, T::zero());
        let mut left = [zero; R];
        // SAFETY: the caller's promise.
        unsafe {
            for r in 0..R {
                left[r] = Vector::load_ptr(simd, g.add(r * sizes.positions()));
                if let Some(again) = again {
                    left[r] = again.select(zero, left[r]);
                }
            }
            for j in 0..C {
                let right = Vector::load_ptr(simd, x.add(j * sizes.dilation[1]));
                for r in 0..R {
                    sums[r][j] = left[r].mul_add(right, sums[r][j]);
                }
            }
        }
    }
}
