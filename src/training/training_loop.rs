//! What stands round the steps of a training, in a [`Trainer`](super::Trainer) and in a loop of one's own.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::good_weights::GoodWeights;
use super::monitor::Watch;
use super::settings::{Settings, setters};
use super::status::UNLIMITED;
use super::{
    Callback, EarlyStopping, Epoch, History, Plateau, ProgressBar, Schedule, Status, Stop,
    Training, Validation, fingerprint, interrupt, penalty,
};
use crate::core::{Error, Parameters, Scalar};
use crate::layers::{Context, Described, OfTree, ParameterTree};
use crate::optimizers::{Optimizer, apply_described};
use crate::vector;

/// Calls a method of the callbacks and of the progress bar.
macro_rules! call {
    ($self:ident, $net:expr, $optimizer:expr, $method:ident) => {
        let mut training =
            Training { net: &mut *$net, optimizer: &mut *$optimizer, status: &mut $self.status };
        $self.callbacks.$method(&mut training)?;
        $self.settings.own.$method(&mut training)?;
    };
}

/// What stands round the steps of a training: epochs, schedule, callbacks, best weights, early stopping, checkpoints, history. A [`Trainer`](super::Trainer) is a loop over
/// batches with this round it, and a loop of one's own has it by the same methods, with the same results.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::training::{TrainingLoop, Validation};
///
/// network! { struct Net<input 2 => dense 8 tanh => dense 1>; }
///
/// let data: Dataset<SVector<f32, 2>, SVector<f32, 1>> =
///     (0..64).map(|i| i as f32).map(|i| ([i.sin(), i.cos()].into(), [(2.0 * i).sin()].into())).collect();
/// let (train, test) = data.split(0.75)?;
/// let mut rng = StdRng::seed_from_u64(1);
/// let (mut net, mut optimizer) = (Net::random(&mut rng), Adam::new(0.01));
///
/// let mut run = TrainingLoop::new().epochs(20).early_stopping(5);
/// run.begin(&mut *net, &mut optimizer, &mut rng)?;
/// while run.next_epoch(&mut *net, &mut optimizer)? {
///     for batch in run.order(train.len()).chunks(16) {
///         let batch = train.select(batch.iter().copied());
///         let step = |net: &mut Net, optimizer: &mut Adam| {
///             net.train_step(batch.inputs(), batch.targets(), &MeanSquaredError, optimizer)
///         };
///         if !run.step(&mut *net, &mut optimizer, batch.len(), step)? {
///             break;
///         }
///     }
///     run.end_epoch(&mut *net, &mut optimizer, |net| Validation::of(net, &test, &MeanSquaredError).map(Some))?;
/// }
/// let history = run.finish(&mut *net, &mut optimizer)?;
/// println!("{history}");
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// It is for networks, and for [structs of networks](crate::Networks).
#[derive(Debug)]
#[must_use = "a loop does nothing until `begin`"]
pub struct TrainingLoop<T = f32, C = ()> {
    pub(super) settings: Settings,
    pub(super) callbacks: C,
    pub(super) status: Status,
    pub(super) watch: Watch,
    /// The weights of the best epoch; none before there is one.
    pub(super) best: Vec<T>,
    /// The averaged weights; none before the first step.
    pub(super) average: Vec<T>,
    /// The last weights that are known to be good.
    good: GoodWeights<T>,
    /// The optimizer's learning rate, of which a schedule gives the share.
    pub(super) base: f64,
    /// How many epochs are done, those of earlier trainings with this optimizer counted.
    pub(super) done: usize,
    /// How many of these were done when the training began.
    pub(super) first: usize,
    pub(super) seed: u64,
    /// How many samples the data set has, if there is one.
    pub(super) data: Option<usize>,
    /// The part of them that is held out, if there is one.
    pub(super) held_out: Option<f64>,
    /// Whether nothing is measured at the end of an epoch, as far as that is known before.
    pub(super) is_unvalidated: bool,
    /// Whether the epoch in [`Status`] has been begun by the process that was interrupted.
    pub(super) is_resumed: bool,
    place: Place,
    #[cfg(feature = "files")]
    pub(super) written: super::checkpoint::Written,
    #[cfg(all(feature = "ctrlc", not(target_family = "wasm")))]
    listening: Option<interrupt::Listening>,
}

