//! What stands round a training: checkpoints, callbacks, schedules, reports, pictures, model selection, pipelines.
//!
//! Apart from `tests/suite`, which takes minutes to build.

#[cfg(all(feature = "train", feature = "files"))]
mod checkpoints;
#[cfg(feature = "train")]
mod class_weights;
#[cfg(feature = "std")]
mod diagrams;
#[cfg(feature = "train")]
mod evaluation;
#[cfg(feature = "files")]
mod figures;
#[cfg(feature = "train")]
mod finder;
#[cfg(all(feature = "train", feature = "files"))]
mod history;
#[cfg(feature = "png")]
mod image_folders;
#[cfg(all(unix, feature = "ctrlc", feature = "files"))]
mod interrupt;
#[cfg(feature = "train")]
mod lbfgs;
#[cfg(feature = "train")]
mod loops;
#[cfg(all(feature = "train", feature = "files"))]
mod optimizer_state;
#[cfg(all(feature = "train", feature = "files"))]
mod pipeline;
#[cfg(feature = "train")]
mod schedules;
#[cfg(all(feature = "train", feature = "files"))]
mod selection;
mod splits;
#[cfg(feature = "files")]
mod streams;
#[cfg(feature = "train")]
mod training;
#[cfg(all(feature = "train", feature = "files"))]
mod weights;
