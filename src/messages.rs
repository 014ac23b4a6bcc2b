//! What is asked of the arguments of training and evaluation, each with the sentence that the compiler says where it is not so.
//!
//! The bounds that are meant are short, `Self: Differentiable, L: Loss<Self::Output, Y, Self::Activation>`, and documentation shows these. But of a
//! bound that does not hold, rustc names the trait, all of its arguments, the bound, and every implementation that there is; of nalgebra's types
//! that is a page. So methods ask for the traits of this module. Each is implemented for all that will do, and its arguments are names that the user
//! wrote, or [`shapes`](crate::shapes). `do_not_recommend` keeps the compiler from explaining why an implementation does not apply, and the bound on an
//! associated type, `Is: Copy`, makes it stop before the note about the bound: the type is looked for first, and that it cannot be found is reported
//! at the call.
//!
//! What rustc says may change with any release. `tests/ui.rs` compares it: its folders `training` and `types` hold the messages of this module.
//! Nobody has to name these traits: a function for any network or loss asks for [`Trainable`](crate::Trainable).

use crate::activations::{
    ActivationGradient, ElementwiseGradient, Joined, LastActivation, Probabilities, Step,
};
use crate::core::shapes::{Equals, answers, classes, image, vector};
use crate::core::{Error, Parameters, Sample};
use crate::data::augment::Augment;
use crate::layers::{Context, Layer};
use crate::losses::Loss;
use crate::metrics::{LabelTarget, Metric, PredictionTarget, Predictions, Score, Target};
use crate::optimizers::Optimizer;

pub use crate::activations::IsActivation;
pub use crate::core::IsParameters;
pub use crate::layers::IsLayer;

/// A function with two `where` clauses: the one that is meant, which documentation shows, and the one that the compiler asks for.
macro_rules! documented {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident<$($generic:ident),+>($($arguments:tt)*) -> $result:ty
        where { $($asked:tt)* }
        documented as <$($shown_generic:ident),+>($($shown_arguments:tt)*)
        where { $($meant:tt)* }
        $body:block
    ) => {
        #[cfg(not(doc))]
        $(#[$attribute])*
        $visibility fn $name<$($generic),+>($($arguments)*) -> $result
        where
            $($asked)*
        $body

        #[cfg(doc)]
        $(#[$attribute])*
        $visibility fn $name<$($shown_generic),+>($($shown_arguments)*) -> $result
        where
            $($meant)*
        $body
    };
}
pub(crate) use documented;

/// A network, or a box with one: what [`Trainer::fit`](crate::training::Trainer::fit) and
/// [`Evaluation::of`](crate::evaluation::Evaluation::of) take.
///
/// Documentation asks for the network itself, `&mut *net`, and so does every other function. But where these two were given `&mut net`, a box, four errors
/// would come of it, none of which says what is missing. `M` says which it is; the compiler finds it: without it, no implementation could be for
/// all networks and another one for their boxes.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a network")]
pub trait AsNetwork<M> {
    /// The network.
    type Network: Layer;

    /// The network.
    fn as_network(&self) -> &Self::Network;

    /// The network.
    fn as_network_mut(&mut self) -> &mut Self::Network;
}

/// It is the network itself.
#[derive(Clone, Copy, Debug)]
pub struct Itself;

/// It is a box.
#[derive(Clone, Copy, Debug)]
pub struct Boxed;

#[diagnostic::do_not_recommend]
impl<N: Layer> AsNetwork<Itself> for N {
    type Network = N;

    fn as_network(&self) -> &N {
        self
    }

    fn as_network_mut(&mut self) -> &mut N {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<N: Layer> AsNetwork<Boxed> for Box<N> {
    type Network = N;

    fn as_network(&self) -> &N {
        self
    }

    fn as_network_mut(&mut self) -> &mut N {
        self
    }
}

/// What computes gradients: it goes [through](Through) every network that is [`Differentiable`](crate::Differentiable).
#[derive(Clone, Copy, Debug)]
pub struct Backpropagation;

/// What [`Backpropagation`] can do with the network `N`.
///
/// A bound on the network itself would be shorter, but rustc adds the definition of a type that lacks a trait.
#[diagnostic::on_unimplemented(
    message = "`{N}` cannot be trained by backpropagation: a layer or an activation in it has no gradient",
    note = "`step` has none: a single layer with it learns by the perceptron rule, `Dense::perceptron_step`; layers and activations of your own need `Differentiable` and `ElementwiseGradient`",
    note = "where the network is a type parameter, ask for `N: axonal::Network + axonal::Differentiable`"
)]
pub trait Through<N: Layer> {
    #[doc(hidden)]
    type Is: Copy;

    /// [`Differentiable::WHOLE_BATCH`](crate::Differentiable::WHOLE_BATCH)
    #[doc(hidden)]
    const WHOLE_BATCH: bool;

    /// In a context of its own, [`own_context`], where none is given.
    #[doc(hidden)]
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
        L: Loss<N::Output, Y, N::Activation>;

    #[doc(hidden)]
    fn loss<Y, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> N::Scalar
    where
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>;

    #[doc(hidden)]
    fn backward(
        net: &N,
        context: Context,
        inputs: &[N::Input],
        output_gradients: &[N::Output],
        gradient: Option<&mut N>,
        input_gradients: Option<&mut [N::Input]>,
    );

    #[doc(hidden)]
    fn forward(net: &N, context: Context, inputs: &[N::Input], outputs: &mut [N::Output]);

    #[doc(hidden)]
    fn jacobian(net: &N, input: &N::Input, jacobian: &mut [N::Scalar]);

    #[doc(hidden)]
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
        O: Optimizer<N::Scalar>;
}

/// A [`Loss`] that compares the outputs of the network `N` with targets `Y`; whether the sizes are the same, too, [`SizeOf`] says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare the outputs of `{N}`, of size `{S}` and behind `{A}`, with targets `{Y}`",
    note = "every loss of the library takes N numbers for N outputs, some a class or an answer; one of your own takes what its `impl Loss<Output, Target, Activation>` says, and networks that end in that activation; several heads have a record of losses and one of targets"
)]
pub trait LossOf<
    N: Layer,
    Y,
    S = <<N as Layer>::Output as Sample>::Size,
    A = <N as Layer>::Activation,
