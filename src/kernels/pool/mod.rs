//! Max-pools and average-pools: y(c, p) is the largest number, or the mean, of the window p of channel c. `plan` chooses the kernel of a
//! max-pool; `max2x2` is that of the usual one.

pub(crate) mod max2x2;
pub(crate) mod plan;

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::kernels::entry::Entry;
use crate::kernels::geometry::Geometry;
#[cfg(feature = "train")]
use crate::kernels::pool::max2x2::MaxPool2x2Gradient;
use crate::kernels::pool::max2x2::{MaxPool2x2, Planes};
#[cfg(feature = "train")]
use crate::kernels::pool::plan::gradient_starts_at_zero;
use crate::kernels::pool::plan::{LANES_TAPS, LONG_MEAN, MaxPlan};
use crate::simd::{Isa, MOST_LANES, Registers, Vector};

/// The largest number of each window, for all samples.
pub(crate) struct MaxWindows<'a, T, K> {
    pub inputs: &'a [T],
    pub outputs: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The gradient of [`MaxWindows`].
#[cfg(feature = "train")]
pub(crate) struct MaxWindowsGradient<'a, T, K> {
    pub inputs: &'a [T],
    pub output_gradient: &'a [T],
    pub input_gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The mean of each window, for all samples: of all its numbers, with zeros beyond the edges of the image, if the padding counts, and else of those
/// that are on the image.
pub(crate) struct AvgWindows<'a, T, K, const COUNT_PAD: bool> {
    pub inputs: &'a [T],
    pub outputs: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The gradient of [`AvgWindows`].
#[cfg(feature = "train")]
pub(crate) struct AvgWindowsGradient<'a, T, K, const COUNT_PAD: bool> {
    pub output_gradient: &'a [T],
    pub input_gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The larger number, or NaN if one is.
#[inline(always)]
fn larger<T: Entry>(a: T, b: T) -> T {
    if b > a || is_nan(b) { b } else { a }
}

#[inline(always)]
#[expect(clippy::eq_op, reason = "a comparison of vectors; `is_nan` is a function of the bits")]
fn is_nan<T: Entry>(a: T) -> bool {
    a != a
}

/// Where in its plane tap (ky, kx) of the window of output pixel (y, x) is, if it is inside. It is known to be where nothing is padded.
#[inline(always)]
fn at<K: Geometry>(y: usize, x: usize, ky: usize, kx: usize) -> Option<usize> {
    let row = K::row(y, ky)?;
    let column = K::column(x, kx)?;
    Some(row * K::WIDTH + column)
}

/// The planes that `numbers` numbers are.
#[inline(always)]
fn planes<K: Geometry>(numbers: usize) -> Planes {
    Planes { count: numbers / K::PLANE, rows: K::HEIGHT, columns: K::WIDTH }
}

/// As many windows as a vector has lanes, in the order of the output: where in the plane the first number of each is.
#[derive(Clone, Copy)]
struct Windows {
    at: [usize; MOST_LANES],
}

impl Windows {
    /// As many as a vector has lanes, from output pixel `first` on.
    #[inline(always)]
    fn from<T: Entry, S: Simd, K: Geometry>(first: usize) -> Self {
        let mut at = [0; MOST_LANES];
        for lane in 0..Vector::<T, S>::LANES {
            let (y, x) = ((first + lane) / K::COLUMNS, (first + lane) % K::COLUMNS);
            at[lane] = y * K::STRIDE[0] * K::WIDTH + x * K::STRIDE[1];
        }
        Self { at }
    }

    /// Where a tap is, from the first number of its window on.
    #[inline(always)]
    fn tap<K: Geometry>(tap: usize) -> usize {
        let (ky, kx) = (tap / K::KERNEL[1], tap % K::KERNEL[1]);
        ky * K::DILATION[0] * K::WIDTH + kx * K::DILATION[1]
    }

    /// The first output pixel of the vector after the one from `first` on; the last vector overlaps the one before it.
    #[inline(always)]
    fn next<T: Entry, S: Simd, K: Geometry>(first: usize) -> usize {
        let (lanes, end) = (Vector::<T, S>::LANES, K::PIXELS);
        if first + lanes < end { (first + lanes).min(end - lanes) } else { end }
    }

