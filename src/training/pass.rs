//! Passes over a batch: forward, loss, and backward into a sink.

use num_traits::Float;
use pulp::{Simd, WithSimd};

use super::as_f64;
use crate::Differentiable;
use crate::core::Scalar;
use crate::core::{Sample, flat, split_samples};
use crate::kernels::{Entry, add};
use crate::layers::{Batch, Context, End, GradientSink};
use crate::losses::Loss;
use crate::parallel::{Split, WORTH_SHARING, WORTH_WAKING, cut, is_awake, share_whole};
use crate::simd::dispatch;

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
        L: Loss<N::Output, Y, N::Activation>,
    {
        if N::WHOLE_BATCH || !L::PER_SAMPLE {
            return Self { piece: samples.max(1), group: samples.max(1), groups: 1 };
        }
        let each = N::trace_len(1) + <N::Output as Sample>::LEN;
        // Each piece goes over the whole gradient once more: it should not be shorter than that.
        let most = (CACHED.max(N::COUNT) / each).max(16);
        let pieces = samples.div_ceil(most).max(1);
        // As many samples as a vector has lanes, or a multiple, which usual batches are too: then all pieces are of one size.
        let piece = samples.div_ceil(pieces).next_multiple_of(16).max(16);
        let groups = pieces.min(Self::GROUPS).min((Self::GRADIENTS / N::COUNT.max(1)).max(1));
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
    fn pass_len<N: Differentiable>(self, samples: usize) -> usize {
        let samples = samples.min(self.piece);
        N::trace_len(samples) + samples * <N::Output as Sample>::LEN
    }

    /// How many scalars the passes over a batch keep.
    pub(super) fn memory_len<N: Differentiable>(self, samples: usize) -> usize {
        self.pass_len::<N>(samples) * self.groups
    }
}

/// How many threads pay for a step with so many samples, of an optimizer with so many moments.
///
/// Two do each a [half](crate::kernels::splits_k) of the large products, and keep their halves of the weights and moments. Of more,
/// each reads all weights, which then have to travel back to those that move them: about what 64 samples take for each weight.
pub(super) fn threads<N: Differentiable>(samples: usize, moments: usize) -> usize {
    // To move a parameter takes a few operations for it and for each moment, and waits for memory.
    let work = 3 * samples * N::MULTIPLY_ADDS + 8 * (1 + moments) * N::COUNT;
    if work < WORTH_SHARING || work < WORTH_WAKING && !is_awake() {
        1
    } else if samples * N::MULTIPLY_ADDS < 64 * N::COUNT {
        2
    } else {
        usize::MAX
    }
}

/// A pass over a batch, or a piece of one: forward, the loss, and backward if there is a sink.
pub(super) struct Pass<'a, N: Differentiable, Y, L> {
    pub(super) inputs: &'a [N::Input],
    pub(super) targets: &'a [Y],
    pub(super) loss: &'a L,
    pub(super) context: Context,
    pub(super) memory: &'a mut [N::Scalar],
    /// How many samples the batch has.
    pub(super) count: usize,
    pub(super) goal: Goal<'a, N>,
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
    L: Loss<N::Output, Y, N::Activation>,
{
    /// The sum of the losses. One function for the three places that call it: it holds a whole network.
    #[inline(never)]
    pub(super) fn run(self) -> f64 {
        let Self { inputs, targets, loss, context, memory, count, goal } = self;
        let count = as_f64(count);
        // Behind an activation that is bounded, the loss may be finite, and the gradient is not: a step would have begun before that is seen.
        if let Goal::Gradient(sink) = &goal
            && sink.is_step()
            && !N::Scalar::are_finite(flat(inputs))
        {
            return f64::NAN;
        }
        let (scores, rest) = split_samples::<N::Output>(memory, inputs.len());
        let trace = &mut rest[..N::trace_len(inputs.len())];
        let net = match &goal {
            Goal::Loss(net) => *net,
            Goal::Gradient(sink) => sink.layer::<N>(),
        };
        net.forward_pass(context, inputs, scores, trace, End::Scores);
        let scale = N::Scalar::of(1.0 / count);
        let sum = dispatch(Evaluation::<N, Y, L> { loss, scores: &mut *scores, targets, scale });
        if let Goal::Gradient(sink) = goal
            && (!sink.is_step() || N::Scalar::of(sum / count).is_finite())
        {
            let batch = Batch { inputs, outputs: &[], trace, input_gradient: None };
            N::backward_pass(batch, scores, End::Scores, sink);
        }
        sum
    }
}

/// The loss of some scores, which give place to its gradient.
struct Evaluation<'a, N: Differentiable, Y, L> {
    loss: &'a L,
    scores: &'a mut [N::Output],
    targets: &'a [Y],
    scale: N::Scalar,
}

impl<N, Y, L> WithSimd for Evaluation<'_, N, Y, L>
where
    N: Differentiable,
    L: Loss<N::Output, Y, N::Activation>,
{
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        self.loss.evaluate(simd, self.scores, self.targets, self.scale)
    }
}

