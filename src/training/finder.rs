//! Which learning rate to begin with: a sweep from small to large, and the curve of the losses on the way.

use core::fmt;

use num_traits::Float;
use rand::Rng;
use rand::seq::SliceRandom;

use super::history::sparkline;
use crate::core::{Error, Scalar};
use crate::data::Dataset;
use crate::figures::{Figure, Plot};
#[cfg(doc)]
use crate::layers::Differentiable;
use crate::layers::Layer;
use crate::losses::Loss;
use crate::messages::{
    AsNetwork, Backpropagation, Behind, LossOf, OptimizerOf, SizeOf, Through, documented,
};
use crate::optimizers::Optimizer;

/// Finds a learning rate to begin with: trains a copy of the network with a rate that grows from step to step, and looks at where the loss falls.
///
/// The network, the data and the optimizer stay as they are. Steps are on batches of the data, shuffled for each round; the last one of a round is left out where it
/// is smaller. The rate grows exponentially, rᵢ = from · (to/from)^(i/(steps − 1)), and the sweep ends early where the smoothed loss is more than four times
/// the least one, or NaN. Values and suggestions are Lightning's (`LearningRateFinder`) and fastai's (`lr_find`).
///
/// ```
/// use axonal::prelude::*;
/// use axonal::training::LearningRateFinder;
///
/// network! { struct Flowers<input 4 => dense 16 tanh => dense 3>; }
///
/// let iris = axonal::data::csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
/// let mut rng = StdRng::seed_from_u64(1);
/// let mut net = Flowers::random(&mut rng);
/// let curve = LearningRateFinder::new(CrossEntropy, Adam::default()).find(&*net, &iris, &mut rng)?;
/// println!("{curve}");
/// let rate = curve.suggestion().expect("the loss falls somewhere");
/// assert!((1e-5..1.0).contains(&rate));
/// Trainer::new(CrossEntropy, Adam::new(rate)).epochs(5).fit(&mut *net, &iris, &mut rng)?;
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// Source: L. N. Smith, [Cyclical learning rates for training neural networks](https://arxiv.org/abs/1506.01186) (2015).
#[derive(Clone, Debug)]
#[must_use = "a finder does nothing until `find`"]
pub struct LearningRateFinder<L, O> {
    loss: L,
    optimizer: O,
    from: f64,
    to: f64,
    steps: usize,
    batch_size: usize,
}

impl<L, O> LearningRateFinder<L, O> {
    /// A finder with the loss and the optimizer of the training to come: 100 steps, from 10⁻⁷ to 10, on batches of 32.
    pub fn new(loss: L, optimizer: O) -> Self {
        Self { loss, optimizer, from: 1e-7, to: 10.0, steps: 100, batch_size: 32 }
    }

    /// Sets the first and the last learning rate.
    ///
    /// # Panics
    ///
    /// If they are not above 0, the second not above the first, or one NaN or infinite.
    #[track_caller]
    pub fn rates(mut self, from: f64, to: f64) -> Self {
        assert!(
            0.0 < from && from < to && to.is_finite(),
            "learning rates are swept from one above 0 to a larger one, found `rates({from}, {to})`"
        );
        (self.from, self.to) = (from, to);
        self
    }

    /// Sets how many steps the sweep takes, if it is not ended early.
    ///
    /// # Panics
    ///
    /// If there are fewer than 2.
    #[track_caller]
    pub fn steps(mut self, steps: usize) -> Self {
        assert!(steps > 1, "a sweep takes two steps at least, found `steps({steps})`");
        self.steps = steps;
        self
    }

    /// Sets how many samples a step takes: as many as those of the training to come. Where there are not as many, it takes all.
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

