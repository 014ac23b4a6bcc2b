//! [safetensors](https://github.com/huggingface/safetensors): PyTorch's names, shapes and orientation.
//!
//! A file is put together by [`Writing`], from the parameters of networks, the states of optimizers and other tensors, each group under a prefix of its own.
//! It is opened once, as a [`File`], and each group read from it.

#[cfg(feature = "files")]
mod files;
mod header;
#[cfg(any(feature = "train", feature = "files"))]
mod list;
#[cfg(feature = "files")]
mod matching;
mod numbers;
mod weights;
#[cfg(feature = "alloc")]
mod writing;

#[cfg(feature = "files")]
pub(crate) use files::{fill_from, load, load_from, load_matching, open, read, save};
#[cfg(any(feature = "train", feature = "files"))]
pub(crate) use header::File;
#[cfg(feature = "train")]
pub(crate) use header::Stored;
#[cfg(feature = "train")]
pub(crate) use list::list;
#[cfg(feature = "files")]
pub use matching::{Kept, Matching};
#[cfg(any(feature = "train", feature = "files"))]
pub(crate) use weights::found;
pub(crate) use weights::load_bytes;
#[cfg(feature = "train")]
pub(crate) use weights::{Search, Tensor};
#[cfg(any(feature = "train", feature = "files"))]
pub(crate) use writing::Writing;
#[cfg(feature = "alloc")]
pub(crate) use writing::to_bytes;
