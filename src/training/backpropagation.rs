//! Backpropagation through a whole network: its gradients, and steps along them. Each layer's part is its [`Differentiable`].

use num_traits::{Float, Zero};

use super::batch::{Room, of_batch};
use super::pass::{
    Forward, Goal, OfLoss, OutputGradient, Pass, Plan, Wanted, threads, whole_batch,
};
use super::{as_f64, fingerprint};
use crate::core::Scalar;
use crate::core::flat;
use crate::kernels::Entry;
use crate::layers::{Context, Differentiable, GradientSink, OfLayer, Step, Trained, forward_batch};
use crate::losses::Loss;
use crate::messages::{Backpropagation, Through};
use crate::optimizers::{Along, Lent, Optimizer, State, Stepping, left_finite};
use crate::parallel::{Split, WORTH_WAKING, share_whole, sharing};

#[diagnostic::do_not_recommend]
impl<N: Differentiable> Through<N> for Backpropagation {
    type Is = ();

    const WHOLE_BATCH: bool = N::WHOLE_BATCH;

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
        check(inputs.len(), targets.len(), "targets");
        let context = context.unwrap_or_else(|| own_context(net, inputs));
        of_batch(net, (inputs, targets), &OfLoss(loss), context, Some(gradient), None)
    }

    fn loss<Y, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> N::Scalar
    where
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
    {
        check(inputs.len(), targets.len(), "targets");
        of_batch(net, (inputs, targets), &OfLoss(loss), Context::INFERENCE, None, None)
    }

    fn backward(
        net: &N,
        context: Context,
        inputs: &[N::Input],
        output_gradients: &[N::Output],
        gradient: Option<&mut N>,
        input_gradients: Option<&mut [N::Input]>,
    ) {
        check(inputs.len(), output_gradients.len(), "gradients of outputs");
        if let Some(input_gradients) = &input_gradients {
            check(inputs.len(), input_gradients.len(), "gradients of inputs");
        }
        if gradient.is_none() && input_gradients.is_none() {
            return;
        }
        let batch = (inputs, output_gradients);
        of_batch(net, batch, &OutputGradient, context, gradient, input_gradients);
    }

    fn jacobian(net: &N, input: &N::Input, jacobian: &mut [N::Scalar]) {
        super::jacobian::jacobian(net, input, jacobian);
    }

    fn forward(net: &N, context: Context, inputs: &[N::Input], outputs: &mut [N::Output]) {
        check(inputs.len(), outputs.len(), "outputs");
        if !context.is_training() {
            return forward_batch(net, inputs, outputs, WORTH_WAKING);
        }
        let plan = Plan::of::<N, N::Output, OutputGradient>(inputs.len());
        let mut room = Room::default();
        let memory = room.take(Forward::<N>::memory_len(plan, inputs.len()));
        let forward = Forward { net, plan, context, first: 0, inputs, outputs, memory };
        if N::WHOLE_BATCH {
            sharing(threads::<N>(inputs.len(), 0), || forward.run());
        } else {
            share_whole(forward, WORTH_WAKING);
        }
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
        check(inputs.len(), targets.len(), "targets");
        if inputs.is_empty() {
            return N::Scalar::zero();
        }
        let moments = optimizer.moments();
        optimizer.state_mut().prepare::<OfLayer<N>>(moments);
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
    let plan = Plan::of::<N, Y, OfLoss<'_, L>>(inputs.len());
    let memory = plan.memory_len::<N, Y, OfLoss<'_, L>>(inputs.len());
    state.reserve(memory, plan.groups() * N::PARAMETERS);
    let objective = &OfLoss(loss);
    let context = state.context();
    let State { steps, moments, tensors, gradient, memory, .. } = state;
    let learns_from = tensors.learns_from();
    let descent = Stepping::new(optimizer, tensors, *steps + 1);
    let moments = moments.view();
    if plan.is_one_piece(inputs.len()) {
        let parameters = net.as_mut_slice();
        let gradient = &mut gradient[..N::PARAMETERS];
        let trained = Trained { at: 0, parameters, moments };
        let step = Step { trained, descent: &descent, learns_from };
        let sink = GradientSink::step(step, gradient);
        let (count, goal) = (inputs.len(), Goal::<N>::Gradient(sink));
        let input_gradient = None;
        let pass =
            Pass { inputs, targets, objective, context, memory, count, goal, input_gradient };
        let threads = threads::<N>(count, optimizer.moments().len());
        let sum = if threads > 1 { sharing(threads, || pass.run()) } else { pass.run() };
        return N::Scalar::of(sum / as_f64(count));
    }
    let gradients = &mut gradient[..plan.groups() * N::PARAMETERS];
    let batch = (inputs, targets);
    let wanted = Wanted::Parameters(gradients);
    let mean = whole_batch(net, batch, objective, context, memory, wanted, None);
    if mean.is_finite() {
        let gradient = &gradients[..N::PARAMETERS];
        // As in `Pass`, but here the gradient is there as a whole.
        if !tensors.learn(0..N::PARAMETERS).all(|range| N::Scalar::are_finite(&gradient[range])) {
            return N::Scalar::nan();
        }
        let parameters = net.as_mut_slice();
        let trained = Trained { at: 0, parameters, moments };
        let step = Step { trained, descent: &descent, learns_from };
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

fn check(inputs: usize, found: usize, what: &str) {
    assert!(
        inputs == found,
        "a batch takes as many {what} as inputs, found {inputs} inputs and {found} {what}"
    );
}
