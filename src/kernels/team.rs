//! Threads that help with the work of one call, and stay awake for the next.
//!
//! A training step shares pieces of 20 to 200 µs, many thousand times a second. General thread pools put their threads to sleep in between, and to wake
//! one takes as long as such a piece (measured on a virtual machine: 50 µs); and they allocate for each piece, which a step does not do.
//! Here a helper looks for work for a while before it sleeps; the caller does not wait for a helper that has not begun, but takes its part.
//! The same part of each job goes to the same thread where that one is awake: what it works on is in its cache then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::Duration;

/// The most parts of one piece of work.
pub(super) const MOST: usize = 16;

/// How often a helper looks for work before it sleeps: some 100 µs.
const LOOKS: usize = 4_000;

/// So soon after its last job, a helper is still awake.
pub(super) const AWAKE: Duration = Duration::from_micros(100);

static TEAM: Team = Team {
    state: AtomicU64::new(0),
    job: AtomicPtr::new(core::ptr::null_mut()),
    run: AtomicPtr::new(core::ptr::null_mut()),
    done: AtomicUsize::new(0),
    has_panicked: AtomicBool::new(false),
    is_led: AtomicBool::new(false),
    helpers: Mutex::new(Vec::new()),
};

struct Team {
    /// The number of the job, how many parts it has, and a bit for each of them that is taken: one word, so that who takes a part knows of which job.
    state: AtomicU64,
    /// What `run` is called with.
    job: AtomicPtr<()>,
    /// An `unsafe fn(*const (), usize)`.
    run: AtomicPtr<()>,
    /// How many parts are finished.
    done: AtomicUsize,
    has_panicked: AtomicBool,
    /// Whether there is a job. Who comes meanwhile works alone.
    is_led: AtomicBool,
    helpers: Mutex<Vec<Helper>>,
}

struct Helper {
    thread: Thread,
    is_asleep: Arc<AtomicBool>,
}

/// Work in numbered parts, which can be done at the same time.
pub(super) trait Job: Sync {
    fn part(&self, index: usize);
}

/// Does all parts of a job, each once, with the help of other threads.
pub(super) fn share<J: Job>(job: &J, parts: usize) {
    let is_free = TEAM.is_led.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
    if is_free.is_err() || parts < 2 {
        for index in 0..parts {
            job.part(index);
        }
        if is_free.is_ok() {
            TEAM.is_led.store(false, Ordering::Release);
        }
        return;
    }
    lead(core::ptr::from_ref(job).cast_mut().cast(), part::<J> as *mut (), parts);
}

/// Shares a job of the team that this thread leads, and ends with it.
fn lead(job: *mut (), run: *mut (), parts: usize) {
    assert!(parts <= MOST, "{parts} parts of one job");
    TEAM.publish(job, run, parts);
    wake(parts - 1);
    TEAM.finish(parts);
    let has_panicked = TEAM.has_panicked.swap(false, Ordering::Relaxed);
    TEAM.is_led.store(false, Ordering::Release);
    assert!(!has_panicked, "a part of a pass panicked");
}

/// # Safety
///
/// `job` must come from a reference to a `J` that is still borrowed.
unsafe fn part<J: Job>(job: *const (), index: usize) {
    // SAFETY: the caller's promise.
    unsafe { &*job.cast::<J>() }.part(index);
}

