//! Curves over all thresholds.

use super::ranking::{Ranking, Step};

/// How many of the positives, and how many of the negatives, are above each threshold: the receiver operating characteristic.
///
/// From [`BinaryPredictions::roc_curve`](super::BinaryPredictions::roc_curve). The points are scikit-learn's `roc_curve`: from (0, 0), at the
/// threshold infinity, to (1, 1); one for each different score, but for those on a straight line between their neighbours.
#[derive(Clone, Debug, PartialEq)]
pub struct RocCurve {
    points: Vec<RocPoint>,
    area: f64,
}

/// A point of a [`RocCurve`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RocPoint {
    /// The share of the negatives that are taken for positives. NaN where there is no negative.
    pub false_positive_rate: f64,
    /// The share of the positives that are found: the recall. NaN where there is no positive.
    pub true_positive_rate: f64,
    /// This score, and all above it, say yes.
    pub threshold: f64,
}

impl RocCurve {
    /// The points, from the largest threshold to the smallest; none where an output is NaN.
    pub fn points(&self) -> &[RocPoint] {
        &self.points
    }

    /// The area under it: [`roc_auc`](super::BinaryPredictions::roc_auc).
    pub fn area(&self) -> f64 {
        self.area
    }

    /// Where outputs are NaN there is no ranking, and no point.
    pub(super) fn new(ranking: Option<&Ranking>) -> Self {
        let Some(ranking) = ranking else {
            return Self { points: Vec::new(), area: f64::NAN };
        };
        let point = |threshold, true_positives, false_positives| RocPoint {
            false_positive_rate: false_positives as f64 / ranking.negatives as f64,
            true_positive_rate: true_positives as f64 / ranking.positives as f64,
            threshold,
        };
        let mut points = vec![point(f64::INFINITY, 0_u64, 0_u64)];
        let steps = &ranking.steps;
        for (place, step) in steps.iter().enumerate() {
            let is_inner = place > 0 && place + 1 < steps.len();
            if !is_inner || is_corner(&steps[place - 1..=place + 1]) {
                points.push(point(step.score, step.true_positives, step.false_positives));
            }
        }
        Self { points, area: ranking.roc_auc() }
    }
}

/// Whether the second of three steps goes on by other numbers than the third, which is what scikit-learn looks at.
fn is_corner(steps: &[Step]) -> bool {
    let change =
        |of: fn(&Step) -> u64| of(&steps[1]) - of(&steps[0]) != of(&steps[2]) - of(&steps[1]);
    change(|step| step.true_positives) || change(|step| step.false_positives)
}

/// How many of those above each threshold are positives, and how many of the positives are above it.
///
/// From [`BinaryPredictions::precision_recall_curve`](super::BinaryPredictions::precision_recall_curve). The points are scikit-learn's
/// `precision_recall_curve`: one for each different score, from the smallest to the largest, and (precision 1, recall 0) at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionRecallCurve {
    points: Vec<PrecisionRecallPoint>,
    average_precision: f64,
    positives: f64,
}

/// A point of a [`PrecisionRecallCurve`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionRecallPoint {
    /// The share of positives among those that are taken for such.
    pub precision: f64,
    /// The share of the positives that are found. Where there is no positive, it is 1.
    pub recall: f64,
    /// This score, and all above it, say yes. Infinity at the last point, where none does.
    pub threshold: f64,
}

impl PrecisionRecallCurve {
    /// The points, from the smallest threshold to the largest; none where an output is NaN.
    pub fn points(&self) -> &[PrecisionRecallPoint] {
        &self.points
    }

    /// [`average_precision`](super::BinaryPredictions::average_precision), which stands for the area under it.
    pub fn average_precision(&self) -> f64 {
        self.average_precision
    }

    /// The share of positives among all samples: the precision of a guess.
    pub fn share_of_positives(&self) -> f64 {
        self.positives
    }

    /// Where outputs are NaN there is no ranking, and no point.
    pub(super) fn new(ranking: Option<&Ranking>) -> Self {
        let Some(ranking) = ranking else {
            return Self { points: Vec::new(), average_precision: f64::NAN, positives: f64::NAN };
        };
        let recall = |step: &Step| match ranking.positives {
            0 => 1.0,
            positives => step.true_positives as f64 / positives as f64,
        };
        let point = |step: &Step| PrecisionRecallPoint {
            precision: step.precision(),
            recall: recall(step),
            threshold: step.score,
        };
        let none = PrecisionRecallPoint { precision: 1.0, recall: 0.0, threshold: f64::INFINITY };
        Self {
            points: ranking.steps.iter().rev().map(point).chain([none]).collect(),
            average_precision: ranking.average_precision(),
            positives: ranking.positives as f64 / (ranking.positives + ranking.negatives) as f64,
        }
    }
}
