use std::fmt;
use std::marker::PhantomData;

use crate::core::{Sample, Scalar};

/// How far predicted numbers are from the true ones, over samples of the [size](Sample::Size) `S`, of one or several outputs.
///
/// With y the targets and p the predictions of one output, and n samples:
///
/// ```text
/// MSE  = sum (y - p)² / n
/// RMSE = sqrt(MSE)
/// MAE  = sum |y - p| / n
/// MAPE = sum |y - p| / max(|y|, 2⁻⁵²) / n
/// R²   = 1 - sum (y - p)² / sum (y - mean y)²
/// explained variance = 1 - sum (y - p - mean (y - p))² / sum (y - mean y)²
/// ```
///
/// Of several outputs each value is the plain average over the outputs, as scikit-learn's `uniform_average`, but for the largest error. Without a
/// sample every value is NaN, and where an output or a target is; how many are is [counted](Self::nan_outputs).
///
/// ```
/// use axonal::evaluation::RegressionMetrics;
/// use nalgebra::SVector;
///
/// let mut metrics = RegressionMetrics::new();
/// for (target, output) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
///     metrics.record(&SVector::from([target]), &SVector::from([output]));
/// }
/// assert_eq!(metrics.mse(), 0.375);
/// assert_eq!(metrics.mae(), 0.5);
/// assert!((metrics.r2() - 0.9486).abs() < 1e-4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RegressionMetrics<S> {
    samples: u64,
    /// One for each number of a sample; none before the first.
    outputs: Vec<Output>,
    nan_outputs: u64,
    nan_targets: u64,
    of: PhantomData<S>,
}

/// The sums of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Output {
    squared_errors: f64,
    absolute_errors: f64,
    mean: f64,
    /// The sum of the targets' squared distances from their mean.
    spread: f64,
    relative_errors: f64,
    /// NaN once there was one.
    largest_error: f64,
    mean_error: f64,
    /// The sum of the errors' squared distances from their mean.
    error_spread: f64,
}

impl Output {
    /// The share of the targets' spread that is not left in the errors.
    fn explained(&self, left: f64) -> f64 {
        if self.spread != 0.0 {
            1.0 - left / self.spread
        } else if left > 0.0 {
            0.0
        } else {
            // 1, or NaN.
            1.0 - left
        }
    }
}

