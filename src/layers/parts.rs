//! A batch that goes through a network layer by layer, each layer on several threads.
//!
//! Where one layer of a network looks across the batch ([`Differentiable::WHOLE_BATCH`]), all samples are through a layer before the next one begins. The
//! layers that do not look across take the samples in parts then: each part is a pass of its own, with its own trace and its own gradient, and the
//! gradients are added in the order of the parts. What the parts are depends on the layer and on how many samples there are, and not on the number of threads:
//! so do not the results.
//!
//! A layer that looks across the batch is called with all of it, and shares its work itself. So are networks and blocks with such a layer inside, whose layers
//! come here again.

use super::{Batch, Context, Differentiable, End, GradientSink};
use crate::core::{Sample, split_samples};
use crate::kernels::Entry;
use crate::parallel::{Split, WORTH_SHARING, cut, share};

/// The most parts: as many as a batch of samples that do not depend on each other has groups.
const MOST: usize = 8;

/// Multiply-adds of a part, forward and backward, that is worth a pass of its own: some 10 µs.
const LEAST: usize = WORTH_SHARING;

/// So often a part multiplies by each weight, at least: its gradient is cleared, written, and added to the others, which takes as long as some hundred products.
const LEAST_USES: usize = 256;

/// How many samples a part has; all of them, if the layer takes them as a whole.
fn part_of<L: Differentiable>(samples: usize) -> usize {
    let numbers = <L::Input as Sample>::LEN + <L::Output as Sample>::LEN;
    if is_product::<L>(numbers) {
        return samples.max(1);
    }
    // A number that is read or written takes as long as a few products.
    let work = samples * (3 * L::MULTIPLY_ADDS + 16 * numbers + 8 * L::trace_len(1));
    let uses = samples * L::MULTIPLY_ADDS / L::PARAMETERS.max(1);
    let most = if L::PARAMETERS == 0 { MOST } else { (uses / LEAST_USES).clamp(2, MOST) };
    let parts = (work / LEAST).clamp(1, most);
    // All parts of one size, for the usual sizes of a batch, and not smaller than a kernel takes at once, where there are many samples.
    let unit = (samples / MOST).clamp(1, 16);
    let unit = if unit.is_power_of_two() { unit } else { unit.next_power_of_two() / 2 };
    samples.div_ceil(parts).next_multiple_of(unit).max(1)
}

/// Whether the layer is a product with a matrix, or several: it takes the batch as a whole, and its products are [shared](share).
///
/// Each part of the samples would read all weights, and write a gradient as large as they are.
const fn is_product<L: Differentiable>(numbers: usize) -> bool {
    L::PARAMETERS > 4 * numbers && L::MULTIPLY_ADDS <= 2 * L::PARAMETERS
}

/// How many scalars a layer keeps in the network `N`.
#[inline(always)]
pub fn trace_len<N: Differentiable, L: Differentiable>(samples: usize) -> usize {
    if const { L::WHOLE_BATCH || !N::WHOLE_BATCH } {
        return L::trace_len(samples);
    }
    let part = part_of::<L>(samples);
    let parts = samples.div_ceil(part).max(1);
    // The traces of the parts, and their gradients but for the first one. A pass of tangents is one of all samples.
    let in_parts = (parts - 1) * (L::trace_len(part) + L::PARAMETERS)
        + L::trace_len(samples - (parts - 1) * part);
    in_parts.max(L::trace_len(samples))
}

/// [`Differentiable::forward_pass`] of a layer of the network `N`, in parts where the network takes the batch as a whole and the layer does not.
#[inline(always)]
pub fn forward_pass<N: Differentiable, L: Differentiable>(
    layer: &L,
    context: Context,
    inputs: &[L::Input],
    outputs: &mut [L::Output],
    trace: &mut [L::Scalar],
    end: End,
) {
    if const { N::WHOLE_BATCH && !L::WHOLE_BATCH } {
        forward_in_parts(layer, context, inputs, outputs, trace, end);
    } else {
        layer.forward_pass(context, inputs, outputs, trace, end);
    }
}

#[inline(never)]
fn forward_in_parts<L: Differentiable>(
    layer: &L,
    context: Context,
    inputs: &[L::Input],
    outputs: &mut [L::Output],
    trace: &mut [L::Scalar],
    end: End,
) {
    let part = part_of::<L>(inputs.len());
    if inputs.len() <= part || context.is_tangents() {
        let trace = &mut trace[..L::trace_len(inputs.len())];
        return layer.forward_pass(context, inputs, outputs, trace, end);
    }
    share(Forward { layer, context, part, first: 0, inputs, outputs, trace, end });
}