    /// One tap of each window.
    ///
    /// # Safety
    ///
    /// The windows must be inside the plane.
    #[inline(always)]
    unsafe fn load<T: Entry, S: Simd>(self, simd: S, plane: &[T], tap: usize) -> Vector<T, S> {
        let mut numbers = Vector::splat(simd, T::zero());
        for (lane, number) in numbers.as_mut_slice().iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *number = unsafe { *plane.get_unchecked(self.at[lane] + tap) };
        }
        numbers
    }

    /// Writes one tap of each window.
    ///
    /// # Safety
    ///
    /// The windows must be inside the plane.
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn store<T: Entry, S: Simd>(self, plane: &mut [T], tap: usize, numbers: Vector<T, S>) {
        for (lane, number) in numbers.as_slice().iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { *plane.get_unchecked_mut(self.at[lane] + tap) = *number };
        }
    }

    /// All taps of each window, and the largest, as [`larger`] has it.
    ///
    /// # Safety
    ///
    /// The windows must be inside the plane.
    #[inline(always)]
    unsafe fn largest<T: Entry, S: Simd, K: Geometry>(
        self,
        simd: S,
        plane: &[T],
    ) -> ([Vector<T, S>; LANES_TAPS], Vector<T, S>) {
        // SAFETY: the caller's promise.
        let mut largest = unsafe { self.load(simd, plane, 0) };
        let mut numbers = [largest; LANES_TAPS];
        for tap in 1..K::TAPS.min(LANES_TAPS) {
            // SAFETY: the caller's promise.
            let number = unsafe { self.load(simd, plane, Self::tap::<K>(tap)) };
            let larger = largest.less_than(number).select(number, largest);
            largest = number.equal(number).select(larger, number);
            numbers[tap] = number;
        }
        (numbers, largest)
    }
}

impl<T: Entry, K: Geometry> WithSimd for MaxWindows<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match const { MaxPlan::of(K::SIZES, Registers::of::<T, S>()) } {
            MaxPlan::Max2x2 => {
                let Self { inputs, outputs, .. } = self;
                let planes = planes::<K>(inputs.len());
                T::max_pool_2x2(Isa::of(simd), MaxPool2x2 { planes, inputs, outputs });
            }
            MaxPlan::Lanes => self.lanes(simd),
            MaxPlan::Each => self.each(),
        }
    }
}

impl<T: Entry, K: Geometry> MaxWindows<'_, T, K> {
    #[inline(always)]
    fn lanes<S: Simd>(self, simd: S) {
        let inputs = self.inputs.chunks_exact(K::INPUT_LEN);
        let outputs = self.outputs.chunks_exact_mut(K::INPUTS * K::PIXELS);
        for (input, output) in inputs.zip(outputs) {
            let mut first = 0;
            while first < K::PIXELS {
                let windows = Windows::from::<T, S, K>(first);
                for channel in 0..K::INPUTS {
                    let to = &mut output[channel * K::PIXELS + first..];
                    // SAFETY: nothing is padded, so all windows are inside.
                    let (_, largest) =
                        unsafe { windows.largest::<T, S, K>(simd, &input[channel * K::PLANE..]) };
                    largest.store(to);
                }
                first = Windows::next::<T, S, K>(first);
            }
        }
    }

    #[inline(always)]
    fn each(self) {
        let inputs = self.inputs.chunks_exact(K::PLANE);
        let outputs = self.outputs.chunks_exact_mut(K::PIXELS);
        for (input, output) in inputs.zip(outputs) {
            for (y, output) in output.chunks_exact_mut(K::COLUMNS).enumerate() {
                for x in 0..K::COLUMNS {
                    output[x] = largest::<T, K>(input, y, x);
                }
            }
        }
    }
}

/// The largest number of a window, or NaN if one is.
#[inline(always)]
fn largest<T: Entry, K: Geometry>(plane: &[T], y: usize, x: usize) -> T {
    let mut largest = T::neg_infinity();
    for ky in 0..K::KERNEL[0] {
        for kx in 0..K::KERNEL[1] {
            if let Some(at) = at::<K>(y, x, ky, kx) {
                largest = larger(largest, plane[at]);
            }
        }
    }
    largest
}

#[cfg(feature = "train")]
impl<T: Entry, K: Geometry> WithSimd for MaxWindowsGradient<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if const { gradient_starts_at_zero(&K::SIZES, Registers::of::<T, S>()) } {
            self.input_gradient.fill(T::zero());
        }
        match const { MaxPlan::of_gradient(K::SIZES, Registers::of::<T, S>()) } {
            MaxPlan::Max2x2 => {
                let Self { inputs, output_gradient, input_gradient, .. } = self;
                let planes = planes::<K>(inputs.len());
                let pool = MaxPool2x2Gradient { planes, inputs, output_gradient, input_gradient };
                T::max_pool_2x2_gradient(Isa::of(simd), pool);
            }
            MaxPlan::Lanes => self.lanes(simd),
            MaxPlan::Each => self.each(),
        }
    }
}

