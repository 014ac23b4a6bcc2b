//! What every network can do, whatever its layers are.

use crate::core::Sample;
#[cfg(feature = "train")]
use crate::core::{Differential, Parameters};
use crate::layers;
use crate::layers::outlined::{InferOne, infer};
use crate::layers::{Layer, OfLayer, ParameterPath, ParameterTree, Part, Whole};
use crate::networks::of_parameters;
use crate::parallel::sharing;
#[cfg(feature = "train")]
use core::slice;

#[cfg(feature = "train")]
use crate::{
    activations::Probabilities,
    layers::Context,
    losses::{Loss, check_count, of_outputs_behind},
    messages::{Backpropagation, Behind, LossOf, OptimizerOf, SizeOf, Through, documented},
};
#[cfg(feature = "std")]
use crate::{diagram, execution_plan::ExecutionPlan, figures::Figure, summary::Summary};
#[cfg(doc)]
use crate::{layers::Differentiable, optimizers::Optimizer};
#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec::Vec};
use rand::Rng;

/// Methods with a batch and a loss, whose bounds are alike: in documentation those that are meant, to the compiler those that
/// [speak](crate::messages).
#[cfg(feature = "train")]
macro_rules! of_a_loss {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident<Y, L $(, $optimizer:ident)?>($($arguments:tt)*) -> $result:ty $body:block
    )+) => {$(
        documented! {
            $(#[$attribute])*
            fn $name<Y, L $(, $optimizer)?>($($arguments)*) -> $result
            where {
                Backpropagation: Through<Self, Is: Copy>,
                Y: Sync,
                L: LossOf<
                    Self,
                    Y,
                    Size: SizeOf<Self, Is: Copy> + Behind<Self, Self::Activation, L, Is: Copy>,
                >,
                $($optimizer: OptimizerOf<Self, Is: Copy>,)?
            }
            documented as <Y, L $(, $optimizer)?>($($arguments)*)
            where {
                Self: Differentiable,
                Y: Sync,
                L: Loss<Self::Output, Y, Self::Activation>,
                $($optimizer: Optimizer<Self::Scalar>,)?
            }
            $body
        }
    )+};
}

/// Methods with gradients of outputs and inputs, whose bound is in documentation the one that is meant, and to the compiler the one that
/// [speaks](crate::messages).
#[cfg(feature = "train")]
macro_rules! of_gradients {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident($($arguments:tt)*) $(-> $result:ty)? $(where { $($bound:tt)* })? $body:block
    )+) => {$(
        #[cfg(not(doc))]
        $(#[$attribute])*
        fn $name($($arguments)*) $(-> $result)?
        where
            Backpropagation: Through<Self, Is: Copy>,
            $($($bound)*)?
        $body

        #[cfg(doc)]
        $(#[$attribute])*
        fn $name($($arguments)*) $(-> $result)?
        where
            Self: Differentiable,
            $($($bound)*)?
        $body
    )+};
}

/// The Jacobian of a network from vectors to vectors: `SMatrix<T, OUTPUTS, INPUTS>`.
#[cfg(feature = "train")]
pub type Jacobian<N> = <<N as Layer>::Input as Differential<<N as Layer>::Output>>::Jacobian;

/// A network, as `network!` defines it.
///
/// A network named without a type parameter is one of `f32`: `Digits::random(&mut rng)`.
/// `Digits::<f64>::random(&mut rng)` is this trait's.
///
/// ```
/// use axonal::prelude::*;
///
/// network! {
///     /// Two numbers in, two scores out.
///     pub struct Spiral<input 2 => dense 16 tanh => dense 2>;
/// }
///
/// let mut rng = StdRng::seed_from_u64(1);
/// let net: Box<Spiral> = Spiral::random(&mut rng);
/// let scores: SVector<f32, 2> = net.forward(&SVector::from([0.3, -0.7]));
/// assert!(scores.iter().all(|score| score.is_finite()));
/// assert_eq!(Spiral::PARAMETERS, 2 * 16 + 16 + 16 * 2 + 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network",
    note = "a network in a box is `*net`: write `&*net` and `&mut *net`"
)]
pub trait Network: Layer {
    /// The name in the program.
    const NAME: &'static str;
    /// How many numbers one input holds.
    const INPUT: usize = <Self::Input as Sample>::LEN;
    /// How many numbers one output holds.
    const OUTPUT: usize = <Self::Output as Sample>::LEN;
    /// The bytes that its parameters take.
    const BYTES: usize = size_of::<Self>();

