//! The microkernel of blocked convolutions: sum(q) += Σᵤ left(u) · number(q + u), where left and sum are vectors and numbers are broadcast.
//!
//! | pass | left(u), sum(q) are vectors of | u | q |
//! |---|---|---|---|
//! | forward | output channels | input channels and taps | output pixels |
//! | gradient of the inputs | input channels | output channels and taps | input pixels |
//! | gradient of the weights | output channels | output pixels | input channels and taps |
//!
//! A tile has `V` vectors of each of `P` sums in registers. Numbers are read where they lie, at any distance from each other, so that strides, narrow
//! rows and dilations cost nothing.
//!
//! Sizes are not constants here, so that all layers share the code.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::plan::{BlockedPlan, sums_of_tile};
use crate::simd::{Element, Vector, has_many_registers};

/// What sums start from.
#[derive(Clone, Copy)]
pub(super) enum Start<T> {
    Zero,
    /// The same vectors for each.
    Vectors(*const T),
    /// What is in memory.
    Sums,
}

/// What is done to a sum before it is stored.
#[derive(Clone, Copy)]
pub(super) struct Finish<T> {
    /// A factor and a summand for each lane.
    pub(super) affine: Option<[*const T; 2]>,
    pub(super) relu: bool,
}

/// See the [module](self).
#[derive(Clone, Copy)]
pub(super) struct Correlation<'a, T> {
    /// The vectors left(u), in the order of u.
    pub(super) left: *const T,
    pub(super) left_stride: usize,
    pub(super) tile: ChannelTile,
    pub(super) numbers: *const T,
    /// Where q is, in numbers.
    pub(super) places: &'a [usize],
    /// Planes, lines and columns of u, and the distances in numbers from one to the next.
    pub(super) steps: [usize; 3],
    pub(super) strides: [usize; 3],
    pub(super) sums: *mut T,
    pub(super) sum_stride: usize,
    pub(super) start: Start<T>,
    pub(super) finish: Finish<T>,
}

/// Channels that are summed up at the same time: `vectors` side by side, but the last one begins at `last`, where it ends with the last channel.
#[derive(Clone, Copy)]
pub(super) struct ChannelTile {
    pub(super) channels: usize,
    pub(super) vectors: usize,
    pub(super) last: usize,
}

impl BlockedPlan {
    /// The next channels, of `rest`.
    #[inline(always)]
    pub(super) fn tile(&self, rest: usize, lanes: usize) -> ChannelTile {
        let vectors = self.vectors_of_tile(rest.div_ceil(lanes));
        let channels = rest.min(vectors * lanes);
        ChannelTile { channels, vectors, last: channels - lanes }
    }
}

impl<T: Element> Correlation<'_, T> {
    /// All sums.
    ///
    /// # Safety
    ///
    /// All vectors, numbers and sums must be there.
    #[inline(always)]
    pub(super) unsafe fn run<S: Simd>(mut self, simd: S) {
        // The innermost loop is not of one step, if there are others.
        for _ in 0..2 {
            if self.steps[2] == 1 {
                self.steps = [1, self.steps[0], self.steps[1]];
                self.strides = [0, self.strides[0], self.strides[1]];
            }
        }
        let columns = match self.steps[2] {
            columns @ (3 | 5 | 7) if self.strides[2] == 1 => columns,
            _ => 0,
        };
        match (self.tile.vectors, columns) {
            (1, 3) => simd.vectorize(Tiles::<T, 1, 3>(self)),
            (1, 5) => simd.vectorize(Tiles::<T, 1, 5>(self)),
            (1, 7) => simd.vectorize(Tiles::<T, 1, 7>(self)),
            (1, _) => simd.vectorize(Tiles::<T, 1, 0>(self)),
            (2, 3) => simd.vectorize(Tiles::<T, 2, 3>(self)),
            (2, 5) => simd.vectorize(Tiles::<T, 2, 5>(self)),
            (2, 7) => simd.vectorize(Tiles::<T, 2, 7>(self)),
            (2, _) => simd.vectorize(Tiles::<T, 2, 0>(self)),
            (3, 3) => simd.vectorize(Tiles::<T, 3, 3>(self)),
            (3, 5) => simd.vectorize(Tiles::<T, 3, 5>(self)),
            (3, 7) => simd.vectorize(Tiles::<T, 3, 7>(self)),
            (3, _) => simd.vectorize(Tiles::<T, 3, 0>(self)),
            (_, 3) => simd.vectorize(Tiles::<T, 4, 3>(self)),
            (_, 5) => simd.vectorize(Tiles::<T, 4, 5>(self)),
            (_, 7) => simd.vectorize(Tiles::<T, 4, 7>(self)),
            (_, _) => simd.vectorize(Tiles::<T, 4, 0>(self)),
        }
    }
}

