//! Zeros around an image.

use core::marker::PhantomData;

use pulp::Simd;

use super::macros::parameter_free;
use crate::core::ImageSample;
use crate::core::{Parameters, Scalar};

/// Zeros around an image, `pad 2` in a description.
///
/// PyTorch's `nn.ZeroPad2d`, Keras's `ZeroPadding2D`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input | `I`, an [`Image`](crate::Image) |
/// | output | `O`, an image of the same channels, with `TOP` rows more above and `LEFT` columns more on the left; how many there are below and on the right follows from its size |
///
/// It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Pad<T, I, O, const TOP: usize, const LEFT: usize>(PhantomData<(T, I, O)>);

impl<T, I, O, const TOP: usize, const LEFT: usize> Pad<T, I, O, TOP, LEFT>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
{
    const FITS: () = assert!(
        I::CHANNELS == O::CHANNELS && O::ROWS >= I::ROWS + TOP && O::COLUMNS >= I::COLUMNS + LEFT,
        "`Pad`: input and output do not fit"
    );

    /// Where each row of a plane is in a plane of the output.
    #[inline(always)]
    fn row(row: usize) -> core::ops::Range<usize> {
        let start = (TOP + row) * O::COLUMNS + LEFT;
        start..start + I::COLUMNS
    }

    #[inline(always)]
    fn run<S: Simd>(_simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        for (input, output) in inputs.iter().zip(outputs) {
            let output = output.as_mut_slice();
            output.fill(T::zero());
            let planes = input.as_slice().chunks_exact(I::PIXELS);
            for (from, to) in planes.zip(output.chunks_exact_mut(O::PIXELS)) {
                for (row, from) in from.chunks_exact(I::COLUMNS).enumerate() {
                    to[Self::row(row)].copy_from_slice(from);
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
            let planes = output.as_slice().chunks_exact(O::PIXELS);
            for (from, to) in planes.zip(input.as_mut_slice().chunks_exact_mut(I::PIXELS)) {
                for (row, to) in to.chunks_exact_mut(I::COLUMNS).enumerate() {
                    to.copy_from_slice(&from[Self::row(row)]);
                }
            }
        }
    }
}

parameter_free!(
    [
        T: Scalar, I: ImageSample<Scalar = T>, O: ImageSample<Scalar = T>,
        const TOP: usize, const LEFT: usize
    ]
    Pad<T, I, O, TOP, LEFT>, I => O,
    "pad", 0, |_formatter| Ok(())
    ; linear: true
);
