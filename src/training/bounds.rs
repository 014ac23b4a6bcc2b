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
use crate::data::augment::Augment;
use crate::evaluation::{Score, measure};
use crate::kernels::Scalar;
use crate::losses::{BinaryScores, Loss};
use crate::optimizers::Optimizer;
use crate::shapes::{answers, image, vector};
use crate::{Error, Layer, Network, Sample};

/// A [`Loss`] that compares the outputs of the network `N` with targets `Y`; whether the sizes are the same, too, [`SizeOf`] says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare the outputs of `{N}`, of size `{S}`, with targets `{Y}`",
    note = "N outputs go with N numbers, in `CrossEntropy` and `Hinge` also with a `Class<N>`; a single output of `BinaryCrossEntropy` and `Hinge` with a `Class<2>`, of the former with a `bool`"
)]
pub trait LossOf<N: Layer, Y, S = <<N as Layer>::Output as Sample>::Size>:
    Loss<N::Output, Y, N::Activation>
{
    /// The size of the outputs that such targets go with.
    type Size;
}

#[diagnostic::do_not_recommend]
impl<N, Y, L> LossOf<N, Y, <N::Output as Sample>::Size> for L
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

/// A loss whose targets have this size can stand behind the last activation of the network `N`. Only [`answers`] ask for one.
#[diagnostic::on_unimplemented(
    message = "`BinaryCrossEntropy` takes scores, or a network that ends in `sigmoid`, but `{N}` ends in `{A}`",
    note = "for one class among several, use `CrossEntropy`"
)]
pub trait Behind<N: Layer, A = <N as Layer>::Activation> {
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<N: Layer, const SIZE: usize> Behind<N, N::Activation> for vector<SIZE> {
    type Is = ();
}

#[diagnostic::do_not_recommend]
impl<N: Layer, const C: usize, const H: usize, const W: usize> Behind<N, N::Activation>
    for image<C, H, W>
{
    type Is = ();
}

#[diagnostic::do_not_recommend]
impl<N: Layer<Activation: BinaryScores>, const SIZE: usize> Behind<N, N::Activation>
    for answers<SIZE>
{
    type Is = ();
}

/// A loss that the network `N` can be trained with on targets `Y`: what a function asks for that takes any network and any loss.
///
/// ```
/// use axonal::layers::Differentiable;
/// use axonal::prelude::*;
/// use axonal::training::TrainingLoss;
///
/// fn is_better<N, Y, L>(net: &N, other: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> bool
/// where
///     N: Network + Differentiable,
///     Y: Sync,
///     L: TrainingLoss<N, Y>,
/// {
///     net.loss(inputs, targets, loss) < other.loss(inputs, targets, loss)
/// }
/// ```
pub trait TrainingLoss<N: Layer, Y>: LossOf<N, Y, Size: SizeOf<N> + Behind<N>> {}

impl<N: Layer, Y, L: LossOf<N, Y, Size: SizeOf<N> + Behind<N>>> TrainingLoss<N, Y> for L {}

/// A type is equal to itself alone.
pub trait Equals<T> {}

impl<T> Equals<T> for T {}

/// So many answers go with so many outputs.
impl<const N: usize> Equals<answers<N>> for vector<N> {}

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
        // R² of one sample is not defined.
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
