//! Ctrl-C: the first one ends the training after its step, the second one kills.

/// Whether it was pressed while something trains.
pub(super) fn is_requested() -> bool {
    #[cfg(all(feature = "ctrlc", not(target_family = "wasm")))]
    return handler::is_requested();
    #[cfg(not(all(feature = "ctrlc", not(target_family = "wasm"))))]
    false
}

#[cfg(all(feature = "ctrlc", not(target_family = "wasm")))]
pub(super) use handler::Listening;

#[cfg(all(feature = "ctrlc", not(target_family = "wasm")))]
mod handler {
    use std::process;
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// How many trainings listen.
    static LISTENING: AtomicUsize = AtomicUsize::new(0);
    static REQUESTED: AtomicBool = AtomicBool::new(false);

    pub(super) fn is_requested() -> bool {
        REQUESTED.load(Ordering::Relaxed)
    }

    /// A training that listens, until it is dropped.
    #[derive(Debug)]
    pub(in crate::training) struct Listening;

    impl Listening {
        pub(in crate::training) fn start() -> Self {
            static HANDLER: Once = Once::new();
            HANDLER.call_once(|| {
                // A handler of the program's own stays.
                let _ = ctrlc::try_set_handler(|| {
                    if LISTENING.load(Ordering::SeqCst) == 0
                        || REQUESTED.swap(true, Ordering::SeqCst)
                    {
                        // What a shell gives for a process that SIGINT ended.
                        process::exit(130);
                    }
                });
            });
            if LISTENING.fetch_add(1, Ordering::SeqCst) == 0 {
                REQUESTED.store(false, Ordering::SeqCst);
            }
            Self
        }
    }

    impl Drop for Listening {
        fn drop(&mut self) {
            LISTENING.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