impl Team {
    /// Offers the parts of a job to all threads.
    fn publish(&self, job: *mut (), run: *mut (), parts: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.job.store(job, Ordering::Relaxed);
        self.run.store(run, Ordering::Relaxed);
        let number = (self.state.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        self.state.store(number << 32 | (parts as u64) << 16, Ordering::SeqCst);
    }

    /// Does the parts that nobody takes, and waits for the others: nobody may have the job any more when it is gone.
    fn finish(&self, parts: usize) {
        while self.take_part(parts - 1) {}
        while self.done.load(Ordering::Acquire) < parts {
            core::hint::spin_loop();
        }
    }

    /// Does one part that nobody has taken, if there is one: a thread's `own` part, and others after that. Does not panic.
    fn take_part(&self, own: usize) -> bool {
        let state = self.state.load(Ordering::Acquire);
        let free = free_parts(state);
        if free == 0 {
            return false;
        }
        let index = if free >> own & 1 == 1 { own } else { free.trailing_zeros() as usize };
        let (job, run) = (self.job.load(Ordering::Relaxed), self.run.load(Ordering::Relaxed));
        // It fails if another thread took this part, or if the job has changed since: then `job` and `run` may be those of two jobs.
        let is_taken = self.state.compare_exchange(
            state,
            state | 1 << index,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if is_taken.is_err() {
            return true;
        }
        let work = AssertUnwindSafe(|| {
            // SAFETY: `run` was stored with this type, and is not null where there is a part to take. The job is borrowed by the thread in `share`,
            // which does not panic, and does not leave before as many parts are done as there are: this one is not.
            unsafe {
                let run: unsafe fn(*const (), usize) = core::mem::transmute(run);
                run(job, index);
            }
        });
        if catch_unwind(work).is_err() {
            self.has_panicked.store(true, Ordering::Relaxed);
        }
        self.done.fetch_add(1, Ordering::Release);
        true
    }
}

/// A bit for each part of the job that nobody has taken.
fn free_parts(state: u64) -> u64 {
    let (parts, taken) = (state >> 16 & 0xffff, state & 0xffff);
    ((1 << parts) - 1) & !taken
}

/// Whether a helper is one of those that the job is for: the last part is the caller's own.
fn is_for(state: u64, helper: usize) -> bool {
    (state >> 16 & 0xffff) as usize > helper + 1
}

/// Sees to it that so many helpers are awake.
fn wake(count: usize) {
    let mut helpers = TEAM.helpers.lock().unwrap_or_else(PoisonError::into_inner);
    while helpers.len() < count {
        let is_asleep = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_asleep);
        let own = helpers.len();
        let name = format!("axonal {}", own + 1);
        // Where there are no threads to be had, the caller does all parts.
        let Ok(handle) = std::thread::Builder::new().name(name).spawn(move || help(&flag, own))
        else {
            return;
        };
        helpers.push(Helper { thread: handle.thread().clone(), is_asleep });
    }
    for helper in &helpers[..count] {
        if helper.is_asleep.swap(false, Ordering::SeqCst) {
            helper.thread.unpark();
        }
    }
}

/// The life of a helper, whose `own` part of each job is the one with its number.
fn help(is_asleep: &AtomicBool, own: usize) {
    loop {
        let mut looks = 0;
        while looks < LOOKS {
            if is_for(TEAM.state.load(Ordering::Relaxed), own) && TEAM.take_part(own) {
                looks = 0;
            }
            core::hint::spin_loop();
            looks += 1;
        }
        is_asleep.store(true, Ordering::SeqCst);
        // A job that came before the flag was up has not woken this thread.
        let state = TEAM.state.load(Ordering::SeqCst);
        if is_for(state, own) && free_parts(state) != 0 {
            is_asleep.store(false, Ordering::SeqCst);
            continue;
        }
        while is_asleep.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts how often each part was done; one of them may panic.
    struct Counts {
        parts: [AtomicUsize; MOST],
        panics: Option<usize>,
    }

    impl Job for Counts {
        fn part(&self, index: usize) {
            self.parts[index].fetch_add(1, Ordering::Relaxed);
            assert!(self.panics != Some(index), "asked for");
        }
    }

    fn counts(panics: Option<usize>) -> Counts {
        Counts { parts: [const { AtomicUsize::new(0) }; MOST], panics }
    }

    #[test]
    fn each_part_is_done_once() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for round in 0..2_000 {
                        // Longer than a helper stays awake, now and then.
                        if round % 500 == 0 {
                            std::thread::sleep(std::time::Duration::from_millis(20));
                        }
                        let (job, parts) = (counts(None), (round + thread) % (MOST + 1));
                        share(&job, parts);
                        for (index, count) in job.parts.iter().enumerate() {
                            let expected = usize::from(index < parts);
                            assert_eq!(count.load(Ordering::Relaxed), expected, "{index}");
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        for index in 0..4 {
            let job = counts(Some(index));
            assert!(catch_unwind(AssertUnwindSafe(|| share(&job, 4))).is_err());
            let done = job.parts.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>();
            // Alone, where another test has the helpers, it ends with the panic.
            assert!(done == 4 || done == index + 1, "{done} parts");
        }
    }
}
