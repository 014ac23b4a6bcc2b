//! Room for what is between two layers while a sample or a few go through: on the stack, or for large images in memory that the thread keeps.

use crate::core::Scalar;
#[cfg(feature = "std")]
use crate::core::alloc::zeros;

/// How many scalars may be on the stack at most: 256 KiB of `f32`, of the 2 MiB that a thread has.
const ON_STACK: usize = 64 * 1024;

/// How many of so many scalars are on the stack: all, or none.
#[must_use]
pub const fn on_stack(scalars: usize) -> usize {
    // Without `std` there is no heap: then a large network needs a large stack.
    if scalars <= ON_STACK || cfg!(not(feature = "std")) { scalars } else { 0 }
}

/// Memory for what is not on the stack. It is allocated when a thread first needs it, and used again by later passes.
#[derive(Debug, Default)]
pub struct Heap {
    #[cfg(feature = "std")]
    words: Option<Vec<f64>>,
}

#[cfg(feature = "std")]
std::thread_local! {
    /// What this thread has allocated and nobody uses.
    static FREE: core::cell::RefCell<Vec<Vec<f64>>> = const { core::cell::RefCell::new(Vec::new()) };
}

impl Heap {
    /// The stack if there is something of it, and otherwise so many scalars of memory.
    #[inline(always)]
    pub fn or_stack<'a, T: Scalar>(
        &'a mut self,
        stack: &'a mut [T],
        scalars: usize,
    ) -> &'a mut [T] {
        #[cfg(feature = "std")]
        if on_stack(scalars) == 0 && scalars > 0 {
            return self.take(scalars);
        }
        &mut stack[..scalars]
    }

    /// So many scalars of what is given, or of memory if that is too little. Without `std` it must be enough.
    #[inline(always)]
    pub(crate) fn or<'a, T: Scalar>(
        &'a mut self,
        given: &'a mut [T],
        scalars: usize,
    ) -> &'a mut [T] {
        #[cfg(feature = "std")]
        if scalars > given.len() {
            return self.take(scalars);
        }
        &mut given[..scalars]
    }

    /// So many scalars of memory, with anything in them.
    #[cfg(feature = "std")]
    #[cold]
    pub(crate) fn take<T: Scalar>(&mut self, scalars: usize) -> &mut [T] {
        let words = (scalars * size_of::<T>()).div_ceil(size_of::<f64>());
        // When the thread ends, and the destructor of another thread-local value asks for a pass, it may have let go of this one.
        let free = FREE.try_with(|free| free.borrow_mut().pop());
        let mut memory = free.ok().flatten().unwrap_or_default();
        if memory.len() < words {
            memory = zeros(words);
        }
        let memory = self.words.insert(memory);
        &mut bytemuck::cast_slice_mut(memory)[..scalars]
    }
}

#[cfg(feature = "std")]
impl Drop for Heap {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(words) = self.words.take() {
            _ = FREE.try_with(|free| free.borrow_mut().push(words));
        }
    }
}
