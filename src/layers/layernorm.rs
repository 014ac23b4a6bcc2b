//! Layer normalization.

use core::marker::PhantomData;
use core::slice;

use nalgebra::SVector;
use num_traits::Float;
use pulp::{Simd, WithSimd};
use rand::Rng;

use super::fraction::{Fraction, Ratio};
use super::macros::by_fields;
use super::{Kind, Layer, ParameterPath, Part};
use crate::activations::Identity;
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, Shape};
use crate::kernels::{squares, sum};

/// Layer normalization, `layernorm` in a description: the numbers of each sample with mean 0 and variance 1, then each scaled and
/// shifted by what is learned.
///
/// **y** = **γ** (**x** − μ) / √(σ² + ε) + **β**, where μ and σ² are the mean and the (biased) variance of the sample's numbers,
/// and ε = 10⁻⁵ (`E`, `layernorm eps 1e-6` in a description).
///
/// PyTorch's `nn.LayerNorm` over all dimensions of a sample, Keras's `LayerNormalization` with its default `layernorm eps 1e-3`. A file of weights does not
/// have ε in it.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input **x**, output **y** | `I`, a vector or an [`Image`](crate::Image), of `N` numbers |
/// | `weight` **γ**, `bias` **β** | vectors of `N`: at first 1, and 0; in files of the sample's shape |
///
/// Source: J. Ba, J. Kiros, G. Hinton, "Layer normalization", 2016.
#[repr(C)]
#[derive(Parameters)]
pub struct LayerNorm<T, I, const N: usize, E = Ratio<1, 100_000>> {
    /// One factor a number.
    pub weight: SVector<T, N>,
    /// One summand a number.
    pub bias: SVector<T, N>,
    kind: PhantomData<(I, E)>,
}

impl<T: Scalar, I: Sample<Scalar = T>, const N: usize, E: Fraction> LayerNorm<T, I, N, E> {
    const FITS: () = assert!(I::LEN == N, "`LayerNorm`: one factor for each number");

    const FILE_SHAPE: &'static [usize] = match I::SHAPE {
        Shape::Image(channels, rows, columns) => &[channels, rows, columns],
        Shape::Vector(_) | Shape::Record(_) => &[N],
    };
}

/// Mean, and 1 / √(σ² + ε).
#[inline(always)]
fn statistics<T: Scalar, S: Simd>(simd: S, values: &[T], epsilon: f64) -> (T, T) {
    #[expect(clippy::cast_precision_loss, reason = "a count of numbers")]
    let count = T::of(values.len() as f64);
    let mean = sum(simd, values) / count;
    let variance = squares(simd, values, mean) / count;
    (mean, T::one() / Float::sqrt(variance + T::of(epsilon)))
}

struct Normalize<'a, T, I, const N: usize, E> {
    layer: &'a LayerNorm<T, I, N, E>,
    inputs: &'a [I],
    outputs: &'a mut [I],
}

impl<T: Scalar, I: Sample<Scalar = T>, const N: usize, E: Fraction> WithSimd
    for Normalize<'_, T, I, N, E>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (weight, bias) = (self.layer.weight.as_slice(), self.layer.bias.as_slice());
        for (input, output) in self.inputs.iter().zip(self.outputs) {
            let input = input.as_slice();
            let (mean, inverse) = statistics(simd, input, E::VALUE);
            let numbers = output.as_mut_slice().iter_mut().zip(input);
            for ((y, x), (weight, bias)) in numbers.zip(weight.iter().zip(bias)) {
                *y = (*x - mean) * inverse * *weight + *bias;
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, I: Sample<Scalar = T>, const N: usize, E: Fraction> Layer
    for LayerNorm<T, I, N, E>
{
    type Input = I;
    type Output = I;
    type Activation = Identity;

    const MULTIPLY_ADDS: usize = 2 * N;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &I, output: &mut I) {
        self.infer(simd, slice::from_ref(input), slice::from_mut(output));
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[I], outputs: &mut [I]) {
        let () = Self::FITS;
        simd.vectorize(Normalize { layer: self, inputs, outputs });
    }

    /// Scale 1, shift 0.
    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {
        self.weight.fill(T::one());
        self.bias.fill(T::zero());
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("layernorm"));
        let shape = Self::FILE_SHAPE;
        visit(&path.field("weight"), Part::Tensor { kind: Kind::Weight, shape });
        visit(&path.field("bias"), Part::Tensor { kind: Kind::Bias, shape });
    }
}

