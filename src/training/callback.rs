//! What is called while a network trains.

use super::Status;
use crate::core::{Error, Parameters};
use crate::optimizers::Optimizer;

/// A training as [callbacks](Callback) see it.
#[non_exhaustive]
pub struct Training<'a, N: Parameters> {
    /// The network, or the struct of networks. At the end of an epoch it has the weights that were validated.
    pub net: &'a mut N,
    /// The optimizer, with its moments. Its learning rate is set anew at each epoch, or at each step, by the schedule.
    pub optimizer: &'a mut dyn Optimizer<N::Scalar>,
    /// Where the training is.
    pub status: &'a mut Status,
}

/// What is called while a network trains: for progress, logs, measurements, changes on the way.
///
/// Each method has a default that does nothing. An error ends the training, and [`fit`](super::Trainer::fit) gives it back; one of one's own is [`Error::other`]. A tuple of callbacks is one, which calls one
/// after the other; so is `&mut callback`, for one that is looked at afterwards. [`ProgressBar`](super::ProgressBar), [`CsvLog`](super::CsvLog) and
/// [`JsonLog`](super::JsonLog) are callbacks. In a loop of one's own, [`TrainingLoop`](super::TrainingLoop) calls them.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::training::{Callback, Training};
///
/// network! { struct Net<input 2 => dense 8 tanh => dense 1>; }
///
/// /// Keeps the norm of the first layer's weights after each epoch, and ends the training where it is too large.
/// #[derive(Default)]
/// struct Watch {
///     norms: Vec<f32>,
/// }
///
/// impl Callback<Net> for Watch {
///     fn on_epoch_end(&mut self, training: &mut Training<'_, Net>) -> Result<(), axonal::Error> {
///         let norm = training.net.dense1.weight.norm();
///         self.norms.push(norm);
///         if norm > 100.0 {
///             training.status.stop("the weights grow");
///         }
///         Ok(())
///     }
/// }
///
/// let data: Dataset<SVector<f32, 2>, SVector<f32, 1>> =
///     (0..64).map(|i| i as f32).map(|i| ([i.sin(), i.cos()].into(), [(2.0 * i).sin()].into())).collect();
/// let mut rng = StdRng::seed_from_u64(1);
/// let mut net = Net::random(&mut rng);
/// let mut watch = Watch::default();
/// Trainer::new(MeanSquaredError, Adam::new(0.01)).epochs(3).callback(&mut watch).fit(&mut *net, &data, &mut rng)?;
/// assert_eq!(watch.norms.len(), 3);
/// # Ok::<(), axonal::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a callback of a training of `{N}`",
    note = "a callback implements `axonal::training::Callback<{N}>`, or `Callback<N>` for every `N: Parameters`; `&mut callback` is one too"
)]
pub trait Callback<N: Parameters> {
    /// Whether [`on_gradient`](Self::on_gradient) is to be called. A gradient as a whole is a pass over memory that a step along its blocks does not need.
    const TAKES_GRADIENT: bool = false;

    /// Whether none of the methods does anything.
    #[doc(hidden)]
    const IS_NOTHING: bool = false;

    /// Before the first epoch; of a training that goes on from a checkpoint, with its history.
    ///
    /// # Errors
    ///
    /// What ends the training.
    fn on_train_begin(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        _ = training;
        Ok(())
    }

    /// Before the first step of an epoch, or before the first one after a checkpoint in the middle of it.
    ///
    /// # Errors
    ///
    /// What ends the training.
    fn on_epoch_begin(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        _ = training;
        Ok(())
    }

    /// Before a step.
    ///
    /// # Errors
    ///
    /// What ends the training.
    fn on_batch_begin(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        _ = training;
        Ok(())
    }

    /// Between the gradient and the step along it, if [`TAKES_GRADIENT`](Self::TAKES_GRADIENT) says so: penalties are in it, and it is not clipped yet. What is changed here is
    /// what the step goes along.
    ///
    /// # Errors
    ///
    /// What ends the training.
    fn on_gradient(
        &mut self,
        training: &mut Training<'_, N>,
        gradient: &mut N,
    ) -> Result<(), Error> {
        _ = (training, gradient);
        Ok(())
    }

    /// After a step: [`Status::loss`] is that of the batch before it.
    ///
    /// # Errors
    ///
    /// What ends the training.
    fn on_batch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        _ = training;
        Ok(())
    }

    /// After an epoch and its validation, before it is decided whether it is the best, and whether training stops. [`Status::last`] is the epoch.
    ///
    /// # Errors
    ///
    /// What ends the training.
    fn on_epoch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        _ = training;
        Ok(())
    }

    /// After the last epoch: the network has the weights that it keeps, and the history says which and why.
    ///
    /// # Errors
    ///
    /// What `fit` gives back.
    fn on_train_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        _ = training;
        Ok(())
    }
}

/// The methods of a callback that passes them on to others.
macro_rules! passed_on {
    ($self:ident => $($to:expr),*) => {
        passed_on!(@ $self, on_train_begin => $($to),*);
        passed_on!(@ $self, on_epoch_begin => $($to),*);
        passed_on!(@ $self, on_batch_begin => $($to),*);
        passed_on!(@ $self, on_batch_end => $($to),*);
        passed_on!(@ $self, on_epoch_end => $($to),*);
        passed_on!(@ $self, on_train_end => $($to),*);

        fn on_gradient(&mut $self, training: &mut Training<'_, N>, gradient: &mut N) -> Result<(), Error> {
            $($to.on_gradient(training, gradient)?;)*
            Ok(())
        }
    };
    (@ $self:ident, $method:ident => $($to:expr),*) => {
        fn $method(&mut $self, training: &mut Training<'_, N>) -> Result<(), Error> {
            $($to.$method(training)?;)*
            Ok(())
        }
    };
}

/// Nothing is called.
#[diagnostic::do_not_recommend]
impl<N: Parameters> Callback<N> for () {
    const IS_NOTHING: bool = true;
}

#[diagnostic::do_not_recommend]
impl<N: Parameters, A: Callback<N>, B: Callback<N>> Callback<N> for (A, B) {
    const TAKES_GRADIENT: bool = A::TAKES_GRADIENT || B::TAKES_GRADIENT;

    passed_on!(self => self.0, self.1);
}

#[diagnostic::do_not_recommend]
impl<N: Parameters, A: Callback<N>, B: Callback<N>, C: Callback<N>> Callback<N> for (A, B, C) {
    const TAKES_GRADIENT: bool = A::TAKES_GRADIENT || B::TAKES_GRADIENT || C::TAKES_GRADIENT;

    passed_on!(self => self.0, self.1, self.2);
}

#[diagnostic::do_not_recommend]
impl<N: Parameters, C: Callback<N>> Callback<N> for &mut C {
    const TAKES_GRADIENT: bool = C::TAKES_GRADIENT;
    const IS_NOTHING: bool = C::IS_NOTHING;

    passed_on!(self => (**self));
}
