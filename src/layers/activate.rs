//! An activation that stands alone in a description.

use core::fmt;
use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::{Simd, WithSimd};
use rand::Rng;

use super::dense::Derivative;
use super::{Batch, Differentiable, Layer, Part, Path};
use crate::activations::{Activation, ActivationGradient};
use crate::kernels::activate;
use crate::sample::{Sample, flat, flat_mut};
use crate::{Parameters, Scalar};

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
        self.infer(simd, core::slice::from_ref(input), core::slice::from_mut(output));
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        outputs.copy_from_slice(inputs);
        activate::<A, _, _>(simd, flat_mut(outputs));
        for sample in outputs {
            A::sample(simd, sample.as_mut_slice());
        }
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

impl<T: Scalar, const N: usize, A: ActivationGradient> Differentiable for Activate<T, N, A> {
    fn trace_len(_samples: usize) -> usize {
        0
    }

    #[inline(always)]
    fn scores<S: Simd>(
        &self,
        _simd: S,
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
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        _trace: &mut [T],
    ) {
        self.infer(simd, inputs, outputs);
    }

    #[inline(always)]
    fn backward_scores<S: Simd>(
        &self,
        _simd: S,
        batch: Batch<'_, Self>,
        score_gradient: &[Self::Output],
        _gradient: &mut Self,
    ) {
        if let Some(input_gradient) = batch.input_gradient {
            input_gradient.copy_from_slice(score_gradient);
        }
    }

    #[inline(always)]
    fn backward<S: Simd>(
        &self,
        simd: S,
        batch: Batch<'_, Self>,
        outputs: &[Self::Output],
        output_gradient: &mut [Self::Output],
        gradient: &mut Self,
    ) {
        Derivative::<T, N, A> {
            scores: if A::NEEDS_SCORES { flat(batch.inputs) } else { &[] },
            outputs,
            gradient: output_gradient,
            activation: PhantomData,
        }
        .with_simd(simd);
        self.backward_scores(simd, batch, output_gradient, gradient);
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
