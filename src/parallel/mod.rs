//! Threads: how work is split, and the pool that runs the parts. It knows nothing of the rest of the crate.

#[cfg(feature = "threads")]
mod number;
#[cfg(feature = "threads")]
mod pool;
mod split;
#[cfg(feature = "train")]
mod workers;

#[cfg(feature = "threads")]
pub use number::{num_threads, set_num_threads};
pub(crate) use split::{Part, Split, cut, share, share_parts, share_whole, sharing};
#[cfg(feature = "train")]
pub(crate) use split::{WORTH_SHARING, WORTH_WAKING, is_awake};
#[cfg(feature = "train")]
pub(crate) use workers::{alone, workers};

/// How many threads there are to share work with.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "threads")]
    {
        num_threads()
    }
    #[cfg(not(feature = "threads"))]
    1
}
