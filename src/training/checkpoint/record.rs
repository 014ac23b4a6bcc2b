//! What a checkpoint has beside tensors, as text: numbers as Rust writes them, which reads back to the bit.

use std::fmt::Write;
use std::str::FromStr;
use std::time::Duration;

use super::super::training_loop::TrainingLoop;
use super::super::{Epoch, Kept, PlateauState, Validation};
use crate::core::Scalar;
use crate::core::weights_error::Dtype;
use crate::layers::{Described, ParameterPath, Part};
use crate::metrics::Score;

/// Keys and values.
pub(super) type Texts = Vec<(&'static str, String)>;

/// What a network is, as text, and its hash.
pub(super) fn architecture<D: Described>() -> Texts {
    let text = layers::<D>();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    vec![("architecture", text), ("architecture_hash", format!("{hash:016x}"))]
}

/// The type of the numbers, and a line for each layer and each tensor.
fn layers<D: Described>() -> String {
    let mut text = format!("numbers: {}\n", Dtype::scalar::<D::Scalar>());
    D::describe(&ParameterPath::ROOT, &mut |path, part| {
        // Writing to a string cannot fail.
        let _ = match part {
            Part::Layer { word, activation, output, .. } => {
                writeln!(text, "{path}: {word} {} -> {output}", Shown(activation))
            }
            Part::Tensor { kind, shape } => writeln!(text, "{path}: {kind:?} {shape:?}"),
            _ => Ok(()),
        };
    });
    text
}

struct Shown(fn(&mut std::fmt::Formatter<'_>) -> std::fmt::Result);

impl std::fmt::Display for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0(formatter)
    }
}

/// What is read of a loop.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) first: usize,
    pub(super) done: usize,
    /// Of the epoch that was not finished: its number, the samples and steps that are done, Σ loss × samples, the last loss, the time that it took.
    pub(super) middle: Option<Middle>,
    pub(super) data: Option<usize>,
    pub(super) held_out: Option<f64>,
    pub(super) elapsed: Duration,
    pub(super) best: Option<Kept>,
    pub(super) to_beat: Option<f64>,
    pub(super) waited: usize,
    pub(super) is_reached: bool,
    pub(super) plateau: PlateauState,
}

/// A place in an epoch.
#[derive(Debug)]
pub(super) struct Middle {
    pub(super) samples: usize,
    pub(super) step: usize,
    pub(super) sum: f64,
    pub(super) loss: f64,
    pub(super) elapsed: Duration,
}

/// Between fields.
const FIELD: char = '\t';

pub(super) fn write<T: Scalar, C>(of: &TrainingLoop<T, C>, is_epoch_end: bool) -> Texts {
    let TrainingLoop { status, watch, .. } = of;
    let mut fields = vec![
        ("first", of.first.to_string()),
        ("done", of.done.to_string()),
        ("data", of.data.map(|samples| samples.to_string()).unwrap_or_default()),
        ("held_out", of.held_out.map(|fraction| format!("{fraction:?}")).unwrap_or_default()),
        ("elapsed", status.elapsed().as_nanos().to_string()),
        (
            "best",
            watch
                .best
                .map(|best| format!("{}{FIELD}{}", best.epoch, score(&best.score)))
                .unwrap_or_default(),
        ),
        ("to_beat", watch.to_beat.map(|score| format!("{score:?}")).unwrap_or_default()),
        ("waited", watch.waited.to_string()),
        ("reached", watch.is_reached.to_string()),
    ];
    let PlateauState { best, wait, cooldown, factor } = watch.plateau;
    let best = best.map(|best| format!("{best:?}")).unwrap_or_default();
    fields.push(("plateau", format!("{best}{FIELD}{wait}{FIELD}{cooldown}{FIELD}{factor:?}")));
    let mut middle = String::new();
    if !is_epoch_end {
        let nanos = status.epoch_elapsed().as_nanos();
        let (samples, step) = (status.samples, status.step);
        let (sum, loss) = (status.sum, status.loss);
        middle = format!("{samples}{FIELD}{step}{FIELD}{sum:?}{FIELD}{loss:?}{FIELD}{nanos}");
    }
    fields.push(("middle", middle));
    fields
}

fn score(score: &Score) -> String {
    let name: String = score.metric.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{name}{FIELD}{:?}{FIELD}{}", score.value, score.larger_is_better)
}