    documented! {
    /// Sweeps.
    ///
    /// # Errors
    ///
    /// * [`Error::Empty`] if there are no data.
    /// * [`Error::InvalidNumber`] if the loss of a batch is NaN or infinite with the network as it is given: then it is not the learning rate.
    pub fn find<N, Y, R, B, M>(
        &self,
        net: &B,
        data: &Dataset<N::Input, Y>,
        rng: &mut R,
    ) -> Result<LearningRateCurve, Error>
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        Y: Copy + Sync + FinderParts<L, O>,
        Y::Gradients: Through<N, Is: Copy>,
        Y::Loss: LossOf<N, Y, Size: SizeOf<N, Is: Copy> + Behind<N, N::Activation, Y::Loss, Is: Copy>>,
        Y::Optimizer: OptimizerOf<N, Is: Copy> + Clone,
        R: Rng + ?Sized,
    }
    documented as <N, Y, R>(&self, net: &N, data: &Dataset<N::Input, Y>, rng: &mut R)
    where {
        N: Differentiable,
        Y: Copy + Sync,
        L: Loss<N::Output, Y, N::Activation>,
        O: Optimizer<N::Scalar> + Clone,
        R: Rng + ?Sized,
    }
    {
        Y::finder(self).sweep::<Y::Gradients, _, _, _>(net.as_network(), data, rng)
    }
    }

    fn sweep<G, N, Y, R>(
        &self,
        net: &N,
        data: &Dataset<N::Input, Y>,
        rng: &mut R,
    ) -> Result<LearningRateCurve, Error>
    where
        N: Layer,
        G: Through<N>,
        Y: Copy + Sync,
        L: Loss<N::Output, Y, N::Activation>,
        O: Optimizer<N::Scalar> + Clone,
        R: Rng + ?Sized,
    {
        if data.is_empty() {
            return Err(Error::Empty { what: "the data of a sweep over learning rates" });
        }
        let mut copy = N::zeros();
        copy.as_mut_slice().copy_from_slice(net.as_slice());
        let mut optimizer = self.optimizer.clone();
        optimizer.state_mut().set_seed(rng.next_u64());
        let size = self.batch_size.min(data.len());
        let mut order: Vec<usize> = (0..data.len()).collect();
        let mut batches = Vec::new();
        let mut curve = LearningRateCurve::new(self.steps);
        for step in 0..self.steps {
            if batches.is_empty() {
                order.shuffle(rng);
                batches.extend((0..order.len() / size).rev());
            }
            let first = batches.pop().unwrap_or_default() * size;
            let batch = data.select(order[first..first + size].iter().copied());
            #[expect(clippy::cast_precision_loss, reason = "counts of steps")]
            let part = step as f64 / (self.steps - 1) as f64;
            let rate = self.from * (self.to / self.from).powf(part);
            optimizer.set_learning_rate(rate);
            let (inputs, targets) = (batch.inputs(), batch.targets());
            let loss = G::step(&mut *copy, inputs, targets, &self.loss, &mut optimizer);
            if !loss.is_finite() {
                let before = G::loss(net, inputs, targets, &self.loss);
                if step == 0 || !before.is_finite() {
                    return Err(Error::InvalidNumber {
                        place: format!("the loss of batch {}, before any training", step + 1),
                        expected: "a finite number: check the data for NaN and unscaled values",
                        found: if step == 0 { loss.as_f64() } else { before.as_f64() },
                    });
                }
            }
            if !curve.push(rate, loss.as_f64()) {
                break;
            }
        }
        Ok(curve)
    }
}

/// The parts of a [`LearningRateFinder`], as [`Parts`](super::Parts) are those of a trainer.
pub trait FinderParts<L, O> {
    /// `L`
    type Loss;
    /// `O`
    type Optimizer;
    /// [`Backpropagation`]
    type Gradients;

    /// The finder, as one with these parts.
    fn finder(
        finder: &LearningRateFinder<L, O>,
    ) -> &LearningRateFinder<Self::Loss, Self::Optimizer>;
}

impl<T, L, O> FinderParts<L, O> for T {
    type Loss = L;
    type Optimizer = O;
    type Gradients = Backpropagation;

    fn finder(finder: &LearningRateFinder<L, O>) -> &LearningRateFinder<L, O> {
        finder
    }
}

