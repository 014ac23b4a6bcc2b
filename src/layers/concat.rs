//! Two blocks side by side.

use core::fmt;
use core::marker::PhantomData;

use pulp::Simd;
use rand::Rng;

use super::{Layer, ParameterPath, Part, Passes, together};
use crate::activations::Identity;
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, split_samples};

/// Two blocks with the same input, whose outputs stand one behind the other, `concat { conv 8 1x1 } { conv 16 3x3 pad 1 }` in a
/// description.
///
/// **y** = (first(**x**), second(**x**)): channels behind channels in an image, numbers behind numbers in a vector.
///
/// A loss behind it, and an evaluation, see what the blocks end in: with a `sigmoid` at the end of each, the outputs are probabilities. Where
/// one gives probabilities and the other one scores, the cross-entropies take neither.
///
/// PyTorch's `torch.cat((a, b), dim=1)`, Keras's `Concatenate`.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input **x** | `I`, any sample |
/// | output **y** | `O`, a vector, or an [`Image`](crate::Image) with the rows and columns of both blocks' |
/// | `first`, `second` | `A`, `B`: any [`Layer`]s that take `I`, networks too |
///
/// Source: C. Szegedy, W. Liu, Y. Jia and others, "Going deeper with convolutions", CVPR 2015.
#[repr(C)]
#[derive(Parameters)]
pub struct Concat<T, I, O, A, B> {
    /// What comes first in the output.
    pub first: A,
    /// What comes behind it.
    pub second: B,
    kind: PhantomData<(T, I, O)>,
}

impl<T, I, O, A, B> Concat<T, I, O, A, B>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    O: Sample<Scalar = T>,
    A: Layer<Scalar = T, Input = I>,
    B: Layer<Scalar = T, Input = I>,
{
    const FIRST: usize = <A::Output as Sample>::LEN;

    /// How many samples of a batch go through a block at a time.
    const TOGETHER: usize = together(O::LEN);

    const FITS: () = assert!(
        Self::FIRST + <B::Output as Sample>::LEN == O::LEN
            && <A::Output as Sample>::PIXELS == O::PIXELS
            && <B::Output as Sample>::PIXELS == O::PIXELS,
        "`Concat`: the outputs of the two blocks and of both do not fit"
    );

    /// The outputs of the two blocks.
    #[inline(always)]
    fn split(output: &mut O) -> (&mut A::Output, &mut B::Output) {
        let () = Self::FITS;
        let (first, second) = output.as_mut_slice().split_at_mut(Self::FIRST);
        (&mut bytemuck::cast_slice_mut(first)[0], &mut bytemuck::cast_slice_mut(second)[0])
    }
}

#[diagnostic::do_not_recommend]
impl<T, I, O, A, B> Layer for Concat<T, I, O, A, B>
where
    T: Scalar,
    I: Sample<Scalar = T>,
    O: Sample<Scalar = T>,
    A: Layer<Scalar = T, Input = I>,
    B: Layer<Scalar = T, Input = I>,
{
    type Input = I;
    type Output = O;
    type Activation = Identity;

    /// Each block passes on some of the numbers, if both pass on numbers at all.
    const PASSES: Passes = A::PASSES.then(B::PASSES).then(Passes::Probabilities);

    const MULTIPLY_ADDS: usize = A::MULTIPLY_ADDS + B::MULTIPLY_ADDS;
    const OUTLINED: bool = A::OUTLINED && B::OUTLINED;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &I, output: &mut O) {
        let (first, second) = Self::split(output);
        self.first.infer_one(simd, input, first);
        self.second.infer_one(simd, input, second);
    }

    const ROOM_FOR_ONE: usize =
        if A::ROOM_FOR_ONE > B::ROOM_FOR_ONE { A::ROOM_FOR_ONE } else { B::ROOM_FOR_ONE };

    const ROOM: usize = {
        let (first, second) = (Self::FIRST, O::LEN - Self::FIRST);
        let outputs = Self::TOGETHER * if first > second { first } else { second };
        outputs + if A::ROOM > B::ROOM { A::ROOM } else { B::ROOM }
    };

    #[inline(always)]
    fn infer_one_in<S: Simd>(&self, simd: S, input: &I, output: &mut O, room: &mut [T]) {
        let (first, second) = Self::split(output);
        self.first.infer_one_in(simd, input, first, room);
        self.second.infer_one_in(simd, input, second, room);
    }

    /// Each block takes a batch, and its outputs are copied to their places.
    #[inline(always)]
    fn infer_in<S: Simd>(&self, simd: S, inputs: &[I], outputs: &mut [O], room: &mut [T]) {
        let together = Self::TOGETHER;
        for (inputs, outputs) in inputs.chunks(together).zip(outputs.chunks_mut(together)) {
            let (values, rest) = split_samples::<A::Output>(room, inputs.len());
            self.first.infer_in(simd, inputs, values, rest);
            for (values, output) in values.iter().zip(&mut *outputs) {
                Self::split(output).0.as_mut_slice().copy_from_slice(values.as_slice());
            }
            let (values, rest) = split_samples::<B::Output>(room, inputs.len());
            self.second.infer_in(simd, inputs, values, rest);
            for (values, output) in values.iter().zip(outputs) {
                Self::split(output).1.as_mut_slice().copy_from_slice(values.as_slice());
            }
        }
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.first.initialize(rng);
        self.second.initialize(rng);
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        A::describe(&path.field("first"), visit);
        B::describe(&path.field("second"), visit);
        visit(path, Part::block::<Self>("concat"));
    }
}