>: Loss<N::Output, Y, N::Activation>
{
    /// The size of the outputs that such targets go with.
    type Size;
}

#[diagnostic::do_not_recommend]
impl<N, Y, L> LossOf<N, Y, <N::Output as Sample>::Size, N::Activation> for L
where
    N: Layer,
    L: Loss<N::Output, Y, N::Activation>,
{
    type Size = <L as Loss<N::Output, Y, N::Activation>>::Size;
}

/// The size of the outputs of the network `N`.
#[diagnostic::on_unimplemented(
    message = "the targets are of size `{Self}`, but the outputs of `{N}` are of size `{S}`"
)]
pub trait SizeOf<N: Layer, S = <<N as Layer>::Output as Sample>::Size> {
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N, Y> SizeOf<N, <N::Output as Sample>::Size> for Y
where
    N: Layer,
    N::Output: Sample<Size: Equals<Y>>,
{
    type Is = ();
}

/// The loss `L`, whose targets have this size, can stand behind the last activation of the network `N`. Only [`answers`] and [`classes`]
/// ask for one.
#[diagnostic::on_unimplemented(
    message = "`{L}` cannot stand behind `{A}`, in which `{N}` ends",
    note = "the answers to yes-or-no questions go with scores or with `sigmoid`, one class among several with scores or with `softmax`; neither with `dropout` behind probabilities: put it before the layer that gives them; nor with scores beside probabilities"
)]
pub trait Behind<N: Layer, A = <N as Layer>::Activation, L = ()> {
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, L, const SIZE: usize> Behind<N, N::Activation, L> for vector<SIZE> {
    type Is = ();
}

#[diagnostic::do_not_recommend]
impl<N: Layer, L, const C: usize, const H: usize, const W: usize> Behind<N, N::Activation, L>
    for image<C, H, W>
{
    type Is = ();
}

#[diagnostic::do_not_recommend]
impl<N: Layer<Activation: BinaryScores>, L, S> Behind<N, N::Activation, L> for answers<S> {
    type Is = ();
}

#[diagnostic::do_not_recommend]
impl<N: Layer<Activation: ClassScores>, L, S> Behind<N, N::Activation, L> for classes<S> {
    type Is = ();
}

/// [`SizeOf`] for one of several heads, which has the loss `L`.
#[diagnostic::on_unimplemented(
    message = "the targets of `{L}` are of size `{Self}`, but the outputs of its head are of size `{S}`"
)]
pub trait SizeOfHead<L, S> {}

