//! Threads that help with the work of one call, and stay awake for the next.
//!
//! A training step shares pieces of 20 to 200 µs, many thousand times a second. General thread pools put their threads to sleep in between, and to wake
//! one takes as long as such a piece (measured on a virtual machine: 50 µs); and they allocate for each piece, which a step does not do.
//! Here a helper looks for work for a while before it sleeps; the caller does not wait for a helper that has not begun, but takes its part.
//! The same part of each job goes to the same thread where that one is awake: what it works on is in its cache then.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
#[cfg(feature = "train")]
use std::time::Duration;

/// The most parts of one piece of work.
pub(crate) const MOST: usize = 16;

/// How often a helper looks for work before it sleeps: some 100 µs.
const LOOKS: usize = 4_000;

/// How often the caller looks whether a helper has finished its part, before it lets others run in between: some 25 µs.
/// Where there are more threads than processors, the helper may be one of them.
const IMPATIENT: usize = 1_000;

/// So soon after its last job, a helper is still awake.
#[cfg(feature = "train")]
pub(crate) const AWAKE: Duration = Duration::from_micros(100);

static TEAM: Team = Team::new();

struct Team {
    /// The [number](LAST) of the job, how many parts it has, and a bit for each of them that is taken: one word, so that who takes a part knows of which job.
    state: AtomicU64,
    /// What `run` is called with.
    job: AtomicPtr<()>,
    /// An `unsafe fn(*const (), usize)`.
    run: AtomicPtr<()>,
    /// How many parts are finished.
    done: AtomicUsize,
    has_panicked: AtomicBool,
    /// What the first part that panicked did so with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// Whether there is a job. Who comes meanwhile works alone.
    is_led: AtomicBool,
    helpers: Mutex<Vec<Helper>>,
}

struct Helper {
    thread: Thread,
    is_asleep: Arc<AtomicBool>,
}

/// Work in numbered parts, which can be done at the same time.
pub(crate) trait Job: Sync {
    fn part(&self, index: usize);

    /// All parts, on one thread.
    fn alone(&self, parts: usize) {
        for index in 0..parts {
            self.part(index);
        }
    }
}

/// Does all parts of a job, each once, with the help of other threads.
///
/// If one of them panics, so does this, with the same, after the others are done or, where this thread is alone, instead of doing them.
pub(crate) fn share<J: Job>(job: &J, parts: usize) {
    assert!(parts <= MOST, "{parts} parts of one job");
    if parts > 1 && TEAM.is_free() {
        return lead(core::ptr::from_ref(job).cast_mut().cast(), part::<J> as *mut (), parts);
    }
    job.alone(parts);
}

/// Shares a job of the team that this thread leads, and ends with it.
fn lead(job: *mut (), run: *mut (), parts: usize) {
    /// Nobody has the job any more when this is gone, whatever happens in between.
    struct Led(usize);

    impl Drop for Led {
        fn drop(&mut self) {
            TEAM.finish(self.0);
        }
    }

    TEAM.publish(job, run, parts);
    let led = Led(parts);
    wake(parts - 1);
    drop(led);
    let panic = TEAM.has_panicked.swap(false, Ordering::Relaxed).then(|| TEAM.panic().take());
    TEAM.is_led.store(false, Ordering::Release);
    if let Some(panic) = panic.flatten() {
        resume_unwind(panic);
    }
}

/// # Safety
///
/// `job` must come from a reference to a `J` that is still borrowed.
unsafe fn part<J: Job>(job: *const (), index: usize) {
    // SAFETY: the caller's promise.
    unsafe { &*job.cast::<J>() }.part(index);
}

impl Team {
    const fn new() -> Self {
        Self {
            state: AtomicU64::new(0),
            job: AtomicPtr::new(core::ptr::null_mut()),
            run: AtomicPtr::new(core::ptr::null_mut()),
            done: AtomicUsize::new(0),
            has_panicked: AtomicBool::new(false),
            panic: Mutex::new(None),
            is_led: AtomicBool::new(false),
            helpers: Mutex::new(Vec::new()),
        }
    }

    /// Whether the caller leads the team from now on. Two jobs of one number could be taken for each other by a thread that was away for all jobs in between:
    /// after the [last](LAST), nobody does any more.
    fn is_free(&self) -> bool {
        let was_led =
            self.is_led.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
        was_led.is_ok() && number(self.state.load(Ordering::Relaxed)) < LAST
    }

    /// Offers the parts of a job to all threads.
    fn publish(&self, job: *mut (), run: *mut (), parts: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.job.store(job, Ordering::Relaxed);
        self.run.store(run, Ordering::Relaxed);
        let number = number(self.state.load(Ordering::Relaxed)) + 1;
        self.state.store(number << NUMBER | (parts as u64) << PARTS, Ordering::SeqCst);
    }

