//! How many threads there are to share work with.

#[cfg(feature = "train")]
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What [`set_num_threads`] was given, or 0.
static SET: AtomicUsize = AtomicUsize::new(0);

#[cfg(feature = "train")]
thread_local! {
    /// Whether this thread works [alone].
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Runs work in which this thread is the only one that there is.
#[cfg(feature = "train")]
pub(super) fn alone<R>(work: impl FnOnce() -> R) -> R {
    /// As it was before, also where the work panics.
    struct End(bool);

    impl Drop for End {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }

    let _end = End(ALONE.replace(true));
    work()
}

/// How many threads large steps and batches are shared by: PyTorch's `torch.get_num_threads`.
///
/// In a fold of a [cross-validation](crate::selection), which runs beside others, it is 1. Else it is the first of these that there is:
///
/// 1. with the feature `rayon`, on a thread of one of its pools: the number of threads of that pool;
/// 2. what [`set_num_threads`] was given;
/// 3. the environment variable `AXONAL_THREADS`, or rayon's `RAYON_NUM_THREADS`, at the first call: a number from 1 on; 0 is as if it were not there,
///    and what is no number is reported on the standard error stream, and left out;
/// 4. the processors that the machine lets this process use.
///
/// No pool of rayon's is started by the question.
///
/// ```
/// axonal::set_num_threads(2);
/// assert_eq!(axonal::num_threads(), 2);
/// ```
pub fn num_threads() -> usize {
    #[cfg(feature = "train")]
    if ALONE.get() {
        return 1;
    }
    #[cfg(feature = "rayon")]
    if rayon::current_thread_index().is_some() {
        return rayon::current_num_threads();
    }
    match SET.load(Ordering::Relaxed) {
        0 => usual(),
        set => set,
    }
}

/// Sets how many threads of this process share large steps and batches from now on: PyTorch's `torch.set_num_threads`.
///
/// Results do not depend on it, to the bit. 1 leaves all work to the thread that calls.
///
/// # Panics
///
/// If the number is 0.
#[track_caller]
pub fn set_num_threads(count: usize) {
    assert!(count > 0, "a number of threads is 1 or more, found 0");
    SET.store(count, Ordering::Relaxed);
}

/// The number where nobody has set one.
fn usual() -> usize {
    static USUAL: OnceLock<usize> = OnceLock::new();
    *USUAL.get_or_init(|| {
        let asked = ["AXONAL_THREADS", "RAYON_NUM_THREADS"].into_iter().find_map(asked_for);
        let machine = || std::thread::available_parallelism().map_or(1, usize::from);
        asked.unwrap_or_else(machine)
    })
}

/// The number that an environment variable asks for. 0 and no text are as if it were not there (so does rayon); what is no number is reported.
fn asked_for(variable: &str) -> Option<usize> {
    let text = std::env::var(variable).ok()?;
    let number = text.trim();
    if number.is_empty() {
        return None;
    }
    match number.parse() {
        Ok(0) => None,
        Ok(number) => Some(number),
        Err(_) => {
            eprintln!(
                "axonal: {variable} is `{text}`, but a number of threads is expected: using all processors"
            );
            None
        }
    }
}
