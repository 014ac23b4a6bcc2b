#[cfg(feature = "files")]
use std::path::Path;

use nalgebra::SVector;

use crate::core::{Error, Scalar};
#[cfg(feature = "files")]
use crate::{
    core::weights_error::Dtype,
    formats::safetensors::{Writing, found, open, read},
    io::atomic,
};

/// Gives each of `N` features the mean 0 and the standard deviation 1: scikit-learn's `StandardScaler`.
///
/// ```text
/// z[j] = (x[j] - mean[j]) / std[j]
/// ```
///
/// with the mean and the population's standard deviation (the sum divided by n, not n - 1) of the data it was fitted
/// to. A feature that is constant there is only shifted: its `std` is 1. The sums are made in `f64` whatever `T` is.
///
/// Fit it to the training part alone, and apply the same one to every other part: the test data must not take part.
///
/// ```
/// use axonal::data::{Standardizer, csv};
///
/// let diabetes = csv("examples/data/diabetes.csv").regression::<f64, 10, 1>()?;
/// let (mut train, mut test) = diabetes.split(0.8)?;
///
/// let features = Standardizer::fit(train.inputs())?;
/// features.transform(train.inputs_mut());
/// features.transform(test.inputs_mut());
///
/// // Targets can be scaled too, and predictions scaled back.
/// let progression = Standardizer::fit(train.targets())?;
/// progression.transform(train.targets_mut());
/// let mut predictions = train.targets().to_vec();
/// progression.inverse(&mut predictions);
/// assert_eq!(predictions[0][0].round(), 151.0);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer<T, const N: usize> {
    // Boxed, because a sample may be too large for the stack.
    mean: Box<SVector<T, N>>,
    std: Box<SVector<T, N>>,
}

impl<T: Scalar, const N: usize> Standardizer<T, N> {
    /// Takes the mean and the standard deviation of each feature of `samples`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there is no sample; [`Error::InvalidNumber`] if a value is NaN or infinite, or so large that
    /// its square is.
    pub fn fit(samples: &[SVector<T, N>]) -> Result<Self, Error> {
        if samples.is_empty() {
            return Err(Error::Empty { what: "the data to standardize" });
        }
        for (i, sample) in samples.iter().enumerate() {
            check(
                sample,
                |x| x.is_finite(),
                "a finite number",
                |j| format!("sample {i}, feature {j} of the data to standardize"),
            )?;
        }

        let moments = Moments::of(samples.iter().map(|sample| sample.as_slice()), N);
        let mut fitted = Self { mean: bytemuck::zeroed_box(), std: bytemuck::zeroed_box() };
        for j in 0..N {
            let std = T::of(moments.std[j]);
            fitted.mean[j] = T::of(moments.mean[j]);
            // In `f32` a tiny standard deviation may become 0.
            fitted.std[j] = if std.is_zero() { T::one() } else { std };
        }
        fitted.checked()
    }

    /// A standardizer of known values, such as those saved from [`mean`](Self::mean) and [`std`](Self::std).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidNumber`] if a mean is not finite or a standard deviation is not finite and positive.
    pub fn new(mean: SVector<T, N>, std: SVector<T, N>) -> Result<Self, Error> {
        Self { mean: Box::new(mean), std: Box::new(std) }.checked()
    }

    /// The mean of each feature.
    pub fn mean(&self) -> &SVector<T, N> {
        &self.mean
    }

    /// What each feature is divided by: its standard deviation, or 1 for a constant feature.
    pub fn std(&self) -> &SVector<T, N> {
        &self.std
    }

    /// Standardizes each sample, in place.
    pub fn transform(&self, samples: &mut [SVector<T, N>]) {
        self.each(samples, |x, mean, std| (x - mean) / std);
    }

    /// Undoes [`transform`](Self::transform), in place and up to rounding.
    pub fn inverse(&self, samples: &mut [SVector<T, N>]) {
        self.each(samples, |z, mean, std| z * std + mean);
    }

