//! Memory that a thread keeps for its convolutions: transformed weights, and a block of tiles.

use core::cell::RefCell;

use crate::simd::Element;

/// A cache line: vectors begin at one.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

std::thread_local! {
    /// What no pass of this thread uses now.
    static FREE: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Numbers that hold anything. A thread allocates them for its first pass, and later passes use them again.
pub(super) struct Workspace(Vec<Line>);

impl Workspace {
    /// With room for `scalars` numbers.
    pub(super) fn new<T: Element>(scalars: usize) -> Self {
        let lines = (scalars * size_of::<T>()).div_ceil(size_of::<Line>());
        // While a thread ends, the destructor of another thread-local value may run a pass after `FREE` is gone.
        let mut memory = FREE.try_with(RefCell::take).unwrap_or_default();
        if memory.len() < lines {
            memory = vec![Line([0; size_of::<Line>()]); lines];
        }
        Self(memory)
    }

    pub(super) fn as_mut_slice<T: Element>(&mut self) -> &mut [T] {
        let scalars = size_of_val(self.0.as_slice()) / size_of::<T>();
        // SAFETY: a line is bytes alone, all of them written, and aligned as `f32` and `f64` are; any bytes are a scalar.
        unsafe { core::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), scalars) }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let memory = core::mem::take(&mut self.0);
        _ = FREE.try_with(|free| free.replace(memory));
    }
}
