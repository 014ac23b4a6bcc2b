//! The workspace of a pass: the values between two layers, for one sample or a few. Up to 256 KiB of `f32` are on the stack; more, for large
//! images, are on the heap, in memory that the thread keeps.

#[cfg(feature = "std")]
use crate::memory::LINE;
#[cfg(feature = "std")]
use crate::memory::cast::cast_mut;
use crate::simd::Element;

/// The most scalars on the stack: 256 KiB of `f32`, of the 2 MiB that a thread has.
const ON_STACK: usize = 64 * 1024;

/// How many of a workspace's scalars are on the stack: all, or none.
#[must_use]
pub const fn on_stack(scalars: usize) -> usize {
    // Without `std` there is no heap: then a large network needs a large stack.
    if scalars <= ON_STACK || cfg!(not(feature = "std")) { scalars } else { 0 }
}

/// A workspace that is not on the stack, and begins at a cache line. A thread allocates it for its first pass, and later passes use it again.
#[derive(Debug, Default)]
pub struct Heap {
    #[cfg(feature = "std")]
    lines: Option<Vec<Line>>,
}

/// A cache line: vectors begin at one.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f64; LINE / size_of::<f64>()]);

// SAFETY: it is an array of numbers and nothing else, which is checked below.
#[cfg(feature = "std")]
unsafe impl bytemuck::Zeroable for Line {}
// SAFETY: as above.
#[cfg(feature = "std")]
unsafe impl bytemuck::Pod for Line {}

#[cfg(feature = "std")]
const _: () = assert!(size_of::<Line>() == LINE && align_of::<Line>() == LINE);

#[cfg(feature = "std")]
std::thread_local! {
    /// Memory that this thread has allocated and no pass uses now.
    static FREE: core::cell::RefCell<Vec<Vec<Line>>> = const { core::cell::RefCell::new(Vec::new()) };
}

impl Heap {
    /// `scalars` numbers: the first of `stack`, or of the heap where the workspace is not [on the stack](on_stack). They hold anything.
    #[inline(always)]
    pub fn or_stack<'a, T: Element>(
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

    /// `scalars` numbers: the first of `given`, or of the heap if those are too few. Without `std`, they must be enough.
    #[inline(always)]
    pub(crate) fn or<'a, T: Element>(
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

    /// `scalars` numbers of the heap, which hold anything.
    #[cfg(feature = "std")]
    #[cold]
    pub(crate) fn take<T: Element>(&mut self, scalars: usize) -> &mut [T] {
        let lines = (scalars * size_of::<T>()).div_ceil(LINE);
        &mut cast_mut(self.lines(lines))[..scalars]
    }

    /// At least `lines` cache lines. It is generic over nothing, and so compiled once.
    #[cfg(feature = "std")]
    fn lines(&mut self, lines: usize) -> &mut [Line] {
        // While a thread ends, the destructor of another thread-local value may run a pass after `FREE` is gone.
        let free = FREE.try_with(|free| free.borrow_mut().pop());
        let mut memory = free.ok().flatten().unwrap_or_default();
        if memory.len() < lines {
            memory = vec![Line([0.0; _]); lines];
        }
        self.lines.insert(memory)
    }
}

#[cfg(feature = "std")]
impl Drop for Heap {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(lines) = self.lines.take() {
            give_back(lines);
        }
    }
}

#[cfg(feature = "std")]
fn give_back(lines: Vec<Line>) {
    _ = FREE.try_with(|free| free.borrow_mut().push(lines));
}