    /// The output for one input.
    ///
    /// Nothing is allocated, unless the images between two layers are so large that the stack has no room for them (more than 65,536 numbers
    /// before and after a layer together): then a thread allocates memory at its first pass, and keeps it.
    /// The output is a value: one that is larger than the stack of a thread, 2 MiB as a rule, has no room there. For large images there is
    /// [`forward_into`](Self::forward_into), or [`forward_batch`](Self::forward_batch).
    #[inline]
    fn forward(&self, input: &Self::Input) -> Self::Output {
        #[cfg(feature = "std")]
        if size_of::<Self::Output>() > LARGE_OUTPUT {
            let mut output = Self::Output::boxed_zeros();
            self.forward_into(input, &mut output);
            return *output;
        }
        forward_small(self, input)
    }

    /// [`forward`](Self::forward) into an output that is there: for images and vectors that are too large for the stack.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Sharpen<input 3x512x512 => conv 3 1x1>; }
    ///
    /// let net = Sharpen::random(&mut StdRng::seed_from_u64(1));
    /// let (photo, mut sharp) = (Image::<3, 512, 512>::boxed_zeros(), Image::boxed_zeros());
    /// net.forward_into(&photo, &mut sharp);
    /// assert_eq!(sharp, photo);
    /// ```
    #[inline]
    fn forward_into(&self, input: &Self::Input, output: &mut Self::Output) {
        infer::<Self, _>(InferOne { layer: self, input, output });
    }

