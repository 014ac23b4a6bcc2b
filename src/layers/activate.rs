//! An activation that stands alone in a description.

use core::fmt;
use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::{Simd, WithSimd};
use rand::Rng;

#[cfg(feature = "std")]
use super::{Batch, Context, Differentiable, GradientSink};
use super::{Layer, Part, Path};
use crate::activations::{Activation, ActivationGradient, apply_on};
use crate::kernels::activate;
#[cfg(feature = "std")]
use crate::optimizers::Optimizer;
use crate::sample::{Sample, flat, flat_mut};
use crate::{Parameters, Scalar};

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

/// From the gradient of outputs to that of scores, over a batch: a function that all layers with this activation share.
pub(super) struct Derivative<'a, T, A> {
    /// Empty unless the derivative needs them.
    pub(super) scores: &'a [T],
    pub(super) outputs: &'a [T],
    pub(super) gradient: &'a mut [T],
    /// How many numbers a sample has.
    pub(super) width: usize,
    pub(super) activation: PhantomData<A>,
}

impl<T: Scalar, A: ActivationGradient> WithSimd for Derivative<'_, T, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mut scores, outputs, gradient, width, .. } = self;
        // Where each number is looked at alone, all samples are taken as one.
        let width = if A::ELEMENTWISE { outputs.len().max(1) } else { width };
        for (output, gradient) in outputs.chunks_exact(width).zip(gradient.chunks_exact_mut(width))
        {
            let (sample, rest) = scores.split_at(if A::NEEDS_SCORES { width } else { 0 });
            A::backward(simd, sample, output, gradient);
            scores = rest;
        }
    }
}

/// An activation as a layer of its own, `=> relu` in a description: **y** = f(**x**).
///
/// # Shapes
///
/// Input and output are vectors of `N`. It has no parameters.
#[repr(C)]
#[derive(Parameters)]
pub struct Activate<T, const N: usize, A>(PhantomData<(T, A)>);

impl<T: Scalar, const N: usize, A: Activation> Layer for Activate<T, N, A> {
    type Input = SVector<T, N>;
    type Output = SVector<T, N>;
    type Activation = A;

    const MULTIPLY_ADDS: usize = 0;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output) {
        *output = *input;
        apply_on::<A, T, S>(simd, output.as_mut_slice());
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        outputs.copy_from_slice(inputs);
        simd.vectorize(Activated::<T, A> {
            scores: flat_mut(outputs),
            width: N,
            activation: PhantomData,
        });
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {}

    fn describe(path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, Part)) {
        visit(
            path,
            Part::Layer {
                word: "",
                activation: |formatter| write!(formatter, "{}", A::name()),
                output: Self::Output::SHAPE,
                parameters: 0,
            },
        );
    }
}

#[cfg(feature = "std")]
impl<T: Scalar, const N: usize, A: ActivationGradient> Differentiable for Activate<T, N, A> {
    fn trace_len(_samples: usize) -> usize {
        0
    }

    #[inline(always)]
    fn scores<S: Simd>(
        &self,
        _simd: S,
        _context: Context,
        inputs: &[Self::Input],
        scores: &mut [Self::Output],
        _trace: &mut [T],
    ) {
        scores.copy_from_slice(inputs);
    }

    #[inline(always)]
    fn activations<S: Simd>(
        &self,
        simd: S,
        _context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        _trace: &mut [T],
    ) {
        self.infer(simd, inputs, outputs);
    }

    #[inline(always)]
    fn backward_scores<S: Simd, O: Optimizer<T>>(
        _simd: S,
        batch: Batch<'_, Self>,
        score_gradient: &[Self::Output],
        _sink: GradientSink<'_, T, O>,
    ) {
        if let Some(input_gradient) = batch.input_gradient {
            input_gradient.copy_from_slice(score_gradient);
        }
    }

    #[inline(always)]
    fn backward<S: Simd, O: Optimizer<T>>(
        simd: S,
        batch: Batch<'_, Self>,
        outputs: &[Self::Output],
        output_gradient: &mut [Self::Output],
        sink: GradientSink<'_, T, O>,
    ) {
        simd.vectorize(Derivative::<T, A> {
            scores: if A::NEEDS_SCORES { flat(batch.inputs) } else { &[] },
            outputs: flat(outputs),
            gradient: flat_mut(output_gradient),
            width: N,
            activation: PhantomData,
        });
        Self::backward_scores(simd, batch, output_gradient, sink);
    }
}

impl<T, const N: usize, A: Activation> fmt::Debug for Activate<T, N, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Activate({})", A::name())
    }
}

impl<T, const N: usize, A> PartialEq for Activate<T, N, A> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
