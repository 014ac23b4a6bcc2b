//! Folds on all cores.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::{CrossValidated, Fold, Folds, IntoScores, Search, Trial};
use crate::core::Error;
use crate::data::Dataset;
use crate::parallel::{alone, workers};

/// Measures a way to train on folds of the data: each part is tested on with a network that was trained with the others.
///
/// Folds run side by side, as many as there are [threads](crate::num_threads), and each on one thread. What they give does not depend on that: each fold has a
/// [generator of its own](Fold::rng), the same for all configurations of a search, and results stand in the order of folds and configurations.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::selection::{CrossValidation, StratifiedKFold};
///
/// network! { struct Flowers<input 4 => dense 8 tanh => dense 3>; }
///
/// let iris = axonal::data::csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
/// let report = CrossValidation::new(StratifiedKFold::new(5).shuffle(7)).run(&iris, |fold| {
///     let mut rng = fold.rng();
///     let mut net = Flowers::random(&mut rng);
///     Trainer::new(CrossEntropy, Adam::new(0.05)).epochs(10).fit(&mut *net, &fold.train, &mut rng)?;
///     Ok(Evaluation::of(&*net, &fold.test))
/// })?;
/// println!("{report}");              // a line for each fold, and mean ± standard deviation of each score
/// assert!(report.score().expect("no fold diverged").mean > 0.9);
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// What a data set teaches about its own scale belongs to the fold: fit a [`Standardizer`](crate::data::Standardizer) on `fold.train`.
///
/// Memory: each fold that runs has a copy of the data.
#[derive(Clone, Debug)]
#[must_use = "a cross-validation does nothing until `run` or `search`"]
pub struct CrossValidation<S> {
    folds: S,
    progress: bool,
}

impl<S> CrossValidation<S> {
    /// A cross-validation over these [folds](Folds).
    pub fn new(folds: S) -> Self {
        Self { folds, progress: false }
    }

    /// Shows a progress bar over all folds on the standard error stream.
    pub fn progress_bar(mut self) -> Self {
        self.progress = true;
        self
    }

    /// Runs `train` on each fold: it trains a network on [`fold.train`](Fold::train), and gives what it scores on [`fold.test`](Fold::test).
    ///
    /// A fold that fails is in the report, with its reason.
    ///
    /// # Errors
    ///
    /// If there are too few samples for the folds.
    ///
    /// # Panics
    ///
    /// If `train` panics, with the same, or gives no score.
    pub fn run<I, Y, R>(
        &self,
        data: &Dataset<I, Y>,
        train: impl Fn(&Fold<I, Y>) -> Result<R, Error> + Sync,
    ) -> Result<CrossValidated, Error>
    where
        S: Folds<Y>,
        I: Copy + Sync,
        Y: Copy + Sync,
        R: IntoScores,
    {
        let mut reports = self.reports(data, &[()], |(), fold| train(fold))?;
        Ok(reports.pop().unwrap_or_else(|| CrossValidated::new(Vec::new())))
    }

    /// Runs `train` on each fold with each configuration: a type of one's own, whose `Debug` the table shows. They come from [`grid!`](crate::grid),
    /// [`sample_configs`](super::sample_configs), [`variants!`](crate::variants), or are any list.
    ///
    /// # Errors
    ///
    /// If there are too few samples for the folds. A configuration that fails is in the table, with its reason.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn search<C, I, Y, R>(
        &self,
        data: &Dataset<I, Y>,
        configs: impl IntoIterator<Item = C>,
        train: impl Fn(&C, &Fold<I, Y>) -> Result<R, Error> + Sync,
    ) -> Result<Search<C>, Error>
    where
        S: Folds<Y>,
        C: Sync,
        I: Copy + Sync,
        Y: Copy + Sync,
        R: IntoScores,
    {
        let configs: Vec<C> = configs.into_iter().collect();
        let reports = self.reports(data, &configs, train)?;
        let trials = configs.into_iter().zip(reports);
        let trials = trials.map(|(config, report)| Trial { config, report }).collect();
        Ok(Search { trials })
    }

    fn reports<C, I, Y, R>(
        &self,
        data: &Dataset<I, Y>,
        configs: &[C],
        train: impl Fn(&C, &Fold<I, Y>) -> Result<R, Error> + Sync,
    ) -> Result<Vec<CrossValidated>, Error>
    where
        S: Folds<Y>,
        C: Sync,
        I: Copy + Sync,
        Y: Copy + Sync,
        R: IntoScores,
    {
        let (seed, places) = (self.folds.seed(), self.folds.places(data.targets())?);
        let folds = places.len();
        let progress = self.progress.then(|| bar(folds * configs.len()));
        let mut results = side_by_side(folds * configs.len(), |job| {
            let (config, number) = (&configs[job / folds], job % folds);
            let fold = Fold::new(data, &places[number], number, seed);
            let scores = train(config, &fold).map(IntoScores::into_scores);
            if let Ok(scores) = &scores {
                assert!(!scores.is_empty(), "a fold gives one score at least, found none");
            }
            if let Some(progress) = &progress {
                progress.inc(1);
            }
            scores
        })
        .into_iter();
        if let Some(progress) = progress {
            progress.finish_and_clear();
        }
        Ok(configs
            .iter()
            .map(|_| CrossValidated::new(results.by_ref().take(folds).collect()))
            .collect())
    }
}

fn bar(jobs: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(jobs).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("fold {pos}/{len} {wide_bar} {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Does jobs by their numbers, on as many threads as there are, each of which works on its own. The results are in the order of the numbers.
///
/// If one panics, so does this, with the same; those that have not begun do not begin.
fn side_by_side<R: Send>(jobs: usize, job: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let results: Vec<Mutex<Option<R>>> = (0..jobs).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        /// No job is left where one panicked.
        struct Stop<'a>(&'a AtomicUsize, usize);

        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.store(self.1, Ordering::Relaxed);
                }
            }
        }

        let _stop = Stop(&next, jobs);
        alone(|| {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(result) = results.get(number) else { return };
                let done = job(number);
                *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
            }
        });
    };
    workers(jobs, work);
    let results = results.into_iter();
    results
        .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}