/// The forward passes of some parts.
struct Forward<'a, L: Differentiable> {
    layer: &'a L,
    context: Context,
    /// Samples of a part.
    part: usize,
    /// The place of the first sample in the batch.
    first: usize,
    inputs: &'a [L::Input],
    outputs: &'a mut [L::Output],
    trace: &'a mut [L::Scalar],
    end: End,
}

impl<L: Differentiable> Split for Forward<'_, L> {
    fn run(self) {
        let Self { layer, context, part, first, inputs, outputs, mut trace, end } = self;
        let parts = inputs.chunks(part).zip(outputs.chunks_mut(part)).enumerate();
        for (index, (inputs, outputs)) in parts {
            let own;
            (own, trace) = core::mem::take(&mut trace).split_at_mut(L::trace_len(inputs.len()));
            let context = context.samples_from(first + index * part);
            layer.forward_pass(context, inputs, outputs, own, end);
        }
    }

    fn multiply_adds(&self) -> usize {
        work::<L>(self.inputs.len(), 1)
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let parts = cut(self.inputs.len().div_ceil(self.part), 1, part, whole);
        let samples = (parts * self.part).min(self.inputs.len());
        let (inputs, other_inputs) = self.inputs.split_at(samples);
        let (outputs, other_outputs) = self.outputs.split_at_mut(samples);
        let kept = kept::<L>(samples, self.part);
        let (trace, other_trace) = self.trace.split_at_mut(kept);
        (
            Self { inputs, outputs, trace, ..self },
            Self {
                first: self.first + samples,
                inputs: other_inputs,
                outputs: other_outputs,
                trace: other_trace,
                ..self
            },
        )
    }
}

/// How many scalars the first parts keep, of `samples` samples.
fn kept<L: Differentiable>(samples: usize, part: usize) -> usize {
    samples / part * L::trace_len(part)
        + if samples.is_multiple_of(part) { 0 } else { L::trace_len(samples % part) }
}

/// About how many multiplications with an addition some passes over some samples take.
fn work<L: Differentiable>(samples: usize, passes: usize) -> usize {
    let numbers = <L::Input as Sample>::LEN + <L::Output as Sample>::LEN;
    passes * samples * (L::MULTIPLY_ADDS + 8 * numbers)
}

/// [`Differentiable::backward_pass`] behind [`forward_pass`].
#[inline(always)]
pub fn backward_pass<N: Differentiable, L: Differentiable>(
    batch: Batch<'_, L>,
    gradient: &mut [L::Output],
    end: End,
    sink: GradientSink<'_, L::Scalar>,
) {
    if const { N::WHOLE_BATCH && !L::WHOLE_BATCH } {
        backward_in_parts(batch, gradient, end, sink);
    } else {
        L::backward_pass(batch, gradient, end, sink);
    }
}

#[inline(never)]
fn backward_in_parts<L: Differentiable>(
    batch: Batch<'_, L>,
    gradient: &mut [L::Output],
    end: End,
    mut sink: GradientSink<'_, L::Scalar>,
) {
    let Batch { inputs, outputs, trace, input_gradient } = batch;
    let part = part_of::<L>(inputs.len());
    if inputs.len() <= part {
        let trace = &mut trace[..L::trace_len(inputs.len())];
        let batch = Batch { inputs, outputs, trace, input_gradient };
        return L::backward_pass(batch, gradient, end, sink);
    }
    let parts = inputs.len().div_ceil(part);
    let (trace, rest) = trace.split_at_mut(kept::<L>(inputs.len(), part));
    let others = &mut rest[..(parts - 1) * L::PARAMETERS];
    let is_wanted = !sink.is_frozen();
    let mut block = sink.block(0..L::PARAMETERS);
    let (parameters, sums, accumulate) = block.room_beside_parameters();
    share(Backward::<L> {
        parameters,
        part,
        inputs,
        outputs,
        trace,
        input_gradient,
        gradient,
        end,
        sums: Some((&mut *sums, accumulate)),
        others: &mut *others,
        is_wanted,
    });
    if is_wanted && L::PARAMETERS > 0 {
        L::Scalar::sum_in_pass(sums, others);
        block.finish();
    }
}

