//! Pools: the largest number of a window, the mean of a window, the mean of a channel.

use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::Simd;

use super::macros::parameter_free;
use super::window::{Over, Windowed, fits};
use crate::core::{ImageSample, flat, flat_mut};
use crate::core::{Parameters, Scalar};
use crate::kernels::{AvgWindows, Geometry, MaxWindows, add_planes, max_pool_plan};
#[cfg(feature = "train")]
use crate::kernels::{AvgWindowsGradient, MaxWindowsGradient};
use crate::simd::Registers;

/// The largest number of each window, `maxpool 2x2` in a description.
///
/// y(c, r, s) = maxᵢⱼ x(c, r·stride + i − pad, s·stride + j − pad); beyond its edges, x is minus infinity. The gradient goes to the
/// first of the largest numbers, in the order of rows. NaN is larger than all numbers.
///
/// PyTorch's `nn.MaxPool2d`, Keras's `MaxPooling2D`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x | `I`, an [`Image`](crate::Image) of C channels, H rows, W columns |
/// | output y | `O`, an image of C channels; (H + pads − KH) / stride + 1 rows, rounded down, columns alike |
/// | window | `G`, a [`Window`](super::Window); the stride is the window's size unless the description says otherwise |
///
/// It has no parameters.
///
/// Source: K. Yamaguchi, K. Sakamoto, T. Akabane, Y. Fujimoto, "A neural network for speaker-independent isolated word recognition",
/// ICSLP 1990.
///
/// ```
/// use axonal::layers::{MaxPool, Window};
/// use axonal::{Image, Layer};
///
/// type Pool = MaxPool<f32, Image<1, 2, 4>, Image<1, 1, 2>, Window<2, 2, 2, 2>>;
/// let pool: Box<Pool> = axonal::Parameters::zeros();
/// let mut output = Image::default();
/// pool.infer_one(pulp::Scalar::new(), &[[[1.0, 4.0, 0.0, 2.0], [3.0, 2.0, 5.0, 1.0]]].into(), &mut output);
/// assert_eq!(output, Image::from([[[4.0, 5.0]]]));
/// ```
#[repr(C)]
#[derive(Parameters)]
pub struct MaxPool<T, I, O, G>(PhantomData<(T, I, O, G)>);

impl<T: Scalar, I: ImageSample<Scalar = T>, O: ImageSample<Scalar = T>, G: Windowed>
    MaxPool<T, I, O, G>
{
    const FITS: () = assert!(
        fits::<I, O, G>() && I::CHANNELS == O::CHANNELS,
        "`MaxPool`: input, window and output do not fit"
    );

    #[inline(always)]
    fn run<S: Simd>(simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        simd.vectorize(MaxWindows::<T, Over<I, O, G>> {
            inputs: flat(inputs),
            outputs: flat_mut(outputs),
            kind: PhantomData,
        });
    }

    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(simd: S, inputs: &[I], output_gradient: &[O], input_gradient: &mut [I]) {
        let () = Self::FITS;
        simd.vectorize(MaxWindowsGradient::<T, Over<I, O, G>> {
            inputs: flat(inputs),
            output_gradient: flat(output_gradient),
            input_gradient: flat_mut(input_gradient),
            kind: PhantomData,
        });
    }
}

parameter_free!(
    [T: Scalar, I: ImageSample<Scalar = T>, O: ImageSample<Scalar = T>, G: Windowed]
    MaxPool<T, I, O, G>, I => O,
    "maxpool", 0, |formatter| write!(formatter, "{}x{}", G::KERNEL[0], G::KERNEL[1]),
    kernels: |_samples, set| {
        max_pool_plan(<Over<I, O, G> as Geometry>::SIZES, Registers::on::<T>(set))
    }
    ; linear: false
);

/// The mean of each window, `avgpool 2x2` in a description.
///
/// y(c, r, s) = Σᵢⱼ x(c, r·stride + i − pad, s·stride + j − pad) / n; x is zero beyond its edges.
///
/// Whether those zeros count in n is `COUNT_PAD`, `count_include_pad true` or `false` in a description. Where they do, n is KH · KW, as in PyTorch:
/// the default for `pad 1` and its kin. Where they do not, n is how many numbers of the window are on the image, as in Keras: the default for
/// `pad same`.
///
/// PyTorch's `nn.AvgPool2d`, Keras's `AveragePooling2D`. A constant image stays constant with Keras's, and is darker at its edges with PyTorch's:
///
/// ```
/// use axonal::Image;
/// use axonal::prelude::*;
///
/// network! {
///     struct Keras<input 3x3 => avgpool 3x3 stride 1 pad same>;
///     struct PyTorch<input 3x3 => avgpool 3x3 stride 1 pad 1>;
///     struct Without<input 3x3 => avgpool 3x3 stride 1 pad 1 count_include_pad false>;
/// }
///
/// let ones = Image::from([[[1.0; 3]; 3]]);
/// assert_eq!(Keras::zeros().forward(&ones), ones);
/// assert_eq!(Without::zeros().forward(&ones), ones);
/// assert_eq!(PyTorch::zeros().forward(&ones).plane(0)[(0, 0)], 4.0 / 9.0);
/// ```
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x | `I`, an [`Image`](crate::Image) of C channels, H rows, W columns |
/// | output y | `O`, an image of C channels; (H + pads − KH) / stride + 1 rows, rounded down, columns alike |
/// | window | `G`, a [`Window`](super::Window); the stride is the window's size unless the description says otherwise |
///
/// It has no parameters.
///
/// Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
/// Proceedings of the IEEE 86 (1998).
#[repr(C)]
#[derive(Parameters)]
pub struct AvgPool<T, I, O, G, const COUNT_PAD: bool = true>(PhantomData<(T, I, O, G)>);