impl<T: Scalar> TrainingLoop<T> {
    /// One epoch, without anything round it yet.
    pub fn new() -> Self {
        Self::with(Settings::new(), ())
    }
}

impl<T: Scalar> Default for TrainingLoop<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar, C> TrainingLoop<T, C> {
    pub(super) fn with(settings: Settings, callbacks: C) -> Self {
        Self {
            status: Status::new(settings.most_epochs()),
            settings,
            callbacks,
            watch: Watch::default(),
            best: Vec::new(),
            average: Vec::new(),
            good: GoodWeights::default(),
            base: 0.0,
            done: 0,
            first: 0,
            seed: 0,
            data: None,
            held_out: None,
            is_unvalidated: false,
            is_resumed: false,
            place: Place::Before,
            #[cfg(feature = "files")]
            written: super::checkpoint::Written::default(),
            #[cfg(all(feature = "ctrlc", not(target_family = "wasm")))]
            listening: None,
        }
    }

    setters!();

    /// Sets how many steps an epoch has: for the [progress bar](Self::progress_bar), and for [schedules by step](Schedule::by_step), which need it.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn steps(mut self, steps: usize) -> Self {
        assert!(steps > 0, "an epoch has one step at least, found `steps(0)`");
        self.status.steps = Some(steps);
        self
    }

    /// Calls this one, too, after those before it.
    pub fn callback<D>(self, callback: D) -> TrainingLoop<T, (C, D)> {
        let steps = self.status.steps;
        let mut this = TrainingLoop::with(self.settings, (self.callbacks, callback));
        this.status.steps = steps;
        this
    }

    /// Where the training is.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Where the training is: to add a score, to ask for its end.
    pub fn status_mut(&mut self) -> &mut Status {
        &mut self.status
    }

    /// What is left of the epoch's order of `samples` samples: all of them in a new random order, which belongs to the seed of the training and to the epoch; after a
    /// [checkpoint](Self::resume) in the middle of an epoch, those that are still to come. It is the order that a [`Trainer`](super::Trainer) takes.
    pub fn order(&mut self, samples: usize) -> Vec<usize> {
        let mut order = Vec::new();
        self.order_into(samples, true, &mut order);
        order
    }

    /// The generator that a [`Trainer`](super::Trainer) gives to [augmentation](super::Trainer::augment) in the next step of the optimizer: another one for each step, so that nothing
    /// has to be drawn again after a [checkpoint](Self::resume).
    pub fn augmentation_rng<O: Optimizer<T>>(&self, optimizer: &O) -> StdRng {
        self.generator(Draws::Augmentation, optimizer.state().steps())
    }

    pub(super) fn order_into(&mut self, samples: usize, shuffles: bool, order: &mut Vec<usize>) {
        order.clear();
        order.extend(0..samples);
        if shuffles {
            // One generator an epoch: so a training that goes on needs no order of an earlier epoch.
            order.shuffle(&mut self.generator(Draws::Order, self.status.epoch as u64));
        }
        order.drain(..self.status.samples.min(samples));
    }

    /// A generator of its own for each kind of random numbers, and each epoch or step.
    pub(super) fn generator(&self, what: Draws, number: u64) -> StdRng {
        let seed = Context::training(self.seed).layer(what as usize);
        StdRng::seed_from_u64(seed.random(number))
    }

    /// Begins a training, or [goes on](Self::resume) with one. The generator gives the seed of the random numbers of the training.
    ///
    /// As [`Trainer::fit`](super::Trainer::fit), it goes on with the optimizer if the network is as the last training with it left it, and else resets it.
    ///
    /// # Errors
    ///
    /// Those of the [checkpoint](Self::resume), and of callbacks.
    pub fn begin<N, M, O, R>(
        &mut self,
        net: &mut N,
        optimizer: &mut O,
        rng: &mut R,
    ) -> Result<(), Error>
    where
        N: ParameterTree<M, Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
        R: Rng + ?Sized,
    {
        self.begin_described::<OfTree<N, M>, O, R>(net, optimizer, rng)
    }

    /// Begins the next epoch, and says whether there is one.
    ///
    /// # Errors
    ///
    /// Those of callbacks.
    ///
    /// # Panics
    ///
    /// Before [`begin`](Self::begin), without an [`end_epoch`](Self::end_epoch) after the last one, or if a [schedule by step](Schedule::by_step) has no number of [`steps`](Self::steps).
    #[track_caller]
    pub fn next_epoch<N, O>(&mut self, net: &mut N, optimizer: &mut O) -> Result<bool, Error>
    where
        N: Parameters<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        assert!(self.place != Place::Before, "a training begins with `TrainingLoop::begin`");
        if self.status.stop.is_some() || self.done >= self.status.epochs {
            return Ok(false);
        }
        assert!(
            self.place == Place::Between,
            "an epoch ends with `TrainingLoop::end_epoch`, before the next one begins"
        );
        assert!(
            self.status.steps.is_some() || !self.settings.schedule.is_by_step(),
            "a schedule by step needs the number of steps of an epoch: `TrainingLoop::steps`"
        );
        self.place = Place::InEpoch;
        if !self.is_resumed {
            self.status.begin(self.done + 1);
        }
        self.is_resumed = false;
        // In the middle of an epoch it is that of the last step.
        self.set_learning_rate(optimizer, self.status.step.saturating_sub(1));
        call!(self, net, optimizer, on_epoch_begin);
        Ok(true)
    }

    /// One step over a batch of `samples` samples: what `step` does, which gives back the loss of the batch; [`train_step`](crate::Network::train_step), as a rule. It says whether
    /// training goes on: otherwise, leave the loop over the batches.
    ///
    /// # Errors
    ///
    /// [`Error::Diverged`] if the loss is NaN or infinite; then the network has the last weights that were good, if its own are not. Those of callbacks and of writing a checkpoint.
    ///
    /// # Panics
    ///
    /// Outside of an epoch; with clipping, penalties or callbacks that take the gradient, which only [`step_along`](Self::step_along) has.
    #[track_caller]
    pub fn step<N, M, O>(
        &mut self,
        net: &mut N,
        optimizer: &mut O,
        samples: usize,
        step: impl FnOnce(&mut N, &mut O) -> T,
    ) -> Result<bool, Error>
    where
        N: ParameterTree<M, Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        assert!(
            !self.settings.take_gradient() && !C::TAKES_GRADIENT,
            "clipping, penalties and `on_gradient` are between a gradient and a step: `TrainingLoop::step_along`"
        );
        self.step_described::<OfTree<N, M>, O>(net, optimizer, samples, |_, net, optimizer| {
            Ok(step(net, optimizer))
        })
    }

    /// As [`step`](Self::step), along a gradient that `gradient_of` writes into `gradient`: with penalties ([`l1`](Self::l1), [`l2`](Self::l2)), the callbacks' [`on_gradient`](Callback::on_gradient) and
    /// clipping between the gradient and the step. `gradient_of` is given the optimizer's [context](Optimizer::context), and gives back the loss.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    ///
    /// # Panics
    ///
    /// Outside of an epoch.
    #[track_caller]
    pub fn step_along<N, M, O>(
        &mut self,
        net: &mut N,
        optimizer: &mut O,
        samples: usize,
        gradient: &mut N,
        gradient_of: impl FnOnce(&N, Context, &mut N) -> T,
    ) -> Result<bool, Error>
    where
        N: ParameterTree<M, Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        self.step_described::<OfTree<N, M>, O>(net, optimizer, samples, |this, net, optimizer| {
            let loss = gradient_of(net, optimizer.context(), gradient);
            this.follow::<OfTree<N, M>, O>(net, optimizer, gradient, loss)
        })
    }

    /// Ends an epoch: validates, adds it to the history, decides whether its weights are the best and whether training stops, writes a checkpoint. `validate` measures the
    /// network, [averaged](Self::average_weights) if it is so; `|_| Ok(None)` if there is nothing to measure. After an epoch that was left in the middle, nothing happens.
    ///
    /// # Errors
    ///
    /// Those of `validate`, of callbacks, and of writing a checkpoint; [`Error::UnknownMetric`] for a [monitored](Self::monitor) score that is not there.
    ///
    /// # Panics
    ///
    /// Outside of an epoch.
    #[track_caller]
    pub fn end_epoch<N, M, O>(
        &mut self,
        net: &mut N,
        optimizer: &mut O,
        validate: impl FnOnce(&N) -> Result<Option<Validation>, Error>,
    ) -> Result<(), Error>
    where
        N: ParameterTree<M, Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        self.end_epoch_described::<OfTree<N, M>, O>(net, optimizer, validate)
    }

    /// Ends the training: the network gets the [best](Self::keep_last_weights) weights, the optimizer its own learning rate.
    ///
    /// # Errors
    ///
    /// Those of callbacks.
    pub fn finish<N, O>(mut self, net: &mut N, optimizer: &mut O) -> Result<History, Error>
    where
        N: Parameters<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        self.finish_in_place(net, optimizer)
    }
}