#[diagnostic::do_not_recommend]
impl<L, Y, S: Equals<Y>> SizeOfHead<L, S> for Y {}

/// The targets of one of several heads, which are taken out of their records.
#[diagnostic::on_unimplemented(
    message = "the targets of heads are copied, but `{Self}` is not `Copy`, or borrows from something"
)]
pub trait TargetOfHead: Copy + 'static {}

#[diagnostic::do_not_recommend]
impl<Y: Copy + 'static> TargetOfHead for Y {}

/// [`Behind`] for one of several heads, which has the loss `L` and ends in the activation `A`.
#[diagnostic::on_unimplemented(
    message = "`{L}` cannot stand behind `{A}`, in which its head ends",
    note = "the answers to yes-or-no questions go with scores or with `sigmoid`, one class among several with scores or with `softmax`; neither with `dropout` behind probabilities: put it before the layer that gives them; nor with scores beside probabilities"
)]
pub trait GoesBehind<L, A> {}

#[diagnostic::do_not_recommend]
impl<L, A, const SIZE: usize> GoesBehind<L, A> for vector<SIZE> {}

#[diagnostic::do_not_recommend]
impl<L, A, const C: usize, const H: usize, const W: usize> GoesBehind<L, A> for image<C, H, W> {}

#[diagnostic::do_not_recommend]
impl<L, A: BinaryScores, S> GoesBehind<L, A> for answers<S> {}

#[diagnostic::do_not_recommend]
impl<L, A: ClassScores, S> GoesBehind<L, A> for classes<S> {}

/// What [`Trainable`](crate::Trainable) asks of a loss and of targets, in a form that holds wherever it does.
pub trait Compared<L, Y>:
    Compares<L, Y>
    + Means<L, Y, Target: Sync, Loss: LossOf<Self, Y, Size = <Self as Compares<L, Y>>::Size>>
{
}

impl<N, L, Y> Compared<L, Y> for N
where
    N: Layer,
    Y: Sync,
    L: LossOf<N, Y, Size: SizeOf<N> + Behind<N, <N as Layer>::Activation, L>>,
{
}

/// An activation whose outputs are scores of classes, or their probabilities: every one but what dropout leaves of probabilities,
/// and probabilities beside scores.
pub trait ClassScores: LastActivation {}

#[diagnostic::do_not_recommend]
impl<A: ActivationGradient> ClassScores for A {}

#[diagnostic::do_not_recommend]
impl<A: ClassScores> ClassScores for Probabilities<A> {}

#[diagnostic::do_not_recommend]
impl<A: ClassScores, B: ClassScores> ClassScores for Joined<A, B, true> {}

// A network that ends in it cannot be trained, which is said of the network.
#[diagnostic::do_not_recommend]
impl ClassScores for Step {}

/// An activation whose outputs are scores of yes-or-no questions, or the probabilities of yes: every one but `softmax`, what dropout
/// leaves of probabilities, and probabilities beside scores.
pub trait BinaryScores: LastActivation {}

// The bound below is how it is known that an activation is not `softmax`.
#[diagnostic::do_not_recommend]
impl<A: ElementwiseGradient> BinaryScores for A {}

#[diagnostic::do_not_recommend]
impl<A: BinaryScores> BinaryScores for Probabilities<A> {}

#[diagnostic::do_not_recommend]
impl<A: BinaryScores, B: BinaryScores> BinaryScores for Joined<A, B, true> {}

// A network that ends in it cannot be trained, which is said of the network.
#[diagnostic::do_not_recommend]
impl BinaryScores for Step {}

