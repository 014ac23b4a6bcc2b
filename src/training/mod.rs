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

use crate::kernels::{Parameters, Scalar, dispatch};
use crate::layers::Batch;
use crate::losses::Loss;
use crate::optimizers::{Optimizer, Step};
use crate::sample::{Sample, split_samples};
use crate::{Differentiable, Layer};

/// About how many scalars a pass keeps at a time: a large batch is taken in pieces, so that these stay in the cache.
const CACHED: usize = 64 * 1024;

/// How many samples a pass takes at a time.
fn piece<N: Differentiable>() -> usize {
    let each = N::trace_len(1) + <N::Input as Sample>::LEN + 2 * <N::Output as Sample>::LEN;
    // Twelve samples are two tiles of the matrix kernels.
    (CACHED / each / 12 * 12).max(48)
}

/// How many scalars a pass over so many samples keeps.
fn memory_len<N: Differentiable>(samples: usize) -> usize {
    let samples = samples.min(piece::<N>());
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
    let mut gradient = N::zeros();
    let mut memory = vec![N::Scalar::zero(); memory_len::<N>(inputs.len())];
    let loss = pass(net, inputs, targets, loss, &mut memory, Some(&mut gradient));
    (loss, gradient)
}

/// See [`Network::loss`](crate::Network::loss).
pub(crate) fn loss<N, Y, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> N::Scalar
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    let mut memory = vec![N::Scalar::zero(); memory_len::<N>(inputs.len())];
    pass(net, inputs, targets, loss, &mut memory, None)
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
    let mean = gradient_into_state(net, inputs, targets, loss, optimizer);
    if mean.is_finite() && !inputs.is_empty() {
        update(net, optimizer);
    }
    mean
}

/// The first half of a step: loss and gradient. The gradient is left in the optimizer's state.
fn gradient_into_state<N, Y, L, O>(
    net: &N,
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
    let moments = optimizer.moments();
    let state = optimizer.state_mut();
    state.prepare::<N>(moments);
    let needed = memory_len::<N>(inputs.len());
    if state.memory.len() < needed {
        state.memory.resize(needed, N::Scalar::zero());
    }
    let gradient = N::from_mut_slice(&mut state.gradient);
    pass(net, inputs, targets, loss, &mut state.memory[..needed], Some(gradient))
}

/// The second half of a step: along the gradient in the optimizer's state.
fn update<N, O>(net: &mut N, optimizer: &mut O)
where
    N: Parameters,
    O: Optimizer<N::Scalar>,
{
    let mut state = core::mem::take(optimizer.state_mut());
    dispatch(Step { optimizer: &*optimizer, state: &mut state, parameters: net.as_mut_slice() });
    *optimizer.state_mut() = state;
}

fn pass<N, Y, L>(
    net: &N,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    memory: &mut [N::Scalar],
    gradient: Option<&mut N>,
) -> N::Scalar
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    assert_eq!(inputs.len(), targets.len(), "a batch takes as many targets as inputs");
    if inputs.is_empty() {
        if let Some(gradient) = gradient {
            gradient.as_mut_slice().fill(N::Scalar::zero());
        }
        return N::Scalar::zero();
    }
    dispatch(Pass { net, inputs, targets, loss, memory, gradient })
}

/// Loss and, if it is asked for, gradient of a batch, in pieces.
struct Pass<'a, N: Layer, Y, L> {
    net: &'a N,
    inputs: &'a [N::Input],
    targets: &'a [Y],
    loss: &'a L,
    memory: &'a mut [N::Scalar],
    gradient: Option<&'a mut N>,
}

impl<N, Y, L> WithSimd for Pass<'_, N, Y, L>
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    type Output = N::Scalar;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> N::Scalar {
        let Self { net, inputs, targets, loss, memory, mut gradient } = self;
        #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
        let count = inputs.len() as f64;
        let scale = N::Scalar::of(1.0 / count);
        let mut sum = 0.0;
        let mut accumulate = false;
        let piece = piece::<N>();
        for (inputs, targets) in inputs.chunks(piece).zip(targets.chunks(piece)) {
            let (scores, rest) = split_samples::<N::Output>(memory, inputs.len());
            let trace = &mut rest[..N::trace_len(inputs.len())];
            net.scores(simd, inputs, scores, trace);
            sum += loss.evaluate(simd, scores, targets, scale);
            if let Some(gradient) = gradient.as_deref_mut() {
                let batch = Batch { inputs, trace, input_gradient: None, accumulate };
                net.backward_scores(simd, batch, scores, gradient);
                accumulate = true;
            }
        }
        N::Scalar::of(sum / count)
    }
}