impl<T, I, O, A: fmt::Debug, B: fmt::Debug> fmt::Debug for Concat<T, I, O, A, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Concat")
            .field("first", &self.first)
            .field("second", &self.second)
            .finish()
    }
}

impl<T, I, O, A: PartialEq, B: PartialEq> PartialEq for Concat<T, I, O, A, B> {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.second == other.second
    }
}

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::core::{flat, flat_mut};
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink, parts};

    #[diagnostic::do_not_recommend]
    impl<T, I, O, A, B> Differentiable for Concat<T, I, O, A, B>
    where
        T: Scalar,
        I: Sample<Scalar = T>,
        O: Sample<Scalar = T>,
        A: Differentiable + Layer<Scalar = T, Input = I>,
        B: Differentiable + Layer<Scalar = T, Input = I>,
    {
        const WHOLE_BATCH: bool = A::WHOLE_BATCH || B::WHOLE_BATCH;
        const IS_RANDOM: bool = A::IS_RANDOM || B::IS_RANDOM;
        const TANGENTS: bool = A::TANGENTS && B::TANGENTS;

        /// The blocks' own, their outputs, the gradient of these, and the second block's part of the gradient of the inputs.
        fn trace_len(samples: usize) -> usize {
            parts::trace_len::<Self, A>(samples)
                + parts::trace_len::<Self, B>(samples)
                + 2 * samples * O::LEN
                + samples * I::LEN
        }

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[I],
            outputs: &mut [O],
            trace: &mut [T],
            _end: End,
        ) {
            let () = Self::FITS;
            let samples = inputs.len();
            let (a, rest) = split_samples::<A::Output>(trace, samples);
            let (b, rest) = split_samples::<B::Output>(rest, samples);
            let (trace_a, rest) = rest.split_at_mut(parts::trace_len::<Self, A>(samples));
            let trace_b = &mut rest[..parts::trace_len::<Self, B>(samples)];
            let (first, second, end) = (&self.first, &self.second, End::Outputs);
            parts::forward_pass::<Self, _>(first, context.layer(0), inputs, a, trace_a, end);
            parts::forward_pass::<Self, _>(second, context.layer(1), inputs, b, trace_b, end);
            for ((output, a), b) in outputs.iter_mut().zip(a).zip(b) {
                let (first, second) = output.as_mut_slice().split_at_mut(Self::FIRST);
                first.copy_from_slice(a.as_slice());
                second.copy_from_slice(b.as_slice());
            }
        }

        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [O],
            _end: End,
            sink: GradientSink<'_, T>,
        ) {
            let Batch { inputs, trace, mut input_gradient, .. } = batch;
            let samples = inputs.len();
            let (a, rest) = split_samples::<A::Output>(trace, samples);
            let (b, rest) = split_samples::<B::Output>(rest, samples);
            let (trace_a, rest) = rest.split_at_mut(parts::trace_len::<Self, A>(samples));
            let (trace_b, rest) = rest.split_at_mut(parts::trace_len::<Self, B>(samples));
            let (gradient_a, rest) = split_samples::<A::Output>(rest, samples);
            let (gradient_b, rest) = split_samples::<B::Output>(rest, samples);
            let (of_second, _) = split_samples::<I>(rest, samples);
            let parts = gradient_a.iter_mut().zip(gradient_b.iter_mut());
            for (gradient, (a, b)) in gradient.iter().zip(parts) {
                let (first, second) = gradient.as_slice().split_at(Self::FIRST);
                a.as_mut_slice().copy_from_slice(first);
                b.as_mut_slice().copy_from_slice(second);
            }
            let (to_first, to_second) = sink.split_at(A::PARAMETERS);
            let first = Batch::<A> {
                inputs,
                outputs: a,
                trace: trace_a,
                input_gradient: input_gradient.as_deref_mut(),
            };
            parts::backward_pass::<Self, A>(first, gradient_a, End::Outputs, to_first);
            let second = Batch::<B> {
                inputs,
                outputs: b,
                trace: trace_b,
                input_gradient: input_gradient.is_some().then_some(&mut *of_second),
            };
            parts::backward_pass::<Self, B>(second, gradient_b, End::Outputs, to_second);
            if let Some(input_gradient) = input_gradient {
                T::sum_in_pass(flat_mut(input_gradient), flat(of_second));
            }
        }
    }
}
