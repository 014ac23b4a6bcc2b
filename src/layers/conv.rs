//! The convolution.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use nalgebra::{SMatrix, SVector};
use pulp::Simd;
use rand::Rng;

use super::activate::activate_whole;
use super::dense::Bias;
use super::window::{Over, Windowed, fits};
#[cfg(feature = "std")]
use super::{
    Batch, Context, Differentiable, GradientSink,
    activate::{activate_all, derivative},
};
use super::{Kind, Layer, Part, Path};
#[cfg(feature = "std")]
use crate::activations::ActivationGradient;
use crate::activations::{Activation, Identity};
use crate::core::Initializer;
use crate::core::{ImageSample, flat, flat_mut};
use crate::core::{Parameters, Scalar};
use crate::kernels::Convolution;
#[cfg(feature = "std")]
use crate::kernels::{ConvolutionInputs, ConvolutionWeights, Onto};

/// A convolution, `conv 6 5x5 relu` in a description: each output channel is the activation of a weighted sum over a window
/// of all input channels (of those of its group), with the same weights everywhere.
///
/// y(o, r, s) = f(b(o) + Σ W(o, c, i, j) x(c, r·stride + i·dilation − pad, s·stride + j·dilation − pad)), over the channels c of
/// the group and the rows i and columns j of the window; x is zero beyond its edges.
///
/// PyTorch's `nn.Conv2d`, Keras's `Conv2D` (with `groups` the channels also `DepthwiseConv2D`), with the activation f inside.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x | `I`, an [`Image`](crate::Image) of C channels, H rows, W columns |
/// | output y | `O`, an image of `OUT` channels; (H + pads − dilation·(KH − 1) − 1) / stride + 1 rows, columns alike |
/// | window | `G`, a [`Window`](super::Window) |
/// | `weight` W | `OUT` x `PATCH`, where `PATCH` is C / groups · KH · KW, the last index fastest; in files as in PyTorch, `[OUT, C / groups, KH, KW]` |
/// | `bias` b | vector of `OUT`; [`NoBias`](super::NoBias) with the option `no_bias` |
///
/// # Initial weights
///
/// By the activation ([`Initializer`]), or `init he_normal` and the like in the description; the bias is zero.
///
/// Source: Y. LeCun, B. Boser, J. Denker and others, "Backpropagation applied to handwritten zip code recognition",
/// Neural Computation 1 (1989).
///
/// ```
/// use axonal::activations::Relu;
/// use axonal::layers::{Conv, Window};
/// use axonal::{Image, Parameters};
///
/// type First = Conv<f32, 6, 25, Image<1, 28, 28>, Image<6, 24, 24>, Window<5, 5>, Relu>;
/// assert_eq!(First::COUNT, 6 * 25 + 6);
/// ```
#[repr(C)]
#[derive(Parameters)]
pub struct Conv<T, const OUT: usize, const PATCH: usize, I, O, G, A = Identity, B = SVector<T, OUT>>
{
    /// One row an output channel, one column a number of the window.
    pub weight: SMatrix<T, OUT, PATCH>,
    /// One number an output channel.
    pub bias: B,
    kind: PhantomData<(I, O, G, A)>,
}

impl<T, const OUT: usize, const PATCH: usize, I, O, G, A, B> Conv<T, OUT, PATCH, I, O, G, A, B>
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
        fits::<I, O, G>()
            && O::CHANNELS == OUT
            && G::GROUPS > 0
            && I::CHANNELS.is_multiple_of(G::GROUPS)
            && OUT.is_multiple_of(G::GROUPS)
            && I::CHANNELS / G::GROUPS * G::KERNEL[0] * G::KERNEL[1] == PATCH,
        "`Conv`: input, window, output and weights do not fit"
    );

    const FILE_SHAPE: &'static [usize] =
        &[OUT, I::CHANNELS / G::GROUPS, G::KERNEL[0], G::KERNEL[1]];

    /// Draws new weights with an initializer of one's own choice, and sets the bias to zero.
    pub fn initialize_with<R: Rng + ?Sized>(&mut self, initializer: Initializer, rng: &mut R) {
        let fan_out = OUT * G::KERNEL[0] * G::KERNEL[1];
        initializer.fill(self.weight.as_mut_slice(), PATCH, fan_out, rng);
        self.bias.as_mut_slice().fill(T::zero());
    }

    /// The convolution, then `F` where it looks at each number alone.
    #[inline(always)]
    fn convolve<S: Simd, F: Activation>(&self, simd: S, inputs: &[I], outputs: &mut [O]) {
        let () = Self::FITS;
        simd.vectorize(Convolution::<T, Over<I, O, G>, F> {
            weight: self.weight.as_slice(),
            bias: self.bias.as_slice(),
            inputs: flat(inputs),
            outputs: flat_mut(outputs),
            kind: PhantomData,
        });
    }
}

