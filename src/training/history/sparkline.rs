//! A history in a line of text.

use super::History;

impl History {
    /// The losses of training as a line of blocks for the terminal, at most `width` of them: `█▆▄▃▂▂▁▁▁▁`.
    ///
    /// The lowest loss is the lowest block. Of more epochs than blocks, a block is the mean of several; a loss that is NaN or infinite leaves a gap. Where the losses span more
    /// than two decades, the blocks go with their logarithms.
    ///
    /// ```
    /// use axonal::training::History;
    ///
    /// assert_eq!(History::default().sparkline(10), "");
    /// ```
    pub fn sparkline(&self, width: usize) -> String {
        let losses: Vec<_> = self.epochs.iter().map(|epoch| epoch.loss).collect();
        sparkline(&losses, width)
    }
}

/// As [`History::sparkline`], of any numbers.
pub(in crate::training) fn sparkline(values: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let count = values.len().min(width);
    let mean = |block: usize| {
        let part = &values[block * values.len() / count..(block + 1) * values.len() / count];
        let finite: Vec<_> = part.iter().copied().filter(|value| value.is_finite()).collect();
        // Each by the number: the sum of large ones is infinite.
        finite.iter().map(|value| value / finite.len() as f64).sum::<f64>()
            + if finite.is_empty() { f64::NAN } else { 0.0 }
    };
    let means: Vec<f64> = (0..count).map(mean).collect();
    let ends = |values: &[f64]| {
        let finite = values.iter().copied().filter(|value| !value.is_nan());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (low, high) = ends(&means);
    let is_log = low > 0.0 && high > 100.0 * low;
    let places: Vec<f64> =
        if is_log { means.iter().map(|value| value.log10()).collect() } else { means };
    let (low, high) = ends(&places);
    let block = |place: &f64| {
        // Halves, whose difference is finite.
        let share = (place / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        match share {
            _ if place.is_nan() => ' ',
            share if share > 0.0 => BLOCKS[((share * 8.0) as usize).min(7)],
            _ => BLOCKS[0],
        }
    };
    places.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn blocks() {
        assert_eq!(sparkline(&[], 5), "");
        assert_eq!(sparkline(&[1.0, 2.0], 0), "");
        assert_eq!(sparkline(&[3.0], 5), "▁");
        assert_eq!(sparkline(&[2.0; 4], 3), "▁▁▁");
        assert_eq!(sparkline(&[7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 8), "█▇▆▅▄▃▂▁");
        assert_eq!(sparkline(&[1.0, f64::NAN, 0.5, f64::INFINITY, 0.0], 9), "█ ▅ ▁");
        assert_eq!(sparkline(&[4.0, 4.0, 2.0, 2.0, 0.0, 0.0], 3), "█▅▁");
        assert_eq!(sparkline(&[1e4, 1e2, 1.0], 3), "█▅▁");
        assert_eq!(sparkline(&[f64::MAX, f64::MIN, f64::MAX], 3), "█▁█");
        assert_eq!(sparkline(&[f64::MAX; 4], 2), "▁▁");
        assert_eq!(sparkline(&(0..100_000).map(f64::from).collect::<Vec<_>>(), 8), "▁▂▃▄▅▆▇█");
    }
}
