//! Data sets cut into parts: in order, at random, with the same share of each class.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::Dataset;
use crate::core::{Class, Error};

/// A target that belongs to a stratum, of which each part of a stratified split has the same share: its class.
///
/// With a weight beside it, it is that of the target. For other targets, such as numbers, there is
/// [`Dataset::split_stratified_by`].
#[diagnostic::on_unimplemented(
    message = "a split by classes does not know the class of `{Self}`",
    note = "`split_stratified_by(fraction, |target| …, &mut rng)` takes a function that gives a number for each target"
)]
pub trait Stratified {
    /// How many strata there are.
    const STRATA: usize;

    /// The number of the stratum, below [`STRATA`](Self::STRATA).
    fn stratum(&self) -> usize;
}

impl<const N: usize> Stratified for Class<N> {
    const STRATA: usize = N;

    fn stratum(&self) -> usize {
        self.index()
    }
}

impl Stratified for bool {
    const STRATA: usize = 2;

    fn stratum(&self) -> usize {
        usize::from(*self)
    }
}

impl<Y: Stratified, W> Stratified for (Y, W) {
    const STRATA: usize = Y::STRATA;

    fn stratum(&self) -> usize {
        self.0.stratum()
    }
}

/// # Parts of the data
///
/// | | the first part is | scikit-learn's `train_test_split` |
/// |---|---|---|
/// | [`split`](Self::split) | the first samples | `shuffle=False` |
/// | [`split_shuffled`](Self::split_shuffled) | drawn at random | the default |
/// | [`split_stratified`](Self::split_stratified) | the first samples of each class | |
/// | [`split_stratified_shuffled`](Self::split_stratified_shuffled) | drawn at random from each class | `stratify=y` |
/// | [`split_stratified_by`](Self::split_stratified_by) | drawn at random from each group of targets | `stratify=bins` |
///
/// The same with `three` in the name cuts into three parts, to train, to validate and to test.
///
/// In a stratified split, each part gets its share of each class to within one sample (of three parts, two), and a class that has a sample for each
/// part is in each. A class with one sample is in the part with the largest share. A part whose share is 0 is empty.
impl<I, Y> Dataset<I, Y> {
    /// Cuts the data in two, in order: the first `fraction` of the samples (rounded to a whole number) and the rest.
    ///
    /// [Shuffle](Self::shuffle) first, unless the order is random already: files are often sorted by class.
    ///
    /// ```
    /// use axonal::data::Dataset;
    ///
    /// let data: Dataset<i32, i32> = (0..10).map(|i| (i, -i)).collect();
    /// let (train, test) = data.split(0.8)?;
    /// assert_eq!((train.len(), test.inputs()), (8, &[8, 9][..]));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::FractionOutOfRange`] if `fraction` is not from 0 to 1.
    pub fn split(self, fraction: f64) -> Result<(Self, Self), Error> {
        let [first, _] = shares(self.len(), two(fraction)?);
        Ok(self.split_at(first))
    }

    /// Cuts the data in three, in order.
    ///
    /// ```
    /// use axonal::data::Dataset;
    ///
    /// let data: Dataset<i32, i32> = (0..20).map(|i| (i, -i)).collect();
    /// let (train, validation, test) = data.split_three([0.7, 0.15, 0.15])?;
    /// assert_eq!((train.len(), validation.inputs(), test.len()), (14, &[14, 15, 16][..], 3));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::FractionOutOfRange`] if a fraction is not from 0 to 1; [`Error::InvalidNumber`] if their sum is not 1.
    pub fn split_three(self, fractions: [f64; 3]) -> Result<(Self, Self, Self), Error> {
        let [first, second, _] = shares(self.len(), three(fractions)?);
        let (first, rest) = self.split_at(first);
        let (second, third) = rest.split_at(second);
        Ok((first, second, third))
    }