/// What a [`LearningRateFinder`] saw; displays as a line of blocks with the rates that it suggests.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningRateCurve {
    rates: Vec<f64>,
    losses: Vec<f64>,
    smoothed: Vec<f64>,
    diverged_at: Option<f64>,
    /// The average that `smoothed` corrects.
    average: f64,
    /// How many steps at the beginning no suggestion looks at.
    skipped: usize,
}

impl LearningRateCurve {
    /// How much of the average is kept at each step.
    const SMOOTHING: f64 = 0.98;
    /// A loss that is this many times the least one ends the sweep.
    const TOO_MUCH: f64 = 4.0;

    fn new(steps: usize) -> Self {
        Self {
            rates: Vec::new(),
            losses: Vec::new(),
            smoothed: Vec::new(),
            diverged_at: None,
            average: 0.0,
            skipped: steps / 10,
        }
    }

    /// Takes a step's loss, and says whether there is to be another one.
    fn push(&mut self, rate: f64, loss: f64) -> bool {
        if !loss.is_finite() {
            self.diverged_at = Some(rate);
            return false;
        }
        self.average = Self::SMOOTHING * self.average + (1.0 - Self::SMOOTHING) * loss;
        self.rates.push(rate);
        self.losses.push(loss);
        let count = i32::try_from(self.rates.len()).unwrap_or(i32::MAX);
        let smoothed = self.average / (1.0 - Self::SMOOTHING.powi(count));
        let best = self.smoothed.iter().copied().reduce(f64::min);
        self.smoothed.push(smoothed);
        // Of losses that are below 0, as some are, a multiple is no bound.
        if best.is_some_and(|best| best > 0.0 && smoothed > Self::TOO_MUCH * best) {
            self.diverged_at = Some(rate);
        }
        self.diverged_at.is_none()
    }

    /// The learning rates, ascending.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// The loss of the batch of each step, before the step with its learning rate.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The losses, smoothed: their exponentially weighted mean with β = 0.98, corrected for its start from 0 as Adam corrects its own.
    pub fn smoothed(&self) -> &[f64] {
        &self.smoothed
    }

    /// The learning rate at which the sweep ended early, because the smoothed loss was more than four times the least one, or the loss or a weight NaN or infinite.
    pub fn diverged_at(&self) -> Option<f64> {
        self.diverged_at
    }

    /// A learning rate to begin with: half of the way down the longest valley, the longest row of smoothed losses of which each is less than the one before. fastai's
    /// `valley`, which noise moves less than the other suggestions. The first tenth of the steps and the last five are left out. None where no loss is less than
    /// one before it.
    pub fn suggestion(&self) -> Option<f64> {
        let losses = self.smoothed.get(self.skipped..self.smoothed.len().saturating_sub(5))?;
        let (mut lengths, mut end) = (vec![1; losses.len()], 0);
        for at in 1..losses.len() {
            let before = lengths[..at].iter().zip(losses).filter(|(_, loss)| losses[at] < **loss);
            lengths[at] = 1 + before.map(|(length, _)| *length).max().unwrap_or(0);
            if lengths[end] < lengths[at] {
                end = at;
            }
        }
        let length = lengths.get(end).copied().filter(|length| *length > 1)?;
        // Where the row has no gaps, it begins one place later than fastai takes it to.
        let at = (self.skipped + end + length / 3 + length / 6).saturating_sub(length);
        self.rates.get(at).copied()
    }

    /// The learning rate at which the smoothed loss falls fastest from step to step: Lightning's suggestion. The first tenth of the steps and the last one are
    /// left out. None where there are fewer than two others, or the loss falls nowhere.
    ///
    /// Of few or noisy batches this may be a place near the beginning, where smoothing has few losses to work with.
    pub fn steepest(&self) -> Option<f64> {
        let end = self.smoothed.len().saturating_sub(1);
        let losses = self.smoothed.get(self.skipped..end)?;
        if losses.len() < 2 {
            return None;
        }
        // NumPy's `gradient`: central differences, and those of two neighbours at the ends.
        let slope = |at: usize| {
            let (before, after) = (at.saturating_sub(1), (at + 1).min(losses.len() - 1));
            let distance = if after - before == 2 { 2.0 } else { 1.0 };
            (losses[after] - losses[before]) / distance
        };
        let steepest = (0..losses.len())
            .map(|at| (at, slope(at)))
            .reduce(|best, other| if other.1 < best.1 { other } else { best });
        steepest.filter(|(_, slope)| *slope < 0.0).map(|(at, _)| self.rates[self.skipped + at])
    }

