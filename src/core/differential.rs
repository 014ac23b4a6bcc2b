//! The type of a Jacobian.

use nalgebra::{SMatrix, SVector};

use super::{Parameters, Sample, Scalar};

/// A vector, with the Jacobian of outputs `O` that are a vector too: `SMatrix<T, OUTPUTS, INPUTS>`.
#[diagnostic::on_unimplemented(
    message = "a Jacobian is that of a network from a vector to a vector, and this one goes from `{Self}` to `{O}`",
    note = "for images and records, `input_gradient` gives the gradient of one output, or of a sum of outputs"
)]
pub trait Differential<O>: Sample {
    /// One row an output, one column an input.
    type Jacobian: Parameters<Scalar = Self::Scalar> + bytemuck::Pod;
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const IN: usize, const OUT: usize> Differential<SVector<T, OUT>>
    for SVector<T, IN>
{
    type Jacobian = SMatrix<T, OUT, IN>;
}
