//! The training loop: [`Trainer`], and the [`History`] of what it did.
//!
//! A loop of one's own calls [`Network::train_step`](crate::Network::train_step), or [`Network::gradient`](crate::Network::gradient) and
//! [`Optimizer::apply`](crate::optimizers::Optimizer::apply): [`guide::loops`](crate::guide::loops). What stands round the steps is [`TrainingLoop`], for it and for a `Trainer`:
//! [`guide::training`](crate::guide::training).
//!
//! | | |
//! |---|---|
//! | `trainer`, `batches`, `validation` | the loop over epochs and batches of a data set |
//! | `training_loop`, `settings`, `status`, `monitor`, `good_weights` | what stands round the steps: schedule, callbacks, best weights, when to stop |
//! | `checkpoint` | a training in a file |
//! | `callback`, `progress`, `logs` | what is called on the way |
//! | `schedule`, `plateau`, `finder` | learning rates |
//! | `history` | what comes of it, and its pictures and tables |
//! | `backpropagation`, `pass`, `batch`, `jacobian` | what `net.gradient`, `net.train_step` and their like do |
//! | `lbfgs` | a minimum of all samples at once |

mod backpropagation;
mod batch;
mod batches;
mod callback;
#[cfg(feature = "files")]
mod checkpoint;
mod clock;
mod early_stopping;
mod finder;
mod good_weights;
mod history;
mod interrupt;
mod jacobian;
mod lbfgs;
#[cfg(feature = "files")]
mod logs;
mod monitor;
mod pass;
mod penalty;
mod plateau;
mod progress;
mod schedule;
mod settings;
mod status;
mod trainer;
mod training_loop;
mod validation;

pub use callback::{Callback, Training};
#[cfg(feature = "files")]
pub use checkpoint::Checkpoint;
pub use early_stopping::EarlyStopping;
pub use finder::{LearningRateCurve, LearningRateFinder};
pub use history::{Epoch, History, Kept, Stop, Validation};
pub use lbfgs::{Lbfgs, LbfgsIteration, LbfgsReport, LbfgsStop};
#[cfg(feature = "files")]
pub use logs::CsvLog;
#[cfg(all(feature = "files", feature = "serde"))]
pub use logs::JsonLog;
pub use plateau::{Plateau, PlateauState};
pub use progress::ProgressBar;
pub use schedule::{Schedule, ScheduleFunction};
pub use status::Status;
pub use trainer::Trainer;
pub use training_loop::TrainingLoop;

// Hidden from readers alone, as `messages`.
#[cfg_attr(doc, doc(hidden))]
pub use {finder::FinderParts, trainer::Parts};

/// A number that is another one for other numbers, but for one case in 2⁶⁴: FNV-1a of their bits, eight bytes at a time.
fn fingerprint<'a, T: crate::core::Scalar>(numbers: impl Iterator<Item = &'a T>) -> u64 {
    numbers.fold(0, |hash, number| {
        let hash = (hash ^ number.as_f64().to_bits()).wrapping_mul(0x0000_0100_0000_01b3);
        hash.rotate_left(23)
    })
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
