//! Batch normalization.

use core::marker::PhantomData;
use core::slice;

use nalgebra::SVector;
use num_traits::Float;
use pulp::{Simd, WithSimd};
use rand::Rng;

use super::fraction::{Fraction, Ratio};
use super::macros::by_fields;
use super::normalized::Normalization;
use super::{Kind, Layer, ParameterPath, Part};
use crate::activations::Identity;
use crate::core::Sample;
use crate::core::{Parameters, Scalar};
use crate::kernels::normalize;
#[cfg(feature = "std")]
use crate::memory::Heap;

/// Batch normalization, `batchnorm` in a description: each channel of an image, or each number of a vector, with mean 0 and variance 1
/// over a batch, then scaled and shifted by what is learned.
///
/// y = γ (x − μ) / √(σ² + ε) + β, with ε = 10⁻⁵ (`E`, `batchnorm eps 1e-3` in a description).
///
/// While training, μ and σ² are the mean and the (biased) variance of the batch, over all samples and pixels, and the running ones
/// move towards them by a tenth of the way (`M`, `batchnorm momentum 0.01`): of σ² it is the unbiased one, as in PyTorch. In inference, μ and σ² are the running ones.
/// A batch in training is one pass, whatever its size.
///
/// A batch of a single number a channel (one sample, of vectors or of images of one pixel) has no variance. PyTorch refuses it; here such a batch is normalized
/// by the running μ and σ², as in inference, and leaves them unchanged. With batches of one sample alone, they stay 0 and 1. A last batch of one in each epoch does no harm; `Trainer::drop_last` leaves it out. Batches of two or three have a variance, but a poor one.
///
/// The gradient that [`Network::gradient`](crate::Network::gradient) gives for a running statistic is the momentum times how far it is from that of the batch: what a
/// step subtracts from it, as it is ([`Kind::Statistic`]).
///
/// PyTorch's `nn.BatchNorm1d` and `nn.BatchNorm2d`, whose `eps` and `momentum` these are. Keras's `BatchNormalization` has ε = 10⁻³ by default, and
/// its momentum is 1 − that of PyTorch: Keras's defaults are `batchnorm eps 1e-3 momentum 0.01`. A file of weights holds neither ε nor momentum: the weights of a network
/// with another ε (Keras's, torchvision's Inception, EfficientNet and MobileNetV3: 10⁻³) load without a word, and give other outputs unless `eps` is written.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input x, output y | `I`, an [`Image`](crate::Image) of `CHANNELS` channels, or a vector of `CHANNELS` |
/// | `weight` γ, `bias` β | vectors of `CHANNELS`: at first 1, and 0 |
/// | `running_mean` μ, `running_var` σ² | vectors of `CHANNELS`: at first 0, and 1; a step moves them as above, whatever the optimizer |
///
/// Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift",
/// ICML 2015.
#[repr(C)]
#[derive(Parameters)]
pub struct BatchNorm<T, I, const CHANNELS: usize, E = Ratio<1, 100_000>, M = Ratio<1, 10>> {
    /// One factor a channel.
    pub weight: SVector<T, CHANNELS>,
    /// One summand a channel.
    pub bias: SVector<T, CHANNELS>,
    /// The mean of each channel in inference.
    pub running_mean: SVector<T, CHANNELS>,
    /// The variance of each channel in inference.
    pub running_var: SVector<T, CHANNELS>,
    kind: PhantomData<(I, E, M)>,
}

impl<T, I, const CHANNELS: usize, E, M> BatchNorm<T, I, CHANNELS, E, M>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    E: Fraction,
    M: Fraction,
{
    const FITS: () =
        assert!(I::LEN == CHANNELS * I::PIXELS, "`BatchNorm`: one factor for each channel");

    /// y = γ (x − μ) / √(σ² + ε) + β
    #[inline(always)]
    fn normalized<'a>(
        &'a self,
        [mean, variance]: [&'a [T]; 2],
        inputs: &'a [I],
        outputs: &'a mut [I],
    ) -> Normalize<'a, T, I, CHANNELS, E, M> {
        let () = Self::FITS;
        Normalize { layer: self, mean, variance, inputs, outputs }
    }
}

