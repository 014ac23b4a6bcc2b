//! The numbers that networks are made of.

use crate::kernels::Entry;
use crate::simd::Element;

/// A floating point number that networks are made of: `f32` or `f64`.
///
/// Sealed: the kernels are written for these two.
#[expect(
    private_bounds,
    reason = "the kernels are private, and so nobody else implements this trait"
)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that networks are made of: these are `f32` and `f64`"
)]
pub trait Scalar: Element + nalgebra::Scalar + Entry {
    /// The nearest value of this type.
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::nearest(value)
    }

    /// The value as an `f64`, exactly.
    #[inline(always)]
    fn as_f64(self) -> f64 {
        self.wide()
    }
}

#[diagnostic::do_not_recommend]
impl Scalar for f32 {}

#[diagnostic::do_not_recommend]
impl Scalar for f64 {}
