//! Gradients, steps, and the training loop.

mod history;
mod progress;
mod schedule;
mod trainer;

use num_traits::{Float, Zero};
use pulp::{Simd, WithSimd};

pub use history::{Epoch, History, Validation};
pub use schedule::Schedule;
pub use trainer::{NoValidation, Trainer, ValidateOn};

use crate::Differentiable;
use crate::kernels::{Scalar, dispatch};
use crate::layers::{Batch, Context, GradientSink};
use crate::losses::Loss;
use crate::optimizers::{Optimizer, Sgd, State};
use crate::sample::{Sample, split_samples};

/// About how many scalars a pass keeps at a time: a large batch is taken in pieces, so that these stay in the cache.
const CACHED: usize = 64 * 1024;

/// How many samples of a batch a pass takes at a time.
fn piece<N: Differentiable>(samples: usize) -> usize {
    if N::WHOLE_BATCH {
        return samples.max(1);
    }
    let each = N::trace_len(1) + <N::Output as Sample>::LEN;
    // Each piece goes over the whole gradient once more: it should not be shorter than that.
    let most = (CACHED.max(N::COUNT) / each).max(12);
    let pieces = samples.div_ceil(most).max(1);
    // Twelve samples are two tiles of the matrix kernels.
    samples.div_ceil(pieces).next_multiple_of(12).max(12)
}

/// How many scalars a pass over so many samples keeps.
fn memory_len<N: Differentiable>(samples: usize) -> usize {
    let samples = samples.min(piece::<N>(samples));
    N::trace_len(samples) + samples * <N::Output as Sample>::LEN
}

/// See [`Network::gradient`](crate::Network::gradient).
pub(crate) fn gradient<N, Y, L>(
    net: &N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
) -> (N::Scalar, Box<N>)
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    check(inputs, targets);
    let mut gradient = N::zeros();
    let mut memory = vec![N::Scalar::zero(); memory_len::<N>(inputs.len())];
    let loss = dispatch(Pass::<N, Y, L, Sgd<N::Scalar>> {
        inputs,
        targets,
        loss,
        memory: &mut memory,
        context: Context::training(0),
        sink: GradientSink::gradient(net.as_slice(), gradient.as_mut_slice(), false),
    });
    (loss, gradient)
}

/// See [`Network::loss`](crate::Network::loss).
pub(crate) fn loss<N, Y, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> N::Scalar
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    check(inputs, targets);
    let mut memory = vec![N::Scalar::zero(); memory_len::<N>(inputs.len())];
    dispatch(Measure { net, inputs, targets, loss, memory: &mut memory })
}

/// See [`Network::train_step`](crate::Network::train_step).
pub(crate) fn step<N, Y, L, O>(
    net: &mut N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    optimizer: &mut O,
) -> N::Scalar
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
    O: Optimizer<N::Scalar>,
{
    check(inputs, targets);
    if inputs.is_empty() {
        return N::Scalar::zero();
    }
    let moments = optimizer.moments();
    optimizer.state_mut().prepare::<N>(moments);
    // The state is read and the optimizer asked at the same time.
    let mut state = core::mem::take(optimizer.state_mut());
    let mean = step_with_state(net, inputs, targets, loss, &*optimizer, &mut state);
    *optimizer.state_mut() = state;
    mean
}