    /// [`forward`](Self::forward) of a large network on several threads (feature `threads`): the work of each large layer is shared, one layer after another.
    /// The output is the same to the bit.
    ///
    /// It pays from some hundred thousand [multiplications](Layer::MULTIPLY_ADDS) a layer on; smaller layers stay on the calling thread. The other threads are started by the first
    /// call that wants them, stay awake for some 100 µs, and take some 50 µs to wake: best are calls that follow each other closely. How many there are says
    /// [`num_threads`](crate::num_threads). While another call has them, this one works alone. A network of less than some 100 µs gains only on processors that share an L3 cache;
    /// on others it may take longer than on one thread: the page [speed](crate::guide::speed) has figures.
    ///
    /// For an output that is too large for the stack, there is [`forward_parallel_into`](Self::forward_parallel_into).
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Large<input 784 => dense 512 relu => dense 512 relu => dense 10>; }
    ///
    /// let net = Large::random(&mut StdRng::seed_from_u64(1));
    /// let input = SVector::repeat(0.5);
    /// assert_eq!(net.forward_parallel(&input), net.forward(&input));
    /// ```
    #[inline]
    fn forward_parallel(&self, input: &Self::Input) -> Self::Output {
        sharing(usize::MAX, || self.forward(input))
    }

    /// [`forward_parallel`](Self::forward_parallel) into an output that is there.
    #[inline]
    fn forward_parallel_into(&self, input: &Self::Input, output: &mut Self::Output) {
        sharing(usize::MAX, || self.forward_into(input, output));
    }

    /// The output for each input. A batch of any size is a slice.
    ///
    /// A batch of fewer than 4 million [multiplications](Layer::MULTIPLY_ADDS) runs on the calling thread, and allocates no more than [`forward`](Self::forward).
    /// A larger one is shared with other threads (feature `threads`), which are started, and allocated, by the first call that wants them: by samples or, of few samples
    /// or large layers, each layer by its outputs. The outputs are the same to the bit.
    ///
    /// # Panics
    ///
    /// If there are not as many outputs as inputs.
    #[inline]
    fn forward_batch(&self, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        let counts = (inputs.len(), outputs.len());
        assert!(
            counts.0 == counts.1,
            "`forward_batch` takes as many outputs as inputs, found {} inputs and {} outputs",
            counts.0,
            counts.1
        );
        layers::forward_batch(self, inputs, outputs, LONG_BATCH);
    }

    of_parameters!(OfLayer<Self>, Layer::initialize, Self::NAME);

    /// A table of the layers: shapes, activations, parameters, what they compute.
    #[cfg(feature = "std")]
    fn summary() -> Summary {
        Summary::of::<Self>(Self::NAME)
    }

    /// The network as a picture: its layers with what comes out of them, its branches and where they join.
    ///
    /// It goes from left to right. Images are stacks of sheets, a sheet for a few channels, and vectors are bars; the larger, the more numbers. Below stand the layer, the shape of
    /// its output and its number of parameters. A layer that leaves the shape as it is, as `batchnorm`, stands with the one before it. What is repeated three times or more is drawn once.
    ///
    /// ```
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("lenet.svg");
    /// use axonal::prelude::*;
    ///
    /// network! {
    ///     struct LeNet<input 28x28
    ///         => conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu => maxpool 2x2
    ///         => flatten => dense 120 relu => dense 84 relu => dense 10>;
    /// }
    ///
    /// # #[cfg(feature = "files")]
    /// LeNet::diagram().save(&path)?;
    /// # Ok::<(), axonal::Error>(())
    /// ```
    #[cfg(feature = "std")]
    fn diagram() -> Figure {
        diagram::of::<Self>(Self::NAME)
    }

    /// A table of the kernels that run for a batch of `samples` on this machine, layer by layer, forward and backward. Nothing is run.
    #[cfg(feature = "std")]
    fn plan(samples: usize) -> ExecutionPlan {
        ExecutionPlan::of::<Self>(samples)
    }

    #[cfg(feature = "train")]
    of_a_loss! {
    /// The mean loss over some samples, and its gradient: a network of the same type, with ∂loss/∂w in the place of each parameter w.
    ///
    /// The gradient of no samples is zero, and so is their loss. Where an input is NaN or infinite, so are numbers of the gradient; behind an activation
    /// that is bounded the loss may be finite all the same. [`norm`](Self::norm) tells, and [`Optimizer::apply`](crate::optimizers::Optimizer::apply) takes no such step.
    ///
    /// It is that of a pass of training, as in [`train_step`](Self::train_step): `dropout` drops, and `batchnorm` takes the mean and variance of the batch.
    ///
    /// * The numbers that `dropout` drops follow from the weights and inputs: the same call gives the same gradient, and a loop that moves the weights
    ///   drops other numbers at each step. To choose them, or to have a gradient in inference mode, see [`gradient_with`](Self::gradient_with).
    /// * Running statistics are not moved by this call. In their place the gradient holds what a step is to subtract from them, with no learning rate:
    ///   [`Optimizer::apply`](crate::optimizers::Optimizer::apply) does, and norms and clipping leave them out ([`Kind::Statistic`](crate::layers::Kind::Statistic)).
    ///
    /// The page [loops](crate::guide::loops) shows loops of one's own.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs.
    fn gradient<Y, L>(
        &self,
        inputs: &[Self::Input],
        targets: &[Y],
        loss: &L,
    ) -> (Self::Scalar, Box<Self>)
    {
        let mut gradient = Self::zeros();
        let loss = self.gradient_into(inputs, targets, loss, &mut gradient);
        (loss, gradient)
    }

    /// As [`gradient`](Self::gradient), but writes the gradient into an existing network, over the numbers in it, and gives the mean loss back.
    ///
    /// Nothing is allocated after a thread's first call, for a batch that is taken in one piece and whose layers keep up to 65,536 numbers
    /// of it: some hundred samples of a small network.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 3 tanh => dense 1>; }
    ///
    /// let net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let (inputs, targets) = ([[0.5, -1.0].into()], [[0.25].into()]);
    /// let mut gradient = Net::zeros();
    /// let loss = net.gradient_into(&inputs, &targets, &MeanSquaredError, &mut gradient);
    /// assert_eq!((loss, gradient), net.gradient(&inputs, &targets, &MeanSquaredError));
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs.
    fn gradient_into<Y, L>(
        &self,
        inputs: &[Self::Input],
        targets: &[Y],
        loss: &L,
        gradient: &mut Self,
    ) -> Self::Scalar
    {
        Backpropagation::gradient(self, None, inputs, targets, loss, gradient)
    }

    /// As [`gradient_into`](Self::gradient_into), in a mode and with a seed that are given.
    ///
    /// * `optimizer.context()`: as [`train_step`](Self::train_step) would do it now.
    /// * `Context::training(seed)`: the same seed drops the same numbers.
    /// * `Context::INFERENCE`: no `dropout`, `batchnorm` with its running statistics: the gradient of [`loss`](Self::loss).
    ///
    /// ```
    /// use axonal::layers::Context;
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 3 tanh => dropout 0.5 => dense 1>; }
    ///
    /// let net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let (inputs, targets) = ([[0.5, -1.0].into()], [[0.25].into()]);
    /// let mut gradient = Net::zeros();
    /// let context = Context::INFERENCE;
    /// let loss = net.gradient_with(context, &inputs, &targets, &MeanSquaredError, &mut gradient);
    /// assert_eq!(loss, net.loss(&inputs, &targets, &MeanSquaredError));
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs.
    fn gradient_with<Y, L>(
        &self,
        context: Context,
        inputs: &[Self::Input],
        targets: &[Y],
        loss: &L,
        gradient: &mut Self,
    ) -> Self::Scalar
    {
        Backpropagation::gradient(self, Some(context), inputs, targets, loss, gradient)
    }
    }

    #[cfg(feature = "train")]
    of_gradients! {
    /// The vector-Jacobian product of a batch: from a gradient of the outputs, that of the parameters and that of the inputs. PyTorch's
    /// `torch.autograd.grad(outputs, …, grad_outputs)`, JAX's `vjp`.
    ///
    /// For a function L of all outputs **y**ᵢ of the batch, with `output_gradients[i]` = ∂L/∂**y**ᵢ, `gradient` becomes ∂L/∂w for each parameter w, and
    /// `input_gradients[i]` becomes ∂L/∂**x**ᵢ, over the numbers in them. Nothing is divided by the number of samples: for the mean of losses,
    /// `output_gradients` has the factor in it. A gradient that is not asked for is not computed.
    ///
    /// The pass is one of inference, that of [`forward`](Self::forward): `dropout` drops nothing, and `batchnorm` takes its running statistics.
    /// For one of training, or for the inputs alone, see [`backward_with`](Self::backward_with). A forward pass is part of the call. The page
    /// [loops](crate::guide::loops) has losses that are put together in this way.
    ///
    /// Nothing is allocated after a thread's first call, unless a pass keeps more than 16 million numbers.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 3 tanh => dense 1>; }
    ///
    /// let net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let inputs: [SVector<f32, 2>; 2] = [[0.5, -1.0].into(), [1.5, 0.5].into()];
    /// // L = y₀² + y₁²
    /// let output_gradients = inputs.map(|x| 2.0 * net.forward(&x));
    /// let mut gradient = Net::zeros();
    /// let mut input_gradients = [SVector::zeros(); 2];
    /// net.backward(&inputs, &output_gradients, &mut gradient, Some(&mut input_gradients));
    /// assert!(gradient.norm() > 0.0);
    /// assert_eq!(input_gradients[0], net.input_gradient(&inputs[0], &output_gradients[0]));
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many gradients as inputs.
    fn backward(
        &self,
        inputs: &[Self::Input],
        output_gradients: &[Self::Output],
        gradient: &mut Self,
        input_gradients: Option<&mut [Self::Input]>,
    )
    {
        let context = Context::INFERENCE;
        let gradient = Some(gradient);
        Backpropagation::backward(self, context, inputs, output_gradients, gradient, input_gradients);
    }

    /// As [`backward`](Self::backward), to the parameters, to the inputs, or to both, in a mode and with a seed that are given.
    ///
    /// * `Context::INFERENCE`: as `backward`.
    /// * `Context::training(seed)`: a pass of training. `dropout` drops the numbers of the seed, the same ones as
    ///   [`forward_with`](Self::forward_with) and [`gradient_with`](Self::gradient_with) do with it; `batchnorm` takes the mean and variance of the batch.
    /// * `optimizer.context()`: the seed of its next step.
    ///
    /// In the place of running statistics, the gradient of a pass of training holds what a step is to subtract from them, as that of
    /// [`gradient`](Self::gradient) does: [`Optimizer::apply`](crate::optimizers::Optimizer::apply) moves them. Where a loop goes through a network twice
    /// in a step and they are to move once, [`Context::without_statistics`] leaves zeros in their place.
    ///
    /// ```
    /// use axonal::layers::Context;
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 8 tanh => dropout 0.5 => dense 1>; }
    ///
    /// let net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let inputs: [SVector<f32, 2>; 2] = [[0.5, -1.0].into(), [1.5, 0.5].into()];
    /// let context = Context::training(7);
    /// let mut outputs = [SVector::zeros(); 2];
    /// net.forward_with(context, &inputs, &mut outputs);
    /// let output_gradients = outputs.map(|y| 2.0 * y);
    /// // The gradient of the inputs alone.
    /// let mut input_gradients = [SVector::zeros(); 2];
    /// net.backward_with(context, &inputs, &output_gradients, None, Some(&mut input_gradients));
    /// assert!(input_gradients[0].norm() > 0.0);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many gradients as inputs.
    fn backward_with(
        &self,
        context: Context,
        inputs: &[Self::Input],
        output_gradients: &[Self::Output],
        gradient: Option<&mut Self>,
        input_gradients: Option<&mut [Self::Input]>,
    )
    {
        Backpropagation::backward(self, context, inputs, output_gradients, gradient, input_gradients);
    }

    /// The outputs in a mode and with a seed that are given: what a pass of training sees, for a loss of one's own between it and
    /// [`backward_with`](Self::backward_with). With `Context::INFERENCE` it is [`forward_batch`](Self::forward_batch).
    ///
    /// # Panics
    ///
    /// If there are not as many outputs as inputs.
    fn forward_with(
        &self,
        context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
    )
    {
        Backpropagation::forward(self, context, inputs, outputs);
    }

    /// The gradients of the inputs of a batch, from those of its outputs, as [`backward`](Self::backward) gives them; those of the parameters are not computed.
    ///
    /// # Panics
    ///
    /// If there are not as many gradients as inputs.
    fn input_gradients(
        &self,
        inputs: &[Self::Input],
        output_gradients: &[Self::Output],
        input_gradients: &mut [Self::Input],
    )
    {
        let (context, to) = (Context::INFERENCE, Some(input_gradients));
        Backpropagation::backward(self, context, inputs, output_gradients, None, to);
    }

    /// The gradient of one input, from that of its output: Jᵀ **g**, with the Jacobian J = ∂**y**/∂**x**. The pass is one of inference.
    ///
    /// For a batch, and for an input that is too large to be a value on the stack, see [`input_gradients`](Self::input_gradients).
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Critic<input 3 => dense 16 tanh => dense 1>; }
    ///
    /// // In which direction the value of a state and an action grows.
    /// let critic = Critic::random(&mut StdRng::seed_from_u64(1));
    /// let direction: SVector<f32, 3> = critic.input_gradient(&[0.1, -0.4, 0.9].into(), &[1.0].into());
    /// assert!(direction.norm() > 0.0);
    /// ```
    fn input_gradient(
        &self,
        input: &Self::Input,
        output_gradient: &Self::Output,
    ) -> Self::Input
    {
        let mut gradient: Self::Input = bytemuck::Zeroable::zeroed();
        let (inputs, output_gradients) = (slice::from_ref(input), slice::from_ref(output_gradient));
        let to = Some(slice::from_mut(&mut gradient));
        Backpropagation::backward(self, Context::INFERENCE, inputs, output_gradients, None, to);
        gradient
    }

    /// The Jacobian of a network from vectors to vectors at a point: J = ∂**y**/∂**x**, one row an output, one column an input. PyTorch's
    /// `torch.func.jacrev` and `jacfwd`.
    ///
    /// Its sizes are known to the compiler: of a network with 8 inputs and 2 outputs it is an `SMatrix<f32, 2, 8>`. It is computed column by column, in
    /// forward mode, or row by row, in reverse mode, whichever takes fewer passes. The pass is one of inference.
    ///
    /// A Jacobian that is too large for the stack has room in [`jacobian_into`](Self::jacobian_into).
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Dynamics<input 8 => dense 64 tanh => dense 64 tanh => dense 2>; }
    ///
    /// let net = Dynamics::random(&mut StdRng::seed_from_u64(1));
    /// let (x, step) = (SVector::from([0.1; 8]), SVector::from([1e-3; 8]));
    /// let jacobian: SMatrix<f32, 2, 8> = net.jacobian(&x);
    /// // y(x + h) ≈ y(x) + J h
    /// let difference = net.forward(&(x + step)) - (net.forward(&x) + jacobian * step);
    /// assert!(difference.norm() < 1e-5);
    /// ```
    fn jacobian(
        &self,
        input: &Self::Input,
    ) -> Jacobian<Self>
    where {
        Self::Input: Differential<Self::Output>,
    }
    {
        let mut jacobian: Jacobian<Self> = bytemuck::Zeroable::zeroed();
        self.jacobian_into(input, &mut jacobian);
        jacobian
    }

    /// As [`jacobian`](Self::jacobian), but writes into an existing matrix, over the numbers in it.
    ///
    /// ```
    /// use axonal::Parameters;
    /// use axonal::prelude::*;
    ///
    /// network! { struct Decoder<input 4 => dense 32 tanh => dense 784 sigmoid>; }
    ///
    /// let net = Decoder::random(&mut StdRng::seed_from_u64(1));
    /// let mut jacobian: Box<SMatrix<f32, 784, 4>> = Parameters::zeros();
    /// net.jacobian_into(&[0.1, 0.2, 0.3, 0.4].into(), &mut jacobian);
    /// assert!(jacobian.norm() > 0.0);
    /// ```
    fn jacobian_into(
        &self,
        input: &Self::Input,
        jacobian: &mut Jacobian<Self>,
    )
    where {
        Self::Input: Differential<Self::Output>,
    }
    {
        Backpropagation::jacobian(self, input, jacobian.as_mut_slice());
    }
    }

    #[cfg(feature = "train")]
    documented! {
    /// The mean loss of outputs of this network, and its gradient with respect to them: for a loop that mixes losses, before [`backward`](Self::backward).
    ///
    /// The loss is that of [`loss`](Self::loss), and the outputs are those of [`forward`](Self::forward): of a network that ends in `softmax`, probabilities, of
    /// whose logarithms `CrossEntropy` makes use (−100 at least). Where a network ends without an activation, the loss's own
    /// [`gradient`](crate::losses::gradient) does the same.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 3 softmax>; }
    ///
    /// let net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let (inputs, targets) = ([[0.5, -1.0].into()], [Class::new(2)?]);
    /// let mut outputs = [net.forward(&inputs[0])];
    /// let mut output_gradients = outputs;
    /// let loss = net.output_loss(&outputs, &targets, &CrossEntropy, &mut output_gradients);
    /// assert!((loss + outputs[0][2].ln()).abs() < 1e-6);
    /// assert!((output_gradients[0][2] + 1.0 / outputs[0][2]).abs() < 1e-5);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many targets, and places for gradients, as outputs.
    fn output_loss<Y, L>(
        &self,
        outputs: &[Self::Output],
        targets: &[Y],
        loss: &L,
        output_gradients: &mut [Self::Output]
    ) -> Self::Scalar
    where {
        Backpropagation: Through<Self, Is: Copy>,
        Y: Sync,
        L: LossOf<
                Self,
                Y,
                Size: SizeOf<Self, Is: Copy> + Behind<Self, Self::Activation, L, Is: Copy>,
            > + Loss<Self::Output, Y, Probabilities<Self::Activation>>,
    }
    documented as <Y, L>(
        &self,
        outputs: &[Self::Output],
        targets: &[Y],
        loss: &L,
        output_gradients: &mut [Self::Output]
    )
    where {
        Self: Differentiable,
        Y: Sync,
        L: Loss<Self::Output, Y, Self::Activation> + Loss<Self::Output, Y, Probabilities<Self::Activation>>,
    }
    {
        let count = outputs.len();
        check_count(count, targets.len(), "targets");
        check_count(count, output_gradients.len(), "gradients");
        output_gradients.copy_from_slice(outputs);
        of_outputs_behind::<Probabilities<Self::Activation>, _, _, _>(loss, output_gradients, targets)
    }
    }

    #[cfg(feature = "train")]
    of_a_loss! {
    /// The mean loss over some samples.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs.
    fn loss<Y, L>(&self, inputs: &[Self::Input], targets: &[Y], loss: &L) -> Self::Scalar
    {
        Backpropagation::loss(self, inputs, targets, loss)
    }

    /// One step of an optimizer along the gradient of the mean loss over some samples; gives back the loss before the step.
    ///
    /// Where that loss is NaN or infinite, or an input is, no step is taken, and the weights stay as they were: what comes back is not finite.
    /// NaN comes back, too, where a step made a weight, a running statistic or a moment NaN or infinite, as a learning rate that is far too large does: these
    /// are lost then. That is looked for after the first step and every 64th from there on; a weight that is lost shows in the next loss anyway.
    /// A [`Trainer`](crate::training::Trainer) keeps the last good ones.
    ///
    /// Nothing is allocated after the first step with the largest batch.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs, or if the optimizer has stepped a network of another size before.
    fn train_step<Y, L, O>(
        &mut self,
        inputs: &[Self::Input],
        targets: &[Y],
        loss: &L,
        optimizer: &mut O,
    ) -> Self::Scalar
    {
        Backpropagation::step(self, inputs, targets, loss, optimizer)
    }
    }
}