#[cfg(feature = "train")]
impl<T: Entry, K: Geometry> MaxWindowsGradient<'_, T, K> {
    #[inline(always)]
    fn lanes<S: Simd>(self, simd: S) {
        let zero = Vector::splat(simd, T::zero());
        let inputs = self.inputs.chunks_exact(K::INPUT_LEN);
        let gradients = self.input_gradient.chunks_exact_mut(K::INPUT_LEN);
        let outputs = self.output_gradient.chunks_exact(K::INPUTS * K::PIXELS);
        for ((input, to), output) in inputs.zip(gradients).zip(outputs) {
            let mut first = 0;
            while first < K::PIXELS {
                let windows = Windows::from::<T, S, K>(first);
                for channel in 0..K::INPUTS {
                    let (input, to) = (&input[channel * K::PLANE..], &mut to[channel * K::PLANE..]);
                    // What is left of the gradient: nothing after the first number that is the largest.
                    let mut rest = Vector::load(simd, &output[channel * K::PIXELS + first..]);
                    // SAFETY: nothing is padded, so all windows are inside.
                    unsafe {
                        let (numbers, largest) = windows.largest::<T, S, K>(simd, input);
                        for tap in 0..K::TAPS.min(LANES_TAPS) {
                            let number = numbers[tap];
                            let (hit, nan) = (number.equal(largest), number.equal(number));
                            let gradient = nan.select(hit.select(rest, zero), rest);
                            rest = nan.select(hit.select(zero, rest), zero);
                            windows.store(to, Windows::tap::<K>(tap), gradient);
                        }
                    }
                }
                first = Windows::next::<T, S, K>(first);
            }
        }
    }

    #[inline(always)]
    fn each(self) {
        let inputs = self.inputs.chunks_exact(K::PLANE);
        let gradients = self.input_gradient.chunks_exact_mut(K::PLANE);
        let outputs = self.output_gradient.chunks_exact(K::PIXELS);
        for ((input, to), output) in inputs.zip(gradients).zip(outputs) {
            for (y, output) in output.chunks_exact(K::COLUMNS).enumerate() {
                for x in 0..K::COLUMNS {
                    let largest = largest::<T, K>(input, y, x);
                    // What is left of the gradient: nothing after the first number that is the largest.
                    let mut rest = output[x];
                    for ky in 0..K::KERNEL[0] {
                        for kx in 0..K::KERNEL[1] {
                            if let Some(at) = at::<K>(y, x, ky, kx) {
                                let number = input[at];
                                let hit = number == largest || is_nan(number);
                                to[at] += if hit { rest } else { T::zero() };
                                rest = if hit { T::zero() } else { rest };
                            }
                        }
                    }
                }
            }
        }
    }
}

/// 1 / n, where n is how many numbers of the window of output pixel (y, x) count.
#[inline(always)]
fn weight<T: Entry, K: Geometry, const COUNT_PAD: bool>(y: usize, x: usize) -> T {
    let count = if COUNT_PAD || !K::IS_PADDED {
        K::TAPS
    } else {
        let rows = (0..K::KERNEL[0]).filter(|ky| K::row(y, *ky).is_some()).count();
        let columns = (0..K::KERNEL[1]).filter(|kx| K::column(x, *kx).is_some()).count();
        // A window that sees nothing of the image has the sum 0, whatever that is divided by.
        (rows * columns).max(1)
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of numbers in a window")]
    let count = count as f64;
    T::nearest(1.0 / count)
}

impl<T: Entry, K: Geometry, const COUNT_PAD: bool> WithSimd for AvgWindows<'_, T, K, COUNT_PAD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let inputs = self.inputs.chunks_exact(K::PLANE);
        let outputs = self.outputs.chunks_exact_mut(K::PIXELS);
        for (input, output) in inputs.zip(outputs) {
            for (y, output) in output.chunks_exact_mut(K::COLUMNS).enumerate() {
                for x in 0..K::COLUMNS {
                    if K::TAPS > LONG_MEAN {
                        // No slower than in its own type: the latency of the additions is what takes the time.
                        let mut sum = 0.0;
                        for ky in 0..K::KERNEL[0] {
                            for kx in 0..K::KERNEL[1] {
                                if let Some(at) = at::<K>(y, x, ky, kx) {
                                    sum += input[at].wide();
                                }
                            }
                        }
                        output[x] = T::nearest(sum) * weight::<T, K, COUNT_PAD>(y, x);
                        continue;
                    }
                    let mut sum = T::zero();
                    for ky in 0..K::KERNEL[0] {
                        for kx in 0..K::KERNEL[1] {
                            if let Some(at) = at::<K>(y, x, ky, kx) {
                                sum += input[at];
                            }
                        }
                    }
                    output[x] = sum * weight::<T, K, COUNT_PAD>(y, x);
                }
            }
        }
    }
}

#[cfg(feature = "train")]
impl<T: Entry, K: Geometry, const COUNT_PAD: bool> WithSimd
    for AvgWindowsGradient<'_, T, K, COUNT_PAD>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.input_gradient.fill(T::zero());
        let plane = K::PLANE;
        let gradients = self.input_gradient.chunks_exact_mut(plane);
        let outputs = self.output_gradient.chunks_exact(K::PIXELS);
        for (to, output) in gradients.zip(outputs) {
            for (y, output) in output.chunks_exact(K::COLUMNS).enumerate() {
                for x in 0..K::COLUMNS {
                    let gradient = output[x] * weight::<T, K, COUNT_PAD>(y, x);
                    for ky in 0..K::KERNEL[0] {
                        for kx in 0..K::KERNEL[1] {
                            if let Some(at) = at::<K>(y, x, ky, kx) {
                                to[at] += gradient;
                            }
                        }
                    }
                }
            }
        }
    }
}