by_fields!(
    [T: Scalar, I, const N: usize, E] LayerNorm<T, I, N, E>, "LayerNorm" { weight, bias }
);

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::kernels::covariance;
    use crate::layers::outlined::Outlined;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};
    use crate::memory::Heap;
    use crate::simd::dispatch;

    /// `dX = (h − mean of h − x̂ · mean of h x̂) / √(σ² + ε)`, where `h = γ g`.
    struct Inputs<'a, T, I> {
        inputs: &'a [I],
        epsilon: f64,
        output_gradient: &'a [I],
        input_gradient: &'a mut [I],
        weight: &'a [T],
    }

    impl<T: Scalar, I: Sample<Scalar = T>> WithSimd for Inputs<'_, T, I> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { inputs, epsilon, output_gradient, input_gradient, weight } = self;
            #[expect(clippy::cast_precision_loss, reason = "a count of numbers")]
            let share = T::of(1.0 / weight.len() as f64);
            for ((input, gradient), to) in inputs.iter().zip(output_gradient).zip(input_gradient) {
                let (input, to) = (input.as_slice(), to.as_mut_slice());
                let (mean, inverse) = statistics(simd, input, epsilon);
                for ((to, g), weight) in to.iter_mut().zip(gradient.as_slice()).zip(weight) {
                    *to = *g * *weight;
                }
                let mean_h = sum(simd, to) * share;
                let slope = covariance(simd, to, input, mean) * share * inverse * inverse;
                for (to, x) in to.iter_mut().zip(input) {
                    *to = (*to - mean_h - (*x - mean) * slope) * inverse;
                }
            }
        }
    }

    /// `dγ += g x̂`, `dβ += g`, over all samples.
    struct Scales<'a, T, I> {
        inputs: &'a [I],
        epsilon: f64,
        output_gradient: &'a [I],
        weight: &'a mut [T],
        bias: &'a mut [T],
    }

    impl<T: Scalar, I: Sample<Scalar = T>> WithSimd for Scales<'_, T, I> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { inputs, epsilon, output_gradient, weight, bias } = self;
            for (input, gradient) in inputs.iter().zip(output_gradient) {
                let input = input.as_slice();
                let (mean, inverse) = statistics(simd, input, epsilon);
                let numbers = gradient.as_slice().iter().zip(input);
                let sums = weight.iter_mut().zip(bias.iter_mut());
                for ((weight, bias), (g, x)) in sums.zip(numbers) {
                    *weight += *g * (*x - mean) * inverse;
                    *bias += *g;
                }
            }
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T: Scalar, I: Sample<Scalar = T>, const N: usize, E: Fraction> Differentiable
        for LayerNorm<T, I, N, E>
    {
        const TANGENTS: bool = true;

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [I],
            _trace: &mut [T],
            _end: End,
        ) {
            if !context.is_tangents() {
                return Outlined::infer(self, inputs, outputs);
            }
            let (point, tangents) = inputs.split_at(1);
            let (output, output_tangents) = outputs.split_at_mut(1);
            Outlined::infer(self, point, output);
            // The derivative of x̂ is symmetric: forward and backward are the same.
            let mut ones = Heap::default();
            let ones = ones.take(N);
            ones.fill(T::one());
            for (tangent, to) in tangents.iter().zip(output_tangents) {
                dispatch(Inputs {
                    inputs: point,
                    epsilon: E::VALUE,
                    output_gradient: slice::from_ref(tangent),
                    input_gradient: slice::from_mut(to),
                    weight: ones,
                });
                for (to, weight) in to.as_mut_slice().iter_mut().zip(&self.weight) {
                    *to *= *weight;
                }
            }
        }

        #[inline(never)]
        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [I],
            _end: End,
            mut sink: GradientSink<'_, T>,
        ) {
            let Batch { inputs, input_gradient, .. } = batch;
            let (output_gradient, epsilon) = (&*gradient, E::VALUE);
            if let Some(input_gradient) = input_gradient {
                let weight = sink.layer::<Self>().weight.as_slice();
                dispatch(Inputs { inputs, epsilon, output_gradient, input_gradient, weight });
            }
            let mut block = sink.block(0..2 * N);
            let (weight, bias) = block.sums().split_at_mut(N);
            dispatch(Scales { inputs, epsilon, output_gradient, weight, bias });
            block.finish();
        }
    }
}