    /// [Shuffles](Self::shuffle) the data and cuts it in two: a part of `fraction`, and the rest.
    ///
    /// ```
    /// use axonal::data::Dataset;
    /// use rand::{SeedableRng, rngs::StdRng};
    ///
    /// let data: Dataset<i32, i32> = (0..10).map(|i| (i, -i)).collect();
    /// let (train, test) = data.split_shuffled(0.8, &mut StdRng::seed_from_u64(7))?;
    /// assert_eq!((train.len(), test.len()), (8, 2));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn split_shuffled<R: Rng + ?Sized>(
        mut self,
        fraction: f64,
        rng: &mut R,
    ) -> Result<(Self, Self), Error> {
        two(fraction)?;
        self.shuffle(rng);
        self.split(fraction)
    }

    /// [Shuffles](Self::shuffle) the data and cuts it in three.
    ///
    /// # Errors
    ///
    /// As [`split_three`](Self::split_three).
    pub fn split_three_shuffled<R: Rng + ?Sized>(
        mut self,
        fractions: [f64; 3],
        rng: &mut R,
    ) -> Result<(Self, Self, Self), Error> {
        three(fractions)?;
        self.shuffle(rng);
        self.split_three(fractions)
    }

    /// Cuts the data in two as [`split`](Self::split) does, but takes the same `fraction` of each class.
    ///
    /// The first part has the first samples of each class, in order; the rest comes in another order than it had.
    ///
    /// ```
    /// use axonal::data::Class;
    ///
    /// // Three classes of 50 samples, sorted by class.
    /// let iris = axonal::data::csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
    /// let (train, test) = iris.split_stratified(0.8)?;
    /// assert_eq!(train.class_counts(), [40, 40, 40]);
    /// assert_eq!(test.class_counts(), [10, 10, 10]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::FractionOutOfRange`] if `fraction` is not from 0 to 1.
    pub fn split_stratified(self, fraction: f64) -> Result<(Self, Self), Error>
    where
        Y: Stratified,
    {
        let fractions = two(fraction)?;
        let strata = strata(self.targets().iter().map(|target| Some(target.stratum())));
        let parts = parts(&strata, self.len(), fractions);
        let [first, rest] = self.divide(parts);
        Ok((first, rest))
    }

    /// Cuts the data in two, and draws the same `fraction` of each class at random. Both parts are [shuffled](Self::shuffle).
    ///
    /// ```
    /// use axonal::data::csv;
    /// use rand::{SeedableRng, rngs::StdRng};
    ///
    /// let iris = csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
    /// let (train, test) = iris.split_stratified_shuffled(0.8, &mut StdRng::seed_from_u64(7))?;
    /// assert_eq!((train.class_counts(), test.class_counts()), (vec![40; 3], vec![10; 3]));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn split_stratified_shuffled<R: Rng + ?Sized>(
        self,
        fraction: f64,
        rng: &mut R,
    ) -> Result<(Self, Self), Error>
    where
        Y: Stratified,
    {
        self.split_stratified_by(fraction, Stratified::stratum, rng)
    }

    /// Cuts the data in three, and draws the same fractions of each class at random. Each part is [shuffled](Self::shuffle).
    ///
    /// ```
    /// use axonal::data::csv;
    /// use rand::{SeedableRng, rngs::StdRng};
    ///
    /// let iris = csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
    /// let (train, validation, test) =
    ///     iris.split_three_stratified([0.6, 0.2, 0.2], &mut StdRng::seed_from_u64(7))?;
    /// assert_eq!((train.class_counts(), test.class_counts()), (vec![30; 3], vec![10; 3]));
    /// # assert_eq!(validation.class_counts(), [10; 3]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`split_three`](Self::split_three).
    pub fn split_three_stratified<R: Rng + ?Sized>(
        self,
        fractions: [f64; 3],
        rng: &mut R,
    ) -> Result<(Self, Self, Self), Error>
    where
        Y: Stratified,
    {
        self.split_three_stratified_by(fractions, Stratified::stratum, rng)
    }

    /// [`split_stratified_shuffled`](Self::split_stratified_shuffled) with a function for the stratum of a target: for numbers, which of their quantiles
    /// it is in.
    ///
    /// ```
    /// use axonal::data::csv;
    /// use rand::{SeedableRng, rngs::StdRng};
    ///
    /// let diabetes = csv("examples/data/diabetes.csv").regression::<f64, 10, 1>()?;
    /// let mut sorted: Vec<f64> = diabetes.targets().iter().map(|target| target[0]).collect();
    /// sorted.sort_by(f64::total_cmp);
    /// let quartiles = [1, 2, 3].map(|quarter| sorted[quarter * sorted.len() / 4]);
    /// let quarter = |target: f64| quartiles.partition_point(|bound| *bound <= target);
    ///
    /// let mut rng = StdRng::seed_from_u64(7);
    /// let (train, test) = diabetes.split_stratified_by(0.8, |target| quarter(target[0]), &mut rng)?;
    /// let low = test.targets().iter().filter(|target| quarter(target[0]) == 0).count();
    /// assert_eq!(train.len() + test.len(), 442);
    /// assert!(low.abs_diff(22) <= 1);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn split_stratified_by<R: Rng + ?Sized>(
        self,
        fraction: f64,
        stratum: impl FnMut(&Y) -> usize,
        rng: &mut R,
    ) -> Result<(Self, Self), Error> {
        let [first, rest] = self.drawn_by(two(fraction)?, stratum, rng);
        Ok((first, rest))
    }

    /// [`split_three_stratified`](Self::split_three_stratified) with a function for the stratum of a target.
    ///
    /// # Errors
    ///
    /// As [`split_three`](Self::split_three).
    pub fn split_three_stratified_by<R: Rng + ?Sized>(
        self,
        fractions: [f64; 3],
        stratum: impl FnMut(&Y) -> usize,
        rng: &mut R,
    ) -> Result<(Self, Self, Self), Error> {
        let [first, second, third] = self.drawn_by(three(fractions)?, stratum, rng);
        Ok((first, second, third))
    }

    fn drawn_by<const PARTS: usize, R: Rng + ?Sized>(
        self,
        fractions: [f64; PARTS],
        mut stratum: impl FnMut(&Y) -> usize,
        rng: &mut R,
    ) -> [Self; PARTS] {
        let mut strata = strata(self.targets().iter().map(|target| Some(stratum(target))));
        strata.iter_mut().for_each(|places| shuffle(places, rng));
        let parts = parts(&strata, self.len(), fractions);
        let mut divided = self.divide(parts);
        divided.iter_mut().for_each(|part| part.shuffle(rng));
        divided
    }

    /// The samples of each part, where `parts` has the part of each sample. All but the last part keep their order.
    fn divide<const PARTS: usize>(mut self, mut parts: Vec<usize>) -> [Self; PARTS] {
        let mut sizes = [0; PARTS];
        let mut next = 0;
        for (part, size) in sizes.iter_mut().enumerate() {
            let begin = next;
            for place in begin..self.len() {
                if parts[place] == part {
                    self.swap(next, place);
                    parts.swap(next, place);
                    next += 1;
                }
            }
            *size = next - begin;
        }
        let mut rest = Some(self);
        sizes.map(|size| {
            let (part, others) = rest.take().map(|rest| rest.split_at(size)).unwrap_or_default();
            rest = Some(others);
            part
        })
    }
}

