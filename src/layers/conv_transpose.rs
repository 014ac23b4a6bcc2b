//! The transposed convolution.

use core::marker::PhantomData;
use core::slice;

use nalgebra::SMatrix;
use pulp::Simd;
use rand::Rng;

use super::activate::activate_all;
use super::dense::Bias;
use super::macros::by_fields;
use super::window::{Over, Windowed, fits};
use super::{Kind, Layer, ParameterPath, Part};
use crate::activations::Activation;
use crate::core::Initializer;
use crate::core::{ImageSample, flat, flat_mut};
use crate::core::{Parameters, Scalar};
use crate::kernels::{ConvolutionInputs, Geometry, Onto, conv_transpose_plan};
use crate::simd::Registers;

/// A transposed convolution, `conv_transpose 8 4x4 stride 2 pad 1 relu` in a description: each number of the input adds a window,
/// weighted with it, to the output, and with a stride the output is the larger image.
///
/// y(o, ·, ·) = f(b(o) + Σ x(c, r, s) W(c, o, i, j)), where the summand is at the row r·stride + i·dilation − pad and the
/// column s·stride + j·dilation − pad. It is the [`Conv`](super::Conv) of the same window with its inputs and outputs exchanged:
/// its forward pass is the other's pass from the gradient of outputs to that of inputs.
///
/// `output_padding 1` gives the output one more row and column at its end, as in PyTorch, where the usual layer that doubles an image is
/// `conv_transpose 8 3x3 stride 2 pad 1 output_padding 1`. `pad same` gives H · stride rows too, as Keras's does, but where kernel − stride is odd it takes the
/// odd row away below, and PyTorch's layer above: the weights of one, loaded into the other, move the image by a pixel.
///
/// PyTorch's `nn.ConvTranspose2d`, Keras's `Conv2DTranspose`, with the activation f inside.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x | `I`, an [`Image`](crate::Image) of `IN` channels, H rows, W columns |
/// | output y | `O`, an image of C channels; (H − 1) · stride − pads + dilation · (KH − 1) + 1 rows and those of `output_padding`, columns alike |
/// | window | `G`, a [`Window`](super::Window) |
/// | `weight` W | `IN` x `PATCH`, where `PATCH` is C / groups · KH · KW, the last index fastest; in files as in PyTorch, `[IN, C / groups, KH, KW]` |
/// | `bias` b | vector of C; [`NoBias`](super::NoBias) with the option `no_bias` |
///
/// # Initial weights
///
/// By the activation ([`Initializer`]), or `init he_normal` and the like in the description; the bias is zero.
///
/// Source: M. Zeiler, D. Krishnan, G. Taylor, R. Fergus, "Deconvolutional networks", CVPR 2010.
#[repr(C)]
#[derive(Parameters)]
pub struct ConvTranspose<T, const IN: usize, const PATCH: usize, I, O, G, A, B> {
    /// One row an input channel, one column a number of the window.
    pub weight: SMatrix<T, IN, PATCH>,
    /// One number an output channel.
    pub bias: B,
    kind: PhantomData<(I, O, G, A)>,
}

impl<T, const IN: usize, const PATCH: usize, I, O, G, A, B>
    ConvTranspose<T, IN, PATCH, I, O, G, A, B>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
    G: Windowed,
    A: Activation,
    B: Bias<T>,
{
    /// The types of a layer say its sizes more than once.
    const FITS: () = assert!(
        fits::<O, I, G>()
            && I::CHANNELS == IN
            && G::GROUPS > 0
            && O::CHANNELS.is_multiple_of(G::GROUPS)
            && IN.is_multiple_of(G::GROUPS)
            && O::CHANNELS / G::GROUPS * G::KERNEL[0] * G::KERNEL[1] == PATCH
            && (B::PARAMETERS == 0 || B::PARAMETERS == O::CHANNELS),
        "`ConvTranspose`: input, window, output and weights do not fit"
    );

    const FILE_SHAPE: &'static [usize] = &[IN, O::CHANNELS / G::GROUPS, G::KERNEL[0], G::KERNEL[1]];

    const BIAS_SHAPE: &'static [usize] = &[O::CHANNELS];

    /// Draws new weights with an initializer of one's own choice, and sets the bias to zero.
    pub fn initialize_with<R: Rng + ?Sized>(&mut self, initializer: Initializer, rng: &mut R) {
        let fan_out = IN * G::KERNEL[0] * G::KERNEL[1];
        initializer.fill(self.weight.as_mut_slice(), PATCH, fan_out, rng);
        self.bias.as_mut_slice().fill(T::zero());
    }

    /// Up to, and without, the activation.
    #[inline(always)]
    fn convolution<'a>(
        &'a self,
        inputs: &'a [I],
        outputs: &'a mut [O],
    ) -> ConvolutionInputs<'a, T, Over<O, I, G>> {
        let () = Self::FITS;
        let bias = self.bias.as_slice();
        ConvolutionInputs {
            weight: self.weight.as_slice(),
            output_gradient: flat(inputs),
            input_gradient: flat_mut(outputs),
            onto: if bias.is_empty() { Onto::Zero } else { Onto::Channels(bias) },
            kind: PhantomData,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, const IN: usize, const PATCH: usize, I, O, G, A, B> Layer
    for ConvTranspose<T, IN, PATCH, I, O, G, A, B>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
    G: Windowed,
    A: Activation,
    B: Bias<T>,
{
    type Input = I;
    type Output = O;
    type Activation = A;

    const MULTIPLY_ADDS: usize = IN * PATCH * I::PIXELS;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &I, output: &mut O) {
        self.infer(simd, slice::from_ref(input), slice::from_mut(output));
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[I], outputs: &mut [O]) {
        simd.vectorize(self.convolution(inputs, outputs));
        activate_all::<A, O, S>(simd, outputs);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.initialize_with(A::INITIALIZER, rng);
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("conv_transpose"));
        visit(
            path,
            Part::Kernels(|_samples, set| {
                conv_transpose_plan(<Over<O, I, G> as Geometry>::SIZES, Registers::on::<T>(set))
            }),
        );
        let weight = Part::Tensor { kind: Kind::Weight, shape: Self::FILE_SHAPE };
        visit(&path.field("weight"), weight);
        if B::PARAMETERS > 0 {
            let bias = Part::Tensor { kind: Kind::Bias, shape: Self::BIAS_SHAPE };
            visit(&path.field("bias"), bias);
        }
    }
}

