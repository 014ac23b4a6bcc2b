//! [safetensors](https://github.com/huggingface/safetensors): PyTorch's names, shapes and orientation.

#[cfg(feature = "files")]
mod files;
mod header;
#[cfg(feature = "files")]
mod matching;
mod numbers;
mod weights;
#[cfg(feature = "alloc")]
mod writing;

#[cfg(feature = "files")]
pub(crate) use files::{load, load_from, load_matching, save};
#[cfg(feature = "files")]
pub use matching::{Kept, Matching};
pub(crate) use weights::load_bytes;
#[cfg(feature = "alloc")]
pub(crate) use writing::to_bytes;
