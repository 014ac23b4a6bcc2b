//! Images, and the layers that take them. A process of its own: some tests choose the instruction set.
#![cfg(all(feature = "train", feature = "files"))]

#[path = "../common/mod.rs"]
mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};

mod blocks;
mod convolutions;
mod differences;
mod equal;
mod graphs;
mod image;
mod layers;
mod normalized;
mod options;
mod passes;
mod pytorch;

/// While it is held, nobody else chooses the instruction set, which is one for the whole process.
fn instruction_set() -> MutexGuard<'static, ()> {
    static CHOSEN: Mutex<()> = Mutex::new(());
    CHOSEN.lock().unwrap_or_else(PoisonError::into_inner)
}
