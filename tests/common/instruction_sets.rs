//! The instruction set is one for the whole process: tests that choose it wait for each other here.
//!
//! A test beside them that does not choose one runs on any, and may meet two. So a crate whose other tests compare bits must not call this.

use std::sync::{Mutex, PoisonError};

use axonal::simd::InstructionSet;

static FORCED: Mutex<()> = Mutex::new(());

/// What a computation gives on each instruction set that the machine has, the baseline first.
pub(crate) fn on_each_instruction_set<R>(
    mut compute: impl FnMut(InstructionSet) -> R,
) -> Vec<(InstructionSet, R)> {
    // A test that failed has poisoned it; the others are to say what they find.
    let _guard = FORCED.lock().unwrap_or_else(PoisonError::into_inner);
    let _best = Restored(InstructionSet::current());
    InstructionSet::available()
        .map(|set| {
            assert!(InstructionSet::force(set));
            assert_eq!(InstructionSet::current(), set);
            (set, compute(set))
        })
        .collect()
}

/// The set that was chosen before, chosen again at the end, and when a test fails.
struct Restored(InstructionSet);

impl Drop for Restored {
    fn drop(&mut self) {
        InstructionSet::force(self.0);
    }
}

/// Does something while no other test of the process chooses an instruction set.
pub(crate) fn on_the_best_instruction_set<R>(work: impl FnOnce() -> R) -> R {
    let _guard = FORCED.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}
