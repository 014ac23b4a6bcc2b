//! Long work of which each thread does a part by itself.

/// Runs `work` on as many threads as there are, up to `most`; this thread is one of them. If it panics on one of them, so does this, with the same, when all are done.
pub(crate) fn workers(
    #[cfg_attr(not(feature = "threads"), expect(unused_variables, reason = "there is one"))]
    most: usize,
    work: impl Fn() + Sync,
) {
    #[cfg(feature = "threads")]
    {
        /// As much as the main thread usually has: what runs there is to run here too.
        const STACK: usize = 8 * 1024 * 1024;
        let helpers = super::num_threads().min(most).saturating_sub(1);
        std::thread::scope(|scope| {
            let spawn = |_| {
                let builder = std::thread::Builder::new().stack_size(STACK);
                // Where there are no threads to be had, this one does all of it.
                builder.spawn_scoped(scope, &work).ok()
            };
            let helpers: Vec<_> = (0..helpers).map_while(spawn).collect();
            work();
            for helper in helpers {
                if let Err(panic) = helper.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
    }
    #[cfg(not(feature = "threads"))]
    work();
}

/// Runs work that shares none of its passes with other threads: those that could help are busy with such work of their own.
pub(crate) fn alone<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "threads")]
    {
        super::number::alone(work)
    }
    #[cfg(not(feature = "threads"))]
    work()
}