impl<I, Y> Default for Dataset<I, Y> {
    /// Without a sample.
    fn default() -> Self {
        Self::from_iter([])
    }
}

/// The places of the samples that are kept and of those that are drawn, both ascending: `fraction` of each stratum is drawn at random.
///
/// `strata` gives the stratum of each sample; those without one are a stratum of their own. Shares are rounded as [`Dataset`] says.
/// `fraction` is from 0 to 1: [`check_fraction`] says whether it is.
#[cfg(feature = "train")]
pub(crate) fn stratified_places<R: Rng + ?Sized>(
    targets: impl Iterator<Item = Option<usize>>,
    fraction: f64,
    rng: &mut R,
) -> (Vec<usize>, Vec<usize>) {
    let mut strata = strata(targets);
    strata.iter_mut().for_each(|places| shuffle(places, rng));
    let samples = strata.iter().map(Vec::len).sum();
    let parts = parts(&strata, samples, [1.0 - fraction, fraction]);
    (0..samples).partition(|place| parts[*place] == 0)
}

/// # Errors
///
/// [`Error::FractionOutOfRange`] if `fraction` is not from 0 to 1.
fn check_fraction(fraction: f64) -> Result<(), Error> {
    if (0.0..=1.0).contains(&fraction) {
        Ok(())
    } else {
        Err(Error::FractionOutOfRange { fraction })
    }
}

