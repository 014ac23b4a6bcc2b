//! Memory from the allocator that begins at a cache line, and copies into it that do not go over the stack.

#[cfg(feature = "alloc")]
use alloc::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    vec::Vec,
};
#[cfg(feature = "alloc")]
use core::hint::black_box;

#[cfg(feature = "alloc")]
use crate::memory::LINE;
#[cfg(feature = "train")]
use crate::simd::Element;

/// `count` zeros, on the heap.
#[cfg(feature = "train")]
pub(crate) fn zeros<T: Element>(count: usize) -> Vec<T> {
    if count == 0 {
        return Vec::new();
    }
    let Ok(layout) = Layout::array::<T>(count) else { return alloc::vec![T::zero(); count] };
    // SAFETY: the layout has a size; all-zero bits are a scalar; the memory comes from the allocator and with the layout that `Vec` will free it with.
    unsafe { Vec::from_raw_parts(allocate_zeros(layout).cast(), count, count) }
}

/// Appends values to a vector, from memory to memory. In a build without optimization, `Vec::extend_from_slice` puts each value on the stack, and a
/// large sample overflows it.
#[cfg(feature = "std")]
pub(crate) fn append<V: Copy>(to: &mut Vec<V>, values: &[V]) {
    to.reserve(values.len());
    let end = to.len();
    // SAFETY: there is room for as many values behind the last one, which `values`, being borrowed while `to` is borrowed mutably, do not overlap; they are `Copy`, so
    // that their bytes are as many values more.
    unsafe {
        core::ptr::copy_nonoverlapping(values.as_ptr(), to.as_mut_ptr().add(end), values.len());
        to.set_len(end + values.len());
    }
}

/// Allocates zeros, at the start of a cache line where the allocator can be brought to it.
///
/// Why: `malloc` aligns to 16 bytes, and large blocks of glibc begin 16 bytes after the start of a line. Then each AVX-512 vector lies in two lines: a matrix
/// product takes up to a quarter longer, a matrix times a vector three quarters. A larger alignment cannot be asked for, since `Box` and `Vec` free memory with
/// the layout of their type.
///
/// How: the block is freed, a small block of the right size is allocated in its place, and the large one is asked for again: it then begins behind the small one, at a
/// line. As a rule that works at the second try, later where the small block went elsewhere, and never above 32 MB, which glibc maps for themselves.
///
/// # Safety
///
/// The layout must have a size.
#[cfg(feature = "alloc")]
pub(crate) unsafe fn allocate_zeros(layout: Layout) -> *mut u8 {
    /// Bytes below which the start of a line is not worth the calls.
    const LEAST: usize = 4 * 1024;
    const TRIES: usize = 16;
    // SAFETY: the layout has a size (the caller's promise).
    let mut memory = unsafe { alloc_zeroed(layout) };
    let mut between = [const { Vec::<u8>::new() }; TRIES];
    for between in &mut between {
        let beyond = memory.addr() % LINE;
        if memory.is_null() || beyond == 0 || layout.size() < LEAST {
            break;
        }
        // SAFETY: the memory was allocated with this layout; nothing refers to it.
        unsafe { dealloc(memory, layout) };
        // With the 8 bytes that glibc puts in front of each block, the next one begins 2 LEAST + LINE − beyond further on: at a line.
        *between = Vec::with_capacity(2 * LEAST + LINE - beyond - 8);
        // Otherwise the compiler may leave out an allocation that nobody uses.
        black_box(between);
        // SAFETY: the layout has a size (the caller's promise).
        memory = unsafe { alloc_zeroed(layout) };
    }
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory
}