    /// A tenth of the learning rate at which the smoothed loss is least, the first such if there are several: fastai's `minimum`.
    pub fn tenth_of_minimum(&self) -> Option<f64> {
        self.least().map(|rate| rate / 10.0)
    }

    /// Losses over learning rates, and what is suggested. The losses are on a logarithmic axis where they span more than two decades.
    ///
    /// ```no_run
    /// # use axonal::prelude::*;
    /// # use axonal::training::LearningRateFinder;
    /// # network! { struct Net<input 1 => dense 1>; }
    /// # let (net, mut rng) = (Net::zeros(), StdRng::seed_from_u64(1));
    /// # let data: Dataset<SVector<f32, 1>, SVector<f32, 1>> = Dataset::new(vec![], vec![])?;
    /// let curve = LearningRateFinder::new(MeanSquaredError, Adam::default()).find(&*net, &data, &mut rng)?;
    /// curve.figure().save("rates.svg")?;
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn figure(&self) -> Figure {
        let points = |losses: &[f64]| -> Vec<(f64, f64)> {
            self.rates.iter().copied().zip(losses.iter().copied()).collect()
        };
        let mut plot = Plot::new("learning rate", "loss")
            .log_x()
            .points("of a batch", points(&self.losses))
            .line("smoothed", points(&self.smoothed));
        let ends = |f: fn(f64, f64) -> f64| self.losses.iter().copied().reduce(f).unwrap_or(1.0);
        if ends(f64::min) > 0.0 && ends(f64::max) > 100.0 * ends(f64::min) {
            plot = plot.log_y();
        }
        let at = |rate: f64| self.rates.iter().position(|other| *other == rate);
        if let Some((rate, at)) = self.suggestion().and_then(|rate| Some((rate, at(rate)?))) {
            plot = plot.mark(rate, self.smoothed[at], format!("{rate:.1e}"));
        }
        plot.figure()
    }

    fn least(&self) -> Option<f64> {
        let points = self.rates.iter().zip(&self.smoothed);
        points.reduce(|best, other| if other.1 < best.1 { other } else { best }).map(|(r, _)| *r)
    }
}

impl fmt::Display for LearningRateCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(first), Some(last)) = (self.rates.first(), self.rates.last()) else {
            return f.write_str("no step");
        };
        let steps = self.rates.len();
        let s = if steps == 1 { "" } else { "s" };
        writeln!(f, "smoothed loss of {steps} step{s}, learning rates {first:.1e} to {last:.1e}:")?;
        writeln!(f, "  {}", sparkline(&self.smoothed, 60))?;
        match self.suggestion() {
            Some(rate) => write!(f, "suggestion {rate:.1e}")?,
            None => f.write_str("no suggestion")?,
        }
        if let Some(rate) = self.steepest() {
            write!(f, "; falls fastest at {rate:.1e}")?;
        }
        if let Some(rate) = self.least() {
            write!(f, "; least at {rate:.1e}")?;
        }
        match self.diverged_at {
            Some(rate) => write!(f, "; diverged at {rate:.1e}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// See `tests/fixtures/finder.py`.
    #[test]
    fn suggestions_are_those_of_lightning_and_fastai() {
        for line in include_str!("../../tests/fixtures/finder.txt").lines() {
            let mut numbers = line.split(' ');
            let [steepest, valley] =
                [(); 2].map(|()| numbers.next().unwrap().parse::<usize>().unwrap());
            let mut curve = LearningRateCurve::new(100);
            curve.smoothed = numbers.map(|number| number.parse().unwrap()).collect();
            curve.rates = (0..curve.smoothed.len()).map(|at| at as f64).collect();
            assert_eq!(curve.steepest(), Some(steepest as f64));
            assert_eq!(curve.suggestion(), Some(valley as f64));
        }
    }
}
