//! Weights of a part of a network, from and to files.

use std::path::Path;

use crate::core::Error;
use crate::formats::safetensors::{self, Matching};
use crate::layers::{Layer, OfLayer};

/// Reads and writes a layer, a network inside a network, or what fits of a whole one.
///
/// Everything that is a [`Layer`] has these functions. Files are those of [`Network::save`](crate::Network::save), or PyTorch's.
/// After an error, the parameters are as they were.
///
/// ```
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("digits.safetensors");
/// use axonal::prelude::*;
///
/// network! {
///     struct Digits<input 64 => seen: dense 32 relu => dense 10>;
///     struct Letters<input 64 => seen: dense 32 relu => dense 26>;
/// }
///
/// let mut rng = StdRng::seed_from_u64(1);
/// let digits = Digits::random(&mut rng);
/// digits.save(&path)?;
///
/// // One layer.
/// let mut letters = Letters::random(&mut rng);
/// letters.seen.load_from(&path, "seen")?;
/// assert_eq!(letters.seen, digits.seen);
///
/// // All that fits.
/// let mut letters = Letters::random(&mut rng);
/// let matching = letters.load_matching(&path)?;
/// assert_eq!(matching.loaded, ["seen.weight", "seen.bias"]);
/// assert_eq!(
///     matching.to_string(),
///     "2 tensors loaded; kept: `dense1.weight` (F32 [26, 32], the file has F32 [10, 32]), \
///      `dense1.bias` (F32 [26], the file has F32 [10])"
/// );
/// # Ok::<(), axonal::Error>(())
/// ```
pub trait Transfer: Layer {
    /// Reads all tensors from those of a file whose names begin with a prefix: `net.conv1.load_from(path, "conv1")` reads `conv1.weight` and
    /// `conv1.bias`. An empty prefix is for a file that holds this layer alone.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no safetensors file, or lacks a tensor under the prefix, has one too many, or one of another shape,
    /// or of numbers that are not read (see [`Network::load`](crate::Network::load)): the error names the tensor, what was expected, and what was found.
    fn load_from(&mut self, path: impl AsRef<Path>, prefix: &str) -> Result<(), Error> {
        safetensors::load_from::<OfLayer<Self>>(self.as_mut_slice(), path.as_ref(), prefix)
    }

    /// Reads each tensor whose name and shape are those of a tensor in the file, of any type that [`Network::load`](crate::Network::load) reads;
    /// the others keep their values.
    ///
    /// Look at what comes back: a misspelt label keeps a layer from being loaded.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no safetensors file, or has no tensor that fits.
    fn load_matching(&mut self, path: impl AsRef<Path>) -> Result<Matching, Error> {
        safetensors::load_matching::<OfLayer<Self>>(self.as_mut_slice(), path.as_ref())
    }

    /// Writes all tensors, with a prefix to their names: as a file of a network that has this layer under that label.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; then a file that was there before is as it was.
    fn save_to(&self, path: impl AsRef<Path>, prefix: &str) -> Result<(), Error> {
        safetensors::save::<OfLayer<Self>>(self.as_slice(), path.as_ref(), prefix)
    }
}

impl<L: Layer> Transfer for L {}