impl<T, I, O, G, const COUNT_PAD: bool> AvgPool<T, I, O, G, COUNT_PAD>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
    G: Windowed,
{
    const FITS: () = assert!(
        fits::<I, O, G>() && I::CHANNELS == O::CHANNELS,
        "`AvgPool`: input, window and output do not fit"
    );

    #[inline(always)]
    fn run<S: Simd>(simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        simd.vectorize(AvgWindows::<T, Over<I, O, G>, COUNT_PAD> {
            inputs: flat(inputs),
            outputs: flat_mut(outputs),
            kind: PhantomData,
        });
    }

    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(simd: S, _inputs: &[I], output_gradient: &[O], input_gradient: &mut [I]) {
        let () = Self::FITS;
        simd.vectorize(AvgWindowsGradient::<T, Over<I, O, G>, COUNT_PAD> {
            output_gradient: flat(output_gradient),
            input_gradient: flat_mut(input_gradient),
            kind: PhantomData,
        });
    }
}

parameter_free!(
    [T: Scalar, I: ImageSample<Scalar = T>, O: ImageSample<Scalar = T>, G: Windowed, const COUNT_PAD: bool]
    AvgPool<T, I, O, G, COUNT_PAD>, I => O,
    "avgpool", 0, |formatter| write!(formatter, "{}x{}", G::KERNEL[0], G::KERNEL[1])
    ; linear: true
);

/// The mean of each channel, `global avgpool` in a description: an image becomes a vector.
///
/// y(c) = Σᵣₛ x(c, r, s) / (H · W).
///
/// PyTorch's `nn.AdaptiveAvgPool2d(1)` with `nn.Flatten()` behind it, Keras's `GlobalAveragePooling2D`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x | `I`, an [`Image`](crate::Image) of `C` channels, H rows, W columns |
/// | output **y** | vector of `C` |
///
/// It has no parameters.
///
/// Source: M. Lin, Q. Chen, S. Yan, "Network in network", ICLR 2014.
#[repr(C)]
#[derive(Parameters)]
pub struct GlobalAvgPool<T, I, const C: usize>(PhantomData<(T, I)>);

impl<T: Scalar, I: ImageSample<Scalar = T>, const C: usize> GlobalAvgPool<T, I, C> {
    const FITS: () = assert!(I::CHANNELS == C, "`GlobalAvgPool`: one output for each channel");

    /// 1 / (H · W).
    fn share() -> T {
        #[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
        let pixels = I::PIXELS as f64;
        T::of(1.0 / pixels)
    }

    #[inline(always)]
    fn run<S: Simd>(simd: S, inputs: &[I], outputs: &mut [SVector<T, C>]) {
        let () = Self::FITS;
        for (input, output) in inputs.iter().zip(outputs) {
            let output = output.as_mut_slice();
            add_planes(simd, output, input.as_slice(), I::PIXELS, false);
            for output in output {
                *output *= Self::share();
            }
        }
    }

    #[cfg(feature = "train")]
    #[inline(always)]
    fn pull_back<S: Simd>(
        _simd: S,
        _inputs: &[I],
        output_gradient: &[SVector<T, C>],
        input_gradient: &mut [I],
    ) {
        let () = Self::FITS;
        for (gradient, input) in output_gradient.iter().zip(input_gradient) {
            let planes = input.as_mut_slice().chunks_exact_mut(I::PIXELS);
            for (gradient, plane) in gradient.iter().zip(planes) {
                plane.fill(*gradient * Self::share());
            }
        }
    }
}

parameter_free!(
    [T: Scalar, I: ImageSample<Scalar = T>, const C: usize]
    GlobalAvgPool<T, I, C>, I => SVector<T, C>,
    "global avgpool", 0, |_formatter| Ok(())
    ; linear: true
);
