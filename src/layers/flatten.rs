//! The same numbers in another shape.

use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::Simd;

use super::macros::parameter_free;
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, flat, flat_mut};

/// A sample as a vector, `flatten` in a description: channel after channel, row after row.
///
/// PyTorch's `nn.Flatten`, Keras's `Flatten` (whose images have their channels last: its order is another).
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input | `I`, any sample of `N` numbers |
/// | output | vector of `N` |
///
/// It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Flatten<T, I, const N: usize>(PhantomData<(T, I)>);

impl<T: Scalar, I: Sample<Scalar = T>, const N: usize> Flatten<T, I, N> {
    const FITS: () = assert!(I::LEN == N, "`Flatten`: as many numbers as before");

    #[inline(always)]
    fn run<S: Simd>(_simd: S, inputs: &[I], outputs: &mut [SVector<T, N>]) {
        let () = Self::FITS;
        flat_mut(outputs).copy_from_slice(flat(inputs));
    }

    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(
        _simd: S,
        _inputs: &[I],
        output_gradient: &[SVector<T, N>],
        input_gradient: &mut [I],
    ) {
        flat_mut(input_gradient).copy_from_slice(flat(output_gradient));
    }
}

parameter_free!(
    [T: Scalar, I: Sample<Scalar = T>, const N: usize]
    Flatten<T, I, N>, I => SVector<T, N>,
    "flatten", 0, |_formatter| Ok(())
    ; linear: true
);

/// The same numbers in another shape, `reshape 16x4x4` in a description: in the same order, the last index fastest.
///
/// PyTorch's `nn.Unflatten`, Keras's `Reshape`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input | `I`, any sample |
/// | output | `O`, any sample of as many numbers |
///
/// It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Reshape<T, I, O>(PhantomData<(T, I, O)>);

impl<T: Scalar, I: Sample<Scalar = T>, O: Sample<Scalar = T>> Reshape<T, I, O> {
    const FITS: () = assert!(I::LEN == O::LEN, "`Reshape`: as many numbers as before");

    #[inline(always)]
    fn run<S: Simd>(_simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        flat_mut(outputs).copy_from_slice(flat(inputs));
    }

    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(
        _simd: S,
        _inputs: &[I],
        output_gradient: &[O],
        input_gradient: &mut [I],
    ) {
        flat_mut(input_gradient).copy_from_slice(flat(output_gradient));
    }
}

parameter_free!(
    [T: Scalar, I: Sample<Scalar = T>, O: Sample<Scalar = T>]
    Reshape<T, I, O>, I => O,
    "reshape", 0, |_formatter| Ok(())
    ; linear: true
);
