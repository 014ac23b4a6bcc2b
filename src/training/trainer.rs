//! The training loop.

use std::time::Duration;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::time::Instant;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use web_time::Instant;

use num_traits::Float;
use rand::Rng;
use rand::seq::SliceRandom;

use super::progress::Progress;
use super::{Epoch, History, Schedule, Validation, as_f64, fingerprint};
use crate::core::{Error, Scalar, append, flat};
use crate::data::Dataset;
use crate::data::augment::{Augment, NoAugmentation};
use crate::kernels::Entry;
#[cfg(doc)]
use crate::layers::Differentiable;
use crate::layers::Layer;
use crate::losses::Loss;
use crate::messages::{
    AsNetwork, AugmentationOf, Backpropagation, Behind, InputsOf, LossOf, Measures, NoValidation,
    OptimizerOf, SizeOf, Through, ValidateOn, documented,
};
use crate::optimizers::Optimizer;

/// Trains a network on a data set: epochs of shuffled batches, with validation, history and progress.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Xor<input 2 => dense 4 tanh => dense 1 sigmoid>; }
///
/// let inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(SVector::from).to_vec();
/// let data = Dataset::new(inputs, vec![false, true, true, false])?;
/// let mut rng = StdRng::seed_from_u64(3);
/// let mut net = Xor::random(&mut rng);
/// let history = Trainer::new(BinaryCrossEntropy, Adam::new(0.05))
///     .epochs(500)
///     .batch_size(4)
///     .fit(&mut *net, &data, &mut rng)?;
/// assert!(history.epochs[499].loss < 0.1 * history.epochs[0].loss);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a trainer does nothing until `fit`"]
pub struct Trainer<L, O, V = NoValidation, A = NoAugmentation> {
    loss: L,
    optimizer: O,
    validation: V,
    augmentation: A,
    epochs: usize,
    batch_size: usize,
    drop_last: bool,
    shuffle: bool,
    schedule: Schedule,
    progress: bool,
}

impl<L, O> Trainer<L, O> {
    /// A trainer with a loss and an optimizer: one epoch, batches of 32, shuffled.
    pub fn new(loss: L, optimizer: O) -> Self {
        Self {
            loss,
            optimizer,
            validation: NoValidation,
            augmentation: NoAugmentation,
            epochs: 1,
            batch_size: 32,
            drop_last: false,
            shuffle: true,
            schedule: Schedule::Constant,
            progress: false,
        }
    }
}

