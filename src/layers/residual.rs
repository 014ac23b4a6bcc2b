//! The residual connection.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use pulp::{Simd, WithSimd};
use rand::Rng;

use super::normalized::Addition;
use super::{Layer, ParameterPath, Part, outlined::Outlined, together};
use crate::activations::Identity;
use crate::core::{Parameters, Scalar};
use crate::core::{Sample, split_samples};
use crate::kernels::add;
#[cfg(feature = "std")]
use crate::memory::Heap;

/// A residual connection, `residual { dense 64 relu => dense 64 }` in a description: what a block makes of its input is added to the
/// input, or to a projection of it.
///
/// **y** = **x** + block(**x**), or **y** = projection(**x**) + block(**x**).
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input **x** | the block's |
/// | output **y** | the block's: without a projection, its input's shape |
/// | `block` | any [`Layer`], a network too |
/// | `projection` | a layer with the block's inputs and outputs, or [`NoProjection`] |
///
/// Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016.
#[repr(C)]
#[derive(Parameters)]
pub struct Residual<T, Block, P = NoProjection<T>> {
    /// What is added.
    pub block: Block,
    /// What it is added to.
    pub projection: P,
    scalar: PhantomData<T>,
}

/// In the place of a projection: the input itself.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Parameters)]
pub struct NoProjection<T>(PhantomData<T>);

/// What the block's outputs are added to: a layer's outputs, or, with [`NoProjection`], the inputs themselves.
#[diagnostic::on_unimplemented(
    message = "a residual block adds its outputs (`{O}`) to what `{Self}` makes of its inputs (`{I}`): both must have the same shape"
)]
pub trait Shortcut<I: Sample, O: Sample<Scalar = I::Scalar>>:
    Parameters<Scalar = I::Scalar>
{
    /// See [`Layer::MULTIPLY_ADDS`].
    const MULTIPLY_ADDS: usize;

    /// Adds what belongs to one input.
    fn add_one<S: Simd>(&self, simd: S, input: &I, output: &mut O);

    /// How many samples of a batch go through block and projection at a time.
    #[doc(hidden)]
    const TOGETHER: usize;

    /// How many numbers [`addends`](Self::addends) are: those of one sample, and of [`TOGETHER`](Self::TOGETHER) of them.
    #[doc(hidden)]
    const ADDENDS: [usize; 2];

    /// How many more it needs room for.
    #[doc(hidden)]
    const ROOM: [usize; 2];

    /// What belongs to one input, in a room that is given, and the rest of the room. Where the block is `outlined`, `simd` is not the machine's instruction
    /// set.
    #[doc(hidden)]
    fn addend<'a, S: Simd>(
        &self,
        simd: S,
        outlined: bool,
        input: &'a I,
        room: &'a mut [I::Scalar],
    ) -> (&'a O, &'a mut [I::Scalar]);

    /// The same for a batch.
    #[doc(hidden)]
    fn addends<'a, S: Simd>(
        &self,
        simd: S,
        outlined: bool,
        inputs: &'a [I],
        room: &'a mut [I::Scalar],
    ) -> (&'a [O], &'a mut [I::Scalar]);

    /// See [`Layer::initialize`].
    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R);

    /// See [`Layer::describe`].
    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part));
}

impl<T: Scalar, X: Sample<Scalar = T>> Shortcut<X, X> for NoProjection<T> {
    const MULTIPLY_ADDS: usize = 0;

    #[inline(always)]
    fn add_one<S: Simd>(&self, _simd: S, input: &X, output: &mut X) {
        add(output.as_mut_slice(), input.as_slice());
    }

    const TOGETHER: usize = usize::MAX;

    const ADDENDS: [usize; 2] = [0, 0];

    const ROOM: [usize; 2] = [0, 0];

    #[inline(always)]
    fn addend<'a, S: Simd>(
        &self,
        _simd: S,
        _outlined: bool,
        input: &'a X,
        room: &'a mut [T],
    ) -> (&'a X, &'a mut [T]) {
        (input, room)
    }

    #[inline(always)]
    fn addends<'a, S: Simd>(
        &self,
        _simd: S,
        _outlined: bool,
        inputs: &'a [X],
        room: &'a mut [T],
    ) -> (&'a [X], &'a mut [T]) {
        (inputs, room)
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {}

    fn describe(_path: &ParameterPath<'_>, _visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {}
}

/// Adds the projection of one sample where nobody gives room: in memory of the thread, which has no stack for a large image.
struct Projection<'a, L: Layer> {
    projection: &'a L,
    input: &'a L::Input,
    output: &'a mut L::Output,
}

