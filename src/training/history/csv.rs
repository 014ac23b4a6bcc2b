//! A history as CSV.

use std::fmt::Write;
#[cfg(feature = "files")]
use std::path::Path;

use super::{Epoch, History};
#[cfg(feature = "files")]
use crate::core::Error;
#[cfg(feature = "files")]
use crate::io::atomic;
use crate::metrics::Score;

impl History {
    /// A table for a spreadsheet, pandas and the like: a line for each epoch.
    ///
    /// The columns are `epoch`, `loss`, `validation_loss`, the scores by their names (those of validation, then those of callbacks), `learning_rate`, `seconds`. A number is written in as few digits as
    /// give it back to the bit; what was not measured is empty.
    ///
    /// ```
    /// use axonal::training::History;
    ///
    /// assert_eq!(History::default().to_csv(), "epoch,loss,validation_loss,learning_rate,seconds\n");
    /// ```
    pub fn to_csv(&self) -> String {
        let names = self.score_names();
        let mut csv = "epoch,loss,validation_loss,".to_owned();
        for (of_callback, name) in &names {
            csv += &quoted(name);
            if *of_callback && names.contains(&(false, name)) {
                csv += "_of_callback";
            }
            csv.push(',');
        }
        csv += "learning_rate,seconds\n";
        self.epochs.iter().for_each(|epoch| csv += &line(epoch, &names));
        csv
    }

    /// Writes [`to_csv`](Self::to_csv) to a file, whole or not at all. With the feature `files`.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    #[cfg(feature = "files")]
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        atomic::write(path.as_ref(), self.to_csv().as_bytes())
    }

    /// The names of all scores, each once, in the order in which they come first.
    pub(in crate::training) fn score_names(&self) -> Names {
        let mut names = Vec::new();
        for of_callbacks in [false, true] {
            for (of_callback, score) in self.epochs.iter().flat_map(scores) {
                let name = (of_callback, score.metric);
                if of_callback == of_callbacks && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

/// The names of scores, and whether each is of a callback.
pub(in crate::training) type Names = Vec<(bool, &'static str)>;

/// The line of an epoch.
pub(in crate::training) fn line(epoch: &Epoch, names: &Names) -> String {
    let loss = epoch.validation.as_ref().map(|validation| validation.loss);
    let mut line = format!("{},{:?},{},", epoch.number, epoch.loss, Cell(loss));
    for name in names {
        let score = scores(epoch).find(|(is_of, score)| (*is_of, score.metric) == *name);
        // Writing to a `String` does not fail.
        _ = write!(line, "{},", Cell(score.map(|(_, score)| score.value)));
    }
    let seconds = epoch.duration.as_secs_f64();
    _ = writeln!(line, "{:?},{seconds:?}", epoch.learning_rate);
    line
}

/// The scores, and whether each is of a callback. The loss of the validation is none of them.
fn scores(epoch: &Epoch) -> impl Iterator<Item = (bool, &Score)> {
    let of_validation = epoch.validation.iter().flat_map(|validation| &validation.scores);
    let of_validation = of_validation.filter(|score| score.metric != "loss");
    of_validation.map(|score| (false, score)).chain(epoch.scores.iter().map(|score| (true, score)))
}

/// A number, or nothing.
struct Cell(Option<f64>);

impl std::fmt::Display for Cell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |number| write!(formatter, "{number:?}"))
    }
}

fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
