//! Memory: from the allocator, at a cache line; that which a thread keeps for its passes; and slices of numbers as slices of samples.

pub(crate) mod alloc;
pub(crate) mod cast;
mod workspace;

#[cfg(feature = "std")]
pub(crate) use alloc::append;
#[cfg(feature = "train")]
pub(crate) use alloc::zeros;
pub use workspace::{Heap, on_stack};

/// The bytes of a cache line of most processors, and of the largest vectors.
pub(crate) const LINE: usize = 64;