/// 1 / √(σ² + ε). NaN where σ² is infinite, because a square overflowed: with 1 / ∞ = 0, the outputs would look sound.
#[inline(always)]
fn inverse<T: Scalar>(variance: T, epsilon: f64) -> T {
    T::one() / Float::sqrt(variance + T::of(epsilon)) + variance * T::zero()
}

/// How many channels are normalized at a time: their scales are on the stack.
const BLOCK: usize = 64;

struct Normalize<'a, T, I, const CHANNELS: usize, E, M> {
    layer: &'a BatchNorm<T, I, CHANNELS, E, M>,
    mean: &'a [T],
    variance: &'a [T],
    inputs: &'a [I],
    outputs: &'a mut [I],
}

impl<T, I, const CHANNELS: usize, E, M> WithSimd for Normalize<'_, T, I, CHANNELS, E, M>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    E: Fraction,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { layer, mean, variance, inputs, outputs } = self;
        let mut scale = [T::zero(); BLOCK];
        for first in (0..CHANNELS).step_by(BLOCK) {
            let channels = first..(first + BLOCK).min(CHANNELS);
            let scale = &mut scale[..channels.len()];
            let weight = &layer.weight.as_slice()[channels.clone()];
            let factors = weight.iter().zip(&variance[channels.clone()]);
            for (scale, (weight, variance)) in scale.iter_mut().zip(factors) {
                *scale = *weight * inverse(*variance, E::VALUE);
            }
            let mean = &mean[channels.clone()];
            let shift = &layer.bias.as_slice()[channels.clone()];
            let numbers = channels.start * I::PIXELS..channels.end * I::PIXELS;
            for (input, output) in inputs.iter().zip(&mut *outputs) {
                let input = &input.as_slice()[numbers.clone()];
                let output = &mut output.as_mut_slice()[numbers.clone()];
                if I::PIXELS == 1 {
                    let numbers = output.iter_mut().zip(input).zip(mean);
                    for (((y, x), mean), (scale, shift)) in numbers.zip(scale.iter().zip(shift)) {
                        *y = (*x - *mean) * *scale + *shift;
                    }
                    continue;
                }
                let planes = input.chunks_exact(I::PIXELS).zip(output.chunks_exact_mut(I::PIXELS));
                for (channel, (input, output)) in planes.enumerate() {
                    normalize(input, output, mean[channel], scale[channel], shift[channel]);
                }
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, I, const CHANNELS: usize, E, M> Layer for BatchNorm<T, I, CHANNELS, E, M>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    E: Fraction,
    M: Fraction,
{
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
        let statistics = [self.running_mean.as_slice(), self.running_var.as_slice()];
        simd.vectorize(self.normalized(statistics, inputs, outputs));
    }

    /// Scale 1, shift 0, and running statistics that change nothing.
    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {
        self.weight.fill(T::one());
        self.bias.fill(T::zero());
        self.running_mean.fill(T::zero());
        self.running_var.fill(T::one());
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("batchnorm"));
        for (name, kind) in [
            ("weight", Kind::Weight),
            ("bias", Kind::Bias),
            ("running_mean", Kind::Statistic),
            ("running_var", Kind::Statistic),
        ] {
            visit(&path.field(name), Part::Tensor { kind, shape: &[CHANNELS] });
        }
    }
}

/// Up to this many channels, scales and shifts are on the stack.
const FEW_CHANNELS: usize = 512;