#[diagnostic::do_not_recommend]
impl<T, const OUT: usize, const PATCH: usize, I, O, G, A, B> Layer
    for Conv<T, OUT, PATCH, I, O, G, A, B>
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

    const MULTIPLY_ADDS: usize = OUT * PATCH * O::PIXELS;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &I, output: &mut O) {
        self.infer(simd, slice::from_ref(input), slice::from_mut(output));
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[I], outputs: &mut [O]) {
        self.convolve::<S, A>(simd, inputs, outputs);
        activate_whole::<A, O, S>(simd, outputs);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.initialize_with(A::INITIALIZER, rng);
    }

    fn describe(path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, Part)) {
        visit(
            path,
            Part::Layer {
                word: "conv",
                activation: |formatter| write!(formatter, "{}", A::name()),
                output: O::SHAPE,
                parameters: Self::COUNT,
            },
        );
        let weight = Part::Tensor { kind: Kind::Weight, shape: Self::FILE_SHAPE };
        visit(&path.field("weight"), weight);
        if B::COUNT > 0 {
            visit(&path.field("bias"), Part::Tensor { kind: Kind::Bias, shape: &[OUT] });
        }
    }
}

#[cfg(feature = "std")]
#[diagnostic::do_not_recommend]
impl<T, const OUT: usize, const PATCH: usize, I, O, G, A, B> Differentiable
    for Conv<T, OUT, PATCH, I, O, G, A, B>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
    G: Windowed,
    A: ActivationGradient,
    B: Bias<T>,
{
    fn trace_len(samples: usize) -> usize {
        if A::NEEDS_SCORES { samples * O::LEN } else { 0 }
    }

    #[inline(always)]
    fn scores<S: Simd>(
        &self,
        simd: S,
        _context: Context,
        inputs: &[I],
        scores: &mut [O],
        _trace: &mut [T],
    ) {
        self.convolve::<S, Identity>(simd, inputs, scores);
    }

    #[inline(always)]
    fn activations<S: Simd>(
        &self,
        simd: S,
        context: Context,
        inputs: &[I],
        outputs: &mut [O],
        trace: &mut [T],
    ) {
        if A::NEEDS_SCORES {
            self.scores(simd, context, inputs, outputs, trace);
            trace.copy_from_slice(flat(outputs));
            activate_all::<A, O, S>(simd, outputs);
        } else {
            self.infer(simd, inputs, outputs);
        }
    }

    #[inline(always)]
    fn backward_scores<S: Simd>(
        simd: S,
        batch: Batch<'_, Self>,
        score_gradient: &[O],
        sink: GradientSink<'_, T>,
    ) {
        let Batch { inputs, input_gradient, .. } = batch;
        if let Some(input_gradient) = input_gradient {
            simd.vectorize(ConvolutionInputs::<T, Over<I, O, G>> {
                weight: sink.layer::<Self>().weight.as_slice(),
                output_gradient: flat(score_gradient),
                input_gradient: flat_mut(input_gradient),
                onto: Onto::Zero,
                kind: PhantomData,
            });
        }
        let (mut weight, mut bias) = sink.split_at(OUT * PATCH);
        if !weight.is_frozen() {
            let mut block = weight.block(0..OUT * PATCH);
            simd.vectorize(ConvolutionWeights::<T, Over<I, O, G>> {
                inputs: flat(inputs),
                output_gradient: flat(score_gradient),
                gradient: block.sums(),
                kind: PhantomData,
            });
            block.finish();
        }
        if B::COUNT > 0 {
            let mut block = bias.block(0..OUT);
            let (gradient, accumulate) = block.room();
            T::sums_of_planes(gradient, flat(score_gradient), O::PIXELS, accumulate);
            block.finish();
        }
    }

    #[inline(always)]
    fn backward<S: Simd>(
        simd: S,
        batch: Batch<'_, Self>,
        outputs: &[O],
        output_gradient: &mut [O],
        sink: GradientSink<'_, T>,
    ) {
        let scores = if A::NEEDS_SCORES { &*batch.trace } else { &[] };
        derivative::<A, O, S>(simd, scores, outputs, output_gradient);
        Self::backward_scores(simd, batch, output_gradient, sink);
    }
}

impl<T, const OUT: usize, const PATCH: usize, I, O, G, A, B> fmt::Debug
    for Conv<T, OUT, PATCH, I, O, G, A, B>
where
    T: Scalar,
    B: Bias<T>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Conv")
            .field("weight", &self.weight)
            .field("bias", &self.bias)
            .finish()
    }
}

impl<T, const OUT: usize, const PATCH: usize, I, O, G, A, B> PartialEq
    for Conv<T, OUT, PATCH, I, O, G, A, B>
where
    T: Scalar,
    B: Bias<T>,
{
    fn eq(&self, other: &Self) -> bool {
        self.weight == other.weight && self.bias == other.bias
    }
}
