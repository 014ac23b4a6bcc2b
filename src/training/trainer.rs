//! The training loop.

use std::time::Duration;

use num_traits::Float;
use rand::Rng;

use super::batches::{Batch, Batches};
use super::settings::{Settings, from_zero, setters};
use super::training_loop::{Draws, TrainingLoop};
use super::{
    Callback, EarlyStopping, History, Plateau, ProgressBar, Schedule, Validation, as_f64, monitor,
};
use crate::core::{Error, Scalar, flat};
use crate::data::augment::{Augment, NoAugmentation};
use crate::data::{Dataset, stratified_places};
use crate::kernels::Entry;
#[cfg(doc)]
use crate::layers::Differentiable;
use crate::layers::{Context, Layer, OfLayer};
use crate::losses::{ByClass, Loss};
use crate::messages::{
    AsNetwork, AugmentationOf, Backpropagation, Behind, InputsOf, LossOf, Measures, Measuring,
    NoValidation, OptimizerOf, SizeOf, Through, ValidateOn, documented,
};
use crate::optimizers::Optimizer;
use crate::vector;

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
pub struct Trainer<L, O, V = NoValidation, A = NoAugmentation, C = ()> {
    loss: L,
    optimizer: O,
    validation: V,
    augmentation: A,
    callbacks: C,
    settings: Settings,
    batches: Batches,
    held_out: Option<f64>,
    class_weights: ClassWeights,
}

/// How much the samples of each class count.
#[derive(Clone, Debug)]
enum ClassWeights {
    Alike,
    Given(Vec<f64>),
    Balanced,
}

impl<L, O> Trainer<L, O> {
    /// A trainer with a loss and an optimizer: one epoch, batches of 32, shuffled.
    pub fn new(loss: L, optimizer: O) -> Self {
        Self {
            loss,
            optimizer,
            validation: NoValidation,
            augmentation: NoAugmentation,
            callbacks: (),
            settings: Settings::new(),
            batches: Batches::default(),
            held_out: None,
            class_weights: ClassWeights::Alike,
        }
    }
}

impl<L, O, V, A, C> Trainer<L, O, V, A, C> {
    setters!();

