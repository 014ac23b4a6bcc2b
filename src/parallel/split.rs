//! Work that several threads share, where it pays.
//!
//! How work is cut depends on the number of threads; the bits of the results must not. So cuts go between results: the columns of a product, the
//! samples of a batch. A sum over samples is never cut, and a sum over k (split-K) into the same two halves on any number of threads.

#![cfg_attr(
    not(feature = "threads"),
    allow(dead_code, reason = "what is never shared is never cut")
)]

use core::ops::Range;
#[cfg(all(feature = "threads", feature = "train"))]
use std::time::Instant;
#[cfg(feature = "threads")]
use std::{cell::Cell, sync::Mutex};

#[cfg(feature = "threads")]
use crate::parallel::number::num_threads;
#[cfg(feature = "threads")]
use crate::parallel::pool::{self, Job};

/// Work that can be cut. What is inside of a part is for one thread.
///
/// Neither this nor `share` is generic over the instruction set: compiled for each set, they would be a large part of what a network adds to a
/// build. Each part asks for the set by itself.
pub(crate) trait Split: Send + Sized {
    /// Does all of it, on this thread.
    fn run(self);

    /// About how many multiplications with an addition it takes.
    fn multiply_adds(&self) -> usize;

    /// Whether its weights are in two caches, a half in each (split-K): then two threads do it wherever the pass is shared, however little it is.
    fn is_halved(&self) -> bool {
        false
    }

    /// Cuts off about `part / whole` of it; the rest comes second.
    fn split(self, part: usize, whole: usize) -> (Self, Self);
}

/// Multiply-adds of a part that is worth handing to a thread that is awake: some microseconds.
#[cfg(feature = "threads")]
const GRAIN: usize = 512 * 1024;

/// Multiply-adds of a part of a kernel that is worth handing to a thread that is awake: half a microsecond. A pass whose kernels are shared has nothing else for the other
/// threads. Measured with MobileNet and DS-CNN, on two threads: with four times as many, it takes 5 to 15 % longer, if the processors share an L3 cache. If they
/// do not, DS-CNN takes longer on two threads than on one.
#[cfg(feature = "threads")]
const KERNEL_GRAIN: usize = 64 * 1024;

/// Multiply-adds of a pass that is worth waking threads for, which takes some 50 µs on a virtual machine.
#[cfg(feature = "train")]
pub(crate) const WORTH_WAKING: usize = 3 * 1024 * 1024;

/// Multiply-adds of a pass that is worth sharing with threads that are awake: some 15 µs.
#[cfg(feature = "train")]
pub(crate) const WORTH_SHARING: usize = 1024 * 1024;

#[cfg(feature = "threads")]
thread_local! {
    /// How many threads [`share`] and [`share_parts`] may use, on this thread.
    static SHARES: Cell<usize> = const { Cell::new(1) };
}

#[cfg(all(feature = "threads", feature = "train"))]
thread_local! {
    /// When [`is_awake`] was last called.
    static ASKED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Whether this thread has called this less than [`pool::AWAKE`] ago: then passes follow each other so closely that helping threads stay awake in between.
#[cfg(feature = "train")]
pub(crate) fn is_awake() -> bool {
    #[cfg(feature = "threads")]
    {
        // A browser has no other threads to wake, and the standard library no clock there.
        if cfg!(all(target_family = "wasm", target_os = "unknown")) {
            return false;
        }
        let now = Instant::now();
        ASKED.replace(Some(now)).is_some_and(|last| now.duration_since(last) < pool::AWAKE)
    }
    #[cfg(not(feature = "threads"))]
    false
}

/// Runs a part of a pass, on several threads if the pass may use them ([`sharing`]) and the part has [`GRAIN`] for each.
pub(crate) fn share<W: Split>(work: W) {
    #[cfg(feature = "threads")]
    {
        let threads = SHARES.get();
        if threads > 1 {
            let least = if work.is_halved() { 2 } else { 1 };
            let most = (work.multiply_adds() / GRAIN).max(least);
            return parallel(work, threads.min(most));
        }
    }
    work.run();
}

/// Which part of some work, of how many parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    index: usize,
    count: usize,
}

impl Part {
    pub(crate) const WHOLE: Self = Self { index: 0, count: 1 };

    /// Which of `things` are in it, where they are cut in multiples of `unit`.
    pub(crate) fn of(self, things: usize, unit: usize) -> Range<usize> {
        cut(things, unit, self.index, self.count)..cut(things, unit, self.index + 1, self.count)
    }

    /// Which cells of a grid are in it, where the grid is cut row by row: three rectangles of rows and columns, some of them empty.
    pub(crate) fn cells(self, rows: usize, columns: usize) -> [[Range<usize>; 2]; 3] {
        let Range { start, end } = self.of(rows * columns, 1);
        let (first, last) = (start.div_ceil(columns), end / columns);
        if first > last {
            // Inside of one row.
            let inside = [last..first, start % columns..end % columns];
            return [inside, [0..0, 0..0], [0..0, 0..0]];
        }
        [
            [start / columns..first, start % columns..columns],
            [first..last, 0..columns],
            [last..end.div_ceil(columns), 0..end % columns],
        ]
    }

