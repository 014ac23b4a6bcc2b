//! Input and output, whatever the format (`formats/` and `data/` know these): bytes from a path, compressed or not (`source`); which kind of file they are, by how
//! they begin (`file_kind`); a file written whole or not at all (`atomic`).

#[cfg(feature = "files")]
pub(crate) mod atomic;
pub(crate) mod file_kind;
#[cfg(feature = "files")]
pub(crate) mod source;
