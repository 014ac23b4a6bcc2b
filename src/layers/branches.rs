//! Branches beside each other: layers whose outputs stand one behind the other, or are added.
//!
//! For `concat` and `add` with any number of branches, and for `heads`, `network!` makes a struct with a field for each, and passes that call the functions here, once for each branch, in
//! their order. `concat` of two is [`Concat`](super::Concat).

use core::slice;

use pulp::{Simd, WithSimd};

use super::normalized::Addition;
use super::{Layer, Passes, together};
use crate::core::{Sample, Scalar, flat, flat_mut, split_samples};
use crate::kernels::add;
use crate::simd::dispatch;

/// What becomes of the outputs of branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// They stand one behind the other.
    Concat,
    /// They are added, one after the other.
    Add,
    /// They stand one behind the other, as the fields of a record, and each has a loss of its own.
    Heads,
}

impl Joining {
    /// Puts the outputs of one branch to those before it, which are `at` numbers of each sample.
    #[inline(always)]
    fn join<V: Sample, O: Sample<Scalar = V::Scalar>>(
        self,
        at: usize,
        values: &[V],
        outputs: &mut [O],
    ) {
        match self {
            Self::Add => add(flat_mut(outputs), flat(values)),
            Self::Concat | Self::Heads => {
                for (values, output) in values.iter().zip(outputs) {
                    output.as_mut_slice()[at..at + V::LEN].copy_from_slice(values.as_slice());
                }
            }
        }
    }
}

/// [`Joining::join`] in inference.
struct Join<'a, V, O> {
    joining: Joining,
    at: usize,
    values: &'a [V],
    outputs: &'a mut [O],
}

impl<V: Sample, O: Sample<Scalar = V::Scalar>> Join<'_, V, O> {
    /// Behind a branch `B`. If that is outlined, `simd` is the baseline.
    #[inline(always)]
    fn run<B: Layer, S: Simd>(self, simd: S) {
        if const { B::OUTLINED } { dispatch(self) } else { simd.vectorize(self) }
    }
}

impl<V: Sample, O: Sample<Scalar = V::Scalar>> WithSimd for Join<'_, V, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { joining, at, values, outputs } = self;
        joining.join(at, values, outputs);
    }
}

/// Whether a branch gives the numbers that it takes: `{ }`, `{ from fine }`, `{ flatten }`. They go to their place at once, and nothing is kept of them.
const fn is_copy<B: Layer>() -> bool {
    let same = <B::Input as Sample>::LEN == <B::Output as Sample>::LEN;
    same && B::PARAMETERS == 0 && matches!(B::PASSES, Passes::Numbers)
}

/// What the branches before one gave.
#[derive(Clone, Copy, Debug)]
pub struct Joined<'v, T> {
    /// How many numbers of each sample.
    at: usize,
    /// The first term of a sum, as long as it is not in the outputs: the second branch adds it where it writes to them.
    first: &'v [T],
}

impl<'v, T: Scalar> Joined<'v, T> {
    /// Before the first branch.
    pub const NOTHING: Self = Self { at: 0, first: &[] };

    /// The first branch of a sum gave these.
    #[inline(always)]
    fn first<V: Sample<Scalar = T>>(values: &'v [V]) -> Self {
        Self { at: V::LEN, first: flat(values) }
    }

    /// One more branch gave so many numbers of each sample, and all is in the outputs.
    #[inline(always)]
    fn and(self, len: usize) -> Self {
        Self { at: self.at + len, first: &[] }
    }

    #[inline(always)]
    fn addition<V: Sample<Scalar = T>>(self) -> Addition<'v, V> {
        Addition { to: bytemuck::cast_slice(self.first), relu: false }
    }
}

/// How many samples go through branches at a time.
#[must_use]
pub const fn samples_together<O: Sample>() -> usize {
    together(O::LEN)
}

/// How many numbers a pass of one sample needs for one branch, behind the first: its outputs, and what it needs itself.
#[must_use]
pub const fn room_for_one<B: Layer>() -> usize {
    <B::Output as Sample>::LEN + B::ROOM_FOR_ONE
}

/// The same for so many samples as go through the branches together.
#[must_use]
pub const fn room<B: Layer, O: Sample>() -> usize {
    samples_together::<O>() * <B::Output as Sample>::LEN + B::ROOM
}