    /// All parts of so many.
    #[cfg(test)]
    pub(crate) fn all(count: usize) -> impl Iterator<Item = Self> {
        (0..count).map(move |index| Self { index, count })
    }
}

/// Does work all of whose parts can be done at the same time: one a thread, if the pass may use several ([`sharing`]) and there is [`KERNEL_GRAIN`] for each; else
/// [all of it](Part::WHOLE). What a part does must not depend on how many there are.
///
/// [`share`] is for work that is cut in two; this is for kernels whose parts write in turns to the same rows.
pub(crate) fn share_parts(
    #[cfg_attr(not(feature = "threads"), expect(unused_variables, reason = "there is one thread"))]
    multiply_adds: usize,
    work: impl Fn(Part) + Sync,
) {
    #[cfg(feature = "threads")]
    {
        let most = multiply_adds / KERNEL_GRAIN;
        // Small work does not even ask.
        if most > 1 && SHARES.get() > 1 {
            let count = num_threads().min(SHARES.get()).min(most).min(pool::MOST);
            return pool::share(&Numbered { work, count }, count);
        }
    }
    work(Part::WHOLE);
}

#[cfg(feature = "threads")]
struct Numbered<W> {
    work: W,
    count: usize,
}

#[cfg(feature = "threads")]
impl<W: Fn(Part) + Sync> Job for Numbered<W> {
    fn part(&self, index: usize) {
        sharing(1, || (self.work)(Part { index, count: self.count }));
    }

    /// Not cut: parts may do some of the work twice.
    fn alone(&self, _: usize) {
        sharing(1, || (self.work)(Part::WHOLE));
    }
}

/// Runs a pass whose calls of [`share`] and [`share_parts`] may use up to `threads` threads.
pub(crate) fn sharing<R>(
    #[cfg_attr(not(feature = "threads"), expect(unused_variables, reason = "there is one"))]
    threads: usize,
    pass: impl FnOnce() -> R,
) -> R {
    #[cfg(feature = "threads")]
    {
        /// Restores the number, also where the pass panics.
        struct End(usize);

        impl Drop for End {
            fn drop(&mut self) {
                SHARES.set(self.0);
            }
        }

        let _end = End(SHARES.replace(threads));
        pass()
    }
    #[cfg(not(feature = "threads"))]
    pass()
}

/// Runs a pass that is cut as a whole, if it has at least `least` multiply-adds.
pub(crate) fn share_whole<W: Split>(
    work: W,
    #[cfg_attr(not(feature = "threads"), expect(unused_variables, reason = "there is one thread"))]
    least: usize,
) {
    #[cfg(feature = "threads")]
    {
        let size = work.multiply_adds();
        if size >= least {
            return parallel(work, size / GRAIN);
        }
    }
    work.run();
}

/// On as many [threads](num_threads) as there are, and in up to `most` parts.
#[cfg(feature = "threads")]
fn parallel<W: Split>(work: W, most: usize) {
    let parts = num_threads().min(most).min(pool::MOST);
    if parts < 2 {
        return work.run();
    }
    let mut cut = Parts([const { Mutex::new(None) }; pool::MOST]);
    let mut rest = work;
    for left in (2..=parts).rev() {
        let part;
        (part, rest) = rest.split(1, left);
        cut.0[parts - left] = Mutex::new(Some(part));
    }
    cut.0[parts - 1] = Mutex::new(Some(rest));
    pool::share(&cut, parts);
}

#[cfg(feature = "threads")]
struct Parts<W>([Mutex<Option<W>>; pool::MOST]);

#[cfg(feature = "threads")]
impl<W: Split> Job for Parts<W> {
    fn part(&self, index: usize) {
        // Each part is taken once: the lock is free.
        let part = self.0[index].lock().ok().and_then(|mut part| part.take());
        if let Some(part) = part {
            sharing(1, || part.run());
        }
    }
}

/// `count · part / whole`, up to a multiple of `unit`: where to cut `count` things.
pub(crate) fn cut(count: usize, unit: usize, part: usize, whole: usize) -> usize {
    (count * part / whole).next_multiple_of(unit).min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_in_one_part() {
        for (rows, columns) in [(1, 1), (1, 7), (5, 1), (3, 4), (8, 2)] {
            for count in [1, 2, 3, 5, 16, 40] {
                let mut times = vec![0; rows * columns];
                for part in Part::all(count) {
                    let mut cells = 0;
                    for [some_rows, some_columns] in part.cells(rows, columns) {
                        for row in some_rows {
                            for column in some_columns.clone() {
                                times[row * columns + column] += 1;
                                cells += 1;
                            }
                        }
                    }
                    assert!(cells <= (rows * columns).div_ceil(count), "{part:?}");
                }
                assert!(times.iter().all(|times| *times == 1), "{rows} x {columns}, {count}");
            }
        }
    }
}