impl<L: Layer> WithSimd for Projection<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { projection, input, output } = self;
        #[cfg(feature = "std")]
        {
            let mut heap = Heap::default();
            let room = heap.take(<L::Output as Sample>::LEN + L::ROOM_FOR_ONE);
            let (projected, _) = projection.addend(simd, L::OUTLINED, input, room);
            add(output.as_mut_slice(), projected.as_slice());
        }
        // Without `std` there is no other memory than the stack.
        #[cfg(not(feature = "std"))]
        {
            let mut projected: L::Output = bytemuck::Zeroable::zeroed();
            projection.infer_one(simd, input, &mut projected);
            add(output.as_mut_slice(), projected.as_slice());
        }
    }
}

impl<I: Sample, O: Sample<Scalar = I::Scalar>, L: Layer<Scalar = I::Scalar, Input = I, Output = O>>
    Shortcut<I, O> for L
{
    const MULTIPLY_ADDS: usize = L::MULTIPLY_ADDS;

    const TOGETHER: usize = together(O::LEN);

    const ADDENDS: [usize; 2] = [O::LEN, together(O::LEN) * O::LEN];

    const ROOM: [usize; 2] = [L::ROOM_FOR_ONE, L::ROOM];

    #[inline(always)]
    fn add_one<S: Simd>(&self, simd: S, input: &I, output: &mut O) {
        simd.vectorize(Projection { projection: self, input, output });
    }

    #[inline(always)]
    fn addend<'a, S: Simd>(
        &self,
        simd: S,
        outlined: bool,
        input: &'a I,
        room: &'a mut [I::Scalar],
    ) -> (&'a O, &'a mut [I::Scalar]) {
        let (projected, rest) = split_samples::<O>(room, 1);
        if outlined {
            Outlined::infer_one_in(self, input, &mut projected[0], rest);
        } else {
            self.infer_one_in(simd, input, &mut projected[0], rest);
        }
        (&projected[0], rest)
    }

    #[inline(always)]
    fn addends<'a, S: Simd>(
        &self,
        simd: S,
        outlined: bool,
        inputs: &'a [I],
        room: &'a mut [I::Scalar],
    ) -> (&'a [O], &'a mut [I::Scalar]) {
        let (projected, rest) = split_samples::<O>(room, inputs.len());
        if outlined {
            Outlined::infer_in(self, inputs, projected, rest);
        } else {
            self.infer_in(simd, inputs, projected, rest);
        }
        (projected, rest)
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        Layer::initialize(self, rng);
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        L::describe(&path.field("projection"), visit);
    }
}

impl<T, Block, P> Residual<T, Block, P>
where
    T: Scalar,
    Block: Layer<Scalar = T>,
    P: Shortcut<Block::Input, Block::Output>,
{
    /// What the block adds to its outputs, and what then is left to add.
    #[inline(always)]
    fn additions<'a>(
        addends: &'a [Block::Output],
        outer: Addition<'a, Block::Output>,
    ) -> [Addition<'a, Block::Output>; 2] {
        if outer.to.is_empty() {
            [Addition { to: addends, relu: outer.relu }, Addition::NONE]
        } else {
            [Addition { to: addends, relu: false }, outer]
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, Block, P> Layer for Residual<T, Block, P>
where
    T: Scalar,
    Block: Layer<Scalar = T>,
    P: Shortcut<Block::Input, Block::Output>,
{
    type Input = Block::Input;
    type Output = Block::Output;
    type Activation = Identity;

    const MULTIPLY_ADDS: usize = Block::MULTIPLY_ADDS + P::MULTIPLY_ADDS;
    const OUTLINED: bool = Block::OUTLINED;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output) {
        self.block.infer_one(simd, input, output);
        self.projection.add_one(simd, input, output);
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        self.block.infer(simd, inputs, outputs);
        for (input, output) in inputs.iter().zip(outputs) {
            self.projection.add_one(simd, input, output);
        }
    }

    const ROOM_FOR_ONE: usize = P::ADDENDS[0]
        + if P::ROOM[0] > Block::ROOM_FOR_ONE { P::ROOM[0] } else { Block::ROOM_FOR_ONE };

    const ROOM: usize =
        P::ADDENDS[1] + if P::ROOM[1] > Block::ROOM { P::ROOM[1] } else { Block::ROOM };

    #[inline(always)]
    fn infer_one_in<S: Simd>(
        &self,
        simd: S,
        input: &Self::Input,
        output: &mut Self::Output,
        room: &mut [T],
    ) {
        self.infer_one_onto_in(simd, input, output, Addition::NONE, room);
    }

    #[inline(always)]
    fn infer_in<S: Simd>(
        &self,
        simd: S,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        room: &mut [T],
    ) {
        self.infer_onto_in(simd, inputs, outputs, Addition::NONE, room);
    }

    #[inline(always)]
    fn infer_one_onto_in<S: Simd>(
        &self,
        simd: S,
        input: &Self::Input,
        output: &mut Self::Output,
        addition: Addition<'_, Self::Output>,
        room: &mut [T],
    ) {
        let (addend, room) = self.projection.addend(simd, Block::OUTLINED, input, room);
        let [of_block, left] = Self::additions(slice::from_ref(addend), addition);
        self.block.infer_one_onto_in(simd, input, output, of_block, room);
        left.run::<Self, S>(simd, slice::from_mut(output));
    }

    #[inline(always)]
    fn infer_onto_in<S: Simd>(
        &self,
        simd: S,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        mut addition: Addition<'_, Self::Output>,
        room: &mut [T],
    ) {
        let together = P::TOGETHER;
        for (inputs, outputs) in inputs.chunks(together).zip(outputs.chunks_mut(together)) {
            let (addends, room) = self.projection.addends(simd, Block::OUTLINED, inputs, room);
            let [of_block, left] = Self::additions(addends, addition.next(inputs.len()));
            self.block.infer_onto_in(simd, inputs, outputs, of_block, room);
            left.run::<Self, S>(simd, outputs);
        }
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.block.initialize(rng);
        self.projection.initialize(rng);
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        Block::describe(&path.field("block"), visit);
        P::describe(path, visit);
        visit(path, Part::block::<Self>("residual"));
    }
}

impl<T, Block: fmt::Debug, P: fmt::Debug> fmt::Debug for Residual<T, Block, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Residual")
            .field("block", &self.block)
            .field("projection", &self.projection)
            .finish()
    }
}