impl<L, O, V, A> Trainer<L, O, V, A> {
    /// Sets how often the training data are gone through. With 0, [`fit`](Self::fit) leaves the network as it is, and its history is empty.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Sets how many samples a step takes. The last batch of an epoch may be smaller, unless it is left out: [`drop_last`](Self::drop_last).
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        assert!(batch_size > 0, "a batch takes one sample at least, found `batch_size(0)`");
        self.batch_size = batch_size;
        self
    }

    /// Leaves out the last batch of an epoch where it is smaller than the others. With [`shuffle`](Self::shuffle), it is other samples each time.
    ///
    /// A small batch is a step as long as any other along a poor gradient, and a poor estimate of what `batchnorm` takes of a batch; one with a single number a
    /// channel [has no statistics](crate::layers::BatchNorm).
    pub fn drop_last(mut self) -> Self {
        self.drop_last = true;
        self
    }

    /// Sets whether each epoch takes the samples in a new random order, as it does by default.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Sets how the learning rate changes from epoch to epoch. A run that [goes on](Self::fit) goes on in its schedule.
    ///
    /// # Panics
    ///
    /// If a factor is negative, NaN or infinite, or a number of epochs 0.
    #[track_caller]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        schedule.check();
        self.schedule = schedule;
        self
    }

    /// Measures the network on other data after each epoch: the loss, and what [goes with it](crate::evaluation::Metric).
    pub fn validate_on<I, Y>(self, data: &Dataset<I, Y>) -> Trainer<L, O, &Dataset<I, Y>, A> {
        Trainer {
            validation: data,
            augmentation: self.augmentation,
            loss: self.loss,
            optimizer: self.optimizer,
            epochs: self.epochs,
            batch_size: self.batch_size,
            drop_last: self.drop_last,
            shuffle: self.shuffle,
            schedule: self.schedule,
            progress: self.progress,
        }
    }

    /// Changes the inputs of each batch at random, as it is gathered; the data set, and the data to validate on, stay as they are.
    ///
    /// See [`data::augment`](crate::data::augment) for what there is.
    pub fn augment<B>(self, augmentation: B) -> Trainer<L, O, V, B> {
        Trainer {
            augmentation,
            validation: self.validation,
            loss: self.loss,
            optimizer: self.optimizer,
            epochs: self.epochs,
            batch_size: self.batch_size,
            drop_last: self.drop_last,
            shuffle: self.shuffle,
            schedule: self.schedule,
            progress: self.progress,
        }
    }

    /// Shows a progress bar, and a line for each epoch, on the standard error stream.
    pub fn progress_bar(mut self) -> Self {
        self.progress = true;
        self
    }

    /// The optimizer, with its moments: to go on with it by hand.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// The optimizer, to be changed between one [`fit`](Self::fit) and the next: to [unfreeze](Optimizer::unfreeze) a layer, say.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.optimizer
    }

    documented! {
    /// Trains.
    ///
    /// Called again with the network as the last call left it, it goes on: with the moments and the steps of the optimizer, the epochs of the schedule, their numbers in
    /// the history. Six calls of one epoch are one of six, to the bit, if they are given one generator (but for [`Schedule::Cosine`], which ends with
    /// each call). Steps by hand in between, with [`optimizer_mut`](Self::optimizer_mut), belong to it.
    ///
    /// With other weights, those of another network or weights that were changed otherwise, it begins anew: [`Optimizer::reset`]. So one trainer
    /// does for all folds of a cross-validation. The first call takes the optimizer as it is given.
    ///
    /// # Errors
    ///
    /// * [`Error::Empty`] if there are no training data, no whole batch of them with [`drop_last`](Self::drop_last), or none to validate on.
    /// * [`Error::Diverged`] if the loss or a weight becomes NaN or infinite: with the epoch and the step where it was met.
    ///   The network then has the last weights that were good, and the optimizer's moments start anew.
    /// * [`Error::DivergedInValidation`], with the same consequences, if the loss on the validation data does: with the epoch and the first such sample.
    pub fn fit<N, Y, R, B, M>(
        &mut self,
        net: &mut B,
        data: &Dataset<N::Input, Y>,
        rng: &mut R,
    ) -> Result<History, Error>
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        Y: Copy + Sync + Parts<L, O, V, A>,
        Y::Gradients: Through<N, Is: Copy>,
        Y::Loss: LossOf<N, Y, Size: SizeOf<N, Is: Copy> + Behind<N, N::Activation, Y::Loss, Is: Copy>>,
        Y::Optimizer: OptimizerOf<N, Is: Copy>,
        Y::Validation: ValidateOn<
            N,
            Size: InputsOf<N, <Y::Validation as ValidateOn<N>>::Scalar, Is: Copy>,
            How: Measures<N, Y::Loss, <Y::Validation as ValidateOn<N>>::Target, Is: Copy>,
        >,
        Y::Augmentation: AugmentationOf<N, Is: Copy>,
        R: Rng + ?Sized,
    }
    documented as <N, Y, R>(&mut self, net: &mut N, data: &Dataset<N::Input, Y>, rng: &mut R)
    where {
        N: Differentiable,
        Y: Copy + Sync,
        L: Loss<N::Output, Y, N::Activation>,
        O: Optimizer<N::Scalar>,
        A: Augment<N::Input>,
        R: Rng + ?Sized,
    }
    {
        Y::trainer(self).start::<Y::Gradients, _, _, _>(net.as_network_mut(), data, rng)
    }
    }

    fn start<G, N, Y, R>(
        &mut self,
        net: &mut N,
        data: &Dataset<N::Input, Y>,
        rng: &mut R,
    ) -> Result<History, Error>
    where
        N: Layer,
        G: Through<N>,
        Y: Copy + Sync,
        L: Loss<N::Output, Y, N::Activation>,
        O: Optimizer<N::Scalar>,
        V: ValidateOn<N, How: Measures<N, L, V::Target>>,
        A: Augment<N::Input>,
        R: Rng + ?Sized,
    {
        if data.is_empty() {
            return Err(Error::Empty { what: "the training data" });
        }
        V::How::check(self.validation.samples().0.len())?;
        if self.drop_last && data.len() < self.batch_size {
            return Err(Error::Empty {
                what: "an epoch without its last batch, which is not whole (`drop_last`),",
            });
        }
        let base = self.optimizer.learning_rate();
        // Also where something of the user's panics in an epoch with a smaller one.
        let this = OnDrop(self, |this: &mut Self| this.optimizer.set_learning_rate(base));
        let result = this.0.run::<G, _, _, _>(net, data, rng, base);
        if matches!(result, Err(Error::Diverged { .. } | Error::DivergedInValidation { .. })) {
            // The moments have seen what led here, and may hold infinity.
            this.0.optimizer.state_mut().reset();
        }
        result
    }

    /// How many epochs the network has behind it; with other weights than the last run left, the optimizer begins anew.
    fn go_on<N, R>(&mut self, net: &N, rng: &mut R) -> usize
    where
        N: Layer,
        O: Optimizer<N::Scalar>,
        R: Rng + ?Sized,
    {
        let state = self.optimizer.state_mut();
        if state.run.left.is_some_and(|left| left != fingerprint(net.as_slice().iter())) {
            state.reset();
        }
        if state.run.epochs == 0 {
            state.set_seed(rng.next_u64());
        }
        state.run.epochs
    }

    fn run<G, N, Y, R>(
        &mut self,
        net: &mut N,
        data: &Dataset<N::Input, Y>,
        rng: &mut R,
        base: f64,
    ) -> Result<History, Error>
    where
        N: Layer,
        G: Through<N>,
        Y: Copy + Sync,
        L: Loss<N::Output, Y, N::Activation>,
        O: Optimizer<N::Scalar>,
        V: ValidateOn<N, How: Measures<N, L, V::Target>>,
        A: Augment<N::Input>,
        R: Rng + ?Sized,
    {
        let used =
            if self.drop_last { data.len() - data.len() % self.batch_size } else { data.len() };
        let steps = used.div_ceil(self.batch_size);
        let done = self.go_on(net, rng);
        let epochs = done + self.epochs;
        let progress = Progress::new(self.progress, epochs, steps);
        let mut good = Good::new(net);
        let mut batch = Batch::new(self.batch_size.min(data.len()));
        let mut order = Vec::with_capacity(data.len());
        let mut history = History::default();
        for epoch in done + 1..=epochs {
            let start = Instant::now();
            let learning_rate = base * self.schedule.factor(as_f64(epoch - 1), epochs);
            self.optimizer.set_learning_rate(learning_rate);
            // Each epoch shuffles the same start, so that a resumed run needs no order of an earlier epoch.
            order.clear();
            order.extend(0..data.len());
            if self.shuffle {
                order.shuffle(rng);
            }
            progress.start(epoch);
            let mut shown = Duration::ZERO;
            let mut sum = 0.0;
            for (number, indices) in order[..used].chunks(self.batch_size).enumerate() {
                batch.gather(data, indices);
                for input in &mut batch.inputs {
                    self.augmentation.augment(input, rng);
                }
                let (inputs, targets) = (&batch.inputs, &batch.targets);
                good.propose(net, number);
                let loss = G::step(net, inputs, targets, &self.loss, &mut self.optimizer);
                if !loss.is_finite() {
                    // Where good weights have no finite loss either, it is the data that are not good.
                    if N::Scalar::are_finite(flat(inputs))
                        && G::loss(&*good.weights, inputs, targets, &self.loss).is_finite()
                        || !is_finite(net)
                    {
                        good.restore(net);
                    }
                    let loss = loss.as_f64();
                    return Err(Error::Diverged { epoch, step: number + 1, loss });
                }
                good.accept();
                #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
                let samples = indices.len() as f64;
                sum += loss.as_f64() * samples;
                if start.elapsed() >= shown + Progress::INTERVAL {
                    shown = start.elapsed();
                    progress.update(number + 1, loss.as_f64());
                }
            }
            // The last step's weights have not met a loss yet.
            if !is_finite(net) {
                good.restore(net);
                return Err(Error::Diverged { epoch, step: steps, loss: f64::NAN });
            }
            let (inputs, targets) = self.validation.samples();
            let validate = |net: &N| V::How::measure::<G>(net, inputs, targets, &self.loss, epoch);
            let validation = validate(net).inspect_err(|_| {
                // Where good weights have no finite loss either, it is the data that are not good.
                if validate(&good.weights).is_ok() {
                    good.restore(net);
                }
            })?;
            let validation = validation.map(Validation::new);
            #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
            let samples = used as f64;
            let duration = start.elapsed();
            let epoch = Epoch {
                number: epoch,
                loss: sum / samples,
                learning_rate,
                duration,
                validation,
                scores: Vec::new(),
            };
            progress.epoch(&epoch);
            history.epochs.push(epoch);
            self.optimizer.state_mut().run.epochs += 1;
        }
        self.optimizer.state_mut().run.left = Some(fingerprint(net.as_slice().iter()));
        progress.finish();
        Ok(history)
    }
}

