//! What the training functions ask of their arguments, each with the sentence that the compiler says where it is not so.
//!
//! Rust names the trait that is not implemented, all of its arguments, the bound, and every implementation that there is; of nalgebra's
//! types that is a page. Each trait here is implemented for all that will do and its arguments are names that the user wrote, or
//! [`shapes`](crate::shapes). `do_not_recommend` keeps the compiler from explaining why an implementation does not apply,
//! and the bound on an associated type, `Is: Copy`, makes it stop before the note about the bound: the type is looked for first,
//! and that it cannot be found is reported at the call. It is so as long as the type `Self` is not known when the call is first
//! looked at: where it is the trainer's, [`Parts`] puts it off.

use num_traits::Float;

use super::{Backpropagation, NoValidation, Through, Trainer, Validation};
use crate::core::Scalar;
use crate::core::shapes::{answers, classes, image, vector};
use crate::core::{Error, Sample};
use crate::data::augment::Augment;
use crate::evaluation::measure;
use crate::losses::{BinaryScores, ClassScores, Loss};
use crate::metrics::Score;
use crate::optimizers::Optimizer;
use crate::{Differentiable, Layer, Network};

/// A [`Loss`] that compares the outputs of the network `N` with targets `Y`; whether the sizes are the same, too, [`SizeOf`] says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare the outputs of `{N}`, of size `{S}` and behind `{A}`, with targets `{Y}`",
    note = "every loss of the library takes N numbers for N outputs, some a class or an answer; one of your own takes what its `impl Loss<Output, Target, Activation>` says, and networks that end in that activation"
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

/// A network that can be trained with the loss `L` on targets `Y`: the one bound of a function for any network, or any loss, or both.
///
/// It is implemented for all of them. In such a function, `net.loss`, `net.gradient`, `net.train_step` and
/// [`Trainer::fit`](super::Trainer::fit) work as they do with types that are known; `fit` copies targets, so of a type parameter it asks `Y: Copy`.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::training::Trainable;
///
/// network! {
///     struct Small<input 2 => dense 4 tanh => dense 1>;
///     struct Large<input 2 => dense 32 tanh => dense 1>;
/// }
///
/// /// Any network with these inputs and outputs.
/// fn trained<N>(data: &Dataset<SVector<f32, 2>, SVector<f32, 1>>) -> Result<f64, axonal::Error>
/// where
///     N: Trainable<MeanSquaredError, SVector<f32, 1>>,
///     N: Network<Scalar = f32, Input = SVector<f32, 2>>,
/// {
///     let mut rng = StdRng::seed_from_u64(1);
///     let mut net = N::random(&mut rng);
///     let history = Trainer::new(MeanSquaredError, Adam::new(0.01)).epochs(2).fit(&mut net, data, &mut rng)?;
///     Ok(history.last().map_or(f64::NAN, |epoch| epoch.loss))
/// }
///
/// /// Any loss of a network that is known.
/// fn learn<L>(net: &mut Small, inputs: &[SVector<f32, 2>], targets: &[SVector<f32, 1>], loss: &L) -> f32
/// where
///     Small: Trainable<L, SVector<f32, 1>>,
/// {
///     net.train_step(inputs, targets, loss, &mut Sgd::new(0.1))
/// }
///
/// /// Any network, any loss, any targets.
/// fn is_better<N, L, Y>(net: &N, other: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> bool
/// where
///     N: Trainable<L, Y>,
/// {
///     net.loss(inputs, targets, loss) < other.loss(inputs, targets, loss)
/// }
///
/// let data: Dataset<SVector<f32, 2>, SVector<f32, 1>> =
///     (0..50).map(|i| i as f32).map(|i| ([i.sin(), i.cos()].into(), [(2.0 * i).sin()].into())).collect();
/// assert!(trained::<Small>(&data)?.is_finite() && trained::<Large>(&data)?.is_finite());
///
/// let (mut net, other) = (Small::random(&mut StdRng::seed_from_u64(2)), Small::zeros());
/// learn(&mut net, data.inputs(), data.targets(), &Huber);
/// is_better(&*net, &*other, data.inputs(), data.targets(), &MeanAbsoluteError);
/// # Ok::<(), axonal::Error>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be trained with `{L}` on targets `{Y}`")]
pub trait Trainable<L, Y>:
    Network
    + Differentiable
    + Compares<L, Y>
    + Means<L, Y, Target: Sync, Loss: LossOf<Self, Y, Size = <Self as Compares<L, Y>>::Size>>
{
}

#[diagnostic::do_not_recommend]
impl<N, L, Y> Trainable<L, Y> for N
where
    N: Network + Differentiable,
    Y: Sync,
    L: LossOf<N, Y, Size: SizeOf<N, Is: Copy> + Behind<N, <N as Layer>::Activation, L, Is: Copy>>,
{
}

/// A loss that the network `N` can be trained with on targets `Y`: what [`Trainable`] says of the network, said of the loss.
pub trait TrainingLoss<N: Layer, Y>:
    Compared<N, Y> + LossOf<N, Y, Size = <Self as Compared<N, Y>>::Fits>
{
}

impl<N, Y, L> TrainingLoss<N, Y> for L
where
    N: Layer,
    L: LossOf<N, Y, Size: SizeOf<N> + Behind<N, <N as Layer>::Activation, L>>,
{
}

/// [`LossOf`] where the size of the targets fits the network `N`.
pub trait Compared<N: Layer, Y>: Sized {
    /// [`LossOf::Size`]
    type Fits: SizeOf<N> + Behind<N, <N as Layer>::Activation, Self>;
}

