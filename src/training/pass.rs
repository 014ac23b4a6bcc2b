//! Passes over a batch: forward, loss, and backward into a sink.

use num_traits::Float;

use super::as_f64;
use crate::Differentiable;
use crate::core::Scalar;
use crate::core::{Sample, flat, split_samples};
use crate::kernels::Entry;
use crate::layers::{Batch, Context, End, GradientSink};
use crate::losses::Loss;
use crate::parallel::{Split, WORTH_SHARING, WORTH_WAKING, cut, is_awake, share_whole, sharing};

/// About how many scalars a pass keeps at a time: a large batch is taken in pieces, so that what a layer reads and writes stays in the
/// L1 cache.
const CACHED: usize = 12 * 1024;

/// How a batch is taken: in pieces, whose values stay in the cache, and in groups of pieces, which threads share.
///
/// It depends on the network, the loss and the size of the batch, and not on the number of threads: each group has a gradient of its own, and
/// their sum is the same, to the bit, whoever computed them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Samples of a piece.
    piece: usize,
    /// Samples of a group.
    group: usize,
    groups: usize,
}

impl Plan {
    /// The most groups of a batch: more threads than this have nothing to do in a step of a small network.
    const GROUPS: usize = 8;

    /// The most scalars that the gradients of all groups take together, where one is not larger already.
    const GRADIENTS: usize = 16 * 1024 * 1024;

    pub(super) fn of<N, Y, L>(samples: usize) -> Self
    where
        N: Differentiable,
        L: Objective<N, Y>,
    {
        if N::WHOLE_BATCH || !L::PER_SAMPLE {
            return Self { piece: samples.max(1), group: samples.max(1), groups: 1 };
        }
        // The same for every objective: with the seed of a batch, `dropout` drops the same numbers whatever the pass is for.
        let each = N::trace_len(1) + <N::Output as Sample>::LEN;
        // Each piece goes over the whole gradient once more: it should not be shorter than that.
        let most = (CACHED.max(N::PARAMETERS) / each).max(16);
        let pieces = samples.div_ceil(most).max(1);
        // As many samples as a vector has lanes, or a multiple, which usual batches are too: then all pieces are of one size.
        let piece = samples.div_ceil(pieces).next_multiple_of(16).max(16);
        let groups = pieces.min(Self::GROUPS).min((Self::GRADIENTS / N::PARAMETERS.max(1)).max(1));
        let group = pieces.div_ceil(groups) * piece;
        Self { piece, group, groups: samples.div_ceil(group).max(1) }
    }

    pub(super) fn groups(self) -> usize {
        self.groups
    }

    /// From how many multiplications with an addition on the work behind a gradient is shared: with less where threads are awake,
    /// because they have just shared the groups.
    pub(super) fn least_shared<N: Differentiable>(self, samples: usize) -> usize {
        let is_shared = self.groups > 1 && passes::<N>(samples, 3) >= WORTH_WAKING;
        if is_shared { WORTH_SHARING } else { WORTH_WAKING }
    }

    /// Whether the batch is taken as a whole.
    pub(super) fn is_one_piece(self, samples: usize) -> bool {
        samples <= self.piece
    }

    /// How many scalars the pass of one group keeps.
    fn pass_len<N: Differentiable, Y, L: Objective<N, Y>>(self, samples: usize) -> usize {
        let samples = samples.min(self.piece);
        N::trace_len(samples) + ends_len::<N, Y, L>(samples)
    }

    /// How many scalars the passes over a batch keep.
    pub(super) fn memory_len<N: Differentiable, Y, L: Objective<N, Y>>(
        self,
        samples: usize,
    ) -> usize {
        self.pass_len::<N, Y, L>(samples) * self.groups
    }
}

/// How many threads pay for a step over `samples` samples, of an optimizer that keeps `moments` numbers for each parameter.
///
/// Two do each a [half](crate::kernels::splits_k) of the large products, and keep their halves of the weights and moments. Of more,
/// each reads all weights, which then have to travel back to those that move them: about what 64 samples take for each weight.
pub(super) fn threads<N: Differentiable>(samples: usize, moments: usize) -> usize {
    // To move a parameter takes a few operations for it and for each moment, and waits for memory.
    let work = 3 * samples * N::MULTIPLY_ADDS + 8 * (1 + moments) * N::PARAMETERS;
    if work < WORTH_SHARING || work < WORTH_WAKING && !is_awake() {
        1
    } else if samples * N::MULTIPLY_ADDS < 64 * N::PARAMETERS {
        2
    } else {
        usize::MAX
    }
}