/// The parts of a [`Trainer`], as soon as the compiler knows what `Self`, the targets, are.
///
/// At the call of `fit` the trainer's loss is known and the targets are not yet: with a bound on the loss itself, a message has the bound's own text in it,
/// eight lines more, and wrong targets of `validate_on` are said twice.
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

    /// The trainer, as one with these parts.
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

/// A value, and a function that is run on it when it is dropped: where a panic unwinds, too.
struct OnDrop<'a, T, F: FnMut(&mut T)>(&'a mut T, F);

impl<T, F: FnMut(&mut T)> Drop for OnDrop<'_, T, F> {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}

/// The samples of one step, side by side.
struct Batch<X, Y> {
    inputs: Vec<X>,
    targets: Vec<Y>,
}

impl<X: Copy, Y: Copy> Batch<X, Y> {
    fn new(size: usize) -> Self {
        Self { inputs: Vec::with_capacity(size), targets: Vec::with_capacity(size) }
    }

    fn gather(&mut self, data: &Dataset<X, Y>, indices: &[usize]) {
        self.inputs.clear();
        self.targets.clear();
        for index in indices {
            append(&mut self.inputs, &data.inputs()[*index..=*index]);
            append(&mut self.targets, &data.targets()[*index..=*index]);
        }
    }
}

