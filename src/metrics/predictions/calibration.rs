//! Whether probabilities are what they say.

use super::quantiles::Quantiles;

/// How often yes is the answer where a network says so with some probability: a reliability diagram.
///
/// From [`BinaryPredictions::calibration`](super::BinaryPredictions::calibration), and of the class that is predicted from
/// [`ClassPredictions::calibration`](super::ClassPredictions::calibration). The bins are those of scikit-learn's `calibration_curve`.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    bins: Vec<CalibrationBin>,
}

/// The samples of a [`Calibration`] whose probabilities are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CalibrationBin {
    /// The mean of the probabilities.
    pub mean_predicted: f64,
    /// The share of them whose answer is yes.
    pub fraction_of_positives: f64,
    /// How many they are, at least 1.
    pub count: u64,
    /// Above this probability, or equal to it in the first bin.
    pub lower: f64,
    /// Up to this probability.
    pub upper: f64,
}

/// How bins are cut.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// Into equal parts of 0 to 1.
    Uniform,
    /// Into parts of equally many samples.
    Quantiles,
}

impl Calibration {
    /// The bins in which there are samples, from the smallest probability to the largest; none where an output is NaN.
    pub fn bins(&self) -> &[CalibrationBin] {
        &self.bins
    }

    /// The expected calibration error: how far the probabilities of a bin are from the share of yes in it, on the average over the samples.
    ///
    /// Σ nᵦ / n |mean predicted − fraction of positives|: Guo et al., *On Calibration of Modern Neural Networks*, 2017.
    /// NaN without a sample, and where an output is NaN.
    pub fn expected_error(&self) -> f64 {
        let samples: u64 = self.bins.iter().map(|bin| bin.count).sum();
        let sum: f64 = self.bins.iter().map(|bin| bin.error() * bin.count as f64).sum();
        sum / samples as f64
    }

    /// The largest distance of a bin; NaN without a sample, and where an output is NaN.
    pub fn max_error(&self) -> f64 {
        self.bins.iter().map(CalibrationBin::error).fold(f64::NAN, f64::max)
    }

    /// Of probabilities and answers; where there are none, or some that are NaN, there is no bin.
    ///
    /// # Panics
    ///
    /// If there are to be 0 bins.
    pub(super) fn new(answers: &[(f64, bool)], bins: usize, cut: Cut) -> Self {
        assert!(bins > 0, "a calibration takes at least one bin, found 0");
        if answers.iter().any(|(probability, _)| probability.is_nan()) {
            return Self { bins: Vec::new() };
        }
        let share = |place: usize| place as f64 * (1.0 / bins as f64);
        let edges: Vec<f64> = match cut {
            Cut::Uniform => (0..bins).map(share).chain([1.0]).collect(),
            Cut::Quantiles => {
                let quantiles = Quantiles::new(answers.iter().map(|&(p, _)| p).collect());
                let shares = (0..bins).map(share).chain([1.0]);
                // Through percents, whose rounding says on which side of an edge a probability is that is equal to it.
                shares.map(|share| quantiles.at(share * 100.0 / 100.0)).collect()
            }
        };
        let mut sums = vec![(0.0, 0_u64, 0_u64); bins];
        for &(probability, yes) in answers {
            let (sum, positives, count) =
                &mut sums[edges[1..bins].partition_point(|&edge| edge < probability)];
            *sum += probability;
            *positives += u64::from(yes);
            *count += 1;
        }
        let ends = edges.iter().zip(&edges[1..]);
        let with_samples = sums.into_iter().zip(ends).filter(|&((_, _, count), _)| count > 0);
        let bin = |((sum, positives, count), (&lower, &upper))| CalibrationBin {
            mean_predicted: sum / count as f64,
            fraction_of_positives: positives as f64 / count as f64,
            count,
            lower,
            upper,
        };
        Self { bins: with_samples.map(bin).collect() }
    }
}

impl CalibrationBin {
    fn error(&self) -> f64 {
        (self.mean_predicted - self.fraction_of_positives).abs()
    }
}