by_fields!(
    [T: Scalar, const IN: usize, const PATCH: usize, I, O, G, A, B: Bias<T>]
    ConvTranspose<T, IN, PATCH, I, O, G, A, B>, "ConvTranspose" { weight, bias }
);

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::activations::{ActivationGradient, Identity};
    use crate::kernels::{Convolution, ConvolutionWeights, PostOps};
    use crate::layers::activate::{activate_batch, derivative_batch, tangents_through};
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};
    use crate::simd::dispatch;

    #[diagnostic::do_not_recommend]
    impl<T, const IN: usize, const PATCH: usize, I, O, G, A, B> Differentiable
        for ConvTranspose<T, IN, PATCH, I, O, G, A, B>
    where
        T: Scalar,
        I: ImageSample<Scalar = T>,
        O: ImageSample<Scalar = T>,
        G: Windowed,
        A: ActivationGradient,
        B: Bias<T>,
    {
        const TANGENTS: bool = true;

        fn trace_len(samples: usize) -> usize {
            if A::NEEDS_SCORES { samples * O::LEN } else { 0 }
        }

        #[inline(never)]
        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [O],
            trace: &mut [T],
            end: End,
        ) {
            if context.is_tangents() {
                return self.tangents(inputs, outputs);
            }
            dispatch(self.convolution(inputs, outputs));
            if end == End::Outputs {
                if A::NEEDS_SCORES {
                    trace.copy_from_slice(flat(outputs));
                }
                activate_batch(PhantomData::<A>, outputs);
            }
        }

        #[inline(never)]
        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [O],
            end: End,
            sink: GradientSink<'_, T>,
        ) {
            let Batch { inputs, outputs, trace, input_gradient } = batch;
            if end == End::Outputs {
                let scores = if A::NEEDS_SCORES { &*trace } else { &[] };
                derivative_batch(PhantomData::<A>, scores, outputs, gradient);
            }
            let score_gradient = flat(gradient);
            if let Some(input_gradient) = input_gradient {
                dispatch(Convolution::<T, Over<O, I, G>, Identity> {
                    weight: sink.layer::<Self>().weight.as_slice(),
                    post: PostOps::bias(&[]),
                    inputs: score_gradient,
                    outputs: flat_mut(input_gradient),
                    kind: PhantomData,
                });
            }
            let (mut weight, mut bias) = sink.split_at(IN * PATCH);
            if !weight.is_frozen() {
                let mut block = weight.block(0..IN * PATCH);
                dispatch(ConvolutionWeights::<T, Over<O, I, G>> {
                    inputs: score_gradient,
                    output_gradient: flat(inputs),
                    gradient: block.sums(),
                    kind: PhantomData,
                });
                block.finish();
            }
            if B::PARAMETERS > 0 {
                let mut block = bias.block(0..B::PARAMETERS);
                let (gradient, accumulate) = block.room();
                T::sums_of_planes(gradient, score_gradient, O::PIXELS, accumulate);
                block.finish();
            }
        }
    }

    impl<T, const IN: usize, const PATCH: usize, I, O, G, A, B>
        ConvTranspose<T, IN, PATCH, I, O, G, A, B>
    where
        T: Scalar,
        I: ImageSample<Scalar = T>,
        O: ImageSample<Scalar = T>,
        G: Windowed,
        A: ActivationGradient,
        B: Bias<T>,
    {
        /// The output at a point, and the derivative of the activation times W ∗ **t** of each tangent.
        #[inline(never)]
        fn tangents(&self, inputs: &[I], outputs: &mut [O]) {
            let convolution = self.convolution(inputs, outputs);
            dispatch(ConvolutionInputs { onto: Onto::Zero, ..convolution });
            tangents_through(PhantomData::<A>, self.bias.as_slice(), outputs);
        }
    }
}