/// How many scalars a pass keeps of where it ends: the scores, which give place to their gradient; or the outputs, and their gradient.
fn ends_len<N: Differentiable, Y, L: Objective<N, Y>>(samples: usize) -> usize {
    let kinds = if L::END == End::Scores { 1 } else { 2 };
    kinds * samples * <N::Output as Sample>::LEN
}

/// What turns the end of a forward pass into the gradient that the backward pass begins with: a [loss](OfLoss), or a [gradient](OutputGradient) that is given.
pub(super) trait Objective<N: Differentiable, Y>: Sync {
    /// Where the passes end.
    const END: End;

    /// [`Loss::PER_SAMPLE`]
    const PER_SAMPLE: bool;

    /// The sum of the losses, and the gradient of that sum, times `scale`: in the place of the scores, where the passes end there, or in `gradient`.
    fn evaluate(
        &self,
        ends: &mut [N::Output],
        gradient: &mut [N::Output],
        targets: &[Y],
        scale: N::Scalar,
    ) -> f64;
}

/// The passes end at the scores, which a loss turns into their gradient.
pub(super) struct OfLoss<'a, L>(pub(super) &'a L);

impl<N, Y, L> Objective<N, Y> for OfLoss<'_, L>
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    const END: End = End::Scores;
    const PER_SAMPLE: bool = L::PER_SAMPLE;

    #[inline(always)]
    fn evaluate(
        &self,
        scores: &mut [N::Output],
        _gradient: &mut [N::Output],
        targets: &[Y],
        scale: N::Scalar,
    ) -> f64 {
        self.0.evaluate(scores, targets, scale)
    }
}

/// The gradient of each output is given, in the place of a target.
pub(super) struct OutputGradient;

impl<N: Differentiable> Objective<N, N::Output> for OutputGradient {
    const END: End = End::Outputs;
    const PER_SAMPLE: bool = true;

    fn evaluate(
        &self,
        _outputs: &mut [N::Output],
        gradient: &mut [N::Output],
        given: &[N::Output],
        _scale: N::Scalar,
    ) -> f64 {
        gradient.copy_from_slice(given);
        0.0
    }
}

/// A pass over a batch, or a piece of one: forward, the loss, and backward if there is a sink.
pub(super) struct Pass<'a, N: Differentiable, Y, L> {
    pub(super) inputs: &'a [N::Input],
    pub(super) targets: &'a [Y],
    pub(super) objective: &'a L,
    pub(super) context: Context,
    pub(super) memory: &'a mut [N::Scalar],
    /// How many samples the batch has.
    pub(super) count: usize,
    pub(super) goal: Goal<'a, N>,
    pub(super) input_gradient: Option<&'a mut [N::Input]>,
}

/// What a pass is for.
pub(super) enum Goal<'a, N: Differentiable> {
    /// The loss alone.
    Loss(&'a N),
    /// Into a gradient, or into a step, which is taken if the loss is finite: then the pass is over a whole batch.
    Gradient(GradientSink<'a, N::Scalar>),
}

impl<N, Y, L> Pass<'_, N, Y, L>
where
    N: Differentiable,
    L: Objective<N, Y>,
{
    /// The sum of the losses. One function for the three places that call it: it holds a whole network.
    #[inline(never)]
    pub(super) fn run(self) -> f64 {
        let Self { inputs, targets, objective, context, memory, count, goal, input_gradient } =
            self;
        let count = as_f64(count);
        // Behind an activation that is bounded, the loss may be finite, and the gradient is not: a step would have begun before that is seen.
        if let Goal::Gradient(sink) = &goal
            && sink.is_step()
            && !N::Scalar::are_finite(flat(inputs))
        {
            return f64::NAN;
        }
        let (ends, rest) = split_samples::<N::Output>(memory, inputs.len());
        let is_at_scores = L::END == End::Scores;
        let (gradient, rest) =
            split_samples::<N::Output>(rest, if is_at_scores { 0 } else { inputs.len() });
        let trace = &mut rest[..N::trace_len(inputs.len())];
        let net = match &goal {
            Goal::Loss(net) => *net,
            Goal::Gradient(sink) => sink.layer::<N>(),
        };
        net.forward_pass(context, inputs, ends, trace, L::END);
        let scale = N::Scalar::of(1.0 / count);
        let sum = objective.evaluate(ends, gradient, targets, scale);
        if let Goal::Gradient(sink) = goal
            && (!sink.is_step() || N::Scalar::of(sum / count).is_finite())
        {
            let (outputs, gradient) =
                if is_at_scores { (&[][..], ends) } else { (&*ends, gradient) };
            let batch = Batch { inputs, outputs, trace, input_gradient };
            N::backward_pass(batch, gradient, L::END, sink);
        }
        sum
    }
}

/// The outputs of a pass of training, in the pieces of the passes that gradients take: `dropout` drops the same numbers.
pub(super) struct Forward<'a, N: Differentiable> {
    pub(super) net: &'a N,
    pub(super) plan: Plan,
    pub(super) context: Context,
    /// The place of the first sample in the batch.
    pub(super) first: usize,
    pub(super) inputs: &'a [N::Input],
    pub(super) outputs: &'a mut [N::Output],
    /// For the trace of each group.
    pub(super) memory: &'a mut [N::Scalar],
}

