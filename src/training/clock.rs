//! How long something takes.

use std::time::Duration;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::time::Instant;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use web_time::Instant;

/// A clock that may have run before: in the process that a training was resumed from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    before: Duration,
    start: Instant,
}

impl Clock {
    pub(super) fn start(before: Duration) -> Self {
        Self { before, start: Instant::now() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.before + self.start.elapsed()
    }
}
