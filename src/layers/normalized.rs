//! Inference through a layer with a batch normalization behind it, as one call: the normalization is a scale and a shift of the layer's sums, which are still in
//! registers.
//!
//! With sums s, a bias b, and γ, β, μ, σ² of the normalization, y = f(γ (s + b − μ) / √(σ² + ε) + β) is f(scale · s + shift), where scale = γ / √(σ² + ε) and
//! shift = scale · (b − μ) + β. Both are computed once a call. It is the same number as that of the two layers, but for rounding.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::Layer;
use crate::activations::Activation;
use crate::core::Parameters;
use crate::simd::dispatch;

/// A layer whose sums can be scaled and shifted before they are stored: a layer without an activation.
pub trait Scaled: Layer {
    /// Its bias, or nothing.
    fn bias(&self) -> &[Self::Scalar];

    /// f(scale ⊙ s + shift) for one sample, where s is the output without the bias.
    fn infer_one_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        scale_and_shift: [&[Self::Scalar]; 2],
        input: &Self::Input,
        output: &mut Self::Output,
    );

    /// The same for a batch.
    fn infer_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        scale_and_shift: [&[Self::Scalar]; 2],
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
    );
}

/// A normalization that is a scale and a shift in inference.
pub trait Normalization: Layer {
    /// The layer before it, it, and an activation, for one sample.
    fn infer_one_behind<L, A, S>(
        &self,
        before: &L,
        simd: S,
        input: &L::Input,
        output: &mut L::Output,
    ) where
        L: Scaled<Scalar = Self::Scalar, Output = Self::Input>,
        A: Activation,
        S: Simd;

    /// The same for a batch.
    fn infer_behind<L, A, S>(
        &self,
        before: &L,
        simd: S,
        inputs: &[L::Input],
        outputs: &mut [L::Output],
    ) where
        L: Scaled<Scalar = Self::Scalar, Output = Self::Input>,
        A: Activation,
        S: Simd;
}

/// The passes through a layer `L`, a normalization `N` and an activation `A`.
#[derive(Debug)]
pub struct Normalized<L, N, A>(PhantomData<(L, N, A)>);

impl<L, N, A> Normalized<L, N, A>
where
    L: Scaled<Scalar = <N as Parameters>::Scalar, Output = <N as Layer>::Input>,
    N: Normalization,
    A: Activation,
{
    /// One sample.
    #[inline(always)]
    pub fn infer_one<S: Simd>(
        layer: &L,
        normalization: &N,
        simd: S,
        input: &L::Input,
        output: &mut L::Output,
    ) {
        normalization.infer_one_behind::<L, A, S>(layer, simd, input, output);
    }

    /// A batch.
    #[inline(always)]
    pub fn infer<S: Simd>(
        layer: &L,
        normalization: &N,
        simd: S,
        inputs: &[L::Input],
        outputs: &mut [L::Output],
    ) {
        normalization.infer_behind::<L, A, S>(layer, simd, inputs, outputs);
    }
}

/// The same, each a function, as those of [`Outlined`](super::outlined::Outlined).
#[derive(Debug)]
pub struct OutlinedNormalized<L, N, A>(PhantomData<(L, N, A)>);

impl<L, N, A> OutlinedNormalized<L, N, A>
where
    L: Scaled<Scalar = <N as Parameters>::Scalar, Output = <N as Layer>::Input>,
    N: Normalization,
    A: Activation,
{
    /// One sample.
    #[inline(never)]
    pub fn infer_one(layer: &L, normalization: &N, input: &L::Input, output: &mut L::Output) {
        dispatch(One::<L, N, A> { layer, normalization, input, output, activation: PhantomData });
    }

    /// A batch.
    #[inline(never)]
    pub fn infer(layer: &L, normalization: &N, inputs: &[L::Input], outputs: &mut [L::Output]) {
        dispatch(Many::<L, N, A> {
            layer,
            normalization,
            inputs,
            outputs,
            activation: PhantomData,
        });
    }
}

struct One<'a, L: Layer, N, A> {
    layer: &'a L,
    normalization: &'a N,
    input: &'a L::Input,
    output: &'a mut L::Output,
    activation: PhantomData<A>,
}

impl<L, N, A> WithSimd for One<'_, L, N, A>
where
    L: Scaled<Scalar = <N as Parameters>::Scalar, Output = <N as Layer>::Input>,
    N: Normalization,
    A: Activation,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, normalization, input, output, .. } = self;
        normalization.infer_one_behind::<L, A, S>(layer, simd, input, output);
    }
}

struct Many<'a, L: Layer, N, A> {
    layer: &'a L,
    normalization: &'a N,
    inputs: &'a [L::Input],
    outputs: &'a mut [L::Output],
    activation: PhantomData<A>,
}

impl<L, N, A> WithSimd for Many<'_, L, N, A>
where
    L: Scaled<Scalar = <N as Parameters>::Scalar, Output = <N as Layer>::Input>,
    N: Normalization,
    A: Activation,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, normalization, inputs, outputs, .. } = self;
        normalization.infer_behind::<L, A, S>(layer, simd, inputs, outputs);
    }
}
