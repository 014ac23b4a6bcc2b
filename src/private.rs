//! What the code of `network!` calls. Not for use by hand: it may change with any release.

#[cfg(feature = "std")]
pub use std::{boxed::Box, path::Path as FilePath};

pub use crate::room::{Heap, on_stack};
use crate::{Sample, Scalar};

/// How many scalars a buffer between two layers holds, about: a few of them fit into the L1 and L2 caches.
const BUFFER: usize = 16 * 1024;

/// How many samples go through the layers at a time, given the lengths of the samples between them: one at least,
/// and no more than help the matrix kernels.
#[must_use]
pub const fn chunk(mut lengths: &[usize]) -> usize {
    let mut widest = 1;
    while let [length, rest @ ..] = lengths {
        if *length > widest {
            widest = *length;
        }
        lengths = rest;
    }
    match BUFFER / widest {
        0 => 1,
        samples if samples > 24 => 24,
        samples => samples,
    }
}

/// The longest two neighbours among the samples between the layers: an input and an output.
#[must_use]
pub const fn room(mut lengths: &[usize]) -> usize {
    let mut room = match lengths {
        [length, ..] => *length,
        [] => 0,
    };
    while let [length, rest @ ..] = lengths {
        if let [next, ..] = rest
            && *length + *next > room
        {
            room = *length + *next;
        }
        lengths = rest;
    }
    room
}

/// The scalar of which a buffer is made.
#[inline(always)]
#[must_use]
pub fn zero<T: Scalar>() -> T {
    T::zero()
}

/// The first scalars of a buffer as samples, and the rest of it.
#[inline(always)]
pub fn split_samples<X: Sample>(
    buffer: &mut [X::Scalar],
    count: usize,
) -> (&mut [X], &mut [X::Scalar]) {
    crate::sample::split_samples(buffer, count)
}

/// The last scalars of a buffer as samples, and the rest of it.
#[inline(always)]
pub fn split_last_samples<X: Sample>(
    buffer: &mut [X::Scalar],
    count: usize,
) -> (&mut [X], &mut [X::Scalar]) {
    let (rest, last) = buffer.split_at_mut(buffer.len() - count * X::LEN);
    (bytemuck::cast_slice_mut(last), rest)
}

/// The first scalars of a buffer as a sample, and the rest of it.
#[inline(always)]
pub fn split_sample<X: Sample>(buffer: &mut [X::Scalar]) -> (&mut X, &mut [X::Scalar]) {
    let (samples, rest) = split_samples(buffer, 1);
    (&mut samples[0], rest)
}

/// The last scalars of a buffer as a sample, and the rest of it.
#[inline(always)]
pub fn split_last_sample<X: Sample>(buffer: &mut [X::Scalar]) -> (&mut X, &mut [X::Scalar]) {
    let (samples, rest) = split_last_samples(buffer, 1);
    (&mut samples[0], rest)
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
