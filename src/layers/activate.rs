//! An activation that stands alone in a description.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use pulp::{Simd, WithSimd};
use rand::Rng;

use super::{Layer, ParameterPath, Part};
use crate::activations::{Activation, apply_on};
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, flat, flat_mut};
use crate::kernels::activate;
use crate::memory::Heap;

/// An activation over a batch, in place: a function that all layers with this activation share.
pub(super) struct Activated<'a, T, A> {
    pub(super) scores: &'a mut [T],
    /// How many numbers a sample has.
    pub(super) width: usize,
    pub(super) activation: PhantomData<A>,
}

impl<T: Scalar, A: Activation> WithSimd for Activated<'_, T, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        activate::<A, T, S>(simd, self.scores);
        if !A::ELEMENTWISE {
            for sample in self.scores.chunks_exact_mut(self.width) {
                A::sample(simd, sample);
            }
        }
    }
}

/// Numbers that are copied and, while they are in the L1 cache, go through an activation: 4 KB of `f32`.
const COPIED: usize = 1024;

/// An activation that looks at each number alone, over a batch, from inputs to outputs: a function that all layers with this activation share.
struct Copied<'a, T, A> {
    inputs: &'a [T],
    outputs: &'a mut [T],
    activation: PhantomData<A>,
}

impl<T: Scalar, A: Activation> WithSimd for Copied<'_, T, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (inputs, outputs) in self.inputs.chunks(COPIED).zip(self.outputs.chunks_mut(COPIED)) {
            outputs.copy_from_slice(inputs);
            activate::<A, T, S>(simd, outputs);
        }
    }
}

/// An activation over a batch of vectors or images, in place: the same function for `forward` and for a loss of scores.
#[inline(always)]
pub(crate) fn activate_all<A: Activation, X: Sample, S: Simd>(simd: S, samples: &mut [X]) {
    if const { A::ELEMENTWISE || X::PIXELS == 1 } {
        simd.vectorize(Activated::<X::Scalar, A> {
            scores: flat_mut(samples),
            width: X::LEN,
            activation: PhantomData,
        });
    } else {
        activate::<A, X::Scalar, S>(simd, flat_mut(samples));
        activate_whole::<A, X, S>(simd, samples);
    }
}

/// What an activation does with whole samples, over a batch whose numbers it has seen one by one: pixel by pixel in an image.
#[inline(always)]
pub(super) fn activate_whole<A: Activation, X: Sample, S: Simd>(simd: S, samples: &mut [X]) {
    if !A::ELEMENTWISE {
        simd.vectorize(Whole::<X, A> { samples, activation: PhantomData });
    }
}

/// Up to this many channels, a pixel is copied to the stack.
#[cfg(feature = "std")]
const FEW_CHANNELS: usize = 256;

struct Whole<'a, X, A> {
    samples: &'a mut [X],
    activation: PhantomData<A>,
}

impl<X: Sample, A: Activation> WithSimd for Whole<'_, X, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if X::PIXELS == 1 {
            for sample in self.samples {
                A::sample(simd, sample.as_mut_slice());
            }
            return;
        }
        #[cfg(feature = "std")]
        let mut few = [X::Scalar::of(0.0); FEW_CHANNELS];
        // Without `std` there is no other memory than the stack.
        #[cfg(not(feature = "std"))]
        let mut few: X = bytemuck::Zeroable::zeroed();
        let mut heap = Heap::default();
        let room = heap.or(few.as_mut_slice(), X::LEN / X::PIXELS);
        for sample in self.samples {
            let sample = sample.as_mut_slice();
            for pixel in 0..X::PIXELS {
                take_pixel(&sample[pixel..], room, X::PIXELS);
                A::sample(simd, room);
                put_pixel(&mut sample[pixel..], room, X::PIXELS);
            }
        }
    }
}

/// The channels of a pixel: from the first number of `sample` on, every `pixels`th.
#[inline(always)]
fn take_pixel<T: Scalar>(sample: &[T], pixel: &mut [T], pixels: usize) {
    for (to, from) in pixel.iter_mut().zip(sample.iter().step_by(pixels)) {
        *to = *from;
    }
}

#[inline(always)]
fn put_pixel<T: Scalar>(sample: &mut [T], pixel: &[T], pixels: usize) {
    for (to, from) in sample.iter_mut().step_by(pixels).zip(pixel) {
        *to = *from;
    }
}

/// An activation as a layer of its own, `=> relu` in a description: **y** = f(**x**).
///
/// # Shapes
///
/// Input and output are samples of one type `I`, vectors or images. It has no parameters. `softmax` on an image is over the
/// channels of each pixel (PyTorch's `nn.Softmax2d`).
#[repr(C)]
#[derive(Parameters)]
pub struct Activate<T, I, A>(PhantomData<(T, I, A)>);

#[diagnostic::do_not_recommend]
impl<T: Scalar, I: Sample<Scalar = T>, A: Activation> Layer for Activate<T, I, A> {
    type Input = I;
    type Output = I;
    type Activation = A;

