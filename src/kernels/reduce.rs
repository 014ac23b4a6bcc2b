//! How long sums are cut into blocks.

/// So many products are summed up in their own type, and the sums of blocks in `f64`: the error of a sum does not grow with its length.
///
/// Shorter sums are what they would be without blocks, to the bit; so with [`SUMMED`] and [`ROWS`].
pub(crate) const BLOCK: usize = 4 * 1024;

/// As [`BLOCK`], of numbers that follow each other: so many vectors of them. They may be far from zero, as those of which means are taken.
pub(crate) const SUMMED: usize = 64;

/// As [`SUMMED`], of the rows of a matrix: a lane of a vector sees each of them.
pub(crate) const ROWS: usize = 256;