/// Between which calls a loop is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// `begin` is to come.
    Before,
    Between,
    InEpoch,
}

/// What random numbers are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draws {
    Order = 1,
    Augmentation = 2,
    Mixup = 3,
    Validation = 4,
}

impl<T: Scalar, C> TrainingLoop<T, C> {
    pub(super) fn begin_described<D, O, R>(
        &mut self,
        net: &mut D::Of,
        optimizer: &mut O,
        rng: &mut R,
    ) -> Result<(), Error>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<D::Of>,
        R: Rng + ?Sized,
    {
        let epochs = self.settings.most_epochs();
        assert!(
            epochs != UNLIMITED || !self.settings.schedule.goes_by_total(),
            "a schedule that goes by the number of epochs needs one: `epochs`, or `Schedule::over`"
        );
        #[cfg(all(feature = "ctrlc", not(target_family = "wasm")))]
        if self.settings.stops_on_interrupt {
            self.listening = Some(interrupt::Listening::start());
        }
        // Before an hour of training.
        #[cfg(feature = "files")]
        if let Some(checkpoint) = &self.settings.checkpoint {
            checkpoint.check()?;
        }
        self.place = Place::Between;
        self.base = optimizer.learning_rate();
        self.status.learning_rate = self.base;
        #[cfg(feature = "files")]
        let is_resumed = self.go_on_from_file::<D, O>(net, optimizer)?;
        #[cfg(not(feature = "files"))]
        let is_resumed = false;
        if !is_resumed {
            let state = optimizer.state_mut();
            let weights = net.as_slice();
            if state.run.left.is_some_and(|left| left != fingerprint(weights.iter())) {
                state.reset();
            }
            if state.run.epochs == 0 {
                state.set_seed(rng.next_u64());
            }
            self.seed = state.seed;
            (self.first, self.done) = (state.run.epochs, state.run.epochs);
        }
        self.status.epochs = self.first.saturating_add(epochs);
        self.good.begin(net.as_slice());
        call!(self, net, optimizer, on_train_begin);
        Ok(())
    }

