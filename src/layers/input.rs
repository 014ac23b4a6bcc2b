//! One of several inputs.

use core::marker::PhantomData;

use pulp::Simd;

use super::macros::parameter_free;
use crate::core::{Parameters, Sample, Scalar};

/// One of the inputs of a network that has several, by its name: `input image: 28x28, features: 12` in a description.
///
/// Keras's `Input`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input | `I`, the record of all inputs |
/// | output | `O`, the part of it that begins at the number `AT` |
///
/// It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Input<T, I, O, const AT: usize>(PhantomData<(T, I, O)>);

impl<T, I, O, const AT: usize> Input<T, I, O, AT>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    O: Sample<Scalar = T>,
{
    const FITS: () = assert!(AT + O::LEN <= I::LEN, "`Input`: it is a part of the input");

    #[inline(always)]
    fn run<S: Simd>(_simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        for (input, output) in inputs.iter().zip(outputs) {
            output.as_mut_slice().copy_from_slice(&input.as_slice()[AT..][..O::LEN]);
        }
    }

    /// Of the gradient of the inputs, each field has one layer that writes it.
    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(
        _simd: S,
        _inputs: &[I],
        output_gradient: &[O],
        input_gradient: &mut [I],
    ) {
        for (to, gradient) in input_gradient.iter_mut().zip(output_gradient) {
            to.as_mut_slice()[AT..][..O::LEN].copy_from_slice(gradient.as_slice());
        }
    }
}

parameter_free!(
    [T: Scalar, I: Sample<Scalar = T>, O: Sample<Scalar = T>, const AT: usize]
    Input<T, I, O, AT>, I => O,
    "input", 0, |_formatter| Ok(())
    ; linear: true
);