/// The last weights that are known to give a finite loss, for the case that a step spoils them.
///
/// A step costs a few passes over the weights; to keep a copy of each state would add another. So one is kept every few steps:
/// nothing is known of weights until the next loss.
struct Good<N> {
    weights: Box<N>,
    /// Weights whose loss is not known yet.
    proposed: Box<N>,
    is_proposed: bool,
}

impl<N: Layer> Good<N> {
    const EVERY: usize = 64;

    fn new(net: &N) -> Self {
        let mut good = Self { weights: N::zeros(), proposed: N::zeros(), is_proposed: false };
        good.weights.as_mut_slice().copy_from_slice(net.as_slice());
        good
    }

    /// Called before a step, which gives the loss of the weights before it.
    fn propose(&mut self, net: &N, step: usize) {
        self.is_proposed = step.is_multiple_of(Self::EVERY) && is_finite(net);
        if self.is_proposed {
            self.proposed.as_mut_slice().copy_from_slice(net.as_slice());
        }
    }

    /// The loss was finite.
    fn accept(&mut self) {
        if self.is_proposed {
            core::mem::swap(&mut self.weights, &mut self.proposed);
        }
    }

    fn restore(&self, net: &mut N) {
        net.as_mut_slice().copy_from_slice(self.weights.as_slice());
    }
}

fn is_finite<N: Layer>(net: &N) -> bool {
    net.as_slice().iter().all(|weight| weight.is_finite())
}