/// One sample through one branch.
#[inline(always)]
pub fn infer_one<'v, B: Layer, O: Sample<Scalar = B::Scalar>, S: Simd>(
    joining: Joining,
    branch: &B,
    before: Joined<'v, B::Scalar>,
    simd: S,
    input: &'v B::Input,
    output: &mut O,
    room: &mut [B::Scalar],
) -> Joined<'v, B::Scalar> {
    let (len, output) = (<B::Output as Sample>::LEN, slice::from_mut(output));
    if const { is_copy::<B>() } {
        return copy::<B, O, S>(joining, before, simd, slice::from_ref(input), output);
    }
    if joining != Joining::Add || before.at == 0 {
        let own = &mut flat_mut(output)[before.at..before.at + len];
        branch.infer_one_in(simd, input, &mut bytemuck::cast_slice_mut(own)[0], room);
    } else if before.first.is_empty() {
        let (values, room) = split_samples::<B::Output>(room, 1);
        branch.infer_one_in(simd, input, &mut values[0], room);
        Join { joining, at: before.at, values, outputs: output }.run::<B, S>(simd);
    } else {
        let output = &mut bytemuck::cast_slice_mut(output)[0];
        branch.infer_one_onto_in(simd, input, output, before.addition(), room);
    }
    before.and(len)
}

/// The same for some samples, at most [`samples_together`].
#[inline(always)]
pub fn infer<'v, B: Layer, O: Sample<Scalar = B::Scalar>, S: Simd>(
    joining: Joining,
    branch: &B,
    before: Joined<'v, B::Scalar>,
    simd: S,
    inputs: &'v [B::Input],
    outputs: &mut [O],
    room: &mut [B::Scalar],
) -> Joined<'v, B::Scalar> {
    if const { is_copy::<B>() } {
        return copy::<B, O, S>(joining, before, simd, inputs, outputs);
    }
    if joining == Joining::Add && before.at == 0 {
        branch.infer_in(simd, inputs, bytemuck::cast_slice_mut(outputs), room);
    } else if before.first.is_empty() {
        let (values, room) = split_samples::<B::Output>(room, inputs.len());
        branch.infer_in(simd, inputs, values, room);
        Join { joining, at: before.at, values, outputs }.run::<B, S>(simd);
    } else {
        let outputs = bytemuck::cast_slice_mut(outputs);
        branch.infer_onto_in(simd, inputs, outputs, before.addition(), room);
    }
    before.and(<B::Output as Sample>::LEN)
}

/// [`infer`] for any number of samples.
#[inline(always)]
pub fn infer_all<'v, B: Layer, O: Sample<Scalar = B::Scalar>, S: Simd>(
    joining: Joining,
    branch: &B,
    before: Joined<'v, B::Scalar>,
    simd: S,
    inputs: &'v [B::Input],
    outputs: &mut [O],
    room: &mut [B::Scalar],
) -> Joined<'v, B::Scalar> {
    if const { is_copy::<B>() } {
        return copy::<B, O, S>(joining, before, simd, inputs, outputs);
    }
    let together = samples_together::<O>();
    let mut first = before.first.chunks(together * O::LEN);
    for (inputs, outputs) in inputs.chunks(together).zip(outputs.chunks_mut(together)) {
        let before = Joined { first: first.next().unwrap_or_default(), ..before };
        infer(joining, branch, before, simd, inputs, outputs, room);
    }
    before.and(<B::Output as Sample>::LEN)
}

/// Samples through a branch that [copies](is_copy) them.
#[inline(always)]
fn copy<'v, B: Layer, O: Sample<Scalar = B::Scalar>, S: Simd>(
    joining: Joining,
    before: Joined<'v, B::Scalar>,
    simd: S,
    inputs: &'v [B::Input],
    outputs: &mut [O],
) -> Joined<'v, B::Scalar> {
    if joining == Joining::Add && before.at == 0 {
        return Joined::first(inputs);
    }
    if !before.first.is_empty() {
        flat_mut(outputs).copy_from_slice(before.first);
    }
    Join { joining, at: before.at, values: inputs, outputs }.run::<B, S>(simd);
    before.and(<B::Output as Sample>::LEN)
}

