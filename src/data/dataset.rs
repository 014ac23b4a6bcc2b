use std::fmt;
use std::iter::Zip;
use std::{mem, slice, vec};

use rand::{Rng, RngExt};

use crate::core::Class;
use crate::core::{Error, Sample};
use crate::memory::append;

/// Samples: inputs, and for each of them a target.
///
/// Inputs and targets are two slices of one length, which is the form that training reads: a batch is a part of them,
/// not a copy. A data set may be empty, as a part of a split can be: training asks for a sample, and an evaluation without one is NaN.
///
/// ```
/// use axonal::data::{Class, Dataset};
/// use nalgebra::SVector;
///
/// let inputs = vec![[0.0, 1.0].into(), [1.0, 1.0].into(), [1.0, 0.0].into()];
/// let targets = vec![Class::new(1)?, Class::new(0)?, Class::new(1)?];
/// let xor: Dataset<SVector<f32, 2>, Class<2>> = Dataset::new(inputs, targets)?;
///
/// assert_eq!(xor.len(), 3);
/// let sizes: Vec<usize> = xor.batches(2).map(|(inputs, _targets)| inputs.len()).collect();
/// assert_eq!(sizes, [2, 1]);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(PartialEq, Eq)]
pub struct Dataset<I, Y> {
    // Private, because the lengths must stay equal.
    inputs: Vec<I>,
    targets: Vec<Y>,
}

/// From memory to memory: the clone of a `Vec` has each sample on the stack in a debug build, which a large one overflows.
impl<I: Copy, Y: Clone> Clone for Dataset<I, Y> {
    fn clone(&self) -> Self {
        let mut inputs = Vec::new();
        append(&mut inputs, &self.inputs);
        Self { inputs, targets: self.targets.clone() }
    }
}

impl<I, Y> Dataset<I, Y> {
    /// A data set of these inputs and targets.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are not as many targets as inputs.
    pub fn new(inputs: Vec<I>, targets: Vec<Y>) -> Result<Self, Error> {
        if inputs.len() == targets.len() {
            Ok(Self { inputs, targets })
        } else {
            Err(Error::LengthMismatch { inputs: inputs.len(), targets: targets.len() })
        }
    }

    /// A data set of `count` samples: `fill` is given the place of each and an input of zeros, fills that in place, and gives the target.
    ///
    /// For large inputs, which are never on the stack so; see [`Image`](crate::Image#large-images).
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// let files = [[0; 3 * 224 * 224], [255; 3 * 224 * 224]];
    /// let photos = Dataset::try_from_fn(files.len(), |index, photo: &mut Image<3, 224, 224>| {
    ///     photo.copy_from_pixels(&files[index])?;
    ///     Class::<2>::new(index)
    /// })?;
    /// assert_eq!((photos.len(), photos.inputs()[1][(0, 0, 0)]), (2, 1.0));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first that `fill` gives.
    pub fn try_from_fn<E>(
        count: usize,
        mut fill: impl FnMut(usize, &mut I) -> Result<Y, E>,
    ) -> Result<Self, E>
    where
        I: Sample,
    {
        let mut inputs = I::zeros_vec(count);
        let samples = inputs.iter_mut().enumerate();
        let targets = samples.map(|(index, input)| fill(index, input)).collect::<Result<_, E>>()?;
        Ok(Self { inputs, targets })
    }

