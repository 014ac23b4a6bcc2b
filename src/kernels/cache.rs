//! Cache lines: where they begin, and prefetching.

pub(crate) use crate::memory::LINE;

/// From this many numbers on, 512 KB of `f32`, weights do not stay in a usual L2 cache while samples go through the layers, or from one call to the next.
pub(crate) const FAR: usize = 128 * 1024;

/// Memory that begins where a cache line does: a load or store that crosses lines costs two.
#[repr(align(64))]
pub(crate) struct Aligned<A>(pub(crate) A);

const _: () = assert!(align_of::<Aligned<()>>() == LINE);

/// Numbers between the beginning of the cache line and an address in it.
#[cfg(feature = "train")]
#[inline(always)]
pub(crate) fn beyond_line<T>(at: *const T) -> usize {
    at.addr() % LINE / size_of::<T>()
}

/// Prefetches the cache line at an address, which may be outside of any allocation.
#[inline(always)]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing, for an instruction that all of these processors have.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
