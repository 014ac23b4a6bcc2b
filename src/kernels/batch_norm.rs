//! Batch normalization of a whole batch: means and variances, normalized outputs, and the gradients.
//!
//! All of it is done for a few channels at a time, whose numbers stay in the cache between the passes over them: first the means, then the variances
//! around these means, then the outputs. Channels do not depend on each other, so that threads share them, and a sum is the same whoever computes it.
//!
//! Where a channel has many numbers of a sample (`pixels`), vectors run along these; where it has one, along the channels. Sums are taken as in
//! [`reduce`](super::reduce): in the scalar's own type up to a block, and of blocks in `f64`.

use pulp::{Simd, WithSimd};

use super::MatrixMut;
use super::reduce::{ROWS_PER_BLOCK, VECTORS_PER_BLOCK};
use crate::parallel::{Split, cut};
use crate::simd::{Element, MOST_LANES, Mask, Vector, dispatch, lanes_between};

/// Registers that share a sum, to hide the latency of an addition: 4 cycles.
const SUMS: usize = 4;

/// Numbers of the channels that are taken at a time, about: an eighth of an L2 cache.
const BLOCK: usize = 32 * 1024;

/// The most channels that are taken at a time: their sums are on the stack.
const CHANNELS: usize = 16;

/// Vectors of channels that are taken at a time, where a channel is one number of a sample: their sums are in registers.
const COLUMNS: usize = 2;

/// Up to so many channels of one number are taken so. Of more, the rows of a few vectors lie far apart, and many of them in the same sets of the cache:
/// then rows are taken from end to end, [`WIDE`] channels at a time, whose sums are on the stack.
const NARROW: usize = COLUMNS * MOST_LANES;
const WIDE: usize = 256;

/// Where threads cut the channels, if a channel is one number of a sample: whole cache lines, and whole blocks of vectors.
const CUT: usize = COLUMNS * MOST_LANES;

/// `y = γ (x − μ) / √(σ² + ε) + β`, for some of the channels of a batch.
pub(crate) struct BatchNormForward<'a, T> {
    /// All channels of all samples.
    pub(crate) inputs: &'a [T],
    /// A column a sample, with the numbers of these channels.
    pub(crate) outputs: MatrixMut<'a, T>,
    /// The place of the first of these channels.
    pub(crate) first: usize,
    /// How many numbers of a sample each channel has.
    pub(crate) pixels: usize,
    /// Written if they are those [of the batch](Self::of_batch).
    pub(crate) mean: &'a mut [T],
    /// As `mean`: biased.
    pub(crate) variance: &'a mut [T],
    /// Whether mean and variance are computed; else they are given.
    pub(crate) of_batch: bool,
    pub(crate) weight: &'a [T],
    pub(crate) bias: &'a [T],
    pub(crate) epsilon: f64,
}

/// The gradients behind [`BatchNormForward`], for some of the channels of a batch.
///
/// `dβ = Σ g`, `dγ = Σ g x̂`, `dX = γ / √(σ² + ε) (g − mean of g − x̂ · mean of g x̂)`, where `x̂ = (x − μ) / √(σ² + ε)`.
pub(crate) struct BatchNormBackward<'a, T> {
    pub(crate) inputs: &'a [T],
    pub(crate) output_gradient: &'a [T],
    /// As the outputs of [`BatchNormForward`].
    pub(crate) input_gradient: Option<MatrixMut<'a, T>>,
    /// Numbers of a sample.
    pub(crate) length: usize,
    pub(crate) first: usize,
    pub(crate) pixels: usize,
    pub(crate) mean: &'a [T],
    pub(crate) variance: &'a [T],
    /// Whether these are those of the inputs; else they do not depend on them.
    pub(crate) of_batch: bool,
    pub(crate) weight: &'a [T],
    pub(crate) epsilon: f64,
    /// dγ and dβ, which are written.
    pub(crate) weight_gradient: &'a mut [T],
    pub(crate) bias_gradient: &'a mut [T],
}

/// 1 / √(σ² + ε). NaN where σ² is infinite, because a square overflowed: with 1 / ∞ = 0, the outputs would look sound.
#[inline(always)]
fn inverse<T: Element>(variance: T, epsilon: f64) -> T {
    T::one() / (variance + T::nearest(epsilon)).sqrt() + variance * T::zero()
}

#[expect(clippy::cast_precision_loss, reason = "a count of numbers")]
fn count<T: Element>(count: usize) -> T {
    T::nearest(count.max(1) as f64)
}

/// How many channels are taken at a time.
fn channels_at_a_time(samples: usize, pixels: usize) -> usize {
    (BLOCK / (samples * pixels).max(1)).clamp(1, CHANNELS)
}

