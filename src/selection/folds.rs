//! Folds: which samples train, and which test.

use core::fmt;
use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::core::Error;
use crate::data::{Dataset, Stratified};

/// The places of the samples of one fold, both ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Those to train with.
    pub train: Vec<usize>,
    /// Those to test on.
    pub test: Vec<usize>,
}

impl Places {
    /// All samples but those to test on, and these.
    fn without(samples: usize, mut test: Vec<usize>) -> Self {
        test.sort_unstable();
        let mut rest = test.iter().peekable();
        let train = (0..samples).filter(|place| rest.next_if_eq(&place).is_none()).collect();
        Self { train, test }
    }
}

/// A way to cut data into folds: [`KFold`], [`StratifiedKFold`], or one of one's own.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::selection::{Folds, KFold, Places};
///
/// let data: Dataset<i32, bool> = (0..7).map(|i| (i, i % 2 == 0)).collect();
/// let sizes: Vec<_> = KFold::new(3).folds(&data)?.map(|fold| (fold.train.len(), fold.test.len())).collect();
/// assert_eq!(sizes, [(4, 3), (5, 2), (5, 2)]);
///
/// /// Each fold trains with what came before its test.
/// struct InTime;
///
/// impl<Y> Folds<Y> for InTime {
///     fn places(&self, targets: &[Y]) -> Result<Vec<Places>, axonal::Error> {
///         let half = targets.len() / 2;
///         Ok((half..targets.len()).map(|next| Places { train: (0..next).collect(), test: vec![next] }).collect())
///     }
/// }
///
/// let last = InTime.folds(&data)?.last().unwrap();
/// assert_eq!((last.train.len(), last.test.inputs()), (6, &[6][..]));
/// # Ok::<(), axonal::Error>(())
/// ```
pub trait Folds<Y> {
    /// The places of each fold.
    ///
    /// # Errors
    ///
    /// If there are too few samples.
    fn places(&self, targets: &[Y]) -> Result<Vec<Places>, Error>;

    /// What the generators of the folds are made of, each with the number of its fold.
    fn seed(&self) -> u64 {
        0
    }

    /// The folds, one after the other: the data of each are copied when it is asked for.
    ///
    /// # Errors
    ///
    /// Those of [`places`](Self::places).
    ///
    /// # Panics
    ///
    /// If a place is not among the samples.
    fn folds<I: Copy>(
        &self,
        data: &Dataset<I, Y>,
    ) -> Result<impl ExactSizeIterator<Item = Fold<I, Y>>, Error>
    where
        Y: Copy,
    {
        let (seed, places) = (self.seed(), self.places(data.targets())?);
        Ok(places
            .into_iter()
            .enumerate()
            .map(move |(number, places)| Fold::new(data, &places, number, seed)))
    }
}

/// The data of one fold.
pub struct Fold<I, Y> {
    /// To train with.
    pub train: Dataset<I, Y>,
    /// To test on.
    pub test: Dataset<I, Y>,
    /// Its number, from 0 on.
    pub number: usize,
    seed: u64,
}

impl<I: Copy, Y: Copy> Fold<I, Y> {
    #[track_caller]
    pub(super) fn new(data: &Dataset<I, Y>, places: &Places, number: usize, seed: u64) -> Self {
        let select = |places: &[usize]| data.select(places.iter().copied());
        Self { train: select(&places.train), test: select(&places.test), number, seed }
    }
}

impl<I, Y> Fold<I, Y> {
    /// A generator of its own: the same at each call, and another one in each fold. It does not depend on what runs beside the fold.
    pub fn rng(&self) -> StdRng {
        // A generator of the seed gives one for each fold: seeds that follow each other have no fold in common.
        let mut seeds = StdRng::seed_from_u64(self.seed);
        let number = self.number as u64;
        StdRng::seed_from_u64(rand::Rng::next_u64(&mut seeds).wrapping_add(number))
    }
}

/// Sizes only, as [`Dataset`].
impl<I, Y> fmt::Debug for Fold<I, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut of = f.debug_struct("Fold");
        of.field("number", &self.number).field("train", &self.train.len());
        of.field("test", &self.test.len()).finish_non_exhaustive()
    }
}

/// What both kinds of folds have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settings {
    folds: usize,
    seed: Option<u64>,
    times: usize,
}

impl Settings {
    #[track_caller]
    fn new(folds: usize) -> Self {
        assert!(folds > 1, "a cross-validation takes two folds at least, found {folds}");
        Self { folds, seed: None, times: 1 }
    }

    /// The folds of each time, in a row.
    fn places(
        self,
        samples: usize,
        once: impl Fn(Option<&mut StdRng>) -> Vec<Vec<usize>>,
    ) -> Result<Vec<Places>, Error> {
        self.check("the data of a cross-validation", samples)?;
        let mut rng = self.seed.map(StdRng::seed_from_u64);
        let tests = (0..self.times).flat_map(|_| once(rng.as_mut()));
        Ok(tests.map(|test| Places::without(samples, test)).collect())
    }

