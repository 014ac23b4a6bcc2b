//! What the code of `network!` calls. Not for use by hand: it may change with any release.

#[cfg(feature = "std")]
pub use std::{boxed::Box, path::Path as FilePath};

use crate::{Sample, Scalar, Shape};

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

/// A sample as the user's own layer takes it: of the same shape, which [`takes`] has made sure of.
#[inline(always)]
pub fn own<X: Sample, Y: Sample<Scalar = X::Scalar>>(sample: &X) -> &Y {
    bytemuck::cast_ref(sample)
}

/// As [`own`].
#[inline(always)]
pub fn own_mut<X: Sample, Y: Sample<Scalar = X::Scalar>>(sample: &mut X) -> &mut Y {
    bytemuck::cast_mut(sample)
}

/// As [`own`].
#[inline(always)]
pub fn own_slice<X: Sample, Y: Sample<Scalar = X::Scalar>>(samples: &[X]) -> &[Y] {
    bytemuck::cast_slice(samples)
}

/// As [`own`].
#[inline(always)]
pub fn own_slice_mut<X: Sample, Y: Sample<Scalar = X::Scalar>>(samples: &mut [X]) -> &mut [Y] {
    bytemuck::cast_slice_mut(samples)
}

/// Fails to compile where a layer called `name`, which takes the inputs `X`, is given another shape.
#[track_caller]
pub const fn takes<X: Sample>(shape: Shape, name: &str, given: &str) {
    let takes = X::SHAPE;
    let same = match (takes, shape) {
        (Shape::Vector(a), Shape::Vector(b)) => a == b,
        (Shape::Image(a, b, c), Shape::Image(x, y, z)) => a == x && b == y && c == z,
        _ => false,
    };
    if same {
        return;
    }
    let text = Text::new().then("`").then(name).then("` takes ");
    let text = match takes {
        Shape::Vector(length) => text.then("a vector ").number(length),
        Shape::Image(channels, rows, columns) => {
            let text = text.then("an image ").number(channels);
            text.then("x").number(rows).then("x").number(columns)
        }
    };
    panic!("{}", text.then(", but ").then(given).as_str());
}

/// A sentence that is put together while the program compiles.
struct Text {
    bytes: [u8; 256],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 256], length: 0 }
    }

    /// What does not fit is left out.
    const fn then(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.length + text.len() > self.bytes.len() {
            return self;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    const fn number(self, number: usize) -> Self {
        let text = if number < 10 { self } else { self.number(number / 10) };
        const DIGITS: &str = "0123456789";
        let (_, rest) = DIGITS.split_at(number % 10);
        let (digit, _) = rest.split_at(1);
        text.then(digit)
    }

    const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.length);
        match core::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

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