    /// A data set of what `f` makes of each row: those of [`Csv::rows`](crate::data::Csv::rows), or of a reader of one's own.
    ///
    /// ```
    /// use axonal::data::{Class, Dataset};
    ///
    /// let rows = ["0.5 1", "1.5 0"].map(|line| Ok(line.split_once(' ').unwrap()));
    /// let data = Dataset::from_rows(rows, |(input, class)| {
    ///     Ok((input.parse::<f32>().unwrap(), Class::<2>::new(class.parse().unwrap())?))
    /// })?;
    /// assert_eq!(data.inputs(), [0.5, 1.5]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first of a row or of `f`.
    pub fn from_rows<R>(
        rows: impl IntoIterator<Item = Result<R, Error>>,
        mut f: impl FnMut(R) -> Result<(I, Y), Error>,
    ) -> Result<Self, Error> {
        rows.into_iter().map(|row| f(row?)).collect()
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> &[I] {
        &self.inputs
    }

    /// The inputs, to be changed in place, as [`Standardizer::transform`](crate::data::Standardizer::transform) does.
    pub fn inputs_mut(&mut self) -> &mut [I] {
        &mut self.inputs
    }

    /// The targets, in the order of the inputs.
    pub fn targets(&self) -> &[Y] {
        &self.targets
    }

    /// The targets, to be changed in place.
    pub fn targets_mut(&mut self) -> &mut [Y] {
        &mut self.targets
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The samples, in order.
    pub fn iter(&self) -> Zip<slice::Iter<'_, I>, slice::Iter<'_, Y>> {
        self.inputs.iter().zip(&self.targets)
    }

    /// The inputs and the targets.
    pub fn into_parts(self) -> (Vec<I>, Vec<Y>) {
        (self.inputs, self.targets)
    }

    /// Puts the samples into a random order, every order being equally likely; each input keeps its target.
    ///
    /// ```
    /// use axonal::data::Dataset;
    /// use rand::{SeedableRng, rngs::StdRng};
    ///
    /// let mut data: Dataset<i32, i32> = (0..100).map(|i| (i, -i)).collect();
    /// data.shuffle(&mut StdRng::seed_from_u64(7));
    /// assert!(data.iter().all(|(input, target)| *input == -target));
    /// ```
    pub fn shuffle<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        // Fisher and Yates: swaps in place, so that no second copy of the data is ever made.
        // A swap of the slice would have one sample on the stack.
        for last in (1..self.len()).rev() {
            self.swap(last, rng.random_range(0..=last));
        }
    }

    /// The data in batches of `size` samples, in order, without a copy; the last one may be smaller.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    #[track_caller]
    pub fn batches(&self, size: usize) -> impl ExactSizeIterator<Item = (&[I], &[Y])> {
        assert!(size > 0, "a batch takes one sample at least, found `batches(0)`");
        self.inputs.chunks(size).zip(self.targets.chunks(size))
    }

    /// A data set of its own of the samples at these places, in this order: for the folds of a cross-validation, say.
    ///
    /// ```
    /// use axonal::data::Dataset;
    ///
    /// let data: Dataset<i32, i32> = (0..10).map(|i| (i, -i)).collect();
    /// let every_third = data.select((0..10).step_by(3));
    /// assert_eq!(every_third.inputs(), [0, 3, 6, 9]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no sample at one of the places.
    #[track_caller]
    pub fn select(&self, places: impl IntoIterator<Item = usize>) -> Self
    where
        I: Copy,
        Y: Copy,
    {
        let mut selected = Self { inputs: Vec::new(), targets: Vec::new() };
        for place in places {
            assert!(place < self.len(), "there is no sample {place} among {}", self.len());
            append(&mut selected.inputs, &self.inputs[place..=place]);
            append(&mut selected.targets, &self.targets[place..=place]);
        }
        selected
    }

    /// Keeps the samples for which `keep(input, target)` is true, in their order, in place.
    ///
    /// ```
    /// use axonal::data::Dataset;
    ///
    /// let mut data: Dataset<i32, i32> = (0..10).map(|i| (i, i % 3)).collect();
    /// data.retain(|_input, target| *target == 2);
    /// assert_eq!(data.inputs(), [2, 5, 8]);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&I, &Y) -> bool) {
        let kept: Vec<bool> = self.iter().map(|(input, target)| keep(input, target)).collect();
        let mut of_inputs = kept.iter();
        self.inputs.retain(|_| of_inputs.next() == Some(&true));
        let mut of_targets = kept.iter();
        self.targets.retain(|_| of_targets.next() == Some(&true));
    }

    /// The same data with each input replaced by `f(input)`. Each passes over the stack: for large ones there is [`map_inputs_into`](Self::map_inputs_into), and
    /// [`inputs_mut`](Self::inputs_mut) where the type stays the same.
    pub fn map_inputs<J>(self, f: impl FnMut(I) -> J) -> Dataset<J, Y> {
        Dataset { inputs: self.inputs.into_iter().map(f).collect(), targets: self.targets }
    }