    pub(super) fn step_described<D, O>(
        &mut self,
        net: &mut D::Of,
        optimizer: &mut O,
        samples: usize,
        step: impl FnOnce(&mut Self, &mut D::Of, &mut O) -> Result<T, Error>,
    ) -> Result<bool, Error>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<D::Of>,
    {
        assert!(
            self.place == Place::InEpoch,
            "a step is in an epoch, which `TrainingLoop::next_epoch` begins"
        );
        if self.settings.schedule.is_by_step() {
            self.set_learning_rate(optimizer, self.status.step);
        }
        call!(self, net, optimizer, on_batch_begin);
        self.good.propose(net.as_slice(), self.status.step);
        let loss = step(self, net, optimizer)?;
        if !loss.is_finite() {
            return Err(self.diverged(net, self.status.step + 1, loss));
        }
        self.good.accept();
        let status = &mut self.status;
        status.step += 1;
        status.loss = loss.as_f64();
        #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
        let weight = samples as f64;
        status.sum += status.loss * weight;
        status.samples += samples;
        if let Some(decay) = self.settings.average {
            let weights = net.as_slice();
            if self.average.is_empty() {
                self.average.extend_from_slice(weights);
            } else {
                vector::lerp(&mut self.average, weights, T::of(1.0 - decay));
            }
        }
        call!(self, net, optimizer, on_batch_end);
        self.look_at_clock();
        #[cfg(feature = "files")]
        self.write_checkpoint::<D, O>(net, optimizer, false)?;
        Ok(self.status.stop.is_none())
    }

