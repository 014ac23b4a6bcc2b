//! A history as JSON.

#[cfg(feature = "files")]
use std::path::Path;

use super::{Epoch, History};
#[cfg(feature = "files")]
use crate::core::Error;
#[cfg(feature = "files")]
use crate::io::atomic;

impl History {
    /// All of it as JSON: an object with the list `epochs`, in each `number`, `loss`, `learning_rate`, `seconds`, `validation` and `scores`, and `stop` and `kept`. With the feature `serde`.
    ///
    /// JSON has no NaN and no infinity: they are `null`, which is read as NaN. Every other number is written so that it is read to the same bits.
    /// A history is read by [`serde_json::from_str`], and goes into every other format of `serde`.
    ///
    /// ```
    /// use axonal::training::History;
    ///
    /// let json = History::default().to_json();
    /// let history: History = serde_json::from_str(&json).unwrap();
    /// assert_eq!(history, History::default());
    /// ```
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers, names and lists are JSON")
    }

    /// Writes [`to_json`](Self::to_json) to a file, whole or not at all. With the features `serde` and `files`.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    #[cfg(feature = "files")]
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        atomic::write(path.as_ref(), self.to_json().as_bytes())
    }
}

impl Epoch {
    /// On a line of its own.
    #[cfg(feature = "files")]
    pub(in crate::training) fn to_json_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("numbers, names and lists are JSON");
        line.push('\n');
        line
    }
}