/// The part of a plane behind its last whole vector: the lanes of the last vector, or of the only one, that are its numbers.
#[inline(always)]
fn tail<T: Element, S: Simd>(simd: S, pixels: usize) -> Mask<T, S> {
    let lanes = Vector::<T, S>::LANES;
    let rest = pixels % lanes;
    if pixels < lanes {
        lanes_between(simd, 0, rest)
    } else {
        lanes_between(simd, lanes - rest, lanes)
    }
}

/// The last vector of a plane, which begins before its [`tail`], or the only one.
#[inline(always)]
fn last<T: Element, S: Simd>(simd: S, plane: &[T]) -> Vector<T, S> {
    match plane.len().checked_sub(Vector::<T, S>::LANES) {
        Some(start) => Vector::load(simd, &plane[start..]),
        None => Vector::load_partial(simd, plane),
    }
}

/// Writes the [`last`] vector of a plane.
#[inline(always)]
fn store_last<T: Element, S: Simd>(vector: Vector<T, S>, plane: &mut [T]) {
    match plane.len().checked_sub(Vector::<T, S>::LANES) {
        Some(start) => vector.store(&mut plane[start..]),
        None => vector.store_partial(plane),
    }
}

/// Two sums over the numbers of a channel: what a number adds to them.
trait Term {
    /// Whether there is a second one.
    const SECOND: bool;

    /// The terms of one x and g.
    fn of<T: Element>(x: T, g: T, mean: T) -> [T; 2];

    /// Adds the terms of a vector of x and of g; only those in `lanes`, if some are given.
    fn add<T: Element, S: Simd>(
        sums: [Vector<T, S>; 2],
        x: Vector<T, S>,
        g: Vector<T, S>,
        mean: Vector<T, S>,
        lanes: Option<Mask<T, S>>,
    ) -> [Vector<T, S>; 2];
}

/// `vector` in `lanes`, and 0 in the others.
#[inline(always)]
fn only<T: Element, S: Simd>(lanes: Option<Mask<T, S>>, vector: Vector<T, S>) -> Vector<T, S> {
    match lanes {
        Some(lanes) => lanes.select(vector, vector.constant(0.0)),
        None => vector,
    }
}

/// Σ x, and nothing.
struct Numbers;

impl Term for Numbers {
    const SECOND: bool = false;

    #[inline(always)]
    fn of<T: Element>(x: T, _g: T, _mean: T) -> [T; 2] {
        [x, T::zero()]
    }

    #[inline(always)]
    fn add<T: Element, S: Simd>(
        [sum, none]: [Vector<T, S>; 2],
        x: Vector<T, S>,
        _g: Vector<T, S>,
        _mean: Vector<T, S>,
        lanes: Option<Mask<T, S>>,
    ) -> [Vector<T, S>; 2] {
        [sum + only(lanes, x), none]
    }
}

/// Σ (x − μ)², and nothing.
struct Squares;

impl Term for Squares {
    const SECOND: bool = false;

    #[inline(always)]
    fn of<T: Element>(x: T, _g: T, mean: T) -> [T; 2] {
        [(x - mean) * (x - mean), T::zero()]
    }

    #[inline(always)]
    fn add<T: Element, S: Simd>(
        [sum, none]: [Vector<T, S>; 2],
        x: Vector<T, S>,
        _g: Vector<T, S>,
        mean: Vector<T, S>,
        lanes: Option<Mask<T, S>>,
    ) -> [Vector<T, S>; 2] {
        let off = only(lanes, x - mean);
        [off.mul_add(off, sum), none]
    }
}

/// Σ g, and Σ g (x − μ).
struct Products;

impl Term for Products {
    const SECOND: bool = true;

    #[inline(always)]
    fn of<T: Element>(x: T, g: T, mean: T) -> [T; 2] {
        [g, g * (x - mean)]
    }

    #[inline(always)]
    fn add<T: Element, S: Simd>(
        [sum, products]: [Vector<T, S>; 2],
        x: Vector<T, S>,
        g: Vector<T, S>,
        mean: Vector<T, S>,
        lanes: Option<Mask<T, S>>,
    ) -> [Vector<T, S>; 2] {
        let g = only(lanes, g);
        [sum + g, g.mul_add(x - mean, products)]
    }
}

/// Registers with the sums of a channel, or of a vector of channels.
type Registers<T, S> = [[Vector<T, S>; 2]; SUMS];

#[inline(always)]
fn zeros<T: Element, S: Simd>(simd: S) -> Registers<T, S> {
    [[Vector::splat(simd, T::zero()); 2]; SUMS]
}

/// The sums of all registers.
#[inline(always)]
fn together<T: Element, S: Simd>(registers: &Registers<T, S>) -> [Vector<T, S>; 2] {
    let [a, b, c, d] = registers;
    [(a[0] + b[0]) + (c[0] + d[0]), (a[1] + b[1]) + (c[1] + d[1])]
}