/// A line for an epoch of the history.
pub(super) fn line(epoch: &Epoch) -> String {
    let Epoch { number, loss, learning_rate, duration, validation, scores } = epoch;
    let nanos = duration.as_nanos();
    let mut line = format!("{number}{FIELD}{loss:?}{FIELD}{learning_rate:?}{FIELD}{nanos}");
    // Writing to a string cannot fail.
    let _ = write!(line, "{FIELD}{}", scores.len());
    for of in scores {
        let _ = write!(line, "{FIELD}{}", score(of));
    }
    if let Some(validation) = validation {
        let _ =
            write!(line, "{FIELD}{:?}{FIELD}{}", validation.loss, score(&validation.of_score()));
        for of in &validation.scores {
            let _ = write!(line, "{FIELD}{}", score(of));
        }
    }
    line.push('\n');
    line
}

/// Fields one after the other.
struct Fields<'a>(std::str::Split<'a, char>);

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.split(FIELD))
    }

    fn take<V: FromStr>(&mut self) -> Option<V> {
        self.0.next()?.parse().ok()
    }

    fn duration(&mut self) -> Option<Duration> {
        Some(Duration::from_nanos(self.take()?))
    }

    fn score(&mut self) -> Option<Score> {
        let metric = crate::metrics::interned(self.0.next()?);
        let (value, larger_is_better) = (self.take()?, self.take()?);
        let new = if larger_is_better { Score::larger } else { Score::smaller };
        Some(new(metric, value))
    }

    fn scores(&mut self, count: usize) -> Option<Vec<Score>> {
        (0..count).map(|_| self.score()).collect()
    }

    fn epoch(&mut self) -> Option<Epoch> {
        let (number, loss, learning_rate) = (self.take()?, self.take()?, self.take()?);
        let duration = self.duration()?;
        let count = self.take()?;
        let scores = self.scores(count)?;
        let mut validation = None;
        if let Some(loss) = self.0.next() {
            let loss = loss.parse().ok()?;
            let score = self.score()?;
            let mut scores = Vec::new();
            while self.0.clone().next().is_some() {
                scores.push(self.score()?);
            }
            validation = Some(Validation::new(crate::messages::Measured { loss, score, scores }));
        }
        Some(Epoch { number, loss, learning_rate, duration, validation, scores })
    }
}

/// A number that may not be there.
fn perhaps<V: FromStr>(text: &str) -> Option<Option<V>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

/// The epochs of a history.
pub(super) fn epochs(history: &[u8]) -> Option<Vec<Epoch>> {
    let history = std::str::from_utf8(history).ok()?;
    history.lines().map(|line| Fields::of(line).epoch()).collect()
}

/// The record, or the key of what cannot be read. `text` gives the value of a key.
pub(super) fn read(text: &dyn Fn(&str) -> Option<String>) -> Result<Record, &'static str> {
    macro_rules! field {
        ($key:literal, |$text:ident| $read:expr) => {
            match text($key) {
                Some(value) => {
                    let $text = value.as_str();
                    match $read {
                        Some(value) => value,
                        None => return Err($key),
                    }
                }
                None => return Err($key),
            }
        };
    }
    Ok(Record {
        first: field!("first", |text| text.parse().ok()),
        done: field!("done", |text| text.parse().ok()),
        data: field!("data", |text| perhaps(text)),
        held_out: field!("held_out", |text| perhaps(text)),
        elapsed: field!("elapsed", |text| Fields::of(text).duration()),
        to_beat: field!("to_beat", |text| perhaps(text)),
        waited: field!("waited", |text| text.parse().ok()),
        is_reached: field!("reached", |text| text.parse().ok()),
        best: field!("best", |text| {
            let mut fields = Fields::of(text);
            if text.is_empty() {
                Some(None)
            } else {
                fields
                    .take()
                    .zip(fields.score())
                    .map(|(epoch, score)| Some(Kept::new(epoch, score)))
            }
        }),
        plateau: field!("plateau", |text| {
            let (best, rest) = text.split_once(FIELD).unwrap_or_default();
            let mut fields = Fields::of(rest);
            match (perhaps(best), fields.take(), fields.take(), fields.take()) {
                (Some(best), Some(wait), Some(cooldown), Some(factor)) => {
                    Some(PlateauState { best, wait, cooldown, factor })
                }
                _ => None,
            }
        }),
        middle: field!("middle", |text| {
            let mut fields = Fields::of(text);
            if text.is_empty() {
                Some(None)
            } else {
                match (
                    fields.take(),
                    fields.take(),
                    fields.take(),
                    fields.take(),
                    fields.duration(),
                ) {
                    (Some(samples), Some(step), Some(sum), Some(loss), Some(elapsed)) => {
                        Some(Some(Middle { samples, step, sum, loss, elapsed }))
                    }
                    _ => None,
                }
            }
        }),
    })
}
