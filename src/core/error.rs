//! The one error type of the crate.

use core::fmt;
#[cfg(feature = "std")]
use std::{io, path::PathBuf};

use crate::core::sample::Shape;
use crate::core::weights_error::WeightsError;

/// Everything that can go wrong at run time.
///
/// Each message is one sentence that names the place, what was expected there and what was found; the fields hold the
/// same facts for a program. Mistakes in a network's shape are not here: they are compile errors.
///
/// `Debug` prints the message as `Display` does, because that is what a `main` that returns
/// `Result<(), axonal::Error>` shows.
///
/// ```
/// use axonal::data::Class;
///
/// let error = Class::<10>::new(12).unwrap_err();
/// assert_eq!(error.to_string(), "class 12 is out of range: expected a class from 0 to 9");
/// assert!(matches!(error, axonal::Error::ClassOutOfRange { class: 12, classes: 10 }));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory could not be read or written.
    #[cfg(feature = "std")]
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was being done: "read", "write", "create".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// A directory has none of the files that would do.
    #[cfg(feature = "std")]
    #[error("`{}` has no file with the {what}: expected {}", directory.display(), one_of(names))]
    FileNotFound {
        /// What the file would hold.
        what: &'static str,
        /// The directory that was searched.
        directory: PathBuf,
        /// The names that were looked for.
        names: Vec<String>,
    },

    /// A file does not hold what its format demands.
    #[cfg(feature = "std")]
    #[error("`{}`, {place}: expected {expected}, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The place in the file: "magic number", "line 17, column `sepal width`".
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A weights file does not fit the network.
    #[cfg(feature = "std")]
    #[error("`{}`, tensor `{tensor}`: expected {expected}, found {found}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name, as in `dense1.weight`.
        tensor: String,
        /// What the network needs, as in "F32 [128, 784]".
        expected: String,
        /// What the file has.
        found: String,
    },

    /// Weights in memory do not fit the network.
    #[error(transparent)]
    Weights(WeightsError),

    /// Bytes in memory are not the state of this optimizer, or of one of this network.
    #[cfg(feature = "train")]
    #[error("optimizer state, {place}: expected {expected}, found {found}")]
    OptimizerState {
        /// The place in the state: "tensor `state.dense1.weight.exp_avg`".
        place: String,
        /// What the optimizer needs there, as in "F32 [128, 784]".
        expected: String,
        /// What is there.
        found: String,
    },

    /// There are not as many numbers as a sample has.
    #[error("a sample of the shape {shape} takes {expected} numbers, found {found}")]
    SampleLength {
        /// The shape of the sample.
        shape: Shape,
        /// How many numbers it has.
        expected: usize,
        /// How many there are.
        found: usize,
    },

    /// A class index is not below the number of classes.
    #[cfg(feature = "std")]
    #[error("class {class} is out of range: expected {}", class_range(*classes))]
    ClassOutOfRange {
        /// The index.
        class: usize,
        /// The number of classes.
        classes: usize,
    },

    /// There are not as many targets as inputs.
    #[error("expected one target for each of the {inputs} inputs, found {targets} targets")]
    LengthMismatch {
        /// The number of inputs.
        inputs: usize,
        /// The number of targets.
        targets: usize,
    },

    /// There are not as many weights as samples.
    #[error("expected one weight for each of the {samples} samples, found {weights} weights")]
    WeightCount {
        /// The number of samples.
        samples: usize,
        /// The number of weights.
        weights: usize,
    },

    /// A share of a data set is not from 0 to 1.
    #[error("the fraction of a data set must be from 0 to 1, found {fraction}")]
    FractionOutOfRange {
        /// The value that was given.
        fraction: f64,
    },

    /// A number that has to be finite (or, for a standard deviation, also positive) is not.
    #[cfg(feature = "std")]
    #[error("{place}: expected {expected}, found {found}")]
    InvalidNumber {
        /// Where the number stands: "sample 17, feature 3".
        place: String,
        /// What kind of number is needed there: "a finite number".
        expected: &'static str,
        /// The number.
        found: f64,
    },

    /// There is no sample where at least one is needed.
    #[error("{what} is empty: expected at least one sample")]
    Empty {
        /// What has no samples: "the training data".
        what: &'static str,
    },

    /// Training is to go by a metric that nobody measures.
    #[cfg(feature = "std")]
    #[error("the metric `{metric}` is not measured: there are {}", one_of(known))]
    UnknownMetric {
        /// The name that was given.
        metric: String,
        /// The names that there are.
        known: Vec<String>,
    },

    /// There are fewer samples than are needed.
    #[cfg(feature = "train")]
    #[error("{what}: expected at least {expected} samples, found {found}")]
    TooFewSamples {
        /// What has too few samples: "class 2 in a stratified cross-validation".
        what: String,
        /// How many are needed.
        expected: usize,
        /// How many there are.
        found: usize,
    },

    /// Something else went wrong, in code of the program's own: [`Error::other`].
    #[cfg(feature = "std")]
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),

    /// The loss became NaN or infinite.
    #[cfg(feature = "std")]
    #[error(
        "training diverged in epoch {epoch}, step {step}: the loss is {loss}; the last good weights were kept: \
         try a smaller learning rate, and check the inputs for NaN and unscaled values"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The step in that epoch, counted from 1.
        step: usize,
        /// The loss of that step.
        loss: f64,
    },

    /// The loss on the validation data became NaN or infinite; the network has the last weights that were good.
    #[cfg(feature = "std")]
    #[error(
        "the validation loss after epoch {epoch} is {loss}{}; training stopped, and the last good weights were kept: check the validation \
         data for NaN and unscaled values, or try a smaller learning rate",
        .sample.map(|sample| format!(", and so is that of validation sample {sample} (counted from 0)")).unwrap_or_default()
    )]
    DivergedInValidation {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The mean loss of the validation data.
        loss: f64,
        /// The first sample without a finite loss of its own, counted from 0, if there is one.
        sample: Option<usize>,
    },
}

#[cfg(feature = "std")]
impl Error {
    /// An error of the program's own: what a callback, a stream or a format of one's own gives back. A text is one, too.
    ///
    /// ```
    /// use axonal::Error;
    ///
    /// fn temperature() -> Result<f32, Error> {
    ///     let text = std::fs::read_to_string("/sys/no/such/sensor").map_err(Error::other)?;
    ///     text.trim().parse().map_err(Error::other)
    /// }
    /// assert!(temperature().unwrap_err().to_string().contains("No such file"));
    /// assert_eq!(Error::other("the battery is low").to_string(), "the battery is low");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// "`a`", "`a` or `b`", "`a`, `b` or `c`".
#[cfg(feature = "std")]
fn one_of(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        [only] => format!("`{only}`"),
        [most @ .., last] => format!("`{}` or `{last}`", most.join("`, `")),
    }
}

#[cfg(feature = "std")]
fn class_range(classes: usize) -> String {
    match classes {
        0 => "no class at all, since there are none".to_owned(),
        1 => "class 0, the only one".to_owned(),
        _ => format!("a class from 0 to {}", classes - 1),
    }
}
