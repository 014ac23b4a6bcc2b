//! Threads that help with the work of one call, and stay awake for the next.
//!
//! A training step shares pieces of 20 to 200 µs, many thousand times a second. General thread pools put their threads to sleep in between, and to wake
//! one takes as long as such a piece (measured on a virtual machine: 50 µs); and they allocate for each piece, which a step does not do.
//! Here a helper looks for work for a while before it sleeps; the caller does not wait for a helper that has not begun, but takes its part.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// The most parts of one piece of work.
pub(super) const MOST: usize = 16;

/// How often a helper looks for work before it sleeps: some 100 µs.
const LOOKS: usize = 4_000;

/// Where a helper needs longer than this for a job with nothing to do, the two threads are on parts of the processor that have no cache in common.
/// Measured on a virtual machine that is moved about: at 0.17 µs a step of SGD for 32 samples takes 0.8 times as long on two threads as on one,
/// at 0.32 to 0.49 µs 1.5 times as long.
const FAR: Duration = Duration::from_nanos(250);

/// After so many questions how far that is, it is measured anew: threads move.
const QUESTIONS: usize = 256;

static TEAM: Team = Team {
    state: AtomicU64::new(0),
    job: AtomicPtr::new(core::ptr::null_mut()),
    run: AtomicPtr::new(core::ptr::null_mut()),
    done: AtomicUsize::new(0),
    has_panicked: AtomicBool::new(false),
    is_led: AtomicBool::new(false),
    helpers: Mutex::new(Vec::new()),
    questions: AtomicUsize::new(0),
    is_due: AtomicBool::new(false),
    is_near: AtomicBool::new(true),
};

struct Team {
    /// The number of the job, how many parts it has, and how many of them are taken: one word, so that who takes a part knows of which job.
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
    /// How often was asked whether the threads are near.
    questions: AtomicUsize,
    /// Whether that is to be measured after the next job, when a helper is awake.
    is_due: AtomicBool,
    /// As it was measured.
    is_near: AtomicBool,
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

/// Whether numbers travel quickly between the threads. Now and then the answer is yes so that it can be measured anew.
pub(super) fn are_near() -> bool {
    if TEAM.questions.fetch_add(1, Ordering::Relaxed).is_multiple_of(QUESTIONS) {
        TEAM.is_due.store(true, Ordering::Relaxed);
        return true;
    }
    TEAM.is_near.load(Ordering::Relaxed)
}

/// Shares a job of the team that this thread leads, and ends with it.
fn lead(job: *mut (), run: *mut (), parts: usize) {
    assert!(parts <= MOST, "{parts} parts of one job");
    TEAM.publish(job, run, parts);
    wake(parts - 1);
    TEAM.finish(parts);
    if TEAM.is_due.swap(false, Ordering::Relaxed) {
        TEAM.measure();
    }
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

/// Nothing to do.
struct Nothing;

impl Job for Nothing {
    fn part(&self, _index: usize) {}
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
        while self.take_part() {}
        while self.done.load(Ordering::Acquire) < parts {
            core::hint::spin_loop();
        }
    }

    /// Finds out how soon a helper has done a job with nothing to do, unless none is awake.
    fn measure(&self) {
        const ROUNDS: usize = 8;
        /// A helper that is awake has come long before so many looks.
        const LOOKS: usize = 1_000;
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            self.publish(
                core::ptr::from_ref(&Nothing).cast_mut().cast(),
                part::<Nothing> as *mut (),
                1,
            );
            let mut looks = 0;
            while self.done.load(Ordering::Acquire) == 0 && looks < LOOKS {
                core::hint::spin_loop();
                looks += 1;
            }
            if looks == LOOKS {
                return self.finish(1);
            }
            best = best.min(start.elapsed());
        }
        self.is_near.store(best < FAR, Ordering::Relaxed);
    }

    /// Does one part that nobody has taken, if there is one. Does not panic.
    fn take_part(&self) -> bool {
        let state = self.state.load(Ordering::Acquire);
        let (parts, taken) = (state >> 16 & 0xffff, state & 0xffff);
        if taken >= parts {
            return false;
        }
        let (job, run) = (self.job.load(Ordering::Relaxed), self.run.load(Ordering::Relaxed));
        // It fails if another thread took this part, or if the job has changed since: then `job` and `run` may be those of two jobs.
        let is_taken =
            self.state.compare_exchange(state, state + 1, Ordering::AcqRel, Ordering::Relaxed);
        if is_taken.is_err() {
            return true;
        }
        let index = usize::try_from(taken).unwrap_or(0);
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

/// Sees to it that so many helpers are awake.
fn wake(count: usize) {
    let mut helpers = TEAM.helpers.lock().unwrap_or_else(PoisonError::into_inner);
    while helpers.len() < count {
        let is_asleep = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_asleep);
        let name = format!("axonal {}", helpers.len() + 1);
        // Where there are no threads to be had, the caller does all parts.
        let Ok(handle) = std::thread::Builder::new().name(name).spawn(move || help(&flag)) else {
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

/// The life of a helper.
fn help(is_asleep: &AtomicBool) {
    loop {
        let mut looks = 0;
        while looks < LOOKS {
            if TEAM.take_part() {
                looks = 0;
            }
            core::hint::spin_loop();
            looks += 1;
        }
        is_asleep.store(true, Ordering::SeqCst);
        // A job that came before the flag was up has not woken this thread.
        let state = TEAM.state.load(Ordering::SeqCst);
        if state >> 16 & 0xffff > state & 0xffff {
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
                        // Measured in between, now and then.
                        are_near();
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