    /// Sets how many samples a step takes. The last batch of an epoch may be smaller, unless it is left out: [`drop_last`](Self::drop_last).
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        assert!(batch_size > 0, "a batch takes one sample at least, found `batch_size(0)`");
        self.batches.size = batch_size;
        self
    }

    /// Takes a step along the mean gradient of so many batches.
    ///
    /// It has the bits of a step over one batch that is as many times larger, unless something looks across a batch: for `batchnorm`, and for a loss across the batch, each batch
    /// is one of its own. Activations take no more memory than those of one batch do; the samples of all of them are gathered.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn accumulate(mut self, batches: usize) -> Self {
        assert!(batches > 0, "a step takes one batch at least, found `accumulate(0)`");
        self.batches.accumulate = batches;
        self
    }

    /// Leaves out the last batch of an epoch where it is smaller than the others. With [`shuffle`](Self::shuffle), it is other samples each time.
    ///
    /// A small batch is a step as long as any other along a poor gradient, and a poor estimate of what `batchnorm` takes of a batch; one with a single number a
    /// channel [has no statistics](crate::layers::BatchNorm).
    pub fn drop_last(mut self) -> Self {
        self.batches.drop_last = true;
        self
    }

    /// Sets whether each epoch takes the samples in a new random order, as it does by default.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.batches.shuffle = shuffle;
        self
    }

    /// Trains on mixtures of samples: each input of a batch becomes λ x + (1 − λ) x′, with another sample x′ of the batch, and keeps its target. λ is drawn from Beta(α + 1, α)
    /// for each sample; α = 0.2 is usual.
    ///
    /// For losses that are linear in the target, such as the cross-entropies, this is mixup in expectation, which draws λ from Beta(α, α) and mixes the losses of both
    /// targets: it gives each input the one target as often as mixup gives it weight. So it is there for targets of every kind.
    ///
    /// Sources: H. Zhang et al., [mixup: beyond empirical risk minimization](https://arxiv.org/abs/1710.09412) (2018); F. Huszár,
    /// [mixup: data-dependent data augmentation](https://www.inference.vc/mixup-data-dependent-data-augmentation/) (2017), for the form with one target.
    ///
    /// # Panics
    ///
    /// If α is not a finite number above 0.
    #[track_caller]
    pub fn mixup(mut self, alpha: f64) -> Self {
        assert!(
            alpha > 0.0 && alpha.is_finite(),
            "the α of mixup is a finite number above 0, found {alpha}"
        );
        self.batches.mixup = Some(alpha);
        self
    }

    /// Lets the samples of each class count so much: the loss of a batch is Σ w ℓ / n. Keras's `class_weight`; validation does not look at it.
    ///
    /// For targets that are classes: `Class<N>`, with a weight for each, and `bool`, for which the first weight is that of `false`.
    ///
    /// # Panics
    ///
    /// If a weight is negative, NaN or infinite, or all are 0; in [`fit`](Self::fit), if there are not as many as classes, if targets are no classes, or if the loss looks across the batch.
    #[track_caller]
    pub fn class_weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        let weights = weights.into();
        for weight in &weights {
            from_zero("the weight of a class", *weight);
        }
        assert!(
            weights.is_empty() || weights.iter().any(|weight| *weight > 0.0),
            "all weights of classes are 0: nothing would be learned"
        );
        self.class_weights = ClassWeights::Given(weights);
        self
    }

    /// [`class_weights`](Self::class_weights) by which all classes count alike, however many samples each has: n / (C nᵢ) for nᵢ of n samples and C classes, scikit-learn's
    /// `class_weight="balanced"`. They are those of the samples that are trained on.
    pub fn balanced(mut self) -> Self {
        self.class_weights = ClassWeights::Balanced;
        self
    }

    /// Measures the network on other data after each epoch: the loss, and what [goes with it](crate::evaluation::Metric).
    pub fn validate_on<I, Y>(self, data: &Dataset<I, Y>) -> Trainer<L, O, &Dataset<I, Y>, A, C> {
        Trainer {
            validation: data,
            augmentation: self.augmentation,
            callbacks: self.callbacks,
            loss: self.loss,
            optimizer: self.optimizer,
            settings: self.settings,
            batches: self.batches,
            held_out: self.held_out,
            class_weights: self.class_weights,
        }
    }

    /// Sets aside a part of the training data, drawn by the seed of the training, and measures the network on it after each epoch, as [`validate_on`](Self::validate_on) does on
    /// others. Where targets are classes, the part has its share of each.
    ///
    /// A standardization that was fitted to all of the data has seen this part. Where that matters, split first ([`Dataset::split_stratified_shuffled`]), fit the
    /// [`Standardizer`](crate::data::Standardizer) to the training part, and give the other one to `validate_on`.
    ///
    /// # Panics
    ///
    /// If it is not between 0 and 1; in [`fit`](Self::fit), if there is also data to validate on.
    #[track_caller]
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        assert!(
            fraction > 0.0 && fraction < 1.0,
            "a fraction of the data is between 0 and 1, found {fraction}"
        );
        self.held_out = Some(fraction);
        self
    }

    /// Changes the inputs of each batch at random, as it is gathered; the data set, and the data to validate on, stay as they are.
    ///
    /// See [`data::augment`](crate::data::augment) for what there is.
    pub fn augment<B>(self, augmentation: B) -> Trainer<L, O, V, B, C> {
        Trainer {
            augmentation,
            validation: self.validation,
            callbacks: self.callbacks,
            loss: self.loss,
            optimizer: self.optimizer,
            settings: self.settings,
            batches: self.batches,
            held_out: self.held_out,
            class_weights: self.class_weights,
        }
    }

    /// Calls this one, too, while it trains: a [`Callback`], or `&mut callback` for one that is looked at afterwards.
    pub fn callback<D>(self, callback: D) -> Trainer<L, O, V, A, (C, D)> {
        Trainer {
            callbacks: (self.callbacks, callback),
            augmentation: self.augmentation,
            validation: self.validation,
            loss: self.loss,
            optimizer: self.optimizer,
            settings: self.settings,
            batches: self.batches,
            held_out: self.held_out,
            class_weights: self.class_weights,
        }
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
    /// Trains, and leaves the network with the best weights: those of the epoch with the best [monitored](Self::monitor) score, if it is validated
    /// ([`validate_on`](Self::validate_on), [`validation_fraction`](Self::validation_fraction)), or else the last ones. [`History::kept`] says which.
    ///
    /// Called again with the network as the last call left it, it goes on: with the moments and the steps of the optimizer, the epochs of the schedule, their numbers in
    /// the history. Six calls of one epoch are one of six, to the bit, if each leaves the [last weights](Self::keep_last_weights) (but for [`Schedule::Cosine`] and others that go by
    /// the total, which end with each call). Steps by hand in between, with [`optimizer_mut`](Self::optimizer_mut), belong to it.
    ///
    /// With other weights, those of another network or weights that were changed otherwise, it begins anew: [`Optimizer::reset`]. So one trainer
    /// does for all folds of a cross-validation. The first call takes the optimizer as it is given.
    ///
    /// All random numbers come from a seed that the generator gives where it begins anew: the order of samples, augmentation, dropout, the part that is held out.
    ///
    /// # Errors
    ///
    /// * [`Error::Empty`] if there are no training data, no whole batch of them with [`drop_last`](Self::drop_last), or none to validate on.
    /// * [`Error::Diverged`] if the loss or a weight becomes NaN or infinite: with the epoch and the step where it was met.
    ///   The network then has the last weights that were good, and the optimizer's moments start anew.
    /// * [`Error::DivergedInValidation`], with the same consequences, if the loss on the validation data does: with the epoch and the first such sample.
    /// * [`Error::UnknownMetric`] for a [monitored](Self::monitor) score that nobody measures.
    /// * Those of [checkpoints](Self::resume) and of [callbacks](Callback).
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
        C: Callback<N>,
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
        C: Callback<N>,
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
        C: Callback<N>,
        R: Rng + ?Sized,
    {
        if data.is_empty() {
            return Err(Error::Empty { what: "the training data" });
        }
        V::How::check(self.validation.samples().0.len())?;
        self.check::<N, Y>(data)?;
        let base = self.optimizer.learning_rate();
        // Also where something of the user's panics in an epoch with a smaller one.
        let this = OnDrop(self, |this: &mut Self| this.optimizer.set_learning_rate(base));
        let result = this.0.run::<G, _, _, _>(net, data, rng);
        if matches!(result, Err(Error::Diverged { .. } | Error::DivergedInValidation { .. })) {
            // The moments have seen what led here, and may hold infinity.
            this.0.optimizer.state_mut().reset();
        }
        result
    }

    /// What only a programmer can get wrong, and names of metrics.
    fn check<N, Y>(&self, data: &Dataset<N::Input, Y>) -> Result<(), Error>
    where
        N: Layer,
        L: Loss<N::Output, Y, N::Activation>,
        V: ValidateOn<N>,
        C: Callback<N>,
    {
        let validates = !self.validation.samples().0.is_empty();
        assert!(
            self.held_out.is_none() || !validates,
            "validation data are given, or a fraction is held out: `validate_on` and `validation_fraction` do not go together"
        );
        let classes = data.targets().iter().find_map(|target| Some(self.loss.class_of(target)?.1));
        if !matches!(self.class_weights, ClassWeights::Alike) {
            assert!(
                L::PER_SAMPLE,
                "weights of classes are for losses of single samples, and this one looks across the batch"
            );
            let Some(classes) = classes else {
                panic!("weights of classes are for targets that are classes: `Class<N>` or `bool`");
            };
            if let ClassWeights::Given(weights) = &self.class_weights {
                let found = weights.len();
                assert!(
                    found == classes,
                    "there is a weight for each of the {classes} classes, found {found}"
                );
            }
        }
        // Before hours of training; callbacks may measure what they like.
        let validates = validates || self.held_out.is_some();
        if let Some(name) = &self.settings.monitor
            && !["loss", "training loss"].contains(&name.as_str())
            && C::IS_NOTHING
        {
            let meter = if validates { self.loss.meter() } else { None };
            let scores = meter.map(|meter| meter.scores()).unwrap_or_default();
            if scores.iter().all(|score| score.metric != name) {
                return Err(monitor::unknown(name, scores.iter().map(|score| score.metric)));
            }
        }
        Ok(())
    }

    fn run<G, N, Y, R>(
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
        C: Callback<N>,
        R: Rng + ?Sized,
    {
        let Self {
            loss, optimizer, validation, augmentation, callbacks, settings, batches, ..
        } = self;
        let batches = *batches;
        let mut run = TrainingLoop::with(settings.clone(), callbacks);
        run.data = Some(data.len());
        run.held_out = self.held_out;
        run.is_unvalidated = self.held_out.is_none()
            && validation.samples().0.is_empty()
            && matches!(settings.monitor.as_deref(), None | Some("loss"));
        run.begin_described::<OfLayer<N>, _, _>(net, optimizer, rng)?;
        #[cfg(feature = "files")]
        {
            // The next call goes on from where this one ends.
            settings.resume = None;
        }

        let mut places: Vec<usize> = (0..data.len()).collect();
        let mut held_out = None;
        if let Some(fraction) = self.held_out {
            let strata = data.targets().iter().map(|target| Some(loss.class_of(target)?.0));
            let mut generator = run.generator(Draws::Validation, 0);
            let (kept, drawn) = stratified_places(strata, fraction, &mut generator);
            if kept.is_empty() || drawn.is_empty() {
                let what =
                    if kept.is_empty() { "the training part" } else { "the validation part" };
                return Err(Error::Empty { what });
            }
            held_out = Some(data.select(drawn));
            places = kept;
        }
        let weights =
            weights_of_classes::<N, _, _>(&self.class_weights, loss, data.targets(), &places);
        let loss = &*loss;
        let objective = ByClass { loss, weights: &weights };

        let used = batches.used(places.len());
        if used == 0 {
            return Err(Error::Empty {
                what: "an epoch without its last batch, which is not whole (`drop_last`),",
            });
        }
        run.status.steps = Some(used.div_ceil(batches.step()));
        let mut batch = Batch::new(batches.step().min(used));
        let takes_gradient = run.settings.take_gradient() || C::TAKES_GRADIENT;
        let in_pieces = batches.accumulate > 1 && (G::WHOLE_BATCH || !L::PER_SAMPLE);
        let zeros = |is_needed: bool| is_needed.then(N::zeros);
        let (mut gradient, mut piece) = (zeros(takes_gradient || in_pieces), zeros(in_pieces));
        let mut order = Vec::with_capacity(places.len());
        while run.next_epoch(net, optimizer)? {
            run.order_into(places.len(), batches.shuffle, &mut order);
            let left = used.saturating_sub(run.status.samples);
            for chosen in order[..left].chunks(batches.step()) {
                batch.gather(data, chosen.iter().map(|index| places[*index]));
                batch.change(&batches, augmentation, &run, optimizer);
                let (inputs, targets) = (&batch.inputs[..], &batch.targets[..]);
                let step = |run: &mut TrainingLoop<_, _>, net: &mut N, optimizer: &mut O| {
                    let Some(gradient) = &mut gradient else {
                        return Ok(G::step(net, inputs, targets, &objective, optimizer));
                    };
                    let context = optimizer.context();
                    let loss = match &mut piece {
                        Some(piece) => {
                            let mean = Mean {
                                size: batches.size,
                                gradient: &mut **gradient,
                                piece: &mut **piece,
                            };
                            mean.of::<G, _, _>(net, context, inputs, targets, &objective)
                        }
                        None => {
                            G::gradient(net, Some(context), inputs, targets, &objective, gradient)
                        }
                    };
                    run.follow::<OfLayer<N>, O>(net, optimizer, gradient, loss)
                };
                let stepped =
                    run.step_described::<OfLayer<N>, O>(net, optimizer, inputs.len(), step);
                let goes_on = stepped.inspect_err(|error| {
                    // Where good weights have no finite loss either, it is the data that are not good.
                    if matches!(error, Error::Diverged { .. })
                        && N::Scalar::are_finite(flat(inputs))
                        && G::loss(N::from_slice(run.good()), inputs, targets, &objective)
                            .is_finite()
                    {
                        net.as_mut_slice().copy_from_slice(run.good());
                    }
                })?;
                if !goes_on {
                    break;
                }
            }
            let epoch = run.status.epoch;
            let validate = |net: &N| match &held_out {
                Some(part) => <Measuring as Measures<N, L, Y>>::measure::<G>(
                    net,
                    part.inputs(),
                    part.targets(),
                    loss,
                    epoch,
                ),
                None => {
                    let (inputs, targets) = validation.samples();
                    V::How::measure::<G>(net, inputs, targets, loss, epoch)
                }
            };
            run.end_epoch_described::<OfLayer<N>, O>(net, optimizer, |net| {
                Ok(validate(net)?.map(Validation::new))
            })
            .inspect_err(|error| {
                // Where good weights have no finite loss either, it is the data that are not good.
                if matches!(error, Error::DivergedInValidation { .. })
                    && validate(N::from_slice(run.good())).is_ok()
                {
                    net.as_mut_slice().copy_from_slice(run.good());
                }
            })?;
        }
        run.finish_in_place(net, optimizer)
    }
}

/// The mean gradient of several batches, each of which is one of its own.
struct Mean<'a, N> {
    /// Samples a batch.
    size: usize,
    gradient: &'a mut N,
    piece: &'a mut N,
}

