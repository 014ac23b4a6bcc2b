//! What the code of `network!` calls. Not for use by hand: it may change with any release.

#[cfg(feature = "std")]
pub use std::{boxed::Box, path::Path as FilePath};

use crate::{Sample, Scalar};

/// How many scalars a buffer between two layers holds, about: a few of them fit into the L1 and L2 caches.
const BUFFER: usize = 16 * 1024;

/// A sample of zeros.
#[inline(always)]
#[must_use]
pub fn sample<X: Sample>() -> X {
    bytemuck::Zeroable::zeroed()
}

/// The longest of the samples between the layers.
#[must_use]
pub const fn widest(mut lengths: &[usize]) -> usize {
    let mut widest = 1;
    while let [length, rest @ ..] = lengths {
        if *length > widest {
            widest = *length;
        }
        lengths = rest;
    }
    widest
}

/// How many samples go through the layers at a time: one at least, and no more than help the matrix kernels.
#[must_use]
pub const fn chunk(widest: usize) -> usize {
    match BUFFER / widest {
        0 => 1,
        samples if samples > 24 => 24,
        samples => samples,
    }
}

/// Room for `CHUNK` samples of up to `WIDEST` scalars.
#[inline(always)]
#[must_use]
pub fn buffer<T: Scalar, const WIDEST: usize, const CHUNK: usize>() -> [[T; WIDEST]; CHUNK] {
    [[T::zero(); WIDEST]; CHUNK]
}

/// The first scalars of a buffer as samples.
#[inline(always)]
pub fn samples<X: Sample>(buffer: &mut [X::Scalar], count: usize) -> &mut [X] {
    split_samples(buffer, count).0
}

/// The first scalars of a buffer as samples, and the rest of it.
#[inline(always)]
pub fn split_samples<X: Sample>(
    buffer: &mut [X::Scalar],
    count: usize,
) -> (&mut [X], &mut [X::Scalar]) {
    crate::sample::split_samples(buffer, count)
}

/// Compiles for a sequence of the scalar `T`, and for nothing else.
pub fn is_parameters<T: Scalar, P: crate::Parameters<Scalar = T>>() {}

/// A copy on the heap, without a detour over the stack.
#[cfg(feature = "std")]
#[must_use]
pub fn clone<P: crate::Parameters>(parameters: &P) -> Box<P> {
    let mut copy = P::zeros();
    copy.as_mut_slice().copy_from_slice(parameters.as_slice());
    copy
}

/// A network with random weights, from the operating system's randomness.
#[cfg(feature = "std")]
#[must_use]
pub fn random<N: crate::Network>() -> Box<N> {
    N::random(&mut rand::rng())
}