    fn panic(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the parts that nobody takes, and waits for the others: nobody may have the job any more when it is gone.
    fn finish(&self, parts: usize) {
        while self.take_part(parts - 1) {}
        let mut looks = 0;
        while self.done.load(Ordering::Acquire) < parts {
            if looks < IMPATIENT {
                looks += 1;
                core::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
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
            // SAFETY: `run` was stored with this type, and is not null where there is a part to take. The job is borrowed by the thread in `lead`,
            // which it does not leave, by a panic either, before as many parts are done as there are: this one is not.
            unsafe {
                let run: unsafe fn(*const (), usize) = core::mem::transmute(run);
                run(job, index);
            }
        });
        // Until the part is counted, nothing of the user's may run: what a panic brings may panic when it is dropped. So it is kept, or never dropped.
        if let Err(panic) = catch_unwind(work) {
            let mut first = self.panic();
            match *first {
                None => *first = Some(panic),
                Some(_) => core::mem::forget(panic),
            }
            self.has_panicked.store(true, Ordering::Relaxed);
        }
        self.done.fetch_add(1, Ordering::Release);
        true
    }
}

/// Where in the state the number of parts is, and where the number of the job.
const PARTS: u32 = MOST as u32;
const NUMBER: u32 = PARTS + (MOST + 1).next_power_of_two().ilog2();

/// The last number of a job. With a new one each microsecond it comes after a hundred days.
const LAST: u64 = u64::MAX >> NUMBER;

fn number(state: u64) -> u64 {
    state >> NUMBER
}

/// How many parts the job has.
fn parts(state: u64) -> u64 {
    state >> PARTS & ((1 << (NUMBER - PARTS)) - 1)
}

/// A bit for each part of the job that nobody has taken.
fn free_parts(state: u64) -> u64 {
    let taken = state & ((1 << PARTS) - 1);
    ((1 << parts(state)) - 1) & !taken
}

/// Whether a helper is one of those that the job is for: the last part is the caller's own.
fn is_for(state: u64, helper: usize) -> bool {
    parts(state) as usize > helper + 1
}

/// Wakes helpers until `count` are awake.
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

    /// Counts how often each part was done.
    #[derive(Default)]
    struct Counts {
        parts: [AtomicUsize; MOST],
    }

    impl Job for Counts {
        fn part(&self, index: usize) {
            self.parts[index].fetch_add(1, Ordering::Relaxed);
        }
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
                        let (job, parts) = (Counts::default(), (round + thread) % (MOST + 1));
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

    /// What a part panicked with. It panics when it is dropped, unless it has been received.
    struct Bomb {
        index: usize,
        is_received: bool,
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.is_received, "dropped on the way");
        }
    }

    /// Some parts panic, after enough time for others to be taken by helpers.
    struct Panics {
        counts: Counts,
        which: u32,
    }

    impl Job for Panics {
        fn part(&self, index: usize) {
            self.counts.part(index);
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_micros(50) {
                core::hint::spin_loop();
            }
            if self.which >> index & 1 == 1 {
                std::panic::resume_unwind(Box::new(Bomb { index, is_received: false }));
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_as_it_is_and_the_team_works_on() {
        let mut shared = 0;
        for round in 0..400 {
            let (parts, which) = (2 + round % 3, 1 + round as u32 % 15);
            let job = Panics { counts: Counts::default(), which };
            let result = catch_unwind(AssertUnwindSafe(|| share(&job, parts)));
            let counts = job.counts.parts.iter().map(|count| count.load(Ordering::Relaxed));
            let done: usize = counts.sum();
            if which & ((1 << parts) - 1) == 0 {
                assert!(result.is_ok());
                assert_eq!(done, parts);
                continue;
            }
            let mut bomb = result.unwrap_err().downcast::<Bomb>().unwrap();
            bomb.is_received = true;
            assert_eq!(which >> bomb.index & 1, 1, "part {}", bomb.index);
            // Alone, where another test has the helpers, it ends with the panic.
            assert!(done == parts || done == bomb.index + 1, "{done} of {parts} parts");
            shared += usize::from(done == parts && bomb.index + 1 < parts);
        }
        assert!(shared > 0, "the team was never led");
    }

    #[test]
    fn a_single_part_that_panics_does_not_keep_the_team() {
        for _ in 0..3 {
            let job = Panics { counts: Counts::default(), which: 1 };
            let mut bomb = catch_unwind(AssertUnwindSafe(|| share(&job, 1)))
                .unwrap_err()
                .downcast::<Bomb>()
                .unwrap();
            bomb.is_received = true;
        }
        // Other tests have it for a while.
        let start = std::time::Instant::now();
        while TEAM.is_led.load(Ordering::Relaxed) {
            assert!(start.elapsed() < Duration::from_secs(60), "the team is not free again");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_number_of_a_job_does_not_come_round() {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        unsafe fn count(_: *const (), index: usize) {
            RUNS.fetch_add(index + 1, Ordering::Relaxed);
        }

        let team = Team::new();
        team.state.store((LAST - 1) << NUMBER, Ordering::Relaxed);
        assert!(team.is_free());
        team.publish(core::ptr::null_mut(), count as *mut (), MOST);
        let state = team.state.load(Ordering::Relaxed);
        assert_eq!((number(state), parts(state)), (LAST, MOST as u64));
        assert!(is_for(state, MOST - 2) && !is_for(state, MOST - 1));
        team.finish(MOST);
        assert_eq!(RUNS.load(Ordering::Relaxed), MOST * (MOST + 1) / 2);
        assert_eq!(free_parts(team.state.load(Ordering::Relaxed)), 0);
        team.is_led.store(false, Ordering::Relaxed);
        assert!(!team.is_free() && !team.is_free(), "there are no more numbers");
    }
}
