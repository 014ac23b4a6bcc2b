//! Answers in the order of their scores: what areas, curves and thresholds are read off.

/// The answers, sorted once, from the largest score to the smallest.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    /// One for each different score.
    pub(super) steps: Vec<Step>,
    pub(super) positives: u64,
    pub(super) negatives: u64,
}

/// What is found where this score and all above it say yes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) score: f64,
    pub(super) true_positives: u64,
    pub(super) false_positives: u64,
}

impl Ranking {
    /// Of scores, none of them NaN, each with whether the answer is yes.
    pub(super) fn new(scores: impl Iterator<Item = (f64, bool)>) -> Self {
        let mut scores: Vec<(f64, bool)> = scores.collect();
        scores.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut steps: Vec<Step> = Vec::new();
        let (mut positives, mut negatives) = (0, 0);
        for (score, yes) in scores {
            positives += u64::from(yes);
            negatives += u64::from(!yes);
            let step = Step { score, true_positives: positives, false_positives: negatives };
            match steps.last_mut() {
                // Equal scores are one step; 0 and -0 are equal.
                #[expect(clippy::float_cmp, reason = "a tie is one to the bit")]
                Some(last) if last.score == score => *last = step,
                _ => steps.push(step),
            }
        }
        Self { steps, positives, negatives }
    }

    /// The area under the curve of true positives over false positives, by trapezoids: NaN unless there are both.
    pub(super) fn roc_auc(&self) -> f64 {
        // Twice the area, in whole numbers: it is exact.
        let mut area: u128 = 0;
        let (mut true_positives, mut false_positives) = (0, 0);
        for step in &self.steps {
            let width = u128::from(step.false_positives - false_positives);
            area += width * u128::from(step.true_positives + true_positives);
            (true_positives, false_positives) = (step.true_positives, step.false_positives);
        }
        area as f64 / (2.0 * self.positives as f64 * self.negatives as f64)
    }

    /// Σ (recall − recall before) precision: 0 without a positive, NaN without a sample.
    pub(super) fn average_precision(&self) -> f64 {
        if self.positives == 0 {
            return if self.negatives == 0 { f64::NAN } else { 0.0 };
        }
        let (mut sum, mut before) = (0.0, 0);
        for step in &self.steps {
            let found = (step.true_positives - before) as f64;
            sum += found * step.precision();
            before = step.true_positives;
        }
        sum / self.positives as f64
    }
}

impl Step {
    pub(super) fn precision(&self) -> f64 {
        self.true_positives as f64 / (self.true_positives + self.false_positives) as f64
    }
}