/// A few neighbouring channels of a batch, each with a plane of numbers in each sample.
#[derive(Clone, Copy)]
struct Planes<'a, T> {
    x: &'a [T],
    g: &'a [T],
    /// Numbers of a sample.
    length: usize,
    /// The place of the first channel in a sample.
    start: usize,
    channels: usize,
    pixels: usize,
}

impl<T: Element> Planes<'_, T> {
    /// The two sums of each channel.
    #[inline(always)]
    fn sums<W: Term, S: Simd>(self, simd: S, mean: &[T]) -> [[f64; 2]; CHANNELS] {
        let Self { x, g, length, start, channels, pixels } = self;
        let lanes = Vector::<T, S>::LANES;
        // Of a larger plane, the blocks are summed up one by one.
        let block = SUMS * VECTORS_PER_BLOCK * lanes;
        let behind = tail(simd, pixels);
        let mut totals = [[0.0; 2]; CHANNELS];
        let mut registers = [zeros(simd); CHANNELS];
        let mut held = 0;
        for (x, g) in x.chunks_exact(length).zip(g.chunks_exact(length)) {
            for channel in 0..channels {
                let place = start + channel * pixels;
                let (x, g) = (&x[place..place + pixels], &g[place..place + pixels]);
                let center = Vector::splat(simd, mean[channel]);
                let own = &mut registers[channel];
                if pixels <= block {
                    *own = add_plane::<W, T, S>(simd, *own, [x, g], center, behind);
                    continue;
                }
                for (x, g) in x.chunks(block).zip(g.chunks(block)) {
                    let behind = tail(simd, x.len());
                    let sums = add_plane::<W, T, S>(simd, zeros(simd), [x, g], center, behind);
                    add_wide(&mut totals[channel], &sums);
                }
            }
            held += pixels / (SUMS * lanes) + 1;
            if pixels <= block && held > VECTORS_PER_BLOCK {
                for (own, total) in registers[..channels].iter_mut().zip(&mut totals) {
                    add_wide(total, own);
                    *own = zeros(simd);
                }
                held = 0;
            }
        }
        for (own, total) in registers[..channels].iter().zip(&mut totals) {
            add_wide(total, own);
        }
        totals
    }
}

/// Adds the sums in some registers to those of blocks.
#[inline(always)]
fn add_wide<T: Element, S: Simd>(totals: &mut [f64; 2], registers: &Registers<T, S>) {
    for (total, sum) in totals.iter_mut().zip(together(registers)) {
        *total += sum.sum().wide();
    }
}

/// Adds the terms of a plane, whose last numbers are in the lanes `behind` of its [`last`] vector.
#[inline(always)]
fn add_plane<W: Term, T: Element, S: Simd>(
    simd: S,
    mut registers: Registers<T, S>,
    [x, g]: [&[T]; 2],
    mean: Vector<T, S>,
    behind: Mask<T, S>,
) -> Registers<T, S> {
    let lanes = Vector::<T, S>::LANES;
    assert_eq!(x.len(), g.len(), "planes of two sizes");
    let mut at = 0;
    while at + SUMS * lanes <= x.len() {
        for (index, sums) in registers.iter_mut().enumerate() {
            // SAFETY: `SUMS` vectors from `at` on are inside of both.
            let [x, g] = [x, g].map(|plane| unsafe {
                Vector::load_ptr(simd, plane.as_ptr().add(at + index * lanes))
            });
            *sums = W::add(*sums, x, g, mean, None);
        }
        at += SUMS * lanes;
    }
    for sums in &mut registers[..SUMS - 1] {
        if at + lanes <= x.len() {
            let [x, g] = [x, g].map(|plane| Vector::load(simd, &plane[at..]));
            *sums = W::add(*sums, x, g, mean, None);
            at += lanes;
        }
    }
    if at < x.len() {
        let sums = &mut registers[SUMS - 1];
        *sums = W::add(*sums, last(simd, x), last(simd, g), mean, Some(behind));
    }
    registers
}

/// `(x − μ) scale + shift` for a plane.
#[inline(always)]
fn normalize<T: Element, S: Simd>(simd: S, x: &[T], y: &mut [T], [mean, scale, shift]: [T; 3]) {
    let [mean, scale, shift] = [mean, scale, shift].map(|number| Vector::splat(simd, number));
    let lanes = Vector::<T, S>::LANES;
    for (x, y) in x.chunks_exact(lanes).zip(y.chunks_exact_mut(lanes)) {
        ((Vector::load(simd, x) - mean) * scale + shift).store(y);
    }
    if !x.len().is_multiple_of(lanes) {
        store_last((last(simd, x) - mean) * scale + shift, y);
    }
}