impl<T, I, const CHANNELS: usize, E, M> BatchNorm<T, I, CHANNELS, E, M>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    E: Fraction,
    M: Fraction,
{
    /// What it is in inference, behind a bias: `scale · s + shift` of the sums s before the bias.
    #[inline(always)]
    fn fold(&self, bias: &[T], scale: &mut [T], shift: &mut [T]) {
        let () = Self::FITS;
        // Slices, whose loops become vectors: the iterators of matrices do not.
        let factors = self.weight.as_slice().iter().zip(self.running_var.as_slice());
        for (scale, (weight, variance)) in scale.iter_mut().zip(factors) {
            *scale = *weight * inverse(*variance, E::VALUE);
        }
        let summands = self.bias.as_slice().iter().zip(self.running_mean.as_slice());
        for ((shift, scale), (summand, mean)) in shift.iter_mut().zip(&*scale).zip(summands) {
            *shift = *summand - *mean * *scale;
        }
        for (shift, (scale, bias)) in shift.iter_mut().zip(scale.iter().zip(bias)) {
            *shift += *scale * *bias;
        }
    }
}

impl<T, I, const CHANNELS: usize, E, M> Normalization for BatchNorm<T, I, CHANNELS, E, M>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    E: Fraction,
    M: Fraction,
{
    /// On the stack, or in memory of the thread.
    #[inline(always)]
    fn folded(&self, bias: &[T], call: impl FnOnce([&[T]; 2])) {
        if CHANNELS <= FEW_CHANNELS || cfg!(not(feature = "std")) {
            let (mut scale, mut shift) = ([T::zero(); CHANNELS], [T::zero(); CHANNELS]);
            self.fold(bias, &mut scale, &mut shift);
            call([&scale, &shift]);
        } else {
            #[cfg(feature = "std")]
            {
                let mut heap = Heap::default();
                let (scale, shift) = heap.take(2 * CHANNELS).split_at_mut(CHANNELS);
                self.fold(bias, scale, shift);
                call([scale, shift]);
            }
        }
    }
}

