//! Memory: from the allocator, at a cache line; that which a thread keeps for its passes; slices of numbers as slices of samples; and slices that threads share.

pub(crate) mod alloc;
pub(crate) mod cast;
mod shared;
mod workspace;

#[cfg(feature = "std")]
pub(crate) use alloc::append;
#[cfg(feature = "train")]
pub(crate) use alloc::zeros;
pub(crate) use shared::Shared;
pub use workspace::{Heap, on_stack};

/// The bytes of a cache line of most processors, and of the largest vectors.
pub(crate) const LINE: usize = 64;