impl<S> RegressionMetrics<S> {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self { samples: 0, outputs: Vec::new(), nan_outputs: 0, nan_targets: 0, of: PhantomData }
    }

    /// Takes one sample: the true values, and the predicted ones.
    pub fn record<Y: Sample<Size = S>>(&mut self, target: &Y, output: &Y) {
        self.record_numbers(target.as_slice(), output.as_slice());
    }

    /// Takes the numbers of one sample.
    pub(crate) fn record_numbers<T: Scalar>(&mut self, targets: &[T], outputs: &[T]) {
        self.outputs.resize(outputs.len(), Output::default());
        self.samples += 1;
        let samples = self.samples as f64;
        let (mut nan_outputs, mut nan_targets) = (false, false);
        for (sums, (target, output)) in self.outputs.iter_mut().zip(targets.iter().zip(outputs)) {
            let (target, output) = (target.as_f64(), output.as_f64());
            nan_targets |= target.is_nan();
            nan_outputs |= output.is_nan();
            let error = target - output;
            sums.squared_errors += error * error;
            sums.absolute_errors += error.abs();
            // Welford's update, which does not lose the spread of targets that are far from 0.
            let distance = target - sums.mean;
            sums.mean += distance / samples;
            sums.spread += distance * (target - sums.mean);
            let distance = error - sums.mean_error;
            sums.mean_error += distance / samples;
            sums.error_spread += distance * (error - sums.mean_error);
            sums.relative_errors += error.abs() / target.abs().max(f64::EPSILON);
            // `f64::max` would take the number and leave the NaN.
            if error.abs() > sums.largest_error || error.is_nan() {
                sums.largest_error = error.abs();
            }
        }
        self.nan_outputs += u64::from(nan_outputs);
        self.nan_targets += u64::from(nan_targets);
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The number of samples whose output is NaN, or holds one.
    pub fn nan_outputs(&self) -> u64 {
        self.nan_outputs
    }

    /// The number of samples whose target is NaN, or holds one.
    pub fn nan_targets(&self) -> u64 {
        self.nan_targets
    }

    /// The mean squared error.
    pub fn mse(&self) -> f64 {
        self.average(|output| output.squared_errors / self.samples as f64)
    }

    /// The root of the mean squared error, in the targets' own unit; of several outputs the average of their roots.
    pub fn rmse(&self) -> f64 {
        self.average(|output| (output.squared_errors / self.samples as f64).sqrt())
    }

    /// The mean absolute error.
    pub fn mae(&self) -> f64 {
        self.average(|output| output.absolute_errors / self.samples as f64)
    }

    /// The coefficient of determination R²: 1 for a perfect prediction, 0 for one that is no better than the mean.
    ///
    /// Where all targets are equal it is 1 if the predictions are perfect and 0 otherwise. Below two samples it is NaN.
    pub fn r2(&self) -> f64 {
        if self.samples < 2 {
            return f64::NAN;
        }
        self.average(|output| output.explained(output.squared_errors))
    }

    /// The explained variance: R² of predictions from which their mean error is taken away. scikit-learn's `explained_variance_score`.
    ///
    /// Where all targets are equal it is 1 if all errors are equal and 0 otherwise.
    pub fn explained_variance(&self) -> f64 {
        self.average(|output| output.explained(output.error_spread))
    }

    /// The mean of the errors' shares of the targets: 0.1 is 10 %. scikit-learn's `mean_absolute_percentage_error`.
    ///
    /// A target of 0 makes it very large: it is for targets that are far from 0.
    pub fn mape(&self) -> f64 {
        self.average(|output| output.relative_errors / self.samples as f64)
    }

    /// The largest |y - p|, of all outputs. scikit-learn's `max_error`.
    pub fn max_error(&self) -> f64 {
        let errors = self.outputs.iter().map(|output| output.largest_error);
        let larger = |a: f64, b: f64| if a >= b || a.is_nan() { a } else { b };
        errors.reduce(larger).unwrap_or(f64::NAN)
    }

    /// The mean of y - p: above 0 where the predictions are too small on the whole.
    pub fn mean_error(&self) -> f64 {
        self.average(|output| output.mean_error)
    }

    /// Whether all targets are equal.
    pub(super) fn is_constant(&self) -> bool {
        self.outputs.iter().all(|output| output.spread == 0.0)
    }

    fn average(&self, f: impl Fn(&Output) -> f64) -> f64 {
        self.outputs.iter().map(f).sum::<f64>() / self.outputs.len() as f64
    }
}

impl<S> Default for RegressionMetrics<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// One line for each value, and one that counts NaN where there are any.
impl<S> fmt::Display for RegressionMetrics<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "samples  {}", self.samples)?;
        if self.nan_outputs > 0 || self.nan_targets > 0 {
            let (outputs, targets) = (self.nan_outputs, self.nan_targets);
            writeln!(f, "NaN      in the outputs of {outputs}, the targets of {targets}")?;
        }
        writeln!(f, "MSE      {}", significant(self.mse()))?;
        writeln!(f, "RMSE     {}", significant(self.rmse()))?;
        writeln!(f, "MAE      {}", significant(self.mae()))?;
        write!(f, "R²       {:.4}", self.r2())
    }
}

/// Four digits after the point where that says enough, and powers of ten otherwise.
pub(crate) fn significant(value: f64) -> String {
    if value == 0.0 || (0.01..1e6).contains(&value.abs()) || !value.is_finite() {
        format!("{value:.4}")
    } else {
        format!("{value:.4e}")
    }
}
