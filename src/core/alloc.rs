//! Memory from the allocator that begins at a cache line, and copies into it that do not go over the stack.

#[cfg(feature = "alloc")]
use alloc::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    vec,
    vec::Vec,
};
#[cfg(feature = "alloc")]
use core::hint::black_box;

use crate::core::scalar::Scalar;
use crate::kernels::LINE;

/// So many zeros, on the heap.
#[cfg(feature = "alloc")]
pub(crate) fn zeros<T: Scalar>(count: usize) -> Vec<T> {
    if count == 0 {
        return Vec::new();
    }
    let Ok(layout) = Layout::array::<T>(count) else { return vec![T::zero(); count] };
    // SAFETY: the layout has a size; all-zero bits are a scalar; the memory comes from the allocator and with the layout that `Vec` will free it with.
    unsafe { Vec::from_raw_parts(allocate_zeros(layout).cast(), count, count) }
}

/// Appends some values, from memory to memory: `Vec::extend_from_slice` has each value on the stack in a build without optimization, which a large sample overflows.
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

/// Allocates zeros, from the start of a cache line on where that can be had.
///
/// C's `malloc` promises 16 bytes, and large blocks of glibc's begin 16 bytes after a line: then every vector of AVX-512 lies in two lines, and a product takes up to
/// a quarter longer, that of one sample three quarters. `Box` and `Vec` free memory with the layout of their type, so no more than its alignment can be asked for.
/// But given back, and asked for again after a little of the right size, a block begins where a line does: as a rule at the second try,
/// later where the little found room elsewhere, and never above 32 MB.
///
/// # Safety
///
/// The layout must have a size.
#[cfg(feature = "alloc")]
pub(crate) unsafe fn allocate_zeros(layout: Layout) -> *mut u8 {
    /// Smaller ones are not worth it.
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
        // With the 8 bytes that glibc has in front of each block, it ends where the next block has to begin, up to whole lines.
        *between = Vec::with_capacity(2 * LEAST + LINE - beyond - 8);
        // A compiler may leave out an allocation that it sees nobody use.
        black_box(between);
        // SAFETY: the layout has a size (the caller's promise).
        memory = unsafe { alloc_zeroed(layout) };
    }
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory
}