    /// The same data with other inputs, which `f(&input, &mut output)` fills in place: they are zeros at first.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// let photos = Dataset::new(Image::<3, 224, 224>::zeros_vec(2), vec![false, true])?;
    /// let means = photos.map_inputs_into(|photo, mean: &mut SVector<f32, 3>| {
    ///     for channel in 0..3 {
    ///         mean[channel] = photo.plane(channel).mean();
    ///     }
    /// });
    /// assert_eq!(means.inputs()[1], SVector::<f32, 3>::zeros());
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn map_inputs_into<J: Sample>(self, mut f: impl FnMut(&I, &mut J)) -> Dataset<J, Y> {
        let mut inputs = J::zeros_vec(self.len());
        for (input, output) in self.inputs.iter().zip(&mut inputs) {
            f(input, output);
        }
        Dataset { inputs, targets: self.targets }
    }

    /// The same data with inputs of another shape, which hold the same numbers in the same order. Nothing is copied.
    ///
    /// ```
    /// use axonal::Image;
    /// use axonal::data::Dataset;
    /// use nalgebra::SVector;
    ///
    /// let rows: Dataset<SVector<f32, 784>, bool> = Dataset::new(vec![SVector::zeros()], vec![true])?;
    /// let images: Dataset<Image<1, 28, 28>, bool> = rows.reshape_inputs();
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn reshape_inputs<J>(self) -> Dataset<J, Y>
    where
        I: Sample,
        J: Sample<Scalar = I::Scalar>,
    {
        const {
            assert!(I::LEN == J::LEN, "inputs of another shape hold as many numbers as before");
        };
        Dataset { inputs: bytemuck::allocation::cast_vec(self.inputs), targets: self.targets }
    }

    /// The same data with each target replaced by `f(target)`.
    ///
    /// ```
    /// use axonal::data::{Class, Dataset};
    ///
    /// let digits: Dataset<(), Class<10>> = Class::all().map(|class| ((), class)).collect();
    /// let is_odd: Dataset<(), bool> = digits.map_targets(|class| class.index() % 2 == 1);
    /// assert_eq!(is_odd.targets()[..3], [false, true, false]);
    /// ```
    pub fn map_targets<Z>(self, f: impl FnMut(Y) -> Z) -> Dataset<I, Z> {
        Dataset { inputs: self.inputs, targets: self.targets.into_iter().map(f).collect() }
    }

    pub(super) fn swap(&mut self, a: usize, b: usize) {
        swap(&mut self.inputs, a, b);
        swap(&mut self.targets, a, b);
    }

    pub(super) fn split_at(mut self, first: usize) -> (Self, Self) {
        let rest =
            Self { inputs: self.inputs.split_off(first), targets: self.targets.split_off(first) };
        (self, rest)
    }
}

impl<I, const N: usize> Dataset<I, Class<N>> {
    /// How many samples each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; N];
        for class in &self.targets {
            counts[class.index()] += 1;
        }
        counts
    }
}

/// Of two places of a slice, piece by piece: `slice::swap` has a whole element on the stack.
fn swap<V>(values: &mut [V], a: usize, b: usize) {
    if let Ok([a, b]) = values.get_disjoint_mut([a, b]) {
        mem::swap(a, b);
    }
}

impl<'a, I, Y> IntoIterator for &'a Dataset<I, Y> {
    type Item = (&'a I, &'a Y);
    type IntoIter = Zip<slice::Iter<'a, I>, slice::Iter<'a, Y>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<I, Y> IntoIterator for Dataset<I, Y> {
    type Item = (I, Y);
    type IntoIter = Zip<vec::IntoIter<I>, vec::IntoIter<Y>>;

    fn into_iter(self) -> Self::IntoIter {
        self.inputs.into_iter().zip(self.targets)
    }
}

impl<I, Y> FromIterator<(I, Y)> for Dataset<I, Y> {
    fn from_iter<S: IntoIterator<Item = (I, Y)>>(samples: S) -> Self {
        let (inputs, targets) = samples.into_iter().unzip();
        Self { inputs, targets }
    }
}

/// Sizes only: the values of a data set would fill the screen.
impl<I, Y> fmt::Debug for Dataset<I, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset").field("len", &self.len()).finish_non_exhaustive()
    }
}