// A network has the parameters of its layers, with their names.
#[diagnostic::do_not_recommend]
impl<N: Network> ParameterTree<Whole> for N {
    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        <N as Layer>::describe(path, visit);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        <N as Layer>::initialize(self, rng);
    }
}

/// Outputs of more bytes are computed on the heap: a build without optimization would have them on the stack more than once.
#[cfg(feature = "std")]
const LARGE_OUTPUT: usize = 64 * 1024;

/// In a function of its own, so that a large output takes no room in the one that calls it.
#[inline]
fn forward_small<N: Network>(net: &N, input: &N::Input) -> N::Output {
    let mut output = bytemuck::Zeroable::zeroed();
    net.forward_into(input, &mut output);
    output
}

/// Networks of several types in one list, or one that is chosen at run time: what all with these inputs and outputs can do. Every [`Network`] implements it.
///
/// ```
/// use axonal::Infer;
/// use axonal::prelude::*;
///
/// network! {
///     struct Small<input 2 => dense 4 tanh => dense 1>;
///     struct Large<input 2 => dense 64 tanh => dense 64 tanh => dense 1>;
/// }
///
/// let mut rng = StdRng::seed_from_u64(1);
/// let nets: Vec<Box<dyn Infer<SVector<f32, 2>, SVector<f32, 1>>>> = vec![Small::random(&mut rng), Large::random(&mut rng)];
/// let input = SVector::from([0.5, -1.0]);
/// let mean = nets.iter().map(|net| net.forward(&input)).sum::<SVector<f32, 1>>() / 2.0;
/// assert!(mean[0].is_finite());
/// assert_eq!(nets[1].name(), "Large");
/// ```
///
/// `forward`, `forward_batch`, `name` and `parameters` are methods of `dyn Infer` alone, so that they are not in the way of a network's own.
/// A call through it takes a nanosecond more. To train, the type has to be known; an optimizer need not be, see
/// [`Optimizer`](crate::optimizers::Optimizer).
pub trait Infer<Input, Output>: Send + Sync {
    #[doc(hidden)]
    fn forward_dyn(&self, input: &Input) -> Output;

