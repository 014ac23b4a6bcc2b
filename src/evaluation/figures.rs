//! Reports and curves as pictures.

use super::{Calibration, Confusion, PrecisionRecallCurve, Residuals, RocCurve};
use crate::core::Class;
use crate::figures::{Figure, HeatMap, Plot};
use crate::metrics::significant;

/// Of more classes the worst are shown.
const MOST_CLASSES: usize = 400;

impl<const C: usize> Confusion<C> {
    /// The confusion matrix as colours, with the counts: a row for each actual class, a column for each predicted one.
    ///
    /// Classes that do not occur are left out, as in the table. Of many classes the counts are, and a bar says what the colours mean; beyond 400 only those
    /// with the lowest F1 are shown.
    ///
    /// ```
    /// use axonal::data::Class;
    /// use axonal::evaluation::Confusion;
    ///
    /// let pairs = [(0, 0), (0, 1), (1, 1)].map(|(a, p)| (Class::new(a).unwrap(), Class::new(p).unwrap()));
    /// let confusion: Confusion<2> = pairs.into_iter().collect();
    /// let figure = confusion.with_names(["cat", "dog"]).figure();
    /// assert!(figure.to_svg().contains("accuracy 0.6667"));
    /// ```
    pub fn figure(&self) -> Figure {
        let mut classes = self.present();
        let mut title = format!("accuracy {:.4}", self.accuracy());
        let count = classes.len();
        if count > MOST_CLASSES {
            classes.sort_by(|&a, &b| self.f1(a).total_cmp(&self.f1(b)));
            classes.truncate(MOST_CLASSES);
            classes.sort();
            title += &format!("; the {MOST_CLASSES} of {count} classes with the lowest F1");
        }
        let names: Vec<String> = classes.iter().map(|&class| self.name(class)).collect();
        let row = |&actual: &Class<C>| {
            classes.iter().map(move |&predicted| self.count(actual, predicted) as f64)
        };
        HeatMap::new(names.clone(), names, classes.iter().map(row))
            .title(title)
            .row_title("actual")
            .column_title("predicted")
            .figure()
    }
}

impl RocCurve {
    /// The curve, with the area under it, and the diagonal on which a guess is.
    ///
    /// ```
    /// use axonal::evaluation::BinaryPredictions;
    ///
    /// let predictions = BinaryPredictions::from_scores(&[-1.0, 2.0, 0.5], &[false, true, false])?;
    /// assert!(predictions.roc_curve().figure().to_svg().contains("AUC 1.0000"));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn figure(&self) -> Figure {
        let points = self.points().iter().map(|p| (p.false_positive_rate, p.true_positive_rate));
        square("false positive rate", "true positive rate")
            .guide("chance", [(0.0, 0.0), (1.0, 1.0)])
            .line(format!("AUC {:.4}", self.area()), points)
            .figure()
    }
}

impl PrecisionRecallCurve {
    /// The curve in steps, as the average precision takes it, and the share of positives, which is the precision of a guess.
    ///
    /// ```
    /// use axonal::evaluation::BinaryPredictions;
    ///
    /// let predictions = BinaryPredictions::from_scores(&[-1.0, 2.0, 0.5], &[false, true, false])?;
    /// assert!(predictions.precision_recall_curve().figure().to_svg().contains("average precision 1.0000"));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn figure(&self) -> Figure {
        let share = self.share_of_positives();
        // From the largest threshold on; the point at infinity is none of the steps.
        let points = self.points().iter().rev().skip(1);
        let mut recall = 0.0;
        let steps = points.flat_map(|point| {
            let before = std::mem::replace(&mut recall, point.recall);
            [(before, point.precision), (point.recall, point.precision)]
        });
        square("recall", "precision")
            .guide("chance", [(0.0, share), (1.0, share)])
            .line(format!("average precision {:.4}", self.average_precision()), steps)
            .figure()
    }
}

impl Calibration {
    /// A reliability diagram: how often it is yes over how often the network says so, and the diagonal on which the two are equal. Bars say which share of the
    /// samples is where.
    ///
    /// ```
    /// use axonal::evaluation::BinaryPredictions;
    ///
    /// let predictions = BinaryPredictions::from_probabilities(&[0.2, 0.3, 0.9], &[false, true, true])?;
    /// assert!(predictions.calibration(5).figure().to_svg().contains("calibration error"));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn figure(&self) -> Figure {
        let bins = || self.bins().iter();
        let samples: u64 = bins().map(|bin| bin.count).sum();
        let share = |count| count as f64 / samples as f64;
        square("mean predicted probability", "fraction of positives")
            .title(format!("expected calibration error {:.4}", self.expected_error()))
            .bars("share of samples", bins().map(|bin| (bin.lower, bin.upper, share(bin.count))))
            .guide("perfect", [(0.0, 0.0), (1.0, 1.0)])
            .line("network", bins().map(|bin| (bin.mean_predicted, bin.fraction_of_positives)))
            .figure()
    }
}

impl<S> Residuals<S> {
    /// A histogram of the residuals, those of all outputs together, in as many parts as the root of their number, at most 60.
    ///
    /// ```
    /// use axonal::evaluation::Residuals;
    /// use nalgebra::SVector;
    ///
    /// let mut residuals = Residuals::new();
    /// residuals.record(&SVector::from([1.0, 2.0]), &SVector::from([0.5, 2.5]));
    /// assert!(residuals.figure().to_svg().contains("target − output"));
    /// ```
    pub fn figure(&self) -> Figure {
        let ends = self.quantiles(&[0.0, 1.0]);
        let [low, high] = [ends[0], ends[1]];
        let plot = Plot::new("target − output", "numbers")
            .title(format!("RMSE {}", significant(self.rmse())));
        if !(low.is_finite() && high.is_finite()) {
            return plot.figure();
        }
        let count = (self.all().len() as f64).sqrt().ceil().clamp(1.0, 60.0);
        // Of equal residuals, a part around them.
        let (low, width) = if high > low {
            (low, (high - low) / count)
        } else {
            let width = low.abs().max(1.0) * 1e-3;
            (low - width * count / 2.0, width)
        };
        let mut heights = vec![0_u64; count as usize];
        for residual in self.all() {
            let place = ((residual - low) / width) as usize;
            heights[place.min(count as usize - 1)] += 1;
        }
        let bars = heights.iter().enumerate().map(|(place, &height)| {
            let left = low + place as f64 * width;
            (left, left + width, height as f64)
        });
        plot.bars("", bars).figure()
    }
}

/// The width and height of a square picture.
const SIDE: f64 = 380.0;

/// Shares over shares.
fn square(x: &str, y: &str) -> Plot {
    Plot::new(x, y).size(SIDE, SIDE).x_range(0.0, 1.0).y_range(0.0, 1.0)
}