impl<N: Differentiable> Forward<'_, N> {
    /// How many scalars the traces of all groups have.
    pub(super) fn memory_len(plan: Plan, samples: usize) -> usize {
        N::trace_len(samples.min(plan.piece)) * plan.groups
    }
}

impl<N: Differentiable> Split for Forward<'_, N> {
    fn run(self) {
        let piece = self.plan.piece;
        let pieces = self.inputs.chunks(piece).zip(self.outputs.chunks_mut(piece));
        for (index, (inputs, outputs)) in pieces.enumerate() {
            let context = self.context.samples_from(self.first + index * piece);
            let trace = &mut self.memory[..N::trace_len(inputs.len())];
            self.net.forward_pass(context, inputs, outputs, trace, End::Outputs);
        }
    }

    fn multiply_adds(&self) -> usize {
        passes::<N>(self.inputs.len(), 1)
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let all = self.inputs.len().div_ceil(self.plan.group).max(1);
        let groups = cut(all, 1, part, whole);
        let samples = (groups * self.plan.group).min(self.inputs.len());
        let (inputs, other_inputs) = self.inputs.split_at(samples);
        let (outputs, other_outputs) = self.outputs.split_at_mut(samples);
        let (memory, other_memory) = self.memory.split_at_mut(self.memory.len() / all * groups);
        (
            Self { inputs, outputs, memory, ..self },
            Self {
                inputs: other_inputs,
                outputs: other_outputs,
                memory: other_memory,
                first: self.first + samples,
                ..self
            },
        )
    }
}

/// Which gradients of a batch are computed.
pub(super) enum Wanted<'a, N: Differentiable> {
    /// The loss alone.
    Loss,
    /// Those of the parameters: a gradient for each group of the [plan](Plan). The first becomes their sum.
    Parameters(&'a mut [N::Scalar]),
    /// That of the inputs alone. The room, a gradient of the parameters for each group, is for the layers to work in.
    Inputs(&'a mut [N::Scalar]),
}

/// The mean loss of a batch, and the gradients that are `wanted`.
pub(super) fn whole_batch<N, Y, L>(
    net: &N,
    (inputs, targets): (&[N::Input], &[Y]),
    objective: &L,
    context: Context,
    memory: &mut [N::Scalar],
    wanted: Wanted<'_, N>,
    input_gradient: Option<&mut [N::Input]>,
) -> N::Scalar
where
    N: Differentiable,
    Y: Sync,
    L: Objective<N, Y>,
{
    let plan = Plan::of::<N, Y, L>(inputs.len());
    let mut losses = [0.0; Plan::GROUPS];
    let losses = &mut losses[..plan.groups];
    let (gradients, of_parameters) = match wanted {
        Wanted::Loss => (&mut [][..], false),
        Wanted::Parameters(gradients) => (gradients, true),
        Wanted::Inputs(room) => (room, false),
    };
    let groups = Groups {
        net,
        plan,
        inputs,
        targets,
        objective,
        context,
        first: 0,
        count: inputs.len(),
        memory,
        gradients: &mut *gradients,
        of_parameters,
        input_gradient,
        losses: &mut *losses,
    };
    if plan.groups > 1 {
        share_whole(groups, WORTH_WAKING);
    } else if N::WHOLE_BATCH {
        sharing(threads::<N>(inputs.len(), 0), || groups.run());
    } else {
        groups.run();
    }
    if plan.groups > 1 && of_parameters && N::PARAMETERS > 0 {
        let (sums, others) = gradients.split_at_mut(N::PARAMETERS);
        N::Scalar::shared_sum(sums, others, plan.least_shared::<N>(inputs.len()));
    }
    N::Scalar::of(losses.iter().sum::<f64>() / as_f64(inputs.len().max(1)))
}

/// Some groups of a batch.
struct Groups<'a, N: Differentiable, Y, L> {
    net: &'a N,
    plan: Plan,
    inputs: &'a [N::Input],
    targets: &'a [Y],
    objective: &'a L,
    context: Context,
    /// The place of the first sample in the batch.
    first: usize,
    /// How many samples the batch has.
    count: usize,
    /// For the pass of each group.
    memory: &'a mut [N::Scalar],
    /// One gradient for each group, or none.
    gradients: &'a mut [N::Scalar],
    /// Whether the gradients of the parameters are computed.
    of_parameters: bool,
    input_gradient: Option<&'a mut [N::Input]>,
    /// The loss of each group, summed over its samples.
    losses: &'a mut [f64],
}

