//! Quantiles, as numpy has them.

/// The values between which a share of the numbers lies, by linear interpolation between neighbours: numpy's `quantile`. NaN of no numbers, and of NaN.
pub(super) struct Quantiles {
    sorted: Vec<f64>,
}

impl Quantiles {
    pub(super) fn new(mut numbers: Vec<f64>) -> Self {
        numbers.sort_unstable_by(f64::total_cmp);
        // Of either sign, NaN is at an end.
        if numbers.first().is_some_and(|n| n.is_nan()) || numbers.last().is_some_and(|n| n.is_nan())
        {
            numbers.clear();
        }
        Self { sorted: numbers }
    }

    pub(super) fn at(&self, share: f64) -> f64 {
        let Some(last) = self.sorted.len().checked_sub(1) else { return f64::NAN };
        let place = last as f64 * share;
        let below = place.floor() as usize;
        let (a, b) = (self.sorted[below], self.sorted[(below + 1).min(last)]);
        let part = place - place.floor();
        // Of two infinities there is no difference to take a part of.
        #[expect(clippy::float_cmp, reason = "between equal numbers there is no other one")]
        if a == b || part == 0.0 {
            return a;
        }
        // From the nearer end, as numpy: so it is exact at both.
        if part < 0.5 { a + (b - a) * part } else { b - (b - a) * (1.0 - part) }
    }
}