/// `scale (g − mean of g − (x − μ) slope)`
#[inline(always)]
fn input_gradient<T: Element, S: Simd>(
    x: Vector<T, S>,
    g: Vector<T, S>,
    [mean, mean_g, slope, scale]: [Vector<T, S>; 4],
) -> Vector<T, S> {
    (g - mean_g - (x - mean) * slope) * scale
}

impl<T: Element> WithSimd for BatchNormForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.pixels == 1 {
            let is_wide = self.outputs.stride() > NARROW;
            return if is_wide { self.wide() } else { self.columns(simd) };
        }
        let Self { inputs, mut outputs, first, pixels, of_batch, epsilon, .. } = self;
        let Self { mean, variance, weight, bias, .. } = self;
        let (length, samples) = (outputs.stride(), outputs.columns());
        let numbers = count::<T>(samples * pixels);
        let most = channels_at_a_time(samples, pixels);
        for at in (0..mean.len()).step_by(most) {
            let some = at..(at + most).min(mean.len());
            let (mean, variance) = (&mut mean[some.clone()], &mut variance[some.clone()]);
            let start = (first + at) * pixels;
            let channels = some.len();
            let planes = Planes { x: inputs, g: inputs, length, start, channels, pixels };
            if of_batch {
                let totals = planes.sums::<Numbers, S>(simd, mean);
                for (mean, [total, _]) in mean.iter_mut().zip(totals) {
                    *mean = T::nearest(total) / numbers;
                }
                let totals = planes.sums::<Squares, S>(simd, mean);
                for (variance, [total, _]) in variance.iter_mut().zip(totals) {
                    *variance = T::nearest(total) / numbers;
                }
            }
            for (sample, input) in inputs.chunks_exact(length).enumerate() {
                let input = &input[start..start + channels * pixels];
                let output = &mut outputs.column(sample)[at * pixels..][..channels * pixels];
                let both = input.chunks_exact(pixels).zip(output.chunks_exact_mut(pixels));
                for (channel, (x, y)) in both.enumerate() {
                    let scale = weight[at + channel] * inverse(variance[channel], epsilon);
                    normalize(simd, x, y, [mean[channel], scale, bias[at + channel]]);
                }
            }
        }
    }
}

impl<T: Element> WithSimd for BatchNormBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.pixels == 1 {
            return if self.length > NARROW { self.wide() } else { self.columns(simd) };
        }
        let Self { inputs, output_gradient, mut input_gradient, length, first, .. } = self;
        let Self { pixels, mean, variance, of_batch, weight, epsilon, .. } = self;
        let Self { weight_gradient, bias_gradient, .. } = self;
        let samples = inputs.len() / length;
        let numbers = count::<T>(samples * pixels);
        let most = channels_at_a_time(2 * samples, pixels);
        for at in (0..mean.len()).step_by(most) {
            let some = at..(at + most).min(mean.len());
            let start = (first + at) * pixels;
            let (x, g, channels) = (inputs, output_gradient, some.len());
            let planes = Planes { x, g, length, start, channels, pixels };
            let totals = planes.sums::<Products, S>(simd, &mean[some.clone()]);
            for (channel, [sum, products]) in some.clone().zip(totals) {
                bias_gradient[channel] = T::nearest(sum);
                weight_gradient[channel] =
                    T::nearest(products) * inverse(variance[channel], epsilon);
            }
            let Some(input_gradient) = &mut input_gradient else { continue };
            let batch = inputs.chunks_exact(length).zip(output_gradient.chunks_exact(length));
            for (sample, (x, g)) in batch.enumerate() {
                let column = input_gradient.column(sample);
                for channel in some.clone() {
                    let place = (first + channel) * pixels;
                    let (x, g) = (&x[place..place + pixels], &g[place..place + pixels]);
                    let to = &mut column[channel * pixels..][..pixels];
                    let inverse = inverse(variance[channel], epsilon);
                    let scale = weight[channel] * inverse;
                    let (mean_g, slope) = if of_batch {
                        (
                            bias_gradient[channel] / numbers,
                            weight_gradient[channel] / numbers * inverse,
                        )
                    } else {
                        (T::zero(), T::zero())
                    };
                    let factors = [mean[channel], mean_g, slope, scale]
                        .map(|number| Vector::splat(simd, number));
                    input_gradients(simd, [x, g], to, factors, of_batch);
                }
            }
        }
    }
}

