//! The rectifier with learned slopes.

use core::marker::PhantomData;
use core::slice;

use nalgebra::SVector;
use pulp::{Simd, WithSimd};
use rand::Rng;

use super::macros::by_fields;
use super::{Kind, Layer, ParameterPath, Part};
use crate::activations::Identity;
use crate::core::{Parameters, Sample, Scalar};

/// A rectifier whose slope below zero is learned, `prelu` in a description: one slope for each channel of an image, or each number of a vector.
///
/// y = x where x > 0, else a x; ∂y/∂x = 1 or a, ∂y/∂a = 0 or x. NaN stays NaN.
///
/// A slope that decays makes a `relu` of it in the end. So it is a [`Kind::Bias`]: `decay_weights_only` of an optimizer leaves it out, as it does biases;
/// without that, everything decays, slopes too, as in PyTorch.
///
/// PyTorch's `nn.PReLU(num_parameters)`, where `num_parameters` is the number of channels (its default is one slope for all). Keras's `PReLU` has one slope
/// a number, at first 0; with `shared_axes=[1, 2]` it has one a channel. A layer before it has the initial weights of one without an activation;
/// `init he_normal` gives it those of `relu`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x, output y | `I`, an [`Image`](crate::Image) of `CHANNELS` channels, or a vector of `CHANNELS` |
/// | `weight` a | vector of `CHANNELS`: at first 0.25 |
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Net<input 2 => prelu>; }
///
/// let mut net = Net::random(&mut StdRng::seed_from_u64(1));
/// net.prelu1.weight[1] = 0.5;
/// assert_eq!(net.forward(&SVector::from([-2.0, -2.0])), SVector::from([-0.5, -1.0]));
/// ```
///
/// Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification", ICCV 2015.
#[repr(C)]
#[derive(Parameters)]
pub struct PRelu<T, I, const CHANNELS: usize> {
    /// One slope a channel.
    pub weight: SVector<T, CHANNELS>,
    kind: PhantomData<I>,
}

impl<T: Scalar, I: Sample<Scalar = T>, const CHANNELS: usize> PRelu<T, I, CHANNELS> {
    const FITS: () = assert!(I::LEN == CHANNELS * I::PIXELS, "`PRelu`: one slope for each channel");
}

/// `to = v` where x > 0, else `to = a v`: the outputs for `v = x`, the gradient of the inputs for that of the outputs.
struct Rectify<'a, T, I> {
    weight: &'a [T],
    inputs: &'a [I],
    values: &'a [I],
    to: &'a mut [I],
}

impl<T: Scalar, I: Sample<Scalar = T>> WithSimd for Rectify<'_, T, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { weight, inputs, values, to } = self;
        for ((x, v), to) in inputs.iter().zip(values).zip(to) {
            let (x, v, to) = (x.as_slice(), v.as_slice(), to.as_mut_slice());
            if I::PIXELS == 1 {
                for (((x, v), to), a) in x.iter().zip(v).zip(to).zip(weight) {
                    *to = if *x > T::zero() { *v } else { *a * *v };
                }
                continue;
            }
            let planes = x.chunks_exact(I::PIXELS).zip(v.chunks_exact(I::PIXELS));
            for (((x, v), to), a) in planes.zip(to.chunks_exact_mut(I::PIXELS)).zip(weight) {
                for ((x, v), to) in x.iter().zip(v).zip(to) {
                    *to = if *x > T::zero() { *v } else { *a * *v };
                }
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, I: Sample<Scalar = T>, const CHANNELS: usize> Layer for PRelu<T, I, CHANNELS> {
    type Input = I;
    type Output = I;
    type Activation = Identity;

    const MULTIPLY_ADDS: usize = I::LEN;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &I, output: &mut I) {
        self.infer(simd, slice::from_ref(input), slice::from_mut(output));
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[I], outputs: &mut [I]) {
        let () = Self::FITS;
        let weight = self.weight.as_slice();
        simd.vectorize(Rectify { weight, inputs, values: inputs, to: outputs });
    }

    /// Slopes of 0.25.
    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {
        self.weight.fill(T::of(0.25));
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("prelu"));
        let slopes = Part::Tensor { kind: Kind::Bias, shape: &[CHANNELS] };
        visit(&path.field("weight"), slopes);
    }
}

by_fields!([T: Scalar, I, const CHANNELS: usize] PRelu<T, I, CHANNELS>, "PRelu" { weight });

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::core::{flat, flat_mut};
    use crate::layers::outlined::Outlined;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};
    use crate::simd::{dispatch, vectorized};

    vectorized! {
        /// `g = 0` where x > 0, else `g = x g`: what each number adds to the gradient of its slope.
        fn of_slopes[T: Scalar](x: &[T], g: &mut [T]) {
            for (x, g) in x.iter().zip(g) {
                *g = if *x > T::zero() { T::zero() } else { *x * *g };
            }
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T: Scalar, I: Sample<Scalar = T>, const CHANNELS: usize> Differentiable
        for PRelu<T, I, CHANNELS>
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
            let weight = self.weight.as_slice();
            for (value, to) in inputs.iter().zip(outputs) {
                let (values, to) = (slice::from_ref(value), slice::from_mut(to));
                dispatch(Rectify { weight, inputs: &inputs[..1], values, to });
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
            if let Some(to) = input_gradient {
                let weight = sink.layer::<Self>().weight.as_slice();
                dispatch(Rectify { weight, inputs, values: gradient, to });
            }
            of_slopes(flat(inputs), flat_mut(gradient));
            let mut block = sink.block(0..CHANNELS);
            let (sums, accumulate) = block.room();
            T::sums_of_planes(sums, flat(gradient), I::PIXELS, accumulate);
            block.finish();
        }
    }
}