#[cfg(feature = "train")]
pub use training::{backward, forward, input_len, meet, trace_len};

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::kernels::Entry;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink, parts};

    impl Joining {
        /// Where the pass of a branch ends: at the scores, where a loss takes these, if that is the loss of the branch alone.
        fn end_of_branch(self, end: End) -> End {
            if self == Self::Heads { end } else { End::Outputs }
        }

        /// Puts the outputs of one branch to those before it; threads share the sums.
        #[inline(always)]
        fn join_in_pass<'v, V: Sample, O: Sample<Scalar = V::Scalar>>(
            self,
            before: Joined<'v, V::Scalar>,
            values: &'v [V],
            outputs: &mut [O],
        ) -> Joined<'v, V::Scalar> {
            match (self, before) {
                (Self::Add, Joined { at: 0, .. }) => return Joined::first(values),
                (Self::Add, Joined { first: [], .. }) => {
                    V::Scalar::sum_in_pass(flat_mut(outputs), flat(values));
                }
                (Self::Add, Joined { first, .. }) => {
                    V::Scalar::sum_in_pass_from(flat(values), flat_mut(outputs), first);
                }
                (Self::Concat | Self::Heads, Joined { at, .. }) => self.join(at, values, outputs),
            }
            before.and(V::LEN)
        }
    }

    /// What one branch of the layer `N` keeps: its outputs, their gradient, and what it keeps itself.
    #[inline(always)]
    #[must_use]
    pub fn trace_len<N: Differentiable, B: Differentiable>(samples: usize) -> usize {
        if const { is_copy::<B>() } {
            return 0;
        }
        2 * samples * <B::Output as Sample>::LEN + parts::trace_len::<N, B>(samples)
    }

    /// Room for a branch's part of the gradient of the inputs, before what all branches keep.
    #[inline(always)]
    #[must_use]
    pub fn input_len<N: Layer>(samples: usize) -> usize {
        samples * <N::Input as Sample>::LEN
    }

    /// A batch through one branch, the one with this number, of a layer of the network `N`; the answer is the trace of the others.
    #[inline(always)]
    pub fn forward<'t, N: Differentiable, B: Differentiable, O: Sample<Scalar = B::Scalar>>(
        joining: Joining,
        branch: &B,
        (number, before, end): (usize, Joined<'t, B::Scalar>, End),
        context: Context,
        inputs: &'t [B::Input],
        outputs: &mut [O],
        trace: &'t mut [B::Scalar],
    ) -> (Joined<'t, B::Scalar>, &'t mut [B::Scalar]) {
        let samples = inputs.len();
        let (own, rest) = trace.split_at_mut(trace_len::<N, B>(samples));
        let joined = if const { is_copy::<B>() } {
            joining.join_in_pass(before, inputs, outputs)
        } else {
            let (values, own) = split_samples::<B::Output>(own, samples);
            let (_, own) = split_samples::<B::Output>(own, samples);
            let (context, end) = (context.layer(number), joining.end_of_branch(end));
            parts::forward_pass::<N, B>(branch, context, inputs, values, own, end);
            joining.join_in_pass(before, values, outputs)
        };
        (joined, rest)
    }

    /// From the gradient of what all branches give to that of one branch's parameters, and of its inputs; the answer is the trace of the others.
    #[inline(always)]
    pub fn backward<'t, N: Differentiable, B: Differentiable, O: Sample<Scalar = B::Scalar>>(
        joining: Joining,
        (at, is_last, end): (usize, bool, End),
        (inputs, trace): (&[B::Input], &'t mut [B::Scalar]),
        gradient: &mut [O],
        input_gradient: Option<&mut [B::Input]>,
        sink: GradientSink<'_, B::Scalar>,
    ) -> (usize, &'t mut [B::Scalar]) {
        let samples = inputs.len();
        let (own, rest) = trace.split_at_mut(trace_len::<N, B>(samples));
        let from = if joining == Joining::Add { 0 } else { at };
        if const { is_copy::<B>() } {
            part(from, gradient, input_gradient.unwrap_or_default());
        } else {
            let (values, own) = split_samples::<B::Output>(own, samples);
            let (of_values, own) = split_samples::<B::Output>(own, samples);
            let of_values = if is_last && joining == Joining::Add {
                // Nobody reads it behind this branch.
                bytemuck::cast_slice_mut(gradient)
            } else {
                part(from, gradient, of_values);
                of_values
            };
            let batch = Batch::<B> { inputs, outputs: values, trace: own, input_gradient };
            parts::backward_pass::<N, B>(batch, of_values, joining.end_of_branch(end), sink);
        }
        (at + <B::Output as Sample>::LEN, rest)
    }

    /// Copies of the numbers behind the first `from` of each sample.
    #[inline(always)]
    fn part<O: Sample, V: Sample<Scalar = O::Scalar>>(from: usize, samples: &[O], parts: &mut [V]) {
        for (part, sample) in parts.iter_mut().zip(samples) {
            part.as_mut_slice().copy_from_slice(&sample.as_slice()[from..from + V::LEN]);
        }
    }

    /// Runs `pass`, and adds the gradient that it writes, in `room`, to `sums`: where paths meet. Without sums, nobody needs it.
    #[inline(always)]
    pub fn meet<X: Sample, R>(
        sums: Option<&mut [X]>,
        room: &mut [X::Scalar],
        pass: impl FnOnce(Option<&mut [X]>) -> R,
    ) -> R {
        let Some(sums) = sums else { return pass(None) };
        let (gradient, _) = split_samples::<X>(room, sums.len());
        let result = pass(Some(&mut *gradient));
        X::Scalar::sum_in_pass(flat_mut(sums), flat(gradient));
        result
    }
}