/// [`input_gradient`] for a plane. What does not depend on the inputs is not NaN where these are infinite.
#[inline(always)]
fn input_gradients<T: Element, S: Simd>(
    simd: S,
    [x, g]: [&[T]; 2],
    to: &mut [T],
    factors: [Vector<T, S>; 4],
    of_batch: bool,
) {
    let lanes = Vector::<T, S>::LANES;
    let planes = x.chunks_exact(lanes).zip(g.chunks_exact(lanes));
    for ((x, g), to) in planes.zip(to.chunks_exact_mut(lanes)) {
        let g = Vector::load(simd, g);
        let gradient = if of_batch {
            input_gradient(Vector::load(simd, x), g, factors)
        } else {
            g * factors[3]
        };
        gradient.store(to);
    }
    if !x.len().is_multiple_of(lanes) {
        let g = last(simd, g);
        let gradient =
            if of_batch { input_gradient(last(simd, x), g, factors) } else { g * factors[3] };
        store_last(gradient, to);
    }
}

/// Some neighbouring channels of a batch, each one number of a sample: `N` vectors of them, or less than a vector.
#[derive(Clone, Copy)]
struct Columns<'a, T> {
    x: &'a [T],
    g: &'a [T],
    /// Numbers of a sample.
    length: usize,
    /// The place of the first channel in a sample.
    start: usize,
    channels: usize,
}

impl<T: Element> Columns<'_, T> {
    /// The channels of a sample.
    #[inline(always)]
    fn load<S: Simd, const N: usize>(
        self,
        simd: S,
        batch: &[T],
        sample: usize,
    ) -> [Vector<T, S>; N] {
        let first = sample * self.length + self.start;
        load_columns(simd, &batch[first..first + self.channels])
    }

    /// The two sums of each channel, of up to [`WIDE`] ones.
    #[inline(always)]
    fn wide_sums<W: Term>(self, mean: &[T]) -> [[f64; WIDE]; 2] {
        let Self { length, start, channels, .. } = self;
        let (x, g, mean) = (&self.x[start..], &self.g[start..], &mean[..channels]);
        let samples = self.x.len() / length;
        let mut totals = [[0.0; WIDE]; 2];
        for first in (0..samples).step_by(ROWS_PER_BLOCK) {
            let last = (first + ROWS_PER_BLOCK).min(samples);
            let mut sums = [[T::zero(); WIDE]; 2];
            let mut sample = first;
            while sample + SUMS <= last {
                add_rows::<W, T, SUMS>(&mut sums, [x, g], sample * length, length, mean);
                sample += SUMS;
            }
            for sample in sample..last {
                add_rows::<W, T, 1>(&mut sums, [x, g], sample * length, length, mean);
            }
            for (totals, sums) in totals.iter_mut().zip(&sums) {
                for (total, sum) in totals[..channels].iter_mut().zip(sums) {
                    *total += sum.wide();
                }
            }
        }
        totals
    }

    /// The two sums of each channel.
    #[inline(always)]
    fn sums<W: Term, S: Simd, const N: usize>(
        self,
        simd: S,
        mean: [Vector<T, S>; N],
    ) -> [[[f64; MOST_LANES]; 2]; N] {
        let Self { x, g, length, .. } = self;
        let samples = x.len() / length;
        let mut totals = [[[0.0; MOST_LANES]; 2]; N];
        for first in (0..samples).step_by(ROWS_PER_BLOCK) {
            let last = (first + ROWS_PER_BLOCK).min(samples);
            let mut registers = [zeros(simd); N];
            let mut sample = first;
            while sample + SUMS <= last {
                for phase in 0..SUMS {
                    let x = self.load::<S, N>(simd, x, sample + phase);
                    let g = self.load::<S, N>(simd, g, sample + phase);
                    for n in 0..N {
                        registers[n][phase] =
                            W::add(registers[n][phase], x[n], g[n], mean[n], None);
                    }
                }
                sample += SUMS;
            }
            for sample in sample..last {
                let x = self.load::<S, N>(simd, x, sample);
                let g = self.load::<S, N>(simd, g, sample);
                for n in 0..N {
                    registers[n][0] = W::add(registers[n][0], x[n], g[n], mean[n], None);
                }
            }
            for n in 0..N {
                for (totals, sums) in totals[n].iter_mut().zip(together(&registers[n])) {
                    for (total, sum) in totals.iter_mut().zip(sums.as_slice()) {
                        *total += sum.wide();
                    }
                }
            }
        }
        totals
    }
}

