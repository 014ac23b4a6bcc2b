//! Networks with several heads: each is measured by itself, and its name stands before those of its scores.
//!
//! `network!` makes one struct with a field for each head, which is [`Report`](super::Report) where its fields are; that calls what is here.

use core::fmt::{self, Display};
use core::slice;

use super::score::interned;
use super::{Meter, Score};

/// The scores of a head: `action accuracy`, of `accuracy` and the head `action`.
#[must_use]
pub fn scores(head: &str, scores: Vec<Score>) -> Vec<Score> {
    scores.into_iter().map(|score| of_head(head, score)).collect()
}

/// The score of a head, with its name before that of the score.
#[must_use]
pub fn of_head(head: &str, score: Score) -> Score {
    Score { metric: interned(&format!("{head} {}", score.metric)), ..score }
}

/// Writes the reports of all heads, each under its name.
///
/// # Errors
///
/// If the formatter has one.
pub fn write(formatter: &mut fmt::Formatter<'_>, heads: &[(&str, &dyn Display)]) -> fmt::Result {
    for (index, (head, report)) in heads.iter().enumerate() {
        let line = if index > 0 { "\n" } else { "" };
        let text = report.to_string();
        let space = if text.contains('\n') { '\n' } else { ' ' };
        write!(formatter, "{line}{head}:{space}{}", text.trim_end())?;
    }
    Ok(())
}

/// Measures all heads that have a meter, each with its name. Epochs are compared by the loss, which is that of all of them.
#[expect(missing_debug_implementations, reason = "a meter has none")]
pub struct Heads<R, Q>(Vec<Named<R, Q>>);

/// A head with its meter.
type Named<R, Q> = (&'static str, Box<dyn Meter<R, Q>>);

impl<R, Q> Default for Heads<R, Q> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: 'static, Q: 'static> Heads<R, Q> {
    /// A head, with what its loss measures, and its field of the outputs and of the targets.
    pub fn add<O: 'static, Y: 'static>(
        &mut self,
        head: &'static str,
        meter: Option<Box<dyn Meter<O, Y>>>,
        output: fn(&R) -> &O,
        target: fn(&Q) -> &Y,
    ) {
        if let Some(meter) = meter {
            self.0.push((head, Box::new(Head { meter, output, target })));
        }
    }

    /// The meter of all of them, if one has one.
    #[must_use]
    pub fn meter(self) -> Option<Box<dyn Meter<R, Q>>> {
        if self.0.is_empty() { None } else { Some(Box::new(self)) }
    }
}

impl<R, Q> Meter<R, Q> for Heads<R, Q> {
    fn record(&mut self, outputs: &[R], targets: &[Q]) {
        for (_, meter) in &mut self.0 {
            meter.record(outputs, targets);
        }
    }

    fn score(&self) -> Score {
        Score::smaller("loss", f64::NAN)
    }

    fn scores(&self) -> Vec<Score> {
        self.0.iter().flat_map(|(head, meter)| scores(head, meter.scores())).collect()
    }
}

/// Measures one field of records.
struct Head<R, Q, O, Y> {
    meter: Box<dyn Meter<O, Y>>,
    output: fn(&R) -> &O,
    target: fn(&Q) -> &Y,
}

impl<R, Q, O, Y> Meter<R, Q> for Head<R, Q, O, Y> {
    fn record(&mut self, outputs: &[R], targets: &[Q]) {
        for (output, target) in outputs.iter().zip(targets) {
            let (output, target) = ((self.output)(output), (self.target)(target));
            self.meter.record(slice::from_ref(output), slice::from_ref(target));
        }
    }

    fn score(&self) -> Score {
        self.meter.score()
    }

    fn scores(&self) -> Vec<Score> {
        self.meter.scores()
    }
}