fn step_with_state<N, Y, L, O>(
    net: &mut N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    optimizer: &O,
    state: &mut State<N::Scalar>,
) -> N::Scalar
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
    O: Optimizer<N::Scalar>,
{
    let needed = memory_len::<N>(inputs.len());
    if state.memory.len() < needed {
        state.memory.resize(needed, N::Scalar::zero());
    }
    let context = Context::training(state.seed).layer(usize::try_from(state.steps).unwrap_or(0));
    let State { steps, first, second, tensors, gradient, memory, .. } = state;
    let memory = &mut memory[..needed];
    let number = *steps + 1;
    let mean: N::Scalar;
    if inputs.len() <= piece::<N>(inputs.len()) {
        let moments = [first.as_mut_slice(), second.as_mut_slice()];
        let parameters = net.as_mut_slice();
        let sink = GradientSink::step(parameters, gradient, moments, optimizer, tensors, number);
        mean = dispatch(Pass::<N, Y, L, O> { inputs, targets, loss, memory, context, sink });
    } else {
        let sink = GradientSink::<_, O>::gradient(net.as_slice(), gradient, false);
        mean = dispatch(Pass::<N, Y, L, O> { inputs, targets, loss, memory, context, sink });
        if mean.is_finite() {
            let moments = [first.as_mut_slice(), second.as_mut_slice()];
            let parameters = net.as_mut_slice();
            dispatch(Finish(GradientSink::step(
                parameters, gradient, moments, optimizer, tensors, number,
            )));
        }
    }
    if mean.is_finite() {
        *steps = number;
    }
    mean
}

fn check<X, Y>(inputs: &[X], targets: &[Y]) {
    assert_eq!(inputs.len(), targets.len(), "a batch takes as many targets as inputs");
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

/// The mean loss of a batch, in pieces.
struct Measure<'a, N: Differentiable, Y, L> {
    net: &'a N,
    inputs: &'a [N::Input],
    targets: &'a [Y],
    loss: &'a L,
    memory: &'a mut [N::Scalar],
}

impl<N, Y, L> WithSimd for Measure<'_, N, Y, L>
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    type Output = N::Scalar;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> N::Scalar {
        let Self { net, inputs, targets, loss, memory } = self;
        let count = as_f64(inputs.len().max(1));
        let mut sum = 0.0;
        let piece = piece::<N>(inputs.len());
        for (inputs, targets) in inputs.chunks(piece).zip(targets.chunks(piece)) {
            let (scores, rest) = split_samples::<N::Output>(memory, inputs.len());
            let trace = &mut rest[..N::trace_len(inputs.len())];
            net.scores(simd, Context::INFERENCE, inputs, scores, trace);
            sum += loss.evaluate(simd, scores, targets, N::Scalar::of(1.0 / count));
        }
        N::Scalar::of(sum / count)
    }
}

/// The mean loss of a batch, and its gradient into a sink, in pieces; into a step, in one piece.
struct Pass<'a, N: Differentiable, Y, L, O> {
    inputs: &'a [N::Input],
    targets: &'a [Y],
    loss: &'a L,
    memory: &'a mut [N::Scalar],
    context: Context,
    sink: GradientSink<'a, N::Scalar, O>,
}

impl<N, Y, L, O> WithSimd for Pass<'_, N, Y, L, O>
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
    O: Optimizer<N::Scalar>,
{
    type Output = N::Scalar;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> N::Scalar {
        let Self { inputs, targets, loss, memory, context, mut sink } = self;
        let count = as_f64(inputs.len().max(1));
        let mut sum = 0.0;
        let piece = piece::<N>(inputs.len());
        for (index, (inputs, targets)) in
            inputs.chunks(piece).zip(targets.chunks(piece)).enumerate()
        {
            let (scores, rest) = split_samples::<N::Output>(memory, inputs.len());
            let trace = &mut rest[..N::trace_len(inputs.len())];
            let context = context.samples_from(index * piece);
            sink.layer::<N>().scores(simd, context, inputs, scores, trace);
            sum += loss.evaluate(simd, scores, targets, N::Scalar::of(1.0 / count));
            if sink.is_step() && !N::Scalar::of(sum / count).is_finite() {
                // No step is taken along a gradient that is not one.
                break;
            }
            let batch = Batch { inputs, trace, input_gradient: None };
            N::backward_scores(simd, batch, scores, sink.reborrow());
            sink.accumulate();
        }
        N::Scalar::of(sum / count)
    }
}

/// A step along a whole gradient.
struct Finish<'a, T, O>(GradientSink<'a, T, O>);

impl<T: Scalar, O: Optimizer<T>> WithSimd for Finish<'_, T, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let count = self.0.parameters().len();
        self.0.finish(simd, 0..count);
    }
}