fn two(fraction: f64) -> Result<[f64; 2], Error> {
    check_fraction(fraction)?;
    Ok([fraction, 1.0 - fraction])
}

fn three(fractions: [f64; 3]) -> Result<[f64; 3], Error> {
    fractions.into_iter().try_for_each(check_fraction)?;
    let found: f64 = fractions.iter().sum();
    // Decimals such as 0.7 are rounded, each by less than this.
    if (found - 1.0).abs() <= 1e-9 {
        return Ok(fractions);
    }
    let place = "the sum of the fractions of a data set".to_owned();
    Err(Error::InvalidNumber { place, expected: "1", found })
}

/// The places of each stratum's samples, ascending.
fn strata(targets: impl Iterator<Item = Option<usize>>) -> Vec<Vec<usize>> {
    let mut strata: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (place, stratum) in targets.enumerate() {
        strata.entry(stratum).or_default().push(place);
    }
    strata.into_values().collect()
}

/// The part of each sample: those of a stratum are dealt out in their order there.
fn parts<const PARTS: usize>(
    strata: &[Vec<usize>],
    samples: usize,
    fractions: [f64; PARTS],
) -> Vec<usize> {
    let mut parts = vec![0; samples];
    for places in strata {
        let sizes = match places.len() {
            1 => alone(fractions),
            len => present(shares(len, fractions), fractions),
        };
        let dealt =
            sizes.into_iter().enumerate().flat_map(|(part, size)| (0..size).map(move |_| part));
        for (place, part) in places.iter().zip(dealt) {
            parts[*place] = part;
        }
    }
    parts
}

/// How many of `len` samples each part gets. The ends of the parts are rounded, so that the sizes add up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the product is between 0 and `len`, which is far below 2^53"
)]
fn shares<const PARTS: usize>(len: usize, fractions: [f64; PARTS]) -> [usize; PARTS] {
    let (mut sum, mut begin, mut part) = (0.0, 0, 0);
    fractions.map(|fraction| {
        sum += fraction;
        part += 1;
        let end = ((len as f64 * sum).round() as usize).clamp(begin, len);
        let end = if part == PARTS { len } else { end };
        end - std::mem::replace(&mut begin, end)
    })
}

/// The part with the largest share has the only sample: of several, the first.
fn alone<const PARTS: usize>(fractions: [f64; PARTS]) -> [usize; PARTS] {
    let mut largest = 0;
    for (part, fraction) in fractions.iter().enumerate() {
        if *fraction > fractions[largest] {
            largest = part;
        }
    }
    std::array::from_fn(|part| usize::from(part == largest))
}

/// Where a part with a share has no sample, it gets one of the largest part, if that has another.
fn present<const PARTS: usize>(
    mut sizes: [usize; PARTS],
    fractions: [f64; PARTS],
) -> [usize; PARTS] {
    for part in 0..PARTS {
        let largest = (0..PARTS).max_by_key(|part| sizes[*part]).unwrap_or(part);
        if sizes[part] == 0 && fractions[part] > 0.0 && sizes[largest] > 1 {
            sizes[part] += 1;
            sizes[largest] -= 1;
        }
    }
    sizes
}

/// Fisher and Yates.
fn shuffle<R: Rng + ?Sized>(places: &mut [usize], rng: &mut R) {
    for last in (1..places.len()).rev() {
        places.swap(last, rng.random_range(0..=last));
    }
}
