//! A larger image.

use core::marker::PhantomData;

use pulp::Simd;

use super::macros::parameter_free;
use crate::core::ImageSample;
use crate::core::{Parameters, Scalar};

/// Each pixel `FH` times below itself and `FW` times beside itself, `upsample 2` in a description.
///
/// y(c, r, s) = x(c, ⌊r / `FH`⌋, ⌊s / `FW`⌋).
///
/// PyTorch's `nn.Upsample(scale_factor, mode="nearest")`, Keras's `UpSampling2D`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x | `I`, an [`Image`](crate::Image) of C channels, H rows, W columns |
/// | output y | `O`, an image of C channels, `FH` · H rows, `FW` · W columns |
///
/// It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Upsample<T, I, O, const FH: usize, const FW: usize>(PhantomData<(T, I, O)>);

impl<T, I, O, const FH: usize, const FW: usize> Upsample<T, I, O, FH, FW>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
{
    const FITS: () = assert!(
        I::CHANNELS == O::CHANNELS && I::ROWS * FH == O::ROWS && I::COLUMNS * FW == O::COLUMNS,
        "`Upsample`: input and output do not fit"
    );

    #[inline(always)]
    fn run<S: Simd>(_simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        for (input, output) in inputs.iter().zip(outputs) {
            // All rows of all channels alike.
            let rows = output.as_mut_slice().chunks_exact_mut(FH * O::COLUMNS);
            for (from, to) in input.as_slice().chunks_exact(I::COLUMNS).zip(rows) {
                let (first, others) = to.split_at_mut(O::COLUMNS);
                for (value, to) in from.iter().zip(first.chunks_exact_mut(FW)) {
                    to.fill(*value);
                }
                for other in others.chunks_exact_mut(O::COLUMNS) {
                    other.copy_from_slice(first);
                }
            }
        }
    }

    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(
        _simd: S,
        _inputs: &[I],
        output_gradient: &[O],
        input_gradient: &mut [I],
    ) {
        for (output, input) in output_gradient.iter().zip(input_gradient) {
            let rows = output.as_slice().chunks_exact(FH * O::COLUMNS);
            for (from, to) in rows.zip(input.as_mut_slice().chunks_exact_mut(I::COLUMNS)) {
                to.fill(T::zero());
                for from in from.chunks_exact(O::COLUMNS) {
                    for (to, from) in to.iter_mut().zip(from.chunks_exact(FW)) {
                        for value in from {
                            *to += *value;
                        }
                    }
                }
            }
        }
    }
}

parameter_free!(
    [
        T: Scalar, I: ImageSample<Scalar = T>, O: ImageSample<Scalar = T>,
        const FH: usize, const FW: usize
    ]
    Upsample<T, I, O, FH, FW>, I => O,
    "upsample", 0, |formatter| write!(formatter, "{FH}x{FW}")
    ; linear: true
);
