//! Images are plain old data: arrays of scalars, which casts of slices rely on.

use bytemuck::{Pod, Zeroable};

use crate::core::image::Image;
use crate::core::scalar::Scalar;

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`), and those may be zero.
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Zeroable
    for Image<C, H, W, T>
{
}

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`), which are plain old data.
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Pod for Image<C, H, W, T> {}