    const MULTIPLY_ADDS: usize = 0;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output) {
        output.as_mut_slice().copy_from_slice(input.as_slice());
        if A::ELEMENTWISE || I::PIXELS == 1 {
            apply_on::<A, T, S>(simd, output.as_mut_slice());
        } else {
            self.infer(simd, slice::from_ref(input), slice::from_mut(output));
        }
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        if A::ELEMENTWISE {
            let (inputs, outputs) = (flat(inputs), flat_mut(outputs));
            return simd.vectorize(Copied::<T, A> { inputs, outputs, activation: PhantomData });
        }
        outputs.copy_from_slice(inputs);
        activate_all::<A, I, S>(simd, outputs);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {}

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>(""));
    }
}

impl<T, I, A: Activation> fmt::Debug for Activate<T, I, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Activate({})", A::name())
    }
}

impl<T, I, A> PartialEq for Activate<T, I, A> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

#[cfg(feature = "train")]
pub(crate) use training::{
    Derivative, activate_batch, derivative, derivative_batch, tangents_through,
};

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::activations::{ActivationGradient, LastActivation};
    use crate::layers::outlined::Outlined;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};
    use crate::simd::{dispatch, vectorized};

    /// From the gradient of outputs to that of scores, over a batch: a function that all layers with this activation share.
    pub(crate) struct Derivative<'a, T, A> {
        /// Empty unless the derivative needs them.
        pub(crate) scores: &'a [T],
        pub(crate) outputs: &'a [T],
        pub(crate) gradient: &'a mut [T],
        /// How many numbers a sample has.
        pub(crate) width: usize,
        pub(crate) activation: PhantomData<A>,
    }

    impl<T: Scalar, A: LastActivation> WithSimd for Derivative<'_, T, A> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { mut scores, outputs, gradient, width, .. } = self;
            // Where each number is looked at alone, all samples are taken as one.
            let width = if A::ELEMENTWISE { outputs.len().max(1) } else { width };
            for (output, gradient) in
                outputs.chunks_exact(width).zip(gradient.chunks_exact_mut(width))
            {
                let (sample, rest) = scores.split_at(if A::SCORES { width } else { 0 });
                A::through(simd, sample, output, gradient);
                scores = rest;
            }
        }
    }

    impl<T: Scalar, A: LastActivation> Derivative<'_, T, A> {
        /// On the machine's instruction set.
        #[inline(never)]
        pub(crate) fn run(self) {
            dispatch(self);
        }
    }

    /// [`Derivative`] of an activation that looks at each number alone, and a copy of it for the inputs, unless nobody asks for it: piece by piece, so that
    /// a large batch is read once.
    struct DerivativeCopied<'a, T, A> {
        /// Empty unless the derivative needs them.
        scores: &'a [T],
        outputs: &'a [T],
        gradient: &'a mut [T],
        /// Empty unless somebody asks for it.
        input_gradient: &'a mut [T],
        activation: PhantomData<A>,
    }

    impl<T: Scalar, A: LastActivation> WithSimd for DerivativeCopied<'_, T, A> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { scores, outputs, gradient, input_gradient, .. } = self;
            for (index, gradient) in gradient.chunks_mut(COPIED).enumerate() {
                let piece = index * COPIED..index * COPIED + gradient.len();
                let scores = scores.get(piece.clone()).unwrap_or(&[]);
                A::through(simd, scores, &outputs[piece.clone()], gradient);
                if let Some(input_gradient) = input_gradient.get_mut(piece) {
                    input_gradient.copy_from_slice(gradient);
                }
            }
        }
    }

    impl<T: Scalar, A: LastActivation> DerivativeCopied<'_, T, A> {
        /// On the machine's instruction set.
        #[inline(never)]
        fn run(self) {
            dispatch(self);
        }
    }

    impl<T: Scalar, A: Activation> Activated<'_, T, A> {
        /// On the machine's instruction set.
        #[inline(never)]
        pub(crate) fn run(self) {
            dispatch(self);
        }
    }

    /// From the gradient of outputs to that of scores, over a batch of vectors or images. `scores` is empty unless the derivative
    /// needs them.
    #[inline(always)]
    pub(crate) fn derivative<A: LastActivation, X: Sample, S: Simd>(
        simd: S,
        scores: &[X::Scalar],
        outputs: &[X],
        gradient: &mut [X],
    ) {
        if const { A::ELEMENTWISE || X::PIXELS == 1 } {
            simd.vectorize(Derivative::<X::Scalar, A> {
                scores,
                outputs: flat(outputs),
                gradient: flat_mut(gradient),
                width: X::LEN,
                activation: PhantomData,
            });
        } else {
            simd.vectorize(PixelDerivative::<X, A> {
                scores,
                outputs,
                gradient,
                activation: PhantomData,
            });
        }
    }

    /// [`Derivative`] for activations that take the channels of a pixel together.
    struct PixelDerivative<'a, X: Sample, A> {
        scores: &'a [X::Scalar],
        outputs: &'a [X],
        gradient: &'a mut [X],
        activation: PhantomData<A>,
    }

    impl<X: Sample, A: LastActivation> WithSimd for PixelDerivative<'_, X, A> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { mut scores, outputs, gradient, .. } = self;
            let channels = X::LEN / X::PIXELS;
            let kept = if A::SCORES { channels } else { 0 };
            let mut few = [X::Scalar::of(0.0); 3 * FEW_CHANNELS];
            let mut heap = Heap::default();
            let room = heap.or(&mut few, kept + 2 * channels);
            let (score, rest) = room.split_at_mut(kept);
            let (y, g) = rest.split_at_mut(channels);
            for (outputs, gradient) in outputs.iter().zip(gradient) {
                let (outputs, gradient) = (outputs.as_slice(), gradient.as_mut_slice());
                let (sample, rest) = scores.split_at(kept * X::PIXELS);
                for pixel in 0..X::PIXELS {
                    take_pixel(&outputs[pixel..], y, X::PIXELS);
                    take_pixel(&gradient[pixel..], g, X::PIXELS);
                    if A::SCORES {
                        take_pixel(&sample[pixel..], score, X::PIXELS);
                    }
                    A::through(simd, score, y, g);
                    put_pixel(&mut gradient[pixel..], g, X::PIXELS);
                }
                scores = rest;
            }
        }
    }

    /// [`activate_all`], outside of a pass.
    pub(crate) fn activate_batch<A: Activation, X: Sample>(
        activation: PhantomData<A>,
        samples: &mut [X],
    ) {
        if const { A::ELEMENTWISE || X::PIXELS == 1 } {
            let scores = flat_mut(samples);
            Activated { scores, width: X::LEN, activation }.run();
        } else {
            activate_images(activation, samples);
        }
    }

    vectorized! {
        fn activate_images[A: Activation, X: Sample](simd, _activation: PhantomData<A>, samples: &mut [X]) {
            activate_all::<A, X, _>(simd, samples);
        }
    }

    /// [`derivative`], outside of a pass.
    pub(crate) fn derivative_batch<A: LastActivation, X: Sample>(
        activation: PhantomData<A>,
        scores: &[X::Scalar],
        outputs: &[X],
        gradient: &mut [X],
    ) {
        if const { A::ELEMENTWISE || X::PIXELS == 1 } {
            let (outputs, gradient) = (flat(outputs), flat_mut(gradient));
            Derivative { scores, outputs, gradient, width: X::LEN, activation }.run();
        } else {
            dispatch(PixelDerivative { scores, outputs, gradient, activation });
        }
    }

    /// The first of `outputs` holds the scores at a point, without the bias of each channel, the others tangents of these scores. The point becomes
    /// f(scores + bias), and each tangent is multiplied by f′: a derivative is symmetric, so that forward and backward are the same.
    #[inline(never)]
    pub(crate) fn tangents_through<A: ActivationGradient, X: Sample>(
        activation: PhantomData<A>,
        bias: &[X::Scalar],
        outputs: &mut [X],
    ) {
        let (point, tangents) = outputs.split_at_mut(1);
        let planes = point[0].as_mut_slice().chunks_exact_mut(X::PIXELS);
        for (plane, bias) in planes.zip(bias) {
            for score in plane {
                *score += *bias;
            }
        }
        let mut room = Heap::default();
        let scores = room.take(if A::NEEDS_SCORES { X::LEN } else { 0 });
        scores.copy_from_slice(&point[0].as_slice()[..scores.len()]);
        activate_batch(activation, point);
        for tangent in tangents {
            derivative_batch(activation, scores, point, slice::from_mut(tangent));
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T: Scalar, I: Sample<Scalar = T>, A: ActivationGradient> Differentiable for Activate<T, I, A> {
        const TANGENTS: bool = true;

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [I],
            _trace: &mut [T],
            end: End,
        ) {
            if context.is_tangents() {
                outputs.copy_from_slice(inputs);
                return tangents_through(PhantomData::<A>, &[], outputs);
            }
            match end {
                End::Scores => outputs.copy_from_slice(inputs),
                End::Outputs => Outlined::infer(self, inputs, outputs),
            }
        }

        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [I],
            end: End,
            _sink: GradientSink<'_, T>,
        ) {
            let Batch { inputs, outputs, input_gradient, .. } = batch;
            let scores = if A::NEEDS_SCORES { flat(inputs) } else { &[] };
            if end == End::Outputs && A::ELEMENTWISE {
                let input_gradient = input_gradient.map_or(&mut [][..], flat_mut);
                DerivativeCopied::<T, A> {
                    scores,
                    outputs: flat(outputs),
                    gradient: flat_mut(gradient),
                    input_gradient,
                    activation: PhantomData,
                }
                .run();
                return;
            }
            if end == End::Outputs {
                derivative_batch(PhantomData::<A>, scores, outputs, gradient);
            }
            if let Some(input_gradient) = input_gradient {
                input_gradient.copy_from_slice(gradient);
            }
        }
    }
}
