//! Images, and records of several inputs or heads, are plain old data: arrays of scalars, which casts of slices rely on.

use bytemuck::{Pod, Zeroable};
use nalgebra::SVector;

use crate::core::image::Image;
use crate::core::sample::Sample;
use crate::core::scalar::Scalar;

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`), and those may be zero.
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Zeroable
    for Image<C, H, W, T>
{
}

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`), which are plain old data.
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Pod for Image<C, H, W, T> {}

/// A sample that is, in memory, an array of its scalars: what makes a record of several plain old data, too.
///
/// # Safety
///
/// The type must be as large as [`Sample::LEN`] of [`Sample::Scalar`], and be aligned as one.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be one of several inputs or heads")]
pub unsafe trait Packed: Sample {}

// SAFETY: a static matrix is an array of its numbers.
unsafe impl<T: Scalar, const N: usize> Packed for SVector<T, N> {}

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`).
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Packed
    for Image<C, H, W, T>
{
}