impl<N: Layer> Mean<'_, N> {
    /// Writes it, and gives back the mean loss.
    fn of<G, Y, L>(
        self,
        net: &N,
        context: Context,
        inputs: &[N::Input],
        targets: &[Y],
        loss: &L,
    ) -> N::Scalar
    where
        G: Through<N>,
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
    {
        let Self { size, gradient, piece } = self;
        gradient.as_mut_slice().fill(N::Scalar::of(0.0));
        let (mut mean, mut first) = (0.0, 0);
        for (part, targets) in inputs.chunks(size).zip(targets.chunks(size)) {
            let context = context.samples_from(first);
            let share = as_f64(part.len()) / as_f64(inputs.len());
            mean += share * G::gradient(net, Some(context), part, targets, loss, piece).as_f64();
            vector::add_scaled(gradient.as_mut_slice(), N::Scalar::of(share), piece.as_slice());
            first += part.len();
        }
        N::Scalar::of(mean)
    }
}

/// The weights of the classes among some targets; none where all are alike.
fn weights_of_classes<N, Y, L>(
    weights: &ClassWeights,
    loss: &L,
    targets: &[Y],
    places: &[usize],
) -> Vec<f64>
where
    N: Layer,
    L: Loss<N::Output, Y, N::Activation>,
{
    match weights {
        ClassWeights::Alike => Vec::new(),
        ClassWeights::Given(weights) => weights.clone(),
        ClassWeights::Balanced => {
            let mut counts = Vec::new();
            for place in places {
                if let Some((class, classes)) = loss.class_of(&targets[*place]) {
                    counts.resize(classes, 0);
                    counts[class] += 1;
                }
            }
            let mean = as_f64(places.len()) / as_f64(counts.len());
            // A class without a sample is never asked for.
            counts.iter().map(|count| mean / as_f64(*count).max(1.0)).collect()
        }
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
    fn trainer<C>(
        trainer: &mut Trainer<L, O, V, A, C>,
    ) -> &mut Trainer<Self::Loss, Self::Optimizer, Self::Validation, Self::Augmentation, C>;
}

impl<T, L, O, V, A> Parts<L, O, V, A> for T {
    type Loss = L;
    type Optimizer = O;
    type Validation = V;
    type Augmentation = A;
    type Gradients = Backpropagation;

    fn trainer<C>(trainer: &mut Trainer<L, O, V, A, C>) -> &mut Trainer<L, O, V, A, C> {
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