    fn check(self, what: &str, samples: usize) -> Result<(), Error> {
        if samples >= self.folds {
            return Ok(());
        }
        let what = what.to_owned();
        Err(Error::TooFewSamples { what, expected: self.folds, found: samples })
    }
}

macro_rules! settings {
    ($of:ident) => {
        impl $of {
            /// This many folds, of samples in their order.
            ///
            /// # Panics
            ///
            /// If there are fewer than 2.
            #[track_caller]
            pub fn new(folds: usize) -> Self {
                Self(Settings::new(folds))
            }

            /// Draws the samples of each fold at random.
            pub fn shuffle(self, seed: u64) -> Self {
                Self(Settings { seed: Some(seed), ..self.0 })
            }

            /// All folds this many times, [drawn](Self::shuffle) anew each time: their number is multiplied.
            ///
            /// # Panics
            ///
            /// If it is 0.
            #[track_caller]
            pub fn repeated(self, times: usize, seed: u64) -> Self {
                assert!(times > 0, "folds are drawn once at least, found `repeated(0, …)`");
                Self(Settings { times, ..self.shuffle(seed).0 })
            }
        }
    };
}

/// Cuts the data into `k` parts, each of which is the test of one fold, and trains with the others. scikit-learn's `KFold`; [`repeated`](Self::repeated), its
/// `RepeatedKFold`.
///
/// Of n samples, the first n mod k parts have one more than the others. With as many folds as samples it is `LeaveOneOut`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct KFold(Settings);

settings!(KFold);

impl<Y> Folds<Y> for KFold {
    /// # Errors
    ///
    /// [`Error::TooFewSamples`] if there are fewer samples than folds.
    fn places(&self, targets: &[Y]) -> Result<Vec<Places>, Error> {
        let (folds, samples) = (self.0.folds, targets.len());
        self.0.places(samples, |rng| {
            let mut order: Vec<usize> = (0..samples).collect();
            if let Some(rng) = rng {
                order.shuffle(rng);
            }
            let mut rest = &order[..];
            (0..folds)
                .map(|fold| {
                    let size = samples / folds + usize::from(fold < samples % folds);
                    let (test, others) = rest.split_at(size);
                    rest = others;
                    test.to_vec()
                })
                .collect()
        })
    }

    fn seed(&self) -> u64 {
        self.0.seed.unwrap_or(0)
    }
}

/// Folds each of which has the same share of each class, to within one sample. scikit-learn's `StratifiedKFold`; [`repeated`](Self::repeated), its
/// `RepeatedStratifiedKFold`.
///
/// ```
/// use axonal::selection::{Folds, StratifiedKFold};
///
/// let wine = axonal::data::csv("examples/data/wine.csv").classification::<f32, 13, 3>()?;
/// assert_eq!(wine.class_counts(), [59, 71, 48]);
/// for fold in StratifiedKFold::new(5).shuffle(7).folds(&wine)? {
///     let counts = fold.test.class_counts();
///     assert!((11..=12).contains(&counts[0]) && (14..=15).contains(&counts[1]) && (9..=10).contains(&counts[2]));
/// }
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct StratifiedKFold(Settings);

settings!(StratifiedKFold);

impl<Y: Stratified> Folds<Y> for StratifiedKFold {
    /// # Errors
    ///
    /// [`Error::TooFewSamples`] if there are fewer samples than folds, of a class that has any or of all.
    fn places(&self, targets: &[Y]) -> Result<Vec<Places>, Error> {
        let folds = self.0.folds;
        let classes = classes(targets.iter().map(Stratified::stratum));
        for (class, places) in &classes {
            self.0
                .check(&format!("class {class} in a stratified cross-validation"), places.len())?;
        }
        self.0.places(targets.len(), |mut rng| {
            let mut tests = vec![Vec::new(); folds];
            // Sorted by class, the samples are dealt out in turn: so all folds are of one size too, to within a sample. Which of a class go to a fold is
            // the first ones in their order, or random.
            let mut dealt = 0;
            for (_, places) in &classes {
                let mut counts = vec![0; folds];
                for _ in places {
                    counts[dealt % folds] += 1;
                    dealt += 1;
                }
                let mut places = places.clone();
                if let Some(rng) = rng.as_deref_mut() {
                    places.shuffle(rng);
                }
                let mut rest = &places[..];
                for (test, count) in tests.iter_mut().zip(counts) {
                    let (own, others) = rest.split_at(count);
                    test.extend_from_slice(own);
                    rest = others;
                }
            }
            tests
        })
    }

    fn seed(&self) -> u64 {
        self.0.seed.unwrap_or(0)
    }
}

/// The places of the samples of each class, the classes in the order in which they appear.
fn classes(targets: impl Iterator<Item = usize>) -> Vec<(usize, Vec<usize>)> {
    let mut classes: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut known = BTreeMap::new();
    for (place, class) in targets.enumerate() {
        let at = *known.entry(class).or_insert(classes.len());
        if at == classes.len() {
            classes.push((class, Vec::new()));
        }
        classes[at].1.push(place);
    }
    classes
}
