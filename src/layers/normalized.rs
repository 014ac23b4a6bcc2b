//! Inference through a layer with a batch normalization behind it, as one call: the normalization is a scale and a shift of the layer's sums, which are still in
//! registers.
//!
//! With sums s, a bias b, and γ, β, μ, σ² of the normalization, y = f(γ (s + b − μ) / √(σ² + ε) + β) is f(scale · s + shift), where scale = γ / √(σ² + ε) and
//! shift = scale · (b − μ) + β. Both are computed once a call. It is the same number as that of the two layers, but for rounding.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::Layer;
use crate::activations::{Activation, Relu};
use crate::core::{Parameters, Sample};
use crate::core::{flat, flat_mut};
use crate::kernels::{PostOps, activate, add};
use crate::simd::dispatch;

/// What a residual block does to the outputs of its block, while they are in registers: y ← f(y + addend), where f is `relu` or the identity.
#[derive(Debug)]
pub struct Addition<'a, O> {
    /// One for each output, or none.
    pub(crate) to: &'a [O],
    /// f
    pub(crate) relu: bool,
}

impl<O> Clone for Addition<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Addition<'_, O> {}

impl<'a, O: Sample> Addition<'a, O> {
    /// Nothing.
    pub const NONE: Self = Self { to: &[], relu: false };

    /// `relu` alone.
    pub const RELU: Self = Self { to: &[], relu: true };

    /// For the next `count` samples, which it forgets.
    #[inline(always)]
    pub fn next(&mut self, count: usize) -> Self {
        let (to, rest) = self.to.split_at(count.min(self.to.len()));
        let relu = self.relu;
        self.to = rest;
        Self { to, relu }
    }

    /// Behind a scale and a shift.
    #[inline(always)]
    fn behind<'b>(self, [scale, shift]: [&'b [O::Scalar]; 2]) -> PostOps<'b, O::Scalar>
    where
        'a: 'b,
    {
        PostOps { scale, shift, addend: flat(self.to), relu: self.relu }
    }

    /// To outputs of a layer `L` that are stored already.
    #[inline(always)]
    pub(crate) fn run<L: Layer, S: Simd>(self, simd: S, outputs: &mut [O]) {
        if self.to.is_empty() && !self.relu {
            return;
        }
        let pass = Add { addition: self, outputs };
        // Of an outlined layer, `simd` is the baseline.
        if L::OUTLINED { dispatch(pass) } else { simd.vectorize(pass) }
    }
}

struct Add<'a, O> {
    addition: Addition<'a, O>,
    outputs: &'a mut [O],
}

impl<O: Sample> WithSimd for Add<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { addition, outputs } = self;
        if !addition.to.is_empty() {
            add(flat_mut(outputs), flat(addition.to));
        }
        if addition.relu {
            activate::<Relu, O::Scalar, S>(simd, flat_mut(outputs));
        }
    }
}

/// A layer whose sums can be scaled and shifted before they are stored: a layer without an activation.
pub trait Scaled: Layer {
    /// Its bias, or nothing.
    fn bias(&self) -> &[Self::Scalar];

    /// f(post(s)) for one sample, where s is the output without the bias, and f the activation `A`.
    fn infer_one_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        input: &Self::Input,
        output: &mut Self::Output,
        post: PostOps<'_, Self::Scalar>,
    );

    /// The same for a batch.
    fn infer_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        post: PostOps<'_, Self::Scalar>,
    );
}

/// A normalization that is a scale and a shift in inference.
pub trait Normalization: Layer {
    /// Calls with the scale and the shift that it is behind a bias.
    fn folded(&self, bias: &[Self::Scalar], call: impl FnOnce([&[Self::Scalar]; 2]));
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
        addition: Addition<'_, L::Output>,
    ) {
        normalization.folded(layer.bias(), |folded| {
            layer.infer_one_scaled::<A, S>(simd, input, output, addition.behind(folded));
        });
    }

    /// A batch.
    #[inline(always)]
    pub fn infer<S: Simd>(
        layer: &L,
        normalization: &N,
        simd: S,
        inputs: &[L::Input],
        outputs: &mut [L::Output],
        addition: Addition<'_, L::Output>,
    ) {
        normalization.folded(layer.bias(), |folded| {
            layer.infer_scaled::<A, S>(simd, inputs, outputs, addition.behind(folded));
        });
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
    pub fn infer_one(
        layer: &L,
        normalization: &N,
        input: &L::Input,
        output: &mut L::Output,
        addition: Addition<'_, L::Output>,
    ) {
        let activation = PhantomData::<A>;
        dispatch(One { layer, normalization, input, output, addition, activation });
    }

    /// A batch.
    #[inline(never)]
    pub fn infer(
        layer: &L,
        normalization: &N,
        inputs: &[L::Input],
        outputs: &mut [L::Output],
        addition: Addition<'_, L::Output>,
    ) {
        let activation = PhantomData::<A>;
        dispatch(Many { layer, normalization, inputs, outputs, addition, activation });
    }
}

struct One<'a, L: Layer, N, A> {
    layer: &'a L,
    normalization: &'a N,
    input: &'a L::Input,
    output: &'a mut L::Output,
    addition: Addition<'a, L::Output>,
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
        let Self { layer, normalization, input, output, addition, .. } = self;
        Normalized::<L, N, A>::infer_one(layer, normalization, simd, input, output, addition);
    }
}

struct Many<'a, L: Layer, N, A> {
    layer: &'a L,
    normalization: &'a N,
    inputs: &'a [L::Input],
    outputs: &'a mut [L::Output],
    addition: Addition<'a, L::Output>,
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
        let Self { layer, normalization, inputs, outputs, addition, .. } = self;
        Normalized::<L, N, A>::infer(layer, normalization, simd, inputs, outputs, addition);
    }
}
