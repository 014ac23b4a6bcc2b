//! Files as such, whatever is in them: read from a path, compressed or not; told apart by how they begin; written whole or not at all.

#[cfg(feature = "files")]
pub(crate) mod atomic;
pub(crate) mod kind;
#[cfg(feature = "files")]
pub(crate) mod source;
