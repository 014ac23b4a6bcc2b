//! A batch with an objective, and the memory that its passes take.

use num_traits::Zero;

use super::pass::{Objective, Plan, Wanted, whole_batch};
use crate::core::Scalar;
use crate::layers::{Context, Differentiable};
use crate::memory::Heap;

/// The mean of an objective over a batch, with the gradients that are wanted.
pub(super) fn of_batch<N, Y, L>(
    net: &N,
    batch: (&[N::Input], &[Y]),
    objective: &L,
    context: Context,
    gradient: Option<&mut N>,
    input_gradients: Option<&mut [N::Input]>,
) -> N::Scalar
where
    N: Differentiable,
    Y: Sync,
    L: Objective<N, Y>,
{
    let samples = batch.0.len();
    let plan = Plan::of::<N, Y, L>(samples);
    let (mut memory, mut gradients) = (Room::default(), Room::default());
    let memory = memory.take(plan.memory_len::<N, Y, L>(samples));
    let of_groups = plan.groups() * N::PARAMETERS;
    let Some(gradient) = gradient else {
        let wanted = match &input_gradients {
            Some(_) => Wanted::Inputs(gradients.take(of_groups)),
            None => Wanted::Loss,
        };
        return whole_batch(net, batch, objective, context, memory, wanted, input_gradients);
    };
    let gradient = gradient.as_mut_slice();
    if plan.groups() == 1 {
        // Nobody else clears it: of no samples nothing is written, nor are the bytes that are no parameter.
        gradient.fill(N::Scalar::zero());
        let wanted = Wanted::Parameters(gradient);
        return whole_batch(net, batch, objective, context, memory, wanted, input_gradients);
    }
    let gradients = gradients.take(of_groups);
    gradients.fill(N::Scalar::zero());
    let wanted = Wanted::Parameters(&mut *gradients);
    let mean = whole_batch(net, batch, objective, context, memory, wanted, input_gradients);
    gradient.copy_from_slice(&gradients[..N::PARAMETERS]);
    mean
}

/// Memory for the numbers that passes keep. The thread holds on to it, so that a call neither allocates nor clears it; more than
/// [`LITTLE`](Self::LITTLE) scalars are allocated for the call.
#[derive(Default)]
pub(super) struct Room<T> {
    thread: Heap,
    own: Vec<T>,
}

impl<T: Scalar> Room<T> {
    /// The most scalars that a thread holds on to: 64 MiB of `f32`.
    const LITTLE: usize = 16 * 1024 * 1024;

    /// Room for `scalars` numbers, with anything in them.
    pub(super) fn take(&mut self, scalars: usize) -> &mut [T] {
        if scalars <= Self::LITTLE {
            return self.thread.take(scalars);
        }
        self.own = vec![T::zero(); scalars];
        &mut self.own
    }
}
