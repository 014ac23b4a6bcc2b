//! The convolution.

use core::marker::PhantomData;
use core::slice;

use nalgebra::{SMatrix, SVector};
use pulp::Simd;
use rand::Rng;

use super::activate::activate_whole;
use super::dense::Bias;
use super::macros::by_fields;
use super::normalized::Scaled;
use super::window::{Over, Windowed, fits};
use super::{Kind, Layer, ParameterPath, Part};
use crate::activations::{Activation, Identity};
use crate::core::Initializer;
use crate::core::{ImageSample, flat, flat_mut};
use crate::core::{Parameters, Scalar};
use crate::kernels::{Convolution, Geometry, PostOps, conv_plan};
use crate::simd::Registers;

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
/// # Rounding
///
/// Windows of 3x3 that move by one row and column, with enough channels, are computed by Winograd's algorithm, as in most libraries: outputs in tiles of 4x4, from 6x6 numbers
/// of the input that are added up first. Its errors are about twice those of a sum of products, 1e-6 of the outputs' size with 64 channels in `f32`. Where one of the 6x6 numbers is NaN
/// or infinite, all outputs of the tile may be NaN.
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
/// assert_eq!(First::PARAMETERS, 6 * 25 + 6);
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
    fn convolution<'a, F: Activation>(
        &'a self,
        inputs: &'a [I],
        outputs: &'a mut [O],
    ) -> Convolution<'a, T, Over<I, O, G>, F> {
        let () = Self::FITS;
        Convolution {
            weight: self.weight.as_slice(),
            inputs: flat(inputs),
            outputs: flat_mut(outputs),
            post: PostOps::bias(self.bias.as_slice()),
            kind: PhantomData,
        }
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
        simd.vectorize(self.convolution::<A>(inputs, outputs));
        activate_whole::<A, O, S>(simd, outputs);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.initialize_with(A::INITIALIZER, rng);
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("conv"));
        visit(
            path,
            Part::Kernels(|_samples, set| {
                conv_plan(<Over<I, O, G> as Geometry>::SIZES, Registers::on::<T>(set))
            }),
        );
        let weight = Part::Tensor { kind: Kind::Weight, shape: Self::FILE_SHAPE };
        visit(&path.field("weight"), weight);
        if B::PARAMETERS > 0 {
            visit(&path.field("bias"), Part::Tensor { kind: Kind::Bias, shape: &[OUT] });
        }
    }
}

impl<T, const OUT: usize, const PATCH: usize, I, O, G, B> Scaled
    for Conv<T, OUT, PATCH, I, O, G, Identity, B>
where
    T: Scalar,
    I: ImageSample<Scalar = T>,
    O: ImageSample<Scalar = T>,
    G: Windowed,
    B: Bias<T>,
{
    fn bias(&self) -> &[T] {
        self.bias.as_slice()
    }

    #[inline(always)]
    fn infer_one_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        input: &I,
        output: &mut O,
        post: PostOps<'_, T>,
    ) {
        self.infer_scaled::<A, S>(simd, slice::from_ref(input), slice::from_mut(output), post);
    }

    #[inline(always)]
    fn infer_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        inputs: &[I],
        outputs: &mut [O],
        post: PostOps<'_, T>,
    ) {
        simd.vectorize(Convolution { post, ..self.convolution::<A>(inputs, outputs) });
        activate_whole::<A, O, S>(simd, outputs);
    }
}

by_fields!(
    [T: Scalar, const OUT: usize, const PATCH: usize, I, O, G, A, B: Bias<T>]
    Conv<T, OUT, PATCH, I, O, G, A, B>, "Conv" { weight, bias }
);

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::activations::ActivationGradient;
    use crate::kernels::{ConvolutionInputs, ConvolutionWeights, Onto};
    use crate::layers::activate::{activate_batch, derivative_batch, tangents_through};
    use crate::layers::outlined::Outlined;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};
    use crate::simd::dispatch;

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
            if end == End::Outputs && !A::NEEDS_SCORES {
                return Outlined::infer(self, inputs, outputs);
            }
            dispatch(self.convolution::<Identity>(inputs, outputs));
            if end == End::Outputs {
                trace.copy_from_slice(flat(outputs));
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
                dispatch(ConvolutionInputs::<T, Over<I, O, G>> {
                    weight: sink.layer::<Self>().weight.as_slice(),
                    output_gradient: score_gradient,
                    input_gradient: flat_mut(input_gradient),
                    onto: Onto::Zero,
                    kind: PhantomData,
                });
            }
            let (mut weight, mut bias) = sink.split_at(OUT * PATCH);
            if !weight.is_frozen() {
                let mut block = weight.block(0..OUT * PATCH);
                dispatch(ConvolutionWeights::<T, Over<I, O, G>> {
                    inputs: flat(inputs),
                    output_gradient: score_gradient,
                    gradient: block.sums(),
                    kind: PhantomData,
                });
                block.finish();
            }
            if B::PARAMETERS > 0 {
                let mut block = bias.block(0..OUT);
                let (gradient, accumulate) = block.room();
                T::sums_of_planes(gradient, score_gradient, O::PIXELS, accumulate);
                block.finish();
            }
        }
    }

    impl<T, const OUT: usize, const PATCH: usize, I, O, G, A, B> Conv<T, OUT, PATCH, I, O, G, A, B>
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
            let convolution = self.convolution::<Identity>(inputs, outputs);
            dispatch(Convolution { post: PostOps::bias(&[]), ..convolution });
            tangents_through(PhantomData::<A>, self.bias.as_slice(), outputs);
        }
    }
}