/// All sums, with tiles of `V` vectors. `N` is how many columns u has, or 0 if they are no constant or not side by side.
struct Tiles<'a, T, const V: usize, const N: usize>(Correlation<'a, T>);

impl<T: Element, const V: usize, const N: usize> WithSimd for Tiles<'_, T, V, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut first = 0;
        while first < self.0.places.len() {
            // SAFETY: the promise of the caller of `run`, who alone makes this.
            unsafe {
                match const { sums_of_tile(V, has_many_registers::<S>()) } {
                    8 => self.tile::<S, 8>(simd, first),
                    6 => self.tile::<S, 6>(simd, first),
                    _ => self.tile::<S, 3>(simd, first),
                }
            }
            first += const { sums_of_tile(V, has_many_registers::<S>()) };
        }
    }
}

impl<T: Element, const V: usize, const N: usize> Tiles<'_, T, V, N> {
    /// `P` sums from `first` on. Where there are fewer, the last one is made more than once.
    ///
    /// # Safety
    ///
    /// As for [`Correlation::run`].
    #[inline(always)]
    unsafe fn tile<S: Simd, const P: usize>(&self, simd: S, first: usize) {
        let Correlation { mut left, left_stride, numbers, places, steps, strides, .. } = self.0;
        let lanes = Vector::<T, S>::LANES;
        let last = self.0.tile.last;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; P]; V];
        // SAFETY: every offset below is that of a sum, a vector or a number that is there (the caller's promise).
        unsafe {
            let load = |from: *const T| {
                let mut vectors = [zero; V];
                for v in 0..V {
                    let at = if v + 1 < V { v * lanes } else { last };
                    vectors[v] = Vector::load_ptr(simd, from.add(at));
                }
                vectors
            };
            let mut from = [numbers; P];
            let mut to = [self.0.sums; P];
            for j in 0..P {
                let place = (first + j).min(places.len() - 1);
                from[j] = numbers.add(*places.get_unchecked(place));
                to[j] = self.0.sums.add(place * self.0.sum_stride);
            }
            match self.0.start {
                Start::Zero => {}
                Start::Vectors(start) => {
                    let start = load(start);
                    for v in 0..V {
                        sums[v] = [start[v]; P];
                    }
                }
                Start::Sums => {
                    for j in 0..P {
                        let start = load(to[j]);
                        for v in 0..V {
                            sums[v][j] = start[v];
                        }
                    }
                }
            }
            for plane in 0..steps[0] {
                for line in 0..steps[1] {
                    let mut at = plane * strides[0] + line * strides[1];
                    for _ in 0..if N > 0 { N } else { steps[2] } {
                        let vectors = load(left);
                        for j in 0..P {
                            let number = Vector::splat(simd, *from[j].add(at));
                            for v in 0..V {
                                sums[v][j] = vectors[v].mul_add(number, sums[v][j]);
                            }
                        }
                        at += if N > 0 { 1 } else { strides[2] };
                        // It runs one step past the end in the last round, where it is not read.
                        left = left.wrapping_add(left_stride);
                    }
                }
            }
            if let Some([scale, shift]) = self.0.finish.affine {
                let (scale, shift) = (load(scale), load(shift));
                for v in 0..V {
                    for j in 0..P {
                        sums[v][j] = sums[v][j].mul_add(scale[v], shift[v]);
                    }
                }
            }
            if self.0.finish.relu {
                for v in 0..V {
                    for j in 0..P {
                        sums[v][j] = sums[v][j].less_than(zero).select(zero, sums[v][j]);
                    }
                }
            }
            for j in 0..P {
                for v in 0..V {
                    let at = if v + 1 < V { v * lanes } else { last };
                    sums[v][j].store_ptr(to[j].add(at));
                }
            }
        }
    }
}
