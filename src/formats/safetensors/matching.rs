//! Which tensors of a file went where.

use core::fmt;

/// What [`Transfer::load_matching`](crate::Transfer::load_matching) did; displays as one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matching {
    /// The tensors that were loaded, in the network's order.
    pub loaded: Vec<String>,
    /// The network's other tensors, which have the values that they had.
    pub kept: Vec<Kept>,
    /// The tensors of the file whose names the network does not have.
    pub unused: Vec<String>,
}

/// A tensor of a network that was not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// Its name, as in `dense1.weight`.
    pub tensor: String,
    /// What it is, as in "F32 [128, 784]".
    pub expected: String,
    /// What the file has under this name, if anything.
    pub found: Option<String>,
}

impl fmt::Display for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tensor, expected, found } = self;
        match found {
            Some(found) => write!(formatter, "`{tensor}` ({expected}, the file has {found})"),
            None => write!(formatter, "`{tensor}` (not in the file)"),
        }
    }
}

impl fmt::Display for Matching {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.loaded.len();
        let s = if count == 1 { "" } else { "s" };
        write!(formatter, "{count} tensor{s} loaded")?;
        let mut separator = "; kept: ";
        for kept in &self.kept {
            write!(formatter, "{separator}{kept}")?;
            separator = ", ";
        }
        separator = "; unused: ";
        for name in &self.unused {
            write!(formatter, "{separator}`{name}`")?;
            separator = ", ";
        }
        Ok(())
    }
}