impl<T, Block: PartialEq, P: PartialEq> PartialEq for Residual<T, Block, P> {
    fn eq(&self, other: &Self) -> bool {
        self.block == other.block && self.projection == other.projection
    }
}

#[cfg(feature = "train")]
pub use training::ShortcutGradient;

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::core::{flat, flat_mut};
    use crate::kernels::Entry;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink, parts};

    /// A [`Shortcut`] that backpropagation goes through.
    pub trait ShortcutGradient<I: Sample, O: Sample<Scalar = I::Scalar>>: Shortcut<I, O> {
        /// See [`Differentiable::WHOLE_BATCH`].
        const WHOLE_BATCH: bool;

        /// See [`Differentiable::IS_RANDOM`].
        const IS_RANDOM: bool;

        /// See [`Differentiable::TANGENTS`].
        const TANGENTS: bool;

        /// See [`Differentiable::trace_len`]; it stands in the layer `N`.
        fn trace_len<N: Differentiable>(samples: usize) -> usize;

        /// The sums of what belongs to each input and of what the block makes of it, in a pass of training of the layer `N` around it.
        fn add<N: Differentiable>(
            &self,
            context: Context,
            inputs: &[I],
            of_block: &[O],
            outputs: &mut [O],
            trace: &mut [I::Scalar],
        );

        /// From the gradient of the outputs to those of the parameters and of the inputs, which it writes.
        fn pull_back<N: Differentiable>(
            inputs: &[I],
            trace: &mut [I::Scalar],
            output_gradient: &[O],
            input_gradient: Option<&mut [I]>,
            sink: GradientSink<'_, I::Scalar>,
        );
    }

    impl<T: Scalar, X: Sample<Scalar = T>> ShortcutGradient<X, X> for NoProjection<T> {
        const WHOLE_BATCH: bool = false;
        const IS_RANDOM: bool = false;
        const TANGENTS: bool = true;

        fn trace_len<N: Differentiable>(_samples: usize) -> usize {
            0
        }

        fn add<N: Differentiable>(
            &self,
            _context: Context,
            inputs: &[X],
            of_block: &[X],
            outputs: &mut [X],
            _trace: &mut [T],
        ) {
            T::sum_in_pass_from(flat(of_block), flat_mut(outputs), flat(inputs));
        }

        fn pull_back<N: Differentiable>(
            _inputs: &[X],
            _trace: &mut [T],
            output_gradient: &[X],
            input_gradient: Option<&mut [X]>,
            _sink: GradientSink<'_, T>,
        ) {
            if let Some(input_gradient) = input_gradient {
                T::sum_in_pass_from(flat(output_gradient), flat_mut(input_gradient), &[]);
            }
        }
    }

    impl<I: Sample, O: Sample<Scalar = I::Scalar>, L> ShortcutGradient<I, O> for L
    where
        L: Differentiable + Layer<Scalar = I::Scalar, Input = I, Output = O>,
    {
        const WHOLE_BATCH: bool = L::WHOLE_BATCH;
        const IS_RANDOM: bool = L::IS_RANDOM;
        const TANGENTS: bool = L::TANGENTS;

        /// The layer's own, its outputs, and their gradient.
        fn trace_len<N: Differentiable>(samples: usize) -> usize {
            parts::trace_len::<N, L>(samples) + 2 * samples * O::LEN
        }

        fn add<N: Differentiable>(
            &self,
            context: Context,
            inputs: &[I],
            of_block: &[O],
            outputs: &mut [O],
            trace: &mut [I::Scalar],
        ) {
            let samples = inputs.len();
            let (projected, rest) = split_samples::<O>(trace, samples);
            let trace = &mut rest[..parts::trace_len::<N, L>(samples)];
            parts::forward_pass::<N, L>(self, context, inputs, projected, trace, End::Outputs);
            I::Scalar::sum_in_pass_from(flat(of_block), flat_mut(outputs), flat(projected));
        }

        fn pull_back<N: Differentiable>(
            inputs: &[I],
            trace: &mut [I::Scalar],
            output_gradient: &[O],
            input_gradient: Option<&mut [I]>,
            sink: GradientSink<'_, I::Scalar>,
        ) {
            let samples = inputs.len();
            let (outputs, rest) = split_samples::<O>(trace, samples);
            let (trace, rest) = rest.split_at_mut(parts::trace_len::<N, L>(samples));
            let (gradient, _) = split_samples::<O>(rest, samples);
            I::Scalar::sum_in_pass_from(flat(output_gradient), flat_mut(gradient), &[]);
            let batch = Batch { inputs, outputs, trace, input_gradient };
            parts::backward_pass::<N, L>(batch, gradient, End::Outputs, sink);
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T, Block, P> Differentiable for Residual<T, Block, P>
    where
        T: Scalar,
        Block: Differentiable + Layer<Scalar = T>,
        P: ShortcutGradient<Block::Input, Block::Output>,
    {
        const WHOLE_BATCH: bool = Block::WHOLE_BATCH || P::WHOLE_BATCH;
        const IS_RANDOM: bool = Block::IS_RANDOM || P::IS_RANDOM;
        const TANGENTS: bool = Block::TANGENTS && P::TANGENTS;

        /// The block's own, its outputs, the block's part of the gradient of the inputs, and the projection's.
        fn trace_len(samples: usize) -> usize {
            samples * <Block::Output as Sample>::LEN
                + samples * <Block::Input as Sample>::LEN
                + parts::trace_len::<Self, Block>(samples)
                + P::trace_len::<Self>(samples)
        }

        fn forward_pass(
            &self,
            context: Context,
            inputs: &[Self::Input],
            outputs: &mut [Self::Output],
            trace: &mut [T],
            _end: End,
        ) {
            let samples = inputs.len();
            let (of_block, rest) = split_samples::<Self::Output>(trace, samples);
            let (trace, rest) = rest.split_at_mut(parts::trace_len::<Self, Block>(samples));
            let projection = &mut rest[..P::trace_len::<Self>(samples)];
            let (block, end) = (&self.block, End::Outputs);
            parts::forward_pass::<Self, _>(block, context.layer(0), inputs, of_block, trace, end);
            self.projection.add::<Self>(context.layer(1), inputs, of_block, outputs, projection);
        }

        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [Self::Output],
            _end: End,
            sink: GradientSink<'_, T>,
        ) {
            let Batch { inputs, trace, mut input_gradient, .. } = batch;
            let samples = inputs.len();
            let (outputs, rest) = split_samples::<Self::Output>(trace, samples);
            let (block, rest) = rest.split_at_mut(parts::trace_len::<Self, Block>(samples));
            let (projection, rest) = rest.split_at_mut(P::trace_len::<Self>(samples));
            let (of_block, _) = split_samples::<Self::Input>(rest, samples);
            let (to_block, to_projection) = sink.split_at(Block::PARAMETERS);
            let to_inputs = input_gradient.as_deref_mut();
            P::pull_back::<Self>(inputs, projection, gradient, to_inputs, to_projection);
            let batch = Batch::<Block> {
                inputs,
                outputs,
                trace: block,
                input_gradient: input_gradient.is_some().then_some(&mut *of_block),
            };
            parts::backward_pass::<Self, Block>(batch, gradient, End::Outputs, to_block);
            if let Some(input_gradient) = input_gradient {
                T::sum_in_pass(flat_mut(input_gradient), flat(of_block));
            }
        }
    }
}