    /// Writes the means and standard deviations to a safetensors file, as its tensors `mean` and `std`.
    ///
    /// A [`Pipeline`](crate::pipeline::Pipeline) keeps its own beside the weights of its network, in one file.
    ///
    /// ```
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("features.safetensors");
    /// use axonal::data::Standardizer;
    /// use axonal::prelude::*;
    ///
    /// let features = Standardizer::fit(&[SVector::from([1.0_f32, 2.0]), SVector::from([3.0, 2.5])])?;
    /// features.save(&path)?;
    /// assert_eq!(Standardizer::load(&path)?, features);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be written; then a file that was there before is as it was.
    #[cfg(feature = "files")]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let dtype = Dtype::scalar::<T>();
        let mean = little_endian(self.mean.as_slice());
        let std = little_endian(self.std.as_slice());
        let file = Writing::new().tensor("mean", dtype, &[N], mean).tensor("std", dtype, &[N], std);
        atomic::write(path.as_ref(), &file.finish())
    }

    /// Reads what [`save`](Self::save) wrote, or another program: tensors `mean` and `std` of `N` numbers each.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read, [`Error::Format`] if it is no safetensors file; [`Error::Tensor`] if one of the two is not there, or has another
    /// shape; [`Error::InvalidNumber`] as in [`new`](Self::new).
    #[cfg(feature = "files")]
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read(path)?;
        let file = open(path, &bytes)?;
        let numbers = |name: &str| -> Result<Box<SVector<T, N>>, Error> {
            let expected = format!("{} [{N}]", Dtype::scalar::<T>());
            let error = |found: String| {
                let (path, tensor) = (path.to_owned(), name.to_owned());
                Error::Tensor { path, tensor, expected, found }
            };
            let Some(stored) = file.tensors().find(|tensor| tensor.name.is(name)) else {
                return Err(error("no tensor of this name".to_owned()));
            };
            if !stored.dtype.is_read() || !stored.shape.sizes().eq([N]) {
                return Err(error(found(&stored).to_string()));
            }
            let mut numbers: Box<SVector<T, N>> = bytemuck::zeroed_box();
            let mut places = numbers.as_mut_slice().iter_mut();
            stored.dtype.numbers(stored.bytes, |number| {
                if let Some(place) = places.next() {
                    *place = number;
                }
            });
            Ok(numbers)
        };
        Self { mean: numbers("mean")?, std: numbers("std")? }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        check(
            &self.mean,
            |x| x.is_finite(),
            "a finite number",
            |j| format!("mean of feature {j}"),
        )?;
        check(
            &self.std,
            |x| x.is_finite() && x > T::zero(),
            "a finite number above 0",
            |j| format!("standard deviation of feature {j}"),
        )?;
        Ok(self)
    }

    fn each(&self, samples: &mut [SVector<T, N>], f: impl Fn(T, T, T) -> T) {
        for sample in samples {
            let parameters = self.mean.as_slice().iter().zip(self.std.as_slice());
            for (x, (&mean, &std)) in sample.as_mut_slice().iter_mut().zip(parameters) {
                *x = f(*x, mean, std);
            }
        }
    }
}

/// The bytes of numbers, the lowest byte first.
#[cfg(feature = "files")]
fn little_endian<T: Scalar>(numbers: &[T]) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytemuck::cast_slice(numbers).to_vec();
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size_of::<T>()).for_each(<[u8]>::reverse);
    }
    bytes
}

/// The mean of each number of some rows, and what it is divided by: the population's standard deviation, or 1 for a constant.
pub(crate) struct Moments {
    pub(crate) mean: Vec<f64>,
    pub(crate) std: Vec<f64>,
}

impl Moments {
    /// Those of one row at least, each of `width` numbers.
    pub(crate) fn of<'a, T: Scalar>(
        rows: impl ExactSizeIterator<Item = &'a [T]> + Clone,
        width: usize,
    ) -> Self {
        let count = rows.len() as f64;
        // One pass over the rows for all numbers, since a pass for each would miss the cache at every value.
        let mut mean = vec![0.0; width];
        for row in rows.clone() {
            for (mean, x) in mean.iter_mut().zip(row) {
                *mean += x.as_f64();
            }
        }
        for mean in &mut mean {
            *mean /= count;
        }
        let mut deviation = vec![0.0; width];
        let mut square = vec![0.0; width];
        for row in rows {
            for (j, x) in row.iter().enumerate() {
                let difference = x.as_f64() - mean[j];
                deviation[j] += difference;
                square[j] += difference * difference;
            }
        }
        let std = (0..width).map(|j| {
            // The second term is 0 but for the rounding of the mean, which it corrects.
            let variance = (square[j] - deviation[j] * deviation[j] / count) / count;
            // scikit-learn's test: no larger than what rounding makes of a constant.
            let rounding = count * f64::EPSILON;
            let bound = rounding * variance + (rounding * mean[j]).powi(2);
            let constant = variance.is_finite() && variance <= bound;
            if constant { 1.0 } else { variance.sqrt() }
        });
        Self { std: std.collect(), mean }
    }
}

/// The error for the first value that is not `valid`.
fn check<T: Scalar, const N: usize>(
    values: &SVector<T, N>,
    valid: impl Fn(T) -> bool,
    expected: &'static str,
    place: impl Fn(usize) -> String,
) -> Result<(), Error> {
    match values.as_slice().iter().enumerate().find(|&(_, &x)| !valid(x)) {
        None => Ok(()),
        Some((j, x)) => Err(Error::InvalidNumber { place: place(j), expected, found: x.as_f64() }),
    }
}
