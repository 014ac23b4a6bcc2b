//! Dropout.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use pulp::Simd;
use rand::Rng;

use super::{Layer, ParameterPath, Part};
use crate::activations::Identity;
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, flat, flat_mut};

/// While training, each number is zero with the probability p = `NUMERATOR / DENOMINATOR`, `dropout 0.5` in a description;
/// the others are divided by 1 − p, so that the mean does not change. In inference, it passes its input on.
///
/// y = x · m / (1 − p), where m is 0 with the probability p and 1 else.
///
/// What m is depends on the seed of the pass alone: [`train_step`](crate::Network::train_step) has one for each step
/// ([`State::set_seed`](crate::optimizers::State::set_seed)), [`gradient_with`](crate::Network::gradient_with) is told one, and
/// [`gradient`](crate::Network::gradient) makes it of the weights and inputs.
///
/// PyTorch's `nn.Dropout`, Keras's `Dropout`.
///
/// # Shapes
///
/// Input and output are samples of one type `I`, vectors or images. It has no parameters.
///
/// Source: N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: a simple way to prevent neural networks
/// from overfitting", JMLR 15 (2014).
#[repr(C)]
#[derive(Parameters)]
pub struct Dropout<T, I, const NUMERATOR: u64, const DENOMINATOR: u64>(PhantomData<(T, I)>);

impl<T, I, const NUMERATOR: u64, const DENOMINATOR: u64> Dropout<T, I, NUMERATOR, DENOMINATOR> {
    /// The probability of zero.
    #[expect(clippy::cast_precision_loss, reason = "the quotient is rounded anyway")]
    const PROBABILITY: f64 = {
        assert!(
            DENOMINATOR != 0 && NUMERATOR <= DENOMINATOR,
            "the probability of dropout is from 0 to 1"
        );
        NUMERATOR as f64 / DENOMINATOR as f64
    };
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, I: Sample<Scalar = T>, const NUMERATOR: u64, const DENOMINATOR: u64> Layer
    for Dropout<T, I, NUMERATOR, DENOMINATOR>
{
    type Input = I;
    type Output = I;
    type Activation = Identity;

    const MULTIPLY_ADDS: usize = 0;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &I, output: &mut I) {
        self.infer(simd, slice::from_ref(input), slice::from_mut(output));
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, _simd: S, inputs: &[I], outputs: &mut [I]) {
        flat_mut(outputs).copy_from_slice(flat(inputs));
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {}

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(
            path,
            Part::Layer {
                word: "dropout",
                activation: |formatter| write!(formatter, "{}", Self::PROBABILITY),
                output: I::SHAPE,
                parameters: 0,
                multiply_adds: 0,
            },
        );
    }
}

impl<T, I, const NUMERATOR: u64, const DENOMINATOR: u64> fmt::Debug
    for Dropout<T, I, NUMERATOR, DENOMINATOR>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dropout({})", Self::PROBABILITY)
    }
}

impl<T, I, const NUMERATOR: u64, const DENOMINATOR: u64> PartialEq
    for Dropout<T, I, NUMERATOR, DENOMINATOR>
{
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};
    use crate::simd::vectorized;

    vectorized! {
        /// The factor of each number, 0 or 1 / (1 − p), and the number times that.
        fn drop_some[T: Scalar](
            context: Context,
            probability: f64,
            inputs: &[T],
            outputs: &mut [T],
            factors: &mut [T],
        ) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of 2^32, from 0 to 1"
            )]
            let threshold = (probability * 4_294_967_296.0) as u64;
            let kept = T::of(if probability < 1.0 { 1.0 / (1.0 - probability) } else { 0.0 });
            // Two numbers for 64 random bits.
            for (index, factors) in factors.chunks_mut(2).enumerate() {
                let bits = context.random(index as u64);
                for (factor, bits) in factors.iter_mut().zip([bits >> 32, bits & 0xffff_ffff]) {
                    *factor = if bits < threshold { T::zero() } else { kept };
                }
            }
            for ((output, input), factor) in outputs.iter_mut().zip(inputs).zip(factors) {
                *output = *input * *factor;
            }
        }
    }

    vectorized! {
        /// `to = values ⊙ factors`
        fn multiply[T: Scalar](to: &mut [T], values: &[T], factors: &[T]) {
            for (to, (value, factor)) in to.iter_mut().zip(values.iter().zip(factors)) {
                *to = *value * *factor;
            }
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T: Scalar, I: Sample<Scalar = T>, const NUMERATOR: u64, const DENOMINATOR: u64>
        Differentiable for Dropout<T, I, NUMERATOR, DENOMINATOR>
    {
        const IS_RANDOM: bool = true;
        const TANGENTS: bool = true;

        /// The factor of each number.
        fn trace_len(samples: usize) -> usize {
            samples * I::LEN
        }

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [I],
            trace: &mut [T],
            _end: End,
        ) {
            let (inputs, outputs) = (flat(inputs), flat_mut(outputs));
            if context.is_training() {
                drop_some(context, Self::PROBABILITY, inputs, outputs, trace);
            } else {
                trace.fill(T::one());
                outputs.copy_from_slice(inputs);
            }
        }

        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [I],
            _end: End,
            _sink: GradientSink<'_, T>,
        ) {
            if let Some(input_gradient) = batch.input_gradient {
                multiply(flat_mut(input_gradient), flat(gradient), batch.trace);
            }
        }
    }
}