    /// A step along a gradient, with all that comes between.
    pub(super) fn follow<D, O>(
        &mut self,
        net: &mut D::Of,
        optimizer: &mut O,
        gradient: &mut D::Of,
        loss: T,
    ) -> Result<T, Error>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<D::Of>,
    {
        if !loss.is_finite() {
            return Ok(loss);
        }
        let Settings { l1, l2, clip_norm, clip_value, .. } = self.settings;
        if l1 > 0.0 || l2 > 0.0 {
            penalty::add::<D>(gradient.as_mut_slice(), net.as_slice(), l1, l2);
        }
        if C::TAKES_GRADIENT {
            let (status, callbacks) = (&mut self.status, &mut self.callbacks);
            let mut training = Training { net, optimizer, status };
            callbacks.on_gradient(&mut training, gradient)?;
        }
        if clip_norm.is_some() || clip_value.is_some() {
            // Frozen parts have no gradient, in PyTorch too.
            optimizer.state().clear_frozen(gradient.as_mut_slice());
        }
        if let Some(max) = clip_norm {
            vector::clip_norm::<D>(gradient.as_mut_slice(), T::of(max));
        }
        if let Some(max) = clip_value {
            vector::clip_value::<D>(gradient.as_mut_slice(), T::of(max));
        }
        let went = apply_described::<T, O, D>(optimizer, net.as_mut_slice(), gradient.as_slice());
        Ok(if went { loss } else { T::nan() })
    }

    pub(super) fn end_epoch_described<D, O>(
        &mut self,
        net: &mut D::Of,
        optimizer: &mut O,
        validate: impl FnOnce(&D::Of) -> Result<Option<Validation>, Error>,
    ) -> Result<(), Error>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<D::Of>,
    {
        assert!(
            self.place == Place::InEpoch,
            "what ends is an epoch that `TrainingLoop::next_epoch` has begun"
        );
        self.place = Place::Between;
        // The epoch was left before its end: a checkpoint has its place.
        if self.status.stop.is_some() {
            return Ok(());
        }
        // The last step's weights have not met a loss yet.
        if !T::are_finite(net.as_slice()) {
            return Err(self.diverged(net, self.status.step, T::nan()));
        }
        self.swap_average(net);
        let ended = self.validate_described(net, optimizer, validate);
        self.swap_average(net);
        ended?;
        self.done += 1;
        optimizer.state_mut().run.epochs += 1;
        if self.status.stop.is_none() {
            self.status.stop = self.watch.verdict(&self.settings);
        }
        if self.done < self.status.epochs {
            self.look_at_clock();
        }
        #[cfg(feature = "files")]
        self.write_checkpoint::<D, O>(net, optimizer, true)?;
        Ok(())
    }

