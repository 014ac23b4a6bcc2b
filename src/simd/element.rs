//! The two kinds of numbers that vectors hold.

use core::fmt::{Debug, Display};
use core::iter::Sum;
use core::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

use bytemuck::Pod;
use num_traits::{Float, FloatConst, FromPrimitive, ToPrimitive};

use crate::simd::lanes::Lanes;
use crate::simd::math::Elementary;

pub(crate) trait Sealed {}

impl Sealed for f32 {}
impl Sealed for f64 {}

/// A floating point number that a vector register holds several of: `f32` or `f64`.
///
/// Sealed: the elementary functions are written for these two. [`Scalar`](crate::Scalar) is what networks are made of: an element that all kernels are compiled for.
#[expect(private_bounds, reason = "what is private, nobody else implements")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that networks are made of: these are `f32` and `f64`"
)]
pub trait Element:
    Sealed
    + Float
    + FloatConst
    + FromPrimitive
    + ToPrimitive
    + Pod
    + Default
    + Debug
    + Display
    + Sum
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Send
    + Sync
    + Lanes
    + Elementary
{
    /// The nearest value of this type.
    fn nearest(value: f64) -> Self;

    /// The value as an `f64`, exactly.
    fn wide(self) -> f64;
}

#[diagnostic::do_not_recommend]
impl Element for f32 {
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to f32 is what this function is for"
    )]
    fn nearest(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

#[diagnostic::do_not_recommend]
impl Element for f64 {
    #[inline(always)]
    fn nearest(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}
