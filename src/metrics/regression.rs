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
/// R²   = 1 - sum (y - p)² / sum (y - mean y)²
/// ```
///
/// Of several outputs each value is the plain average over the outputs, as scikit-learn's `uniform_average`. Without a
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
        self.average(|output| {
            if output.spread != 0.0 {
                1.0 - output.squared_errors / output.spread
            } else if output.squared_errors > 0.0 {
                0.0
            } else {
                // 1, or NaN.
                1.0 - output.squared_errors
            }
        })
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
fn significant(value: f64) -> String {
    if value == 0.0 || (0.01..1e6).contains(&value.abs()) || !value.is_finite() {
        format!("{value:.4}")
    } else {
        format!("{value:.4e}")
    }
}
