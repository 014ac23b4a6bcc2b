use nalgebra::SVector;

use crate::core::{Error, Scalar};

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

        let count = samples.len() as f64;
        let mut fitted = Self { mean: bytemuck::zeroed_box(), std: bytemuck::zeroed_box() };
        // One pass over the samples for all features, since a pass for each would miss the cache at every value.
        let mut mean = vec![0.0; N];
        for sample in samples {
            for (mean, x) in mean.iter_mut().zip(sample.as_slice()) {
                *mean += x.as_f64();
            }
        }
        for mean in &mut mean {
            *mean /= count;
        }
        let mut deviation = vec![0.0; N];
        let mut square = vec![0.0; N];
        for sample in samples {
            for (j, x) in sample.as_slice().iter().enumerate() {
                let difference = x.as_f64() - mean[j];
                deviation[j] += difference;
                square[j] += difference * difference;
            }
        }
        for j in 0..N {
            // The second term is 0 but for the rounding of the mean, which it corrects.
            let variance = (square[j] - deviation[j] * deviation[j] / count) / count;
            // scikit-learn's test: no larger than what rounding makes of a constant.
            let rounding = count * f64::EPSILON;
            let bound = rounding * variance + (rounding * mean[j]).powi(2);
            let constant = variance.is_finite() && variance <= bound;
            let std = T::of(variance.sqrt());
            fitted.mean[j] = T::of(mean[j]);
            // In `f32` a tiny standard deviation may become 0.
            fitted.std[j] = if constant || std.is_zero() { T::one() } else { std };
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