impl<N, Y, L> Compared<N, Y> for L
where
    N: Layer,
    L: LossOf<N, Y, Size: SizeOf<N> + Behind<N, <N as Layer>::Activation, L>>,
{
    type Fits = <L as LossOf<N, Y>>::Size;
}

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

/// A type is equal to itself alone.
pub trait Equals<T> {}

impl<T> Equals<T> for T {}

/// So many answers go with so many outputs.
impl<S> Equals<answers<S>> for S {}

/// So many classes go with so many outputs.
impl<S> Equals<classes<S>> for S {}

/// An [`Optimizer`] of numbers of the network's own type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer of `{N}`, a network of `{T}`",
    note = "an optimizer keeps numbers of the network's own type: `Adam<f64>` for a network of `f64`"
)]
pub trait OptimizerOf<N: Layer, T = <N as crate::Parameters>::Scalar>:
    Optimizer<N::Scalar>
{
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

/// A network, or a box with one: what [`Trainer::fit`] and [`Evaluation::of`](crate::evaluation::Evaluation::of) take.
///
/// `M` says which; the compiler finds it. Without it, no implementation could be for all networks and another one for their boxes.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a network")]
pub trait AsNetwork<M> {
    /// The network.
    type Network: Network;

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
impl<N: Network> AsNetwork<Itself> for N {
    type Network = N;

    fn as_network(&self) -> &N {
        self
    }

    fn as_network_mut(&mut self) -> &mut N {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<N: Network> AsNetwork<Boxed> for Box<N> {
    type Network = N;

    fn as_network(&self) -> &N {
        self
    }

    fn as_network_mut(&mut self) -> &mut N {
        self
    }
}

/// The size of the inputs of the network `N`; `T` are their numbers. It is asked of the data of [`validate_on`](Trainer::validate_on).
#[diagnostic::on_unimplemented(
    message = "the inputs of `validate_on` are of size `{Self}` and of `{T}`, but those of `{N}` are of size `{S}` and of `{U}`"
)]
pub trait InputsOf<
    N: Layer,
    T,
    S = <<N as Layer>::Input as Sample>::Size,
    U = <N as crate::Parameters>::Scalar,
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

/// How a network is measured after an epoch: [`Measuring`], or not at all.
///
/// For `Measuring` it is implemented where a loss `L` compares the outputs of the network `N` with targets `Y`; what else is measured is
/// [said by the loss](Loss::meter).
#[diagnostic::on_unimplemented(
    message = "the outputs of `{N}`, of size `{S}`, cannot be measured with `{L}` against the targets `{Y}` of `validate_on`",
    note = "they have to be such as those that the network is trained with"
)]
pub trait Measures<N: Network, L, Y, S = <<N as Layer>::Output as Sample>::Size> {
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
    ) -> Result<Option<Validation>, Error>;
}

/// The network is measured on a data set.
#[derive(Clone, Copy, Debug)]
pub struct Measuring;

#[diagnostic::do_not_recommend]
impl<N, L, Y> Measures<N, L, Y, <N::Output as Sample>::Size> for Measuring
where
    N: Network,
    Y: Sync,
    L: Loss<N::Output, Y, N::Activation>,
{
    type Is = ();

    fn check(samples: usize) -> Result<(), Error> {
        if samples == 0 { Err(Error::Empty { what: "the validation data" }) } else { Ok(()) }
    }

    fn measure<G: Through<N>>(
        net: &N,
        inputs: &[N::Input],
        targets: &[Y],
        loss: &L,
        epoch: usize,
    ) -> Result<Option<Validation>, Error> {
        let mean = G::loss(net, inputs, targets, loss).as_f64();
        if !mean.is_finite() {
            let mut samples = inputs.chunks(1).zip(targets.chunks(1));
            let sample = samples.position(|(x, y)| !G::loss(net, x, y, loss).is_finite());
            return Err(Error::DivergedInValidation { epoch, loss: mean, sample });
        }
        let by_loss = Score::smaller("loss", mean);
        let mut score = by_loss;
        if let Some(mut meter) = loss.meter() {
            measure(net, inputs, targets, &mut *meter);
            score = meter.score();
        }
        // R² of one sample is not defined, nor, to compare epochs, that of equal targets.
        let score = if score.value.is_nan() { by_loss } else { score };
        Ok(Some(Validation::new(mean, score)))
    }
}

#[diagnostic::do_not_recommend]
impl<N: Network, L, Y> Measures<N, L, Y, <N::Output as Sample>::Size> for NoValidation {
    type Is = ();

    fn check(_samples: usize) -> Result<(), Error> {
        Ok(())
    }

    fn measure<G: Through<N>>(
        _net: &N,
        _inputs: &[N::Input],
        _targets: &[Y],
        _loss: &L,
        _epoch: usize,
    ) -> Result<Option<Validation>, Error> {
        Ok(None)
    }
}

/// The parts of a [`Trainer`], as soon as the compiler knows what `Self` is.
pub trait Parts<L, O, V, A> {
    /// `L`
    type Loss;
    /// `O`
    type Optimizer;
    /// `V`
    type Validation;
    /// `A`
    type Augmentation;
    /// [`Backpropagation`]
    type Gradients;

    #[doc(hidden)]
    fn trainer(
        trainer: &mut Trainer<L, O, V, A>,
    ) -> &mut Trainer<Self::Loss, Self::Optimizer, Self::Validation, Self::Augmentation>;
}

impl<T, L, O, V, A> Parts<L, O, V, A> for T {
    type Loss = L;
    type Optimizer = O;
    type Validation = V;
    type Augmentation = A;
    type Gradients = Backpropagation;

    fn trainer(trainer: &mut Trainer<L, O, V, A>) -> &mut Trainer<L, O, V, A> {
        trainer
    }
}
