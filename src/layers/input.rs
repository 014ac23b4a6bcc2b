//! One of several inputs.

use core::marker::PhantomData;

use pulp::Simd;

use super::macros::parameter_free;
use crate::core::{Parameters, Sample, Scalar, Shape};

/// One of the inputs of a network that has several, by its name: `input image: 28x28, features: 12` in a description.
///
/// Keras's `Input`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input | `I`, the record of all inputs |
/// | output | `O`, its field with this number, from 0 on |
///
/// It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Input<T, I, O, const FIELD: usize>(PhantomData<(T, I, O)>);

impl<T, I, O, const FIELD: usize> Input<T, I, O, FIELD>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    O: Sample<Scalar = T>,
{
    /// Where the field begins.
    const AT: usize = {
        let Shape::Record(mut fields) = I::SHAPE else {
            panic!("`Input`: it is one of the fields of a record");
        };
        let (mut at, mut field) = (0, 0);
        while let ([(_, shape), rest @ ..], true) = (fields, field < FIELD) {
            at += shape.len();
            field += 1;
            fields = rest;
        }
        assert!(at + O::LEN <= I::LEN, "`Input`: the record has fewer fields");
        at
    };

    #[inline(always)]
    fn run<S: Simd>(_simd: S, inputs: &[I], outputs: &mut [O]) {
        for (input, output) in inputs.iter().zip(outputs) {
            output.as_mut_slice().copy_from_slice(&input.as_slice()[Self::AT..][..O::LEN]);
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
            to.as_mut_slice()[Self::AT..][..O::LEN].copy_from_slice(gradient.as_slice());
        }
    }
}

parameter_free!(
    [T: Scalar, I: Sample<Scalar = T>, O: Sample<Scalar = T>, const FIELD: usize]
    Input<T, I, O, FIELD>, I => O,
    "input", 0, |_formatter| Ok(())
    ; linear: true
);
