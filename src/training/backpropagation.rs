//! Gradients, and steps along them.

use num_traits::{Float, Zero};

use super::pass::{Goal, Pass, Plan, threads, whole_batch};
use super::{as_f64, fingerprint};
use crate::core::Heap;
use crate::core::Scalar;
use crate::core::flat;
use crate::kernels::Entry;
use crate::layers::{Context, Differentiable, GradientSink, Step, Trained};
use crate::losses::Loss;
use crate::messages::{Backpropagation, Through};
use crate::optimizers::{Along, Lent, Optimizer, State, Stepping, left_finite};
use crate::parallel::{share_whole, sharing};

#[diagnostic::do_not_recommend]
impl<N: Differentiable> Through<N> for Backpropagation {
    type Is = ();

    fn gradient<Y, L>(
        net: &N,
        context: Option<Context>,
        inputs: &[N::Input],
        targets: &[Y],
        loss: &L,
        gradient: &mut N,
    ) -> N::Scalar
    where
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
    {
        check(inputs, targets);
        let plan = Plan::of::<N, Y, L>(inputs.len());
        let mut room = Room::default();
        let memory = room.take(plan.memory_len::<N>(inputs.len()));
        let batch = (inputs, targets);
        let context = context.unwrap_or_else(|| own_context(net, inputs));
        let gradient = gradient.as_mut_slice();
        // That of no samples, and of what is not a parameter.
        gradient.fill(N::Scalar::zero());
        if plan.groups() == 1 {
            return whole_batch(net, batch, loss, context, memory, gradient);
        }
        let mut gradients = vec![N::Scalar::zero(); plan.groups() * N::COUNT];
        let gradients = &mut gradients;
        let mean = whole_batch(net, batch, loss, context, memory, gradients);
        gradient.copy_from_slice(&gradients[..N::COUNT]);
        mean
    }

    fn loss<Y, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> N::Scalar
    where
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
    {
        check(inputs, targets);
        let plan = Plan::of::<N, Y, L>(inputs.len());
        let mut room = Room::default();
        let memory = room.take(plan.memory_len::<N>(inputs.len()));
        let batch = (inputs, targets);
        whole_batch(net, batch, loss, Context::INFERENCE, memory, &mut [])
    }

    fn step<Y, L, O>(
        net: &mut N,
        inputs: &[N::Input],
        targets: &[Y],
        loss: &L,
        optimizer: &mut O,
    ) -> N::Scalar
    where
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
        O: Optimizer<N::Scalar>,
    {
        check(inputs, targets);
        if inputs.is_empty() {
            return N::Scalar::zero();
        }
        let moments = optimizer.moments();
        optimizer.state_mut().prepare::<N>(moments);
        let mut lent = Lent::from(optimizer);
        let Lent { optimizer, state, .. } = &mut lent;
        state.run.left = None;
        let mean = step_with_state(net, inputs, targets, loss, &**optimizer, state);
        if !mean.is_finite() {
            return mean;
        }
        state.steps += 1;
        if left_finite(state, net.as_slice(), mean) { mean } else { N::Scalar::nan() }
    }
}

/// What the passes keep: in memory of the thread if it is little, so that it is neither allocated nor cleared for each call.
#[derive(Default)]
struct Room<T> {
    thread: Heap,
    own: Vec<T>,
}

impl<T: Scalar> Room<T> {
    /// The most scalars that a thread holds on to.
    const LITTLE: usize = 64 * 1024;

    /// So many scalars, with anything in them.
    fn take(&mut self, scalars: usize) -> &mut [T] {
        if scalars <= Self::LITTLE {
            return self.thread.take(scalars);
        }
        self.own = vec![T::zero(); scalars];
        &mut self.own
    }
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
    Y: Sync,
    L: Loss<N::Output, Y, N::Activation>,
    O: Optimizer<N::Scalar>,
{
    let plan = Plan::of::<N, Y, L>(inputs.len());
    state.reserve(plan.memory_len::<N>(inputs.len()), plan.groups() * N::COUNT);
    let context = state.context();
    let State { steps, moments, tensors, gradient, memory, .. } = state;
    let descent = Stepping { optimizer, tensors, number: *steps + 1 };
    let moments = moments.view();
    if plan.is_one_piece(inputs.len()) {
        let parameters = net.as_mut_slice();
        let gradient = &mut gradient[..N::COUNT];
        let step = Step { trained: Trained { at: 0, parameters, moments }, descent: &descent };
        let sink = GradientSink::step(step, gradient);
        let (count, goal) = (inputs.len(), Goal::<N>::Gradient(sink));
        let pass = Pass { inputs, targets, loss, context, memory, count, goal };
        let threads = threads::<N>(count, optimizer.moments().len());
        let sum = if threads > 1 { sharing(threads, || pass.run()) } else { pass.run() };
        return N::Scalar::of(sum / as_f64(count));
    }
    let gradients = &mut gradient[..plan.groups() * N::COUNT];
    let batch = (inputs, targets);
    let mean = whole_batch(net, batch, loss, context, memory, gradients);
    if mean.is_finite() {
        let gradient = &gradients[..N::COUNT];
        // As in `Pass`, but here the gradient is there as a whole.
        if !tensors.learn(0..N::COUNT).all(|range| N::Scalar::are_finite(&gradient[range])) {
            return N::Scalar::nan();
        }
        let parameters = net.as_mut_slice();
        let step = Step { trained: Trained { at: 0, parameters, moments }, descent: &descent };
        share_whole(Along { step, gradient }, plan.least_shared::<N>(inputs.len()));
    }
    mean
}

/// The context of a gradient that is asked for without one: reproducible, but with other random numbers for other weights and inputs, so that
/// a loop which moves the weights does not drop the same numbers at every step.
fn own_context<N: Differentiable>(net: &N, inputs: &[N::Input]) -> Context {
    /// How many numbers are looked at of each, in equal distances.
    const LOOKED_AT: usize = 1024;
    if !N::IS_RANDOM {
        return Context::training(0);
    }
    let [weights, inputs] = [net.as_slice(), flat(inputs)]
        .map(|numbers| numbers.iter().step_by(numbers.len().div_ceil(LOOKED_AT).max(1)));
    // A context mixes the bits of its seed.
    Context::training(Context::training(fingerprint(weights.chain(inputs))).random(0))
}

fn check<X, Y>(inputs: &[X], targets: &[Y]) {
    assert_eq!(inputs.len(), targets.len(), "a batch takes as many targets as inputs");
}