/// A network whose outputs the loss `L` compares with targets `Y`, behind its last activation.
pub trait Compares<L, Y>: Layer {
    /// The size of the outputs that such targets go with.
    type Size: SizeOf<Self> + Behind<Self, <Self as Layer>::Activation, L>;
}

impl<N, L, Y> Compares<L, Y> for N
where
    N: Layer,
    L: LossOf<N, Y, Size: SizeOf<N> + Behind<N, <N as Layer>::Activation, L>>,
{
    type Size = <L as LossOf<N, Y>>::Size;
}

/// A loss and its targets, as types that belong to another one: what a trait says of them in its supertraits holds wherever the trait
/// does. A bound on `L` itself would have to be written anew by everybody who names the trait.
pub trait Means<L, Y>: MeansThem<L, Y, Loss = L, Target = Y> {}

impl<N: ?Sized, L, Y> Means<L, Y> for N {}

/// See [`Means`].
pub trait MeansThem<L, Y> {
    /// `L`
    type Loss;
    /// `Y`
    type Target;
}

impl<N: ?Sized, L, Y> MeansThem<L, Y> for N {
    type Loss = L;
    type Target = Y;
}

/// An [`Optimizer`] of numbers of the network's own type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer of `{N}`, a network of `{T}`",
    note = "an optimizer keeps numbers of the network's own type: `Adam<f64>` for a network of `f64`"
)]
pub trait OptimizerOf<N: Layer, T = <N as Parameters>::Scalar>: Optimizer<N::Scalar> {
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, O: Optimizer<N::Scalar>> OptimizerOf<N, N::Scalar> for O {
    type Is = ();
}

/// An [`Augment`] that changes the inputs of the network `N`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot change the inputs of `{N}`, which are of size `{S}`",
    note = "`Shift` and `Flip` are for images, `Noise` is for vectors too; one of your own is a function `|input: &mut Input, rng: &mut dyn Rng|`"
)]
pub trait AugmentationOf<N: Layer, S = <<N as Layer>::Input as Sample>::Size>:
    Augment<N::Input>
{
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, A: Augment<N::Input>> AugmentationOf<N, <N::Input as Sample>::Size> for A {
    type Is = ();
}

/// The size of the inputs of the network `N`; `T` are their numbers. It is asked of the data of [`validate_on`](crate::training::Trainer::validate_on).
#[diagnostic::on_unimplemented(
    message = "the inputs of `validate_on` are of size `{Self}` and of `{T}`, but those of `{N}` are of size `{S}` and of `{U}`"
)]
pub trait InputsOf<
    N: Layer,
    T,
    S = <<N as Layer>::Input as Sample>::Size,
    U = <N as Parameters>::Scalar,