by_fields!(
    [T: Scalar, I, const CHANNELS: usize, E, M] BatchNorm<T, I, CHANNELS, E, M>,
    "BatchNorm" { weight, bias, running_mean, running_var }
);

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::core::{flat, flat_mut};
    use crate::kernels::MatrixMut;
    use crate::kernels::batch_norm::{BatchNormBackward, BatchNormForward};
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};

    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    fn count<T: Scalar>(count: usize) -> T {
        T::of(count.max(1) as f64)
    }

    #[diagnostic::do_not_recommend]
    impl<T, I, const CHANNELS: usize, E, M> Differentiable for BatchNorm<T, I, CHANNELS, E, M>
    where
        T: Scalar,
        I: Sample<Scalar = T>,
        E: Fraction,
        M: Fraction,
    {
        const WHOLE_BATCH: bool = true;
        const TANGENTS: bool = true;

        /// Mean, variance, the gradients of weight and bias, whether mean and variance are those of the batch, and the share of them that running
        /// statistics take on.
        fn trace_len(_samples: usize) -> usize {
            4 * CHANNELS + 2
        }

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [I],
            trace: &mut [T],
            _end: End,
        ) {
            let () = Self::FITS;
            let (mean, rest) = trace.split_at_mut(CHANNELS);
            let (variance, rest) = rest.split_at_mut(CHANNELS);
            let of_batch = context.is_training() && inputs.len() * I::PIXELS > 1;
            rest[2 * CHANNELS] = if of_batch { T::one() } else { T::zero() };
            rest[2 * CHANNELS + 1] = T::of(if context.keeps_statistics() { 0.0 } else { M::VALUE });
            if !of_batch {
                mean.copy_from_slice(self.running_mean.as_slice());
                variance.copy_from_slice(self.running_var.as_slice());
            }
            let samples = if context.is_tangents() { 1 } else { inputs.len() };
            let (outputs, tangents) = outputs.split_at_mut(samples);
            let (inputs, input_tangents) = inputs.split_at(samples);
            T::batch_norm(BatchNormForward {
                inputs: flat(inputs),
                outputs: MatrixMut::whole(flat_mut(outputs), I::LEN),
                first: 0,
                pixels: I::PIXELS,
                mean: &mut *mean,
                variance: &mut *variance,
                of_batch,
                weight: self.weight.as_slice(),
                bias: self.bias.as_slice(),
                epsilon: E::VALUE,
            });
            if !tangents.is_empty() {
                // Each number is scaled: forward and backward are the same.
                let (weight_gradient, rest) = rest.split_at_mut(CHANNELS);
                T::batch_norm_gradient(BatchNormBackward {
                    inputs: flat(input_tangents),
                    output_gradient: flat(input_tangents),
                    input_gradient: Some(MatrixMut::whole(flat_mut(tangents), I::LEN)),
                    length: I::LEN,
                    first: 0,
                    pixels: I::PIXELS,
                    mean,
                    variance,
                    of_batch: false,
                    weight: self.weight.as_slice(),
                    epsilon: E::VALUE,
                    weight_gradient,
                    bias_gradient: &mut rest[..CHANNELS],
                });
            }
        }

        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [I],
            _end: End,
            mut sink: GradientSink<'_, T>,
        ) {
            let Batch { inputs, trace, input_gradient, .. } = batch;
            let (statistics, sums) = trace.split_at_mut(2 * CHANNELS);
            let (mean, variance) = statistics.split_at(CHANNELS);
            let (weight, rest) = sums.split_at_mut(CHANNELS);
            let (bias, rest) = rest.split_at_mut(CHANNELS);
            let (of_batch, momentum) = (rest[0] != T::zero(), rest[1]);
            T::batch_norm_gradient(BatchNormBackward {
                inputs: flat(inputs),
                output_gradient: flat(gradient),
                input_gradient: input_gradient
                    .map(|gradient| MatrixMut::whole(flat_mut(gradient), I::LEN)),
                length: I::LEN,
                first: 0,
                pixels: I::PIXELS,
                mean,
                variance,
                // Running statistics do not depend on the inputs.
                of_batch,
                weight: sink.layer::<Self>().weight.as_slice(),
                epsilon: E::VALUE,
                weight_gradient: &mut *weight,
                bias_gradient: &mut *bias,
            });
            let momentum = if of_batch { momentum } else { T::zero() };
            let unbiased = unbiased(inputs.len() * I::PIXELS);
            hand_over(&mut sink, statistics, [weight, bias], [momentum, unbiased]);
        }
    }

    /// By how much the variance of some numbers is too small.
    fn unbiased<T: Scalar>(numbers: usize) -> T {
        count::<T>(numbers) / count::<T>(numbers.saturating_sub(1))
    }

    /// The gradients of weight and bias, and how far a step is to move the running statistics: `momentum` of the way to those of the batch, whose variance is
    /// multiplied by `unbiased`. One function for layers of all sizes.
    #[inline(never)]
    fn hand_over<T: Scalar>(
        sink: &mut GradientSink<'_, T>,
        statistics: &mut [T],
        [weight, bias]: [&[T]; 2],
        [momentum, unbiased]: [T; 2],
    ) {
        let channels = weight.len();
        let mut block = sink.block(0..2 * channels);
        for (gradient, sum) in block.sums().iter_mut().zip(weight.iter().chain(bias)) {
            *gradient += *sum;
        }
        block.finish();
        // In the place of those of the batch.
        let running = &sink.parameters()[2 * channels..4 * channels];
        for (index, (value, running)) in statistics.iter_mut().zip(running).enumerate() {
            let of_batch = if index < channels { *value } else { *value * unbiased };
            *value = momentum * (*running - of_batch);
        }
        let mut block = sink.block(2 * channels..4 * channels);
        for (gradient, difference) in block.sums().iter_mut().zip(&*statistics) {
            *gradient += *difference;
        }
        block.finish();
    }
}