    /// With the weights that are measured: averaged ones, if there are.
    fn validate_described<N, O>(
        &mut self,
        net: &mut N,
        optimizer: &mut O,
        validate: impl FnOnce(&N) -> Result<Option<Validation>, Error>,
    ) -> Result<(), Error>
    where
        N: Parameters<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        let validation = validate(net)?;
        let status = &mut self.status;
        status.history.epochs.push(Epoch {
            number: status.epoch,
            loss: status.mean_loss(),
            learning_rate: status.learning_rate,
            duration: status.epoch_elapsed(),
            validation,
            scores: core::mem::take(&mut status.scores),
        });
        let mut training =
            Training { net: &mut *net, optimizer: &mut *optimizer, status: &mut self.status };
        self.callbacks.on_epoch_end(&mut training)?;
        if let Some(epoch) = self.status.history.epochs.last() {
            let is_best = self.watch.observe(&self.settings, epoch)?;
            let is_kept = self.watch.is_by_measurement() && !self.settings.keeps_last;
            if is_best || !is_kept {
                self.best.clear();
            }
            if is_best && is_kept {
                self.best.extend_from_slice(net.as_slice());
            }
        }
        // Behind the others, whose scores these show.
        self.settings.own.on_epoch_end(&mut Training { net, optimizer, status: &mut self.status })
    }

    pub(super) fn finish_in_place<N, O>(
        &mut self,
        net: &mut N,
        optimizer: &mut O,
    ) -> Result<History, Error>
    where
        N: Parameters<Scalar = T>,
        O: Optimizer<T>,
        C: Callback<N>,
    {
        optimizer.set_learning_rate(self.base);
        let keeps_best = self.watch.is_by_measurement() && !self.settings.keeps_last;
        let history = &mut self.status.history;
        history.stop = self.status.stop.take().unwrap_or_default();
        if keeps_best && !self.best.is_empty() {
            net.as_mut_slice().copy_from_slice(&self.best);
            history.kept = self.watch.best;
        } else if !self.average.is_empty() {
            net.as_mut_slice().copy_from_slice(&self.average);
        }
        call!(self, net, optimizer, on_train_end);
        optimizer.state_mut().run.left = Some(fingerprint(net.as_slice().iter()));
        Ok(core::mem::take(&mut self.status.history))
    }

    /// Stops where the time is over or Ctrl-C was pressed.
    fn look_at_clock(&mut self) {
        if self.status.stop.is_some() {
            return;
        }
        if self.settings.stops_on_interrupt && interrupt::is_requested() {
            self.status.stop = Some(Stop::Interrupt);
        } else if self.settings.max_duration.is_some_and(|most| self.status.elapsed() >= most) {
            self.status.stop = Some(Stop::Time);
        }
    }

    fn set_learning_rate<O: Optimizer<T>>(&mut self, optimizer: &mut O, step: usize) {
        let Status { epoch, steps, epochs, .. } = self.status;
        #[expect(clippy::cast_precision_loss, reason = "counts of epochs and steps")]
        let position = (epoch - 1) as f64 + steps.map_or(0.0, |steps| step as f64 / steps as f64);
        let position =
            if self.settings.schedule.is_by_step() { position } else { position.floor() };
        let factor = self.settings.schedule.factor(position, epochs) * self.watch.plateau.factor();
        self.status.learning_rate = self.base * factor;
        optimizer.set_learning_rate(self.status.learning_rate);
    }

    /// The error of a loss that is not finite. Weights that are not finite give place to the last good ones.
    fn diverged<N: Parameters<Scalar = T>>(&self, net: &mut N, step: usize, loss: T) -> Error {
        if !T::are_finite(net.as_slice()) {
            net.as_mut_slice().copy_from_slice(self.good.weights());
        }
        Error::Diverged { epoch: self.status.epoch, step, loss: loss.as_f64() }
    }

    /// The last weights that are known to be good.
    pub(super) fn good(&self) -> &[T] {
        self.good.weights()
    }

    /// What the network has, and what is averaged, change places.
    fn swap_average<N: Parameters<Scalar = T>>(&mut self, net: &mut N) {
        if !self.average.is_empty() {
            net.as_mut_slice().swap_with_slice(&mut self.average);
        }
    }
}