/// Adds the terms of some rows, from the place `first` on, to the sums of their channels.
#[inline(always)]
fn add_rows<W: Term, T: Element, const ROWS: usize>(
    sums: &mut [[T; WIDE]; 2],
    [x, g]: [&[T]; 2],
    first: usize,
    length: usize,
    mean: &[T],
) {
    let mut rows = [[mean; 2]; ROWS];
    for row in 0..ROWS {
        let place = first + row * length;
        rows[row] = [x, g].map(|batch| &batch[place..place + mean.len()]);
    }
    let [firsts, seconds] = sums;
    let (firsts, seconds) = (&mut firsts[..mean.len()], &mut seconds[..mean.len()]);
    for channel in 0..mean.len() {
        let mut terms = [[T::zero(); 2]; ROWS];
        for row in 0..ROWS {
            let [x, g] = rows[row];
            terms[row] = W::of(x[channel], g[channel], mean[channel]);
        }
        // Pairwise: each addition waits for the one before.
        let mut rows = ROWS;
        while rows > 1 {
            rows /= 2;
            for row in 0..rows {
                terms[row][0] += terms[row + rows][0];
                terms[row][1] += terms[row + rows][1];
            }
        }
        firsts[channel] += terms[0][0];
        if W::SECOND {
            seconds[channel] += terms[0][1];
        }
    }
}

/// `N` vectors, or, where there are fewer numbers, one.
#[inline(always)]
fn load_columns<T: Element, S: Simd, const N: usize>(simd: S, numbers: &[T]) -> [Vector<T, S>; N] {
    let lanes = Vector::<T, S>::LANES;
    if numbers.len() < lanes {
        return [Vector::load_partial(simd, numbers); N];
    }
    let numbers = &numbers[..N * lanes];
    core::array::from_fn(|n| Vector::load(simd, &numbers[n * lanes..]))
}

#[inline(always)]
fn store_columns<T: Element, S: Simd, const N: usize>(
    vectors: [Vector<T, S>; N],
    numbers: &mut [T],
) {
    let lanes = Vector::<T, S>::LANES;
    if numbers.len() < lanes {
        return vectors[0].store_partial(numbers);
    }
    for (vector, numbers) in vectors.into_iter().zip(numbers.chunks_exact_mut(lanes)) {
        vector.store(numbers);
    }
}

/// The sums of blocks, rounded.
#[inline(always)]
fn narrow<T: Element, S: Simd, const N: usize>(
    simd: S,
    totals: &[[[f64; MOST_LANES]; 2]; N],
    which: usize,
) -> [Vector<T, S>; N] {
    core::array::from_fn(|n| {
        let mut vector = Vector::splat(simd, T::zero());
        for (number, total) in vector.as_mut_slice().iter_mut().zip(totals[n][which]) {
            *number = T::nearest(total);
        }
        vector
    })
}

/// [`inverse`]
#[inline(always)]
fn inverses<T: Element, S: Simd>(variance: Vector<T, S>, epsilon: f64) -> Vector<T, S> {
    let root = (variance + variance.constant(epsilon)).sqrt();
    variance.constant(1.0) / root + variance * variance.constant(0.0)
}

/// The blocks that some channels are taken in, where each is one number of a sample: pairs of vectors, a vector, and the last vector, which may begin inside of
/// the one before it, or what is less than one.
#[inline(always)]
fn block_at(at: usize, channels: usize, lanes: usize) -> (usize, usize) {
    let left = channels - at;
    if left >= COLUMNS * lanes {
        (at, COLUMNS * lanes)
    } else if left >= lanes {
        (at, lanes)
    } else if channels >= lanes {
        (channels - lanes, lanes)
    } else {
        (at, left)
    }
}

