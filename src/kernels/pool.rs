//! The largest number of each window, and the mean of each window, one channel after the other.
//!
//! Where windows stay inside the image, the loop over a row of them has no branch, and the compiler makes vectors of it.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::Scalar;
use super::convolution::{Geometry, Sizes};

/// The largest number of each window, for all samples.
pub(crate) struct MaxWindows<'a, T, K> {
    pub inputs: &'a [T],
    pub outputs: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The gradient of [`MaxWindows`].
#[cfg(feature = "std")]
pub(crate) struct MaxWindowsGradient<'a, T, K> {
    pub inputs: &'a [T],
    pub output_gradient: &'a [T],
    pub input_gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The mean of each window, for all samples.
pub(crate) struct AvgWindows<'a, T, K> {
    pub inputs: &'a [T],
    pub outputs: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The gradient of [`AvgWindows`].
#[cfg(feature = "std")]
pub(crate) struct AvgWindowsGradient<'a, T, K> {
    pub output_gradient: &'a [T],
    pub input_gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

/// The larger number, or NaN if one is.
#[inline(always)]
fn larger<T: Scalar>(a: T, b: T) -> T {
    if b > a || is_nan(b) { b } else { a }
}

#[inline(always)]
#[expect(clippy::eq_op, reason = "a comparison of vectors; `is_nan` is a function of the bits")]
fn is_nan<T: Scalar>(a: T) -> bool {
    a != a
}

/// Where a number of a window is in its plane, if it is in it. A constant says so for all where nothing is padded.
#[inline(always)]
fn at<K: Geometry>(y: usize, x: usize, ky: usize, kx: usize) -> Option<usize> {
    let row = Sizes::<K>::row(y, ky)?;
    let column = Sizes::<K>::column(x, kx)?;
    Some(row * Sizes::<K>::WIDTH + column)
}

impl<T: Scalar, K: Geometry> WithSimd for MaxWindows<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let inputs = self.inputs.chunks_exact(Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH);
        let outputs = self.outputs.chunks_exact_mut(Sizes::<K>::POSITIONS);
        for (input, output) in inputs.zip(outputs) {
            for (y, output) in output.chunks_exact_mut(Sizes::<K>::COLUMNS).enumerate() {
                for x in 0..Sizes::<K>::COLUMNS {
                    let mut largest = T::neg_infinity();
                    for ky in 0..K::KERNEL[0] {
                        for kx in 0..K::KERNEL[1] {
                            if let Some(at) = at::<K>(y, x, ky, kx) {
                                largest = larger(largest, input[at]);
                            }
                        }
                    }
                    output[x] = largest;
                }
            }
        }
    }
}

#[cfg(feature = "std")]
impl<T: Scalar, K: Geometry> WithSimd for MaxWindowsGradient<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let plane = Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH;
        self.input_gradient.fill(T::zero());
        let inputs = self.inputs.chunks_exact(plane);
        let gradients = self.input_gradient.chunks_exact_mut(plane);
        let outputs = self.output_gradient.chunks_exact(Sizes::<K>::POSITIONS);
        for ((input, to), output) in inputs.zip(gradients).zip(outputs) {
            for (y, output) in output.chunks_exact(Sizes::<K>::COLUMNS).enumerate() {
                for x in 0..Sizes::<K>::COLUMNS {
                    let mut largest = T::neg_infinity();
                    for ky in 0..K::KERNEL[0] {
                        for kx in 0..K::KERNEL[1] {
                            if let Some(at) = at::<K>(y, x, ky, kx) {
                                largest = larger(largest, input[at]);
                            }
                        }
                    }
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

/// 1 / the size of a window.
#[inline(always)]
fn share<T: Scalar, K: Geometry>() -> T {
    #[expect(clippy::cast_precision_loss, reason = "a count of numbers in a window")]
    let count = Sizes::<K>::TAPS as f64;
    T::of(1.0 / count)
}

impl<T: Scalar, K: Geometry> WithSimd for AvgWindows<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let inputs = self.inputs.chunks_exact(Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH);
        let outputs = self.outputs.chunks_exact_mut(Sizes::<K>::POSITIONS);
        for (input, output) in inputs.zip(outputs) {
            for (y, output) in output.chunks_exact_mut(Sizes::<K>::COLUMNS).enumerate() {
                for x in 0..Sizes::<K>::COLUMNS {
                    let mut sum = T::zero();
                    for ky in 0..K::KERNEL[0] {
                        for kx in 0..K::KERNEL[1] {
                            if let Some(at) = at::<K>(y, x, ky, kx) {
                                sum += input[at];
                            }
                        }
                    }
                    output[x] = sum * share::<T, K>();
                }
            }
        }
    }
}

#[cfg(feature = "std")]
impl<T: Scalar, K: Geometry> WithSimd for AvgWindowsGradient<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.input_gradient.fill(T::zero());
        let plane = Sizes::<K>::HEIGHT * Sizes::<K>::WIDTH;
        let gradients = self.input_gradient.chunks_exact_mut(plane);
        let outputs = self.output_gradient.chunks_exact(Sizes::<K>::POSITIONS);
        for (to, output) in gradients.zip(outputs) {
            for (y, output) in output.chunks_exact(Sizes::<K>::COLUMNS).enumerate() {
                for x in 0..Sizes::<K>::COLUMNS {
                    let gradient = output[x] * share::<T, K>();
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