/// The mean loss of a batch, and its gradient, if one is asked for: in the first of `gradients`, of which there are as many as groups.
pub(super) fn whole_batch<N, Y, L>(
    net: &N,
    (inputs, targets): (&[N::Input], &[Y]),
    loss: &L,
    context: Context,
    memory: &mut [N::Scalar],
    gradients: &mut [N::Scalar],
) -> N::Scalar
where
    N: Differentiable,
    Y: Sync,
    L: Loss<N::Output, Y, N::Activation>,
{
    let plan = Plan::of::<N, Y, L>(inputs.len());
    let mut losses = [0.0; Plan::GROUPS];
    let losses = &mut losses[..plan.groups];
    let groups = Groups {
        net,
        plan,
        inputs,
        targets,
        loss,
        context,
        first: 0,
        count: inputs.len(),
        memory,
        gradients: &mut *gradients,
        losses: &mut *losses,
    };
    share_whole(groups, WORTH_WAKING);
    if plan.groups > 1 && !gradients.is_empty() {
        let (sums, others) = gradients.split_at_mut(N::COUNT);
        share_whole(
            Sum { sums, others, length: N::COUNT, first: 0 },
            plan.least_shared::<N>(inputs.len()),
        );
    }
    N::Scalar::of(losses.iter().sum::<f64>() / as_f64(inputs.len().max(1)))
}

/// Some groups of a batch.
struct Groups<'a, N: Differentiable, Y, L> {
    net: &'a N,
    plan: Plan,
    inputs: &'a [N::Input],
    targets: &'a [Y],
    loss: &'a L,
    context: Context,
    /// The place of the first sample in the batch.
    first: usize,
    /// How many samples the batch has.
    count: usize,
    /// For the pass of each group.
    memory: &'a mut [N::Scalar],
    /// One gradient for each group, or none.
    gradients: &'a mut [N::Scalar],
    /// The loss of each group, summed over its samples.
    losses: &'a mut [f64],
}

impl<N, Y, L> Split for Groups<'_, N, Y, L>
where
    N: Differentiable,
    Y: Sync,
    L: Loss<N::Output, Y, N::Activation>,
{
    fn run(self) {
        let Self { net, plan, inputs, targets, loss, context, memory, gradients, losses, .. } =
            self;
        let pieces = inputs.chunks(plan.piece).zip(targets.chunks(plan.piece));
        for (index, (inputs, targets)) in pieces.enumerate() {
            let offset = index * plan.piece;
            let (group, is_first) = (offset / plan.group, offset % plan.group == 0);
            let goal = match gradients.get_mut(group * N::COUNT..(group + 1) * N::COUNT) {
                Some(gradient) => {
                    let parameters = net.as_slice();
                    Goal::Gradient(GradientSink::gradient(parameters, gradient, !is_first))
                }
                None => Goal::Loss(net),
            };
            let context = context.samples_from(self.first + offset);
            let pass = Pass {
                inputs,
                targets,
                loss,
                context,
                memory: &mut *memory,
                count: self.count,
                goal,
            };
            losses[group] += pass.run();
        }
    }

    fn multiply_adds(&self) -> usize {
        passes::<N>(self.inputs.len(), if self.gradients.is_empty() { 1 } else { 3 })
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
        let (losses, other_losses) = self.losses.split_at_mut(groups);
        (
            Self { inputs, targets, memory, gradients, losses, ..self },
            Self {
                inputs: other_inputs,
                targets: other_targets,
                first: self.first + samples,
                memory: other_memory,
                gradients: other_gradients,
                losses: other_losses,
                ..self
            },
        )
    }
}

/// How many sums are computed at a time.
const BLOCK: usize = 2 * 1024;

/// About how many multiplications with an addition some passes over some samples take, of which an activation is worth a few.
fn passes<N: Differentiable>(samples: usize, count: usize) -> usize {
    samples * (count * N::MULTIPLY_ADDS + 8 * N::trace_len(1))
}

/// Adds the other gradients to some numbers of the first, in their order.
struct Sum<'a, T> {
    sums: &'a mut [T],
    others: &'a [T],
    /// Of a gradient.
    length: usize,
    /// The place of the first sum in a gradient.
    first: usize,
}

impl<T: Scalar> WithSimd for Sum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        // Block after block, each of which stays in the L1 cache until it is complete.
        for (index, sums) in self.sums.chunks_mut(BLOCK).enumerate() {
            for other in self.others.chunks_exact(self.length) {
                add(sums, &other[self.first + index * BLOCK..][..sums.len()]);
            }
        }
    }
}

impl<T: Scalar> Split for Sum<'_, T> {
    fn run(self) {
        dispatch(self);
    }

    fn multiply_adds(&self) -> usize {
        // Half of them come from another thread's cache.
        self.sums.len() * (self.others.len() / self.length) * 8
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let count = cut(self.sums.len(), BLOCK, part, whole);
        let (sums, rest) = self.sums.split_at_mut(count);
        (Self { sums, ..self }, Self { sums: rest, first: self.first + count, ..self })
    }
}