impl<T: Element> BatchNormForward<'_, T> {
    /// Channels of one number of a sample, of which there are many.
    #[inline(always)]
    fn wide(self) {
        let Self { inputs, mut outputs, first, of_batch, epsilon, .. } = self;
        let Self { mean, variance, weight, bias, .. } = self;
        let length = outputs.stride();
        let numbers = count::<T>(outputs.columns());
        for at in (0..mean.len()).step_by(WIDE) {
            let some = at..(at + WIDE).min(mean.len());
            let (start, channels) = (first + at, some.len());
            let columns = Columns { x: inputs, g: inputs, length, start, channels };
            let (mean, variance) = (&mut mean[some.clone()], &mut variance[some.clone()]);
            if of_batch {
                let [totals, _] = columns.wide_sums::<Numbers>(mean);
                for (mean, total) in mean.iter_mut().zip(totals) {
                    *mean = T::nearest(total) / numbers;
                }
                let [totals, _] = columns.wide_sums::<Squares>(mean);
                for (variance, total) in variance.iter_mut().zip(totals) {
                    *variance = T::nearest(total) / numbers;
                }
            }
            let (weight, shift) = (&weight[some.clone()], &bias[some.clone()]);
            let mut scale = [T::zero(); WIDE];
            for (scale, (weight, variance)) in scale.iter_mut().zip(weight.iter().zip(&*variance)) {
                *scale = *weight * inverse(*variance, epsilon);
            }
            let (mean, scale) = (&mean[..channels], &scale[..channels]);
            for (sample, input) in inputs.chunks_exact(length).enumerate() {
                let x = &input[start..start + channels];
                let y = &mut outputs.column(sample)[some.clone()];
                let factors = mean.iter().zip(scale.iter().zip(shift));
                for ((y, x), (mean, (scale, shift))) in y.iter_mut().zip(x).zip(factors) {
                    *y = (*x - *mean) * *scale + *shift;
                }
            }
        }
    }

    #[inline(always)]
    fn columns<S: Simd>(mut self, simd: S) {
        let (lanes, channels) = (Vector::<T, S>::LANES, self.mean.len());
        let mut at = 0;
        while at < channels {
            let (start, width) = block_at(at, channels, lanes);
            if width > lanes {
                self.block::<S, COLUMNS>(simd, start, width);
            } else {
                self.block::<S, 1>(simd, start, width);
            }
            at = start + width;
        }
    }

    #[inline(always)]
    fn block<S: Simd, const N: usize>(&mut self, simd: S, at: usize, channels: usize) {
        let (length, samples) = (self.outputs.stride(), self.outputs.columns());
        let some = at..at + channels;
        let start = self.first + at;
        let columns = Columns { x: self.inputs, g: self.inputs, length, start, channels };
        if self.of_batch {
            let numbers = Vector::splat(simd, count(samples));
            let zero = [Vector::splat(simd, T::zero()); N];
            let totals = columns.sums::<Numbers, S, N>(simd, zero);
            let mean = narrow(simd, &totals, 0).map(|sum| sum / numbers);
            store_columns(mean, &mut self.mean[some.clone()]);
            let totals = columns.sums::<Squares, S, N>(simd, mean);
            let variance = narrow(simd, &totals, 0).map(|sum| sum / numbers);
            store_columns(variance, &mut self.variance[some.clone()]);
        }
        let mean: [_; N] = load_columns(simd, &self.mean[some.clone()]);
        let variance: [_; N] = load_columns(simd, &self.variance[some.clone()]);
        let weight: [_; N] = load_columns(simd, &self.weight[some.clone()]);
        let shift: [_; N] = load_columns(simd, &self.bias[some.clone()]);
        let scale: [_; N] =
            core::array::from_fn(|n| weight[n] * inverses(variance[n], self.epsilon));
        for sample in 0..samples {
            let x = columns.load::<S, N>(simd, self.inputs, sample);
            let y = core::array::from_fn(|n| (x[n] - mean[n]) * scale[n] + shift[n]);
            store_columns::<T, S, N>(y, &mut self.outputs.column(sample)[some.clone()]);
        }
    }
}

