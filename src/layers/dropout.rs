//! Dropout.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use pulp::Simd;
use rand::Rng;

#[cfg(feature = "std")]
use super::{Batch, Context, Differentiable, GradientSink};
use super::{Layer, Part, Path};
use crate::activations::Identity;
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, flat, flat_mut};

/// While training, each number is zero with the probability p = `NUMERATOR / DENOMINATOR`, `dropout 0.5` in a description;
/// the others are divided by 1 − p, so that the mean stays what it was. In inference, nothing is done.
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

    fn describe(path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, Part)) {
        visit(
            path,
            Part::Layer {
                word: "dropout",
                activation: |formatter| write!(formatter, "{}", Self::PROBABILITY),
                output: I::SHAPE,
                parameters: 0,
            },
        );
    }
}

#[cfg(feature = "std")]
#[diagnostic::do_not_recommend]
impl<T: Scalar, I: Sample<Scalar = T>, const NUMERATOR: u64, const DENOMINATOR: u64> Differentiable
    for Dropout<T, I, NUMERATOR, DENOMINATOR>
{
    const IS_RANDOM: bool = true;

    /// The factor of each number.
    fn trace_len(samples: usize) -> usize {
        samples * I::LEN
    }

    #[inline(always)]
    fn scores<S: Simd>(
        &self,
        simd: S,
        context: Context,
        inputs: &[I],
        scores: &mut [I],
        trace: &mut [T],
    ) {
        if !context.is_training() {
            trace.fill(T::one());
            return self.infer(simd, inputs, scores);
        }
        let probability = Self::PROBABILITY;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 2^32, from 0 to 1"
        )]
        let threshold = (probability * 4_294_967_296.0) as u64;
        let kept = T::of(if probability < 1.0 { 1.0 / (1.0 - probability) } else { 0.0 });
        // Two numbers for 64 random bits.
        for (index, factors) in trace.chunks_mut(2).enumerate() {
            let bits = context.random(index as u64);
            for (factor, bits) in factors.iter_mut().zip([bits >> 32, bits & 0xffff_ffff]) {
                *factor = if bits < threshold { T::zero() } else { kept };
            }
        }
        for ((output, input), factor) in flat_mut(scores).iter_mut().zip(flat(inputs)).zip(trace) {
            *output = *input * *factor;
        }
    }

    #[inline(always)]
    fn activations<S: Simd>(
        &self,
        simd: S,
        context: Context,
        inputs: &[I],
        outputs: &mut [I],
        trace: &mut [T],
    ) {
        self.scores(simd, context, inputs, outputs, trace);
    }

    #[inline(always)]
    fn backward_scores<S: Simd>(
        _simd: S,
        batch: Batch<'_, Self>,
        score_gradient: &[I],
        _sink: GradientSink<'_, T>,
    ) {
        let Some(input_gradient) = batch.input_gradient else { return };
        let outputs = flat(score_gradient).iter().zip(batch.trace);
        for (input, (output, factor)) in flat_mut(input_gradient).iter_mut().zip(outputs) {
            *input = *output * *factor;
        }
    }

    #[inline(always)]
    fn backward<S: Simd>(
        simd: S,
        batch: Batch<'_, Self>,
        _outputs: &[I],
        output_gradient: &mut [I],
        sink: GradientSink<'_, T>,
    ) {
        Self::backward_scores(simd, batch, output_gradient, sink);
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