    #[doc(hidden)]
    fn forward_batch_dyn(&self, inputs: &[Input], outputs: &mut [Output]);

    #[doc(hidden)]
    fn about_dyn(&self) -> (&'static str, usize);
}

impl<N: Network> Infer<N::Input, N::Output> for N {
    fn forward_dyn(&self, input: &N::Input) -> N::Output {
        self.forward(input)
    }

    fn forward_batch_dyn(&self, inputs: &[N::Input], outputs: &mut [N::Output]) {
        self.forward_batch(inputs, outputs);
    }

    fn about_dyn(&self) -> (&'static str, usize) {
        (N::NAME, N::PARAMETERS)
    }
}

impl<Input, Output> dyn Infer<Input, Output> + '_ {
    /// [`Network::forward`]
    pub fn forward(&self, input: &Input) -> Output {
        self.forward_dyn(input)
    }

    /// [`Network::forward_batch`]
    ///
    /// # Panics
    ///
    /// If there are not as many outputs as inputs.
    pub fn forward_batch(&self, inputs: &[Input], outputs: &mut [Output]) {
        self.forward_batch_dyn(inputs, outputs);
    }

    /// [`Network::NAME`]
    pub fn name(&self) -> &'static str {
        self.about_dyn().0
    }

    /// [`Parameters::PARAMETERS`](crate::Parameters::PARAMETERS)
    pub fn parameters(&self) -> usize {
        self.about_dyn().1
    }
}

/// From this many multiplications with an addition on, `forward_batch` runs on several threads: a little more than waking them pays for, because
/// `forward_batch` is also called in loops against the clock, where starting and waking threads is out of place.
const LONG_BATCH: usize = 4 * 1024 * 1024;