impl<T: Element> BatchNormBackward<'_, T> {
    /// Channels of one number of a sample, of which there are many.
    #[inline(always)]
    fn wide(self) {
        let Self { inputs, output_gradient, mut input_gradient, length, first, .. } = self;
        let Self { mean, variance, of_batch, weight, epsilon, .. } = self;
        let Self { weight_gradient, bias_gradient, .. } = self;
        let numbers = count::<T>(inputs.len() / length);
        for at in (0..mean.len()).step_by(WIDE) {
            let some = at..(at + WIDE).min(mean.len());
            let (start, channels) = (first + at, some.len());
            let columns = Columns { x: inputs, g: output_gradient, length, start, channels };
            let (mean, variance) = (&mean[some.clone()], &variance[some.clone()]);
            let totals = columns.wide_sums::<Products>(mean);
            let mut factors = [[T::zero(); WIDE]; 3];
            for channel in 0..channels {
                let inverse = inverse(variance[channel], epsilon);
                let sum = T::nearest(totals[0][channel]);
                let products = T::nearest(totals[1][channel]) * inverse;
                bias_gradient[at + channel] = sum;
                weight_gradient[at + channel] = products;
                factors[0][channel] = sum / numbers;
                factors[1][channel] = products / numbers * inverse;
                factors[2][channel] = weight[at + channel] * inverse;
            }
            let Some(input_gradient) = &mut input_gradient else { continue };
            let [mean_g, slope, scale] = factors.each_ref().map(|factors| &factors[..channels]);
            let batch = inputs.chunks_exact(length).zip(output_gradient.chunks_exact(length));
            for (sample, (x, g)) in batch.enumerate() {
                let (x, g) = (&x[start..start + channels], &g[start..start + channels]);
                let to = &mut input_gradient.column(sample)[some.clone()];
                for channel in 0..channels {
                    let g = g[channel];
                    to[channel] = if of_batch {
                        let off = (x[channel] - mean[channel]) * slope[channel];
                        (g - mean_g[channel] - off) * scale[channel]
                    } else {
                        g * scale[channel]
                    };
                }
            }
        }
    }

    #[inline(always)]
    fn columns<S: Simd>(mut self, simd: S) {
        let (lanes, channels) = (Vector::<T, S>::LANES, self.mean.len());
        let mut at = 0;
        while at < channels {
            let (start, width) = block_at(at, channels, lanes);
            if width > lanes {
                self.block::<S, COLUMNS>(simd, start, width);
            } else {
                self.block::<S, 1>(simd, start, width);
            }
            at = start + width;
        }
    }

    #[inline(always)]
    fn block<S: Simd, const N: usize>(&mut self, simd: S, at: usize, channels: usize) {
        let Self { inputs: x, output_gradient: g, length, .. } = *self;
        let samples = x.len() / length;
        let some = at..at + channels;
        let start = self.first + at;
        let columns = Columns { x, g, length, start, channels };
        let mean: [_; N] = load_columns(simd, &self.mean[some.clone()]);
        let variance: [_; N] = load_columns(simd, &self.variance[some.clone()]);
        let weight: [_; N] = load_columns(simd, &self.weight[some.clone()]);
        let inverse = variance.map(|variance| inverses(variance, self.epsilon));
        let totals = columns.sums::<Products, S, N>(simd, mean);
        let sums: [_; N] = narrow(simd, &totals, 0);
        let products: [_; N] = narrow(simd, &totals, 1);
        let products: [_; N] = core::array::from_fn(|n| products[n] * inverse[n]);
        store_columns(sums, &mut self.bias_gradient[some.clone()]);
        store_columns(products, &mut self.weight_gradient[some.clone()]);
        let Some(input_gradients) = &mut self.input_gradient else { return };
        let numbers = Vector::splat(simd, count(samples));
        let factors: [_; N] = core::array::from_fn(|n| {
            let slope = products[n] / numbers * inverse[n];
            [mean[n], sums[n] / numbers, slope, weight[n] * inverse[n]]
        });
        for sample in 0..samples {
            let x = columns.load::<S, N>(simd, x, sample);
            let g = columns.load::<S, N>(simd, g, sample);
            let to = core::array::from_fn(|n| {
                if self.of_batch {
                    input_gradient(x[n], g[n], factors[n])
                } else {
                    g[n] * factors[n][3]
                }
            });
            store_columns::<T, S, N>(to, &mut input_gradients.column(sample)[some.clone()]);
        }
    }
}

/// Where to cut some channels.
fn cut_channels(channels: usize, pixels: usize, part: usize, whole: usize) -> usize {
    cut(channels, if pixels == 1 { CUT } else { 1 }, part, whole)
}

impl<T: Element> Split for BatchNormForward<'_, T> {
    fn run(self) {
        dispatch(self);
    }

    fn multiply_adds(&self) -> usize {
        // Three passes, of a few products each.
        16 * self.outputs.rows() * self.outputs.columns()
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let count = cut_channels(self.mean.len(), self.pixels, part, whole);
        let (outputs, other_outputs) = self.outputs.split_rows(count * self.pixels);
        let (mean, other_mean) = self.mean.split_at_mut(count);
        let (variance, other_variance) = self.variance.split_at_mut(count);
        let (weight, other_weight) = self.weight.split_at(count);
        let (bias, other_bias) = self.bias.split_at(count);
        (
            Self { outputs, mean, variance, weight, bias, ..self },
            Self {
                outputs: other_outputs,
                first: self.first + count,
                mean: other_mean,
                variance: other_variance,
                weight: other_weight,
                bias: other_bias,
                ..self
            },
        )
    }
}

impl<T: Element> Split for BatchNormBackward<'_, T> {
    fn run(self) {
        dispatch(self);
    }

    fn multiply_adds(&self) -> usize {
        16 * self.mean.len() * self.pixels * (self.inputs.len() / self.length)
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let count = cut_channels(self.mean.len(), self.pixels, part, whole);
        let (input_gradient, other_input_gradient) =
            self.input_gradient.map(|gradient| gradient.split_rows(count * self.pixels)).unzip();
        let (mean, other_mean) = self.mean.split_at(count);
        let (variance, other_variance) = self.variance.split_at(count);
        let (weight, other_weight) = self.weight.split_at(count);
        let (weight_gradient, other_weight_gradient) = self.weight_gradient.split_at_mut(count);
        let (bias_gradient, other_bias_gradient) = self.bias_gradient.split_at_mut(count);
        (
            Self { input_gradient, mean, variance, weight, weight_gradient, bias_gradient, ..self },
            Self {
                input_gradient: other_input_gradient,
                first: self.first + count,
                mean: other_mean,
                variance: other_variance,
                weight: other_weight,
                weight_gradient: other_weight_gradient,
                bias_gradient: other_bias_gradient,
                ..self
            },
        )
    }
}
