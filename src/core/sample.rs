//! What goes through a network: one sample, and its shape.

use core::fmt;

use bytemuck::Pod;
use nalgebra::SVector;

use crate::core::Scalar;
use crate::core::shapes::vector;
use crate::memory::cast::{cast, cast_mut};

/// One input or output of a layer: a vector, an [`Image`](crate::Image), or a record of several inputs or heads, which [`network!`](crate::network!) defines.
///
/// A batch is a slice of samples; in memory it is a matrix with one column a sample, without a copy.
pub trait Sample: Pod + PartialEq + fmt::Debug + Send + Sync {
    /// `f32` or `f64`.
    type Scalar: Scalar;

    /// The shape as a type, which the compiler's messages name: [`vector<784>`](vector), [`image<3, 32, 32>`](crate::shapes::image).
    type Size;

    /// How many numbers one sample holds.
    const LEN: usize;

    /// The shape, as a description writes it.
    const SHAPE: Shape;

    /// How many of these numbers follow each other that are of one channel: an image's rows times its columns.
    const PIXELS: usize = 1;

    /// A sample of zeros on the heap: the way to have a large one, which no stack has room for.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// let mut photo = Image::<3, 512, 512>::boxed_zeros();
    /// photo.copy_from_pixels(&[255; 3 * 512 * 512])?;
    /// assert_eq!(photo[(2, 511, 511)], 1.0);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    fn boxed_zeros() -> Box<Self> {
        bytemuck::zeroed_box()
    }

    /// `count` samples of zeros, to be filled in place: `vec![sample; count]` and `collect` pass each sample over the stack.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// let mut spectra = SVector::<f32, 1_000_000>::zeros_vec(2);
    /// spectra[1].fill(0.5);
    /// assert_eq!(spectra[1][999_999], 0.5);
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    fn zeros_vec(count: usize) -> Vec<Self> {
        bytemuck::zeroed_vec(count)
    }

    /// The numbers of one sample.
    #[inline(always)]
    fn as_slice(&self) -> &[Self::Scalar] {
        cast(core::slice::from_ref(self))
    }

    /// The numbers of one sample.
    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [Self::Scalar] {
        cast_mut(core::slice::from_mut(self))
    }
}

impl<T: Scalar, const N: usize> Sample for SVector<T, N> {
    type Scalar = T;
    type Size = vector<N>;
    const LEN: usize = N;
    const SHAPE: Shape = Shape::Vector(N);
}

/// A sample that is an image, for the layers that look at neighbours.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no image: this layer needs channels, rows and columns"
)]
pub trait ImageSample: Sample {
    /// How many numbers a pixel has.
    const CHANNELS: usize;
    /// The height.
    const ROWS: usize;
    /// The width.
    const COLUMNS: usize;
}

/// The shape of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// How many numbers.
    Vector(usize),
    /// Channels, rows, columns.
    Image(usize, usize, usize),
    /// Several inputs or heads of a network, each with its name.
    Record(&'static [(&'static str, Self)]),
}

impl Shape {
    /// How many numbers a sample of this shape holds.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::Vector(length) => length,
            Self::Image(channels, rows, columns) => channels * rows * columns,
            Self::Record(mut fields) => {
                let mut sum = 0;
                while let [(_, shape), rest @ ..] = fields {
                    sum += shape.len();
                    fields = rest;
                }
                sum
            }
        }
    }

    /// Whether that is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(length) => write!(formatter, "{length}"),
            Self::Image(channels, rows, columns) => {
                write!(formatter, "{channels}x{rows}x{columns}")
            }
            Self::Record(fields) => {
                for (index, (name, shape)) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{name} {shape}")?;
                }
                Ok(())
            }
        }
    }
}

/// All numbers of a batch, sample after sample.
#[inline(always)]
pub(crate) fn flat<X: Sample>(batch: &[X]) -> &[X::Scalar] {
    cast(batch)
}

/// All numbers of a batch, sample after sample.
#[inline(always)]
pub(crate) fn flat_mut<X: Sample>(batch: &mut [X]) -> &mut [X::Scalar] {
    cast_mut(batch)
}

/// The first samples of a flat slice, and the rest of it.
#[inline(always)]
pub(crate) fn split_samples<X: Sample>(
    scalars: &mut [X::Scalar],
    samples: usize,
) -> (&mut [X], &mut [X::Scalar]) {
    let (samples, rest) = scalars.split_at_mut(samples * X::LEN);
    (cast_mut(samples), rest)
}
