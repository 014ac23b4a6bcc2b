//! Errors of numbers, one by one.

use std::fmt;
use std::ops::Deref;

use super::quantiles::Quantiles;
use crate::core::{Sample, Scalar};
use crate::metrics::{RegressionMetrics, significant};

/// How far each predicted number is from the true one: y − p, which is above 0 where the prediction is too small. It has the methods of
/// [`RegressionMetrics`], and what needs all residuals.
///
/// From [`Evaluation::predictions`](crate::evaluation::Evaluation::predictions), for targets that are vectors or images; or sample by sample:
///
/// ```
/// use axonal::evaluation::Residuals;
/// use nalgebra::SVector;
///
/// let mut residuals = Residuals::new();
/// for (target, output) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
///     residuals.record(&SVector::from([target]), &SVector::from([output]));
/// }
/// assert_eq!(residuals.quantiles(&[0.0, 0.5, 1.0]), [-1.0, -0.25, 0.5]);
/// assert_eq!((residuals.median_absolute_error(), residuals.mae()), (0.5, 0.5));
/// println!("{residuals}");
/// ```
///
/// Without a sample, and where an output or a target is NaN, what is measured is NaN. It takes 8 bytes a number.
#[derive(Clone, Debug)]
pub struct Residuals<S> {
    metrics: RegressionMetrics<S>,
    /// Sample by sample.
    residuals: Vec<f64>,
    /// How many a sample has; 0 before the first.
    outputs: usize,
}

impl<S> Residuals<S> {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new() -> Self {
        Self { metrics: RegressionMetrics::new(), residuals: Vec::new(), outputs: 0 }
    }

    /// Takes one sample: the true values, and the predicted ones.
    pub fn record<Y: Sample<Size = S>>(&mut self, target: &Y, output: &Y) {
        let (target, output) = (target.as_slice(), output.as_slice());
        self.metrics.record_numbers(target, output);
        self.outputs = output.len();
        let pairs = target.iter().zip(output);
        self.residuals.extend(pairs.map(|(target, output)| target.as_f64() - output.as_f64()));
    }

    /// The residuals of one number of the samples, in their order; the numbers of a sample are counted from 0.
    ///
    /// # Panics
    ///
    /// As all methods that take an output: if samples do not have so many numbers. Before the first sample they may have any.
    pub fn of(&self, output: usize) -> impl Iterator<Item = f64> {
        assert!(
            self.outputs == 0 || output < self.outputs,
            "output {output} of samples that have {}, counted from 0",
            self.outputs
        );
        self.residuals.iter().skip(output).step_by(self.outputs.max(1)).copied()
    }

    /// The residuals of all outputs, sample by sample.
    pub fn all(&self) -> &[f64] {
        &self.residuals
    }

    /// The residuals below which these shares of them are, those of all outputs together: `&[0.05, 0.5, 0.95]` gives the median, and what 90 % of
    /// the residuals lie between. By linear interpolation, as numpy's `quantile`.
    ///
    /// # Panics
    ///
    /// If a share is not from 0 to 1.
    pub fn quantiles(&self, shares: &[f64]) -> Vec<f64> {
        quantiles(self.residuals.clone(), shares)
    }

    /// The same of one output.
    ///
    /// # Panics
    ///
    /// If a share is not from 0 to 1, or if there is no such output.
    pub fn quantiles_of(&self, output: usize, shares: &[f64]) -> Vec<f64> {
        quantiles(self.of(output).collect(), shares)
    }

    /// The median of |y − p|, which a few large errors do not change; of several outputs the average of theirs. scikit-learn's
    /// `median_absolute_error`.
    pub fn median_absolute_error(&self) -> f64 {
        let median = |output| Quantiles::new(self.of(output).map(f64::abs).collect()).at(0.5);
        (0..self.outputs).map(median).sum::<f64>() / self.outputs as f64
    }
}

fn quantiles(residuals: Vec<f64>, shares: &[f64]) -> Vec<f64> {
    for share in shares {
        assert!(
            (0.0..=1.0).contains(share),
            "a quantile is that of a share from 0 to 1, found {share}"
        );
    }
    let quantiles = Quantiles::new(residuals);
    shares.iter().map(|&share| quantiles.at(share)).collect()
}

impl<S> Default for Residuals<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Deref for Residuals<S> {
    type Target = RegressionMetrics<S>;

    fn deref(&self) -> &RegressionMetrics<S> {
        &self.metrics
    }
}

/// The lines of [`RegressionMetrics`], then the median absolute error, the largest error, and five quantiles of the residuals.
impl<S> fmt::Display for Residuals<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.metrics)?;
        writeln!(
            f,
            "median   {} (of the absolute errors)",
            significant(self.median_absolute_error())
        )?;
        writeln!(f, "largest  {}", significant(self.max_error()))?;
        writeln!(f, "\nresiduals (target - output)")?;
        let shares = [0.05, 0.25, 0.5, 0.75, 0.95];
        let values: Vec<String> = self.quantiles(&shares).into_iter().map(significant).collect();
        let width = values.iter().map(String::len).max().unwrap_or(0);
        let line = |texts: &[&str]| {
            let texts = texts.iter().map(|text| format!("{text:>width$}"));
            texts.collect::<Vec<_>>().join("  ")
        };
        writeln!(f, "{}", line(&["5 %", "25 %", "50 %", "75 %", "95 %"]))?;
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        write!(f, "{}", line(&values))
    }
}