>
{
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N, T, Y> InputsOf<N, T, <N::Input as Sample>::Size, N::Scalar> for Y
where
    N: Layer<Input: Sample<Size: Equals<Y>>, Scalar: Equals<T>>,
{
    type Is = ();
}

/// A [`Target`] that the outputs of the network `N` are measured against.
// For its sentence, as the traits of `training::bounds`.
#[diagnostic::on_unimplemented(
    message = "the outputs of `{N}`, of size `{S}`, cannot be measured against targets `{Self}`",
    note = "N outputs are measured against a `Class<N>` or N numbers, one output also against a `Class<2>` or a `bool`"
)]
pub trait TargetOf<N: Layer, S = <<N as Layer>::Output as Sample>::Size>:
    Target<N::Output, Report = Self::Measured>
{
    /// [`Target::Report`].
    type Measured;

    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, Y: Target<N::Output>> TargetOf<N, <N::Output as Sample>::Size> for Y {
    type Measured = Y::Report;
    type Is = ();
}

/// A [`PredictionTarget`] with which the outputs of the network `N` are kept.
// For its sentence, as the traits of `training::bounds`.
#[diagnostic::on_unimplemented(
    message = "the outputs of `{N}`, of size `{S}`, cannot be kept with targets `{Self}`",
    note = "N outputs go with a `Class<N>` or N numbers, one output also with a `Class<2>` or a `bool`"
)]
pub trait KeptWith<N: Layer, S = <<N as Layer>::Output as Sample>::Size>:
    PredictionTarget<N::Output, Predictions = Self::Kept>
{
    /// [`PredictionTarget::Predictions`].
    type Kept: Predictions<Report = Self::Measured>;

    /// [`Predictions::Report`].
    type Measured;

    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, Y: PredictionTarget<N::Output>> KeptWith<N, <N::Output as Sample>::Size> for Y {
    type Kept = Y::Predictions;
    type Measured = <Y::Predictions as Predictions>::Report;
    type Is = ();
}

/// A [`LabelTarget`] with which the outputs of the network `N` are kept.
// For its sentence, as the traits of `training::bounds`.
#[diagnostic::on_unimplemented(
    message = "the outputs of `{N}`, of size `{S}`, cannot be kept with labels `{Self}`",
    note = "N outputs go with N numbers, each above 1/2 where a label is set"
)]
pub trait LabelledWith<N: Layer, S = <<N as Layer>::Output as Sample>::Size>:
    LabelTarget<N::Output, Predictions = Self::Kept>
{
    /// [`LabelTarget::Predictions`].
    type Kept;

    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, Y: LabelTarget<N::Output>> LabelledWith<N, <N::Output as Sample>::Size> for Y {
    type Kept = Y::Predictions;
    type Is = ();
}

/// A [`Metric`] of the outputs of the network `N` against targets `Y`.
// For its sentence, as the traits of `training::bounds`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not measure the outputs of `{N}`, of size `{S}`, against targets `{Y}`",
    note = "what each loss measures is in the table of `axonal::evaluation::Metric`; a `Threshold` is for outputs that are each an answer of its own"
)]
pub trait MetricOf<N: Layer, Y, S = <<N as Layer>::Output as Sample>::Size>:
    Metric<N::Output, Y, Report = Self::Measured, Size = Self::Outputs>
{
    /// [`Metric::Report`].
    type Measured;

    /// [`Metric::Size`].
    type Outputs;

    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, Y, M: Metric<N::Output, Y>> MetricOf<N, Y, <N::Output as Sample>::Size> for M {
    type Measured = M::Report;
    type Outputs = M::Size;
    type Is = ();
}

/// How a network is measured after an epoch: [`Measuring`], or not at all.
///
/// For `Measuring` it is implemented where a loss `L` compares the outputs of the network `N` with targets `Y`; what else is measured is
/// [said by the loss](Loss::meter).
#[diagnostic::on_unimplemented(
    message = "the outputs of `{N}`, of size `{S}`, cannot be measured with `{L}` against the targets `{Y}` of `validate_on`",
    note = "they have to be such as those that the network is trained with"
)]
pub trait Measures<N: Layer, L, Y, S = <<N as Layer>::Output as Sample>::Size> {
    #[doc(hidden)]
    type Is: Copy;

    #[doc(hidden)]
    fn check(samples: usize) -> Result<(), Error>;

    #[doc(hidden)]
    fn measure<G: Through<N>>(
        net: &N,
        inputs: &[N::Input],
        targets: &[Y],
        loss: &L,
        epoch: usize,
    ) -> Result<Option<Measured>, Error>;
}

/// What a network is measured at.
#[derive(Debug)]
pub struct Measured {
    /// The mean loss.
    pub loss: f64,
    /// The score that epochs are compared by.
    pub score: Score,
    /// All scores.
    pub scores: Vec<Score>,
}

/// The network is measured on a data set.
#[derive(Clone, Copy, Debug)]
pub struct Measuring;

/// There is no validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoValidation;

/// What a trainer measures the network `N` on after each epoch: a data set, or [`NoValidation`].
///
/// Its inputs and targets are looked at by themselves, so that a message names what is wrong and not all of the data set's type.
pub trait ValidateOn<N: Layer> {
    /// The [size](Sample::Size) of its inputs.
    type Size;
    /// Of what their numbers are.
    type Scalar;
    /// Its targets.
    type Target;
    /// [`Measuring`], or [`NoValidation`].
    type How;

    /// The inputs and the targets.
    ///
    /// # Panics
    ///
    /// If the inputs are not those of the network: `Size` and `Scalar` say whether they are.
    fn samples(&self) -> (&[N::Input], &[Self::Target]);
}