/// The backward passes of some parts.
struct Backward<'a, L: Differentiable> {
    parameters: &'a [L::Scalar],
    /// Samples of a part.
    part: usize,
    inputs: &'a [L::Input],
    outputs: &'a [L::Output],
    trace: &'a mut [L::Scalar],
    input_gradient: Option<&'a mut [L::Input]>,
    gradient: &'a mut [L::Output],
    end: End,
    /// Where the gradient of the first part of the batch goes, and whether it is added to what is there.
    sums: Option<(&'a mut [L::Scalar], bool)>,
    /// For the gradients of the other parts.
    others: &'a mut [L::Scalar],
    /// Whether somebody looks at the gradient of the parameters.
    is_wanted: bool,
}

impl<L: Differentiable> Split for Backward<'_, L> {
    fn run(self) {
        let Self { parameters, part, inputs, outputs, end, is_wanted, .. } = self;
        let Self { mut trace, mut input_gradient, mut sums, mut others, .. } = self;
        let parts = inputs.chunks(part).zip(self.gradient.chunks_mut(part));
        for (index, (inputs, gradient)) in parts.enumerate() {
            let (room, accumulate) = sums.take().unwrap_or_else(|| {
                let room;
                (room, others) = core::mem::take(&mut others).split_at_mut(L::PARAMETERS);
                (room, false)
            });
            let sink = if is_wanted {
                GradientSink::gradient(parameters, room, accumulate)
            } else {
                GradientSink::nowhere(parameters, room)
            };
            let own;
            (own, trace) = core::mem::take(&mut trace).split_at_mut(L::trace_len(inputs.len()));
            let first = index * part;
            // Of a pass that ended at the scores there may be none.
            let outputs = outputs.get(first..first + inputs.len()).unwrap_or(&[]);
            let input_gradient =
                input_gradient.as_deref_mut().map(|all| &mut all[first..][..inputs.len()]);
            let batch = Batch { inputs, outputs, trace: own, input_gradient };
            L::backward_pass(batch, gradient, end, sink);
        }
    }

    fn multiply_adds(&self) -> usize {
        work::<L>(self.inputs.len(), 2)
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let parts = cut(self.inputs.len().div_ceil(self.part), 1, part, whole);
        let samples = (parts * self.part).min(self.inputs.len());
        let (inputs, other_inputs) = self.inputs.split_at(samples);
        let (outputs, other_outputs) = self.outputs.split_at(samples.min(self.outputs.len()));
        let (gradient, other_gradient) = self.gradient.split_at_mut(samples);
        let (trace, other_trace) = self.trace.split_at_mut(kept::<L>(samples, self.part));
        let (input_gradient, other_input_gradient) =
            self.input_gradient.map(|gradient| gradient.split_at_mut(samples)).unzip();
        let (sums, other_sums) = if parts > 0 { (self.sums, None) } else { (None, self.sums) };
        let rooms = parts - usize::from(sums.is_some());
        let (others, other_others) = self.others.split_at_mut(rooms * L::PARAMETERS);
        (
            Self { inputs, outputs, gradient, trace, input_gradient, sums, others, ..self },
            Self {
                inputs: other_inputs,
                outputs: other_outputs,
                gradient: other_gradient,
                trace: other_trace,
                input_gradient: other_input_gradient,
                sums: other_sums,
                others: other_others,
                ..self
            },
        )
    }
}

/// The memory of a training pass through a layer in a network: what the layer keeps, its outputs, their gradient, and the rest. `O` are its outputs as the
/// network `N` names them.
#[inline(always)]
#[expect(clippy::type_complexity, reason = "four parts")]
pub fn split_trace<N, L, O>(
    trace: &mut [L::Scalar],
    samples: usize,
) -> (&mut [L::Scalar], &mut [O], &mut [O], &mut [L::Scalar])
where
    N: Differentiable,
    L: Differentiable,
    O: Sample<Scalar = L::Scalar>,
{
    let (own, rest) = trace.split_at_mut(trace_len::<N, L>(samples));
    let (outputs, rest) = split_samples(rest, samples);
    let (gradient, rest) = split_samples(rest, samples);
    (own, outputs, gradient, rest)
}

/// [`split_trace`] of a network with many layers, as a function of its own: in line, the lengths of all layers would be in one function, and LLVM reasons for
/// minutes about which of them are less than others (its pass `constraint-elimination`).
#[inline(never)]
#[expect(clippy::type_complexity, reason = "four parts")]
pub fn split_trace_outlined<N, L, O>(
    trace: &mut [L::Scalar],
    samples: usize,
) -> (&mut [L::Scalar], &mut [O], &mut [O], &mut [L::Scalar])
where
    N: Differentiable,
    L: Differentiable,
    O: Sample<Scalar = L::Scalar>,
{
    split_trace::<N, L, O>(trace, samples)
}
