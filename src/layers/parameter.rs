//! A learned constant.

use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::Simd;
use rand::Rng;

use super::macros::by_fields;
use super::{Kind, Layer, ParameterPath, Part};
use crate::activations::Identity;
use crate::core::{Initializer, Parameters, Sample, Scalar};

/// A vector that is learned, `parameter 2` in a description: it comes out, whatever the input is. The log σ of a policy, say, which stands beside its means:
/// `concat { dense 2 } { log_std: parameter 2 }`.
///
/// **y** = **v**; ∂y/∂v = 1, ∂y/∂x = 0.
///
/// It does not decay with the weights: it is a [`Kind::Bias`].
///
/// PyTorch's `nn.Parameter(torch.zeros(N))`, expanded over the batch.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input **x** | `I`, any sample, at which it does not look |
/// | output **y** | vector of `N` |
/// | `value` **v** | vector of `N`, at first 0, or by `init normal(0, 1)` and the like |
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Policy<input 3 => concat { dense 2 } { log_std: parameter 2 init uniform(-1, -1) }>; }
///
/// let net = Policy::random(&mut StdRng::seed_from_u64(1));
/// let output = net.forward(&SVector::from([1.0, 2.0, 3.0]));
/// assert_eq!(output.fixed_rows::<2>(2), net.concat1.second.log_std.value);
/// assert_eq!(output[2], -1.0);
/// ```
#[repr(C)]
#[derive(Parameters)]
pub struct Parameter<T, I, const N: usize> {
    /// What comes out.
    pub value: SVector<T, N>,
    kind: PhantomData<I>,
}

impl<T: Scalar, I: Sample<Scalar = T>, const N: usize> Parameter<T, I, N> {
    /// Draws a new value.
    pub fn initialize_with<R: Rng + ?Sized>(&mut self, initializer: Initializer, rng: &mut R) {
        initializer.fill(self.value.as_mut_slice(), 1, N, rng);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, I: Sample<Scalar = T>, const N: usize> Layer for Parameter<T, I, N> {
    type Input = I;
    type Output = SVector<T, N>;
    type Activation = Identity;

    const MULTIPLY_ADDS: usize = 0;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, _simd: S, _input: &I, output: &mut Self::Output) {
        output.copy_from_slice(self.value.as_slice());
    }

    /// Zeros.
    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {
        self.value.fill(T::zero());
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("parameter"));
        visit(&path.field("value"), Part::Tensor { kind: Kind::Bias, shape: &[N] });
    }
}

by_fields!([T: Scalar, I, const N: usize] Parameter<T, I, N>, "Parameter" { value });

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::core::{flat, flat_mut};
    use crate::layers::outlined::Outlined;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};

    #[diagnostic::do_not_recommend]
    impl<T: Scalar, I: Sample<Scalar = T>, const N: usize> Differentiable for Parameter<T, I, N> {
        const TANGENTS: bool = true;

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [Self::Output],
            _trace: &mut [T],
            _end: End,
        ) {
            let points = if context.is_tangents() { 1 } else { inputs.len() };
            let (outputs, tangents) = outputs.split_at_mut(points);
            Outlined::infer(self, &inputs[..points], outputs);
            flat_mut(tangents).fill(T::zero());
        }

        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [Self::Output],
            _end: End,
            mut sink: GradientSink<'_, T>,
        ) {
            if let Some(input_gradient) = batch.input_gradient {
                flat_mut(input_gradient).fill(T::zero());
            }
            let mut block = sink.block(0..N);
            let (sums, accumulate) = block.room();
            T::sums_of_planes(sums, flat(gradient), 1, accumulate);
            block.finish();
        }
    }
}