impl<N, Y, L> Split for Groups<'_, N, Y, L>
where
    N: Differentiable,
    Y: Sync,
    L: Objective<N, Y>,
{
    fn run(mut self) {
        let plan = self.plan;
        let pieces = self.inputs.chunks(plan.piece).zip(self.targets.chunks(plan.piece));
        for (index, (inputs, targets)) in pieces.enumerate() {
            let offset = index * plan.piece;
            let (group, is_first) = (offset / plan.group, offset.is_multiple_of(plan.group));
            let (of_group, parameters) =
                (group * N::PARAMETERS..(group + 1) * N::PARAMETERS, self.net.as_slice());
            let goal = match self.gradients.get_mut(of_group) {
                Some(gradient) if self.of_parameters => {
                    Goal::Gradient(GradientSink::gradient(parameters, gradient, !is_first))
                }
                Some(room) if self.input_gradient.is_some() => {
                    Goal::Gradient(GradientSink::nowhere(parameters, room))
                }
                _ => Goal::Loss(self.net),
            };
            let input_gradient =
                self.input_gradient.as_deref_mut().map(|all| &mut all[offset..][..inputs.len()]);
            let pass = Pass {
                inputs,
                targets,
                objective: self.objective,
                context: self.context.samples_from(self.first + offset),
                memory: &mut *self.memory,
                count: self.count,
                goal,
                input_gradient,
            };
            self.losses[group] += pass.run();
        }
    }

    fn multiply_adds(&self) -> usize {
        let passes_over = match (self.of_parameters, &self.input_gradient) {
            (false, None) => 1,
            (false, Some(_)) => 2,
            (true, _) => 3,
        };
        passes::<N>(self.inputs.len(), passes_over)
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let groups = cut(self.losses.len(), 1, part, whole);
        let samples = (groups * self.plan.group).min(self.inputs.len());
        let (inputs, other_inputs) = self.inputs.split_at(samples);
        let (targets, other_targets) = self.targets.split_at(samples);
        let each = self.memory.len() / self.losses.len().max(1);
        let (memory, other_memory) = self.memory.split_at_mut(groups * each);
        let each = self.gradients.len() / self.losses.len().max(1);
        let (gradients, other_gradients) = self.gradients.split_at_mut(groups * each);
        let (input_gradient, other_input_gradient) =
            self.input_gradient.map(|gradient| gradient.split_at_mut(samples)).unzip();
        let (losses, other_losses) = self.losses.split_at_mut(groups);
        (
            Self { inputs, targets, memory, gradients, input_gradient, losses, ..self },
            Self {
                inputs: other_inputs,
                targets: other_targets,
                first: self.first + samples,
                memory: other_memory,
                gradients: other_gradients,
                input_gradient: other_input_gradient,
                losses: other_losses,
                ..self
            },
        )
    }
}

/// About how many multiplications with an addition some passes over some samples take, of which an activation is worth a few.
fn passes<N: Differentiable>(samples: usize, count: usize) -> usize {
    samples * (count * N::MULTIPLY_ADDS + 8 * N::trace_len(1))
}
