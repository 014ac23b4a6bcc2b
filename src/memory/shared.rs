//! Numbers that several threads write, each its own.

use core::marker::PhantomData;
use core::ops::Range;
use core::slice;

/// A `&mut [T]` that the parts of a kernel share. Each writes its own numbers, which may lie in turns with those of the others, as the pixels of some rows of all
/// channels do: a slice from a part's first number to its last would overlap the others'.
pub(crate) struct Shared<'a, T> {
    first: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: whoever reads or writes through it promises that nobody else does so at the same place meanwhile; it is a `&mut [T]` otherwise.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<T> Clone for Shared<'_, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

impl<'a, T> From<&'a mut [T]> for Shared<'a, T> {
    #[inline(always)]
    fn from(slice: &'a mut [T]) -> Self {
        Self { first: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }
}

impl<'a, T> Shared<'a, T> {
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn as_mut_ptr(self) -> *mut T {
        self.first
    }

    /// Some of the numbers.
    #[inline(always)]
    pub(crate) fn range(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.len, "numbers that are not there");
        // SAFETY: just checked.
        Self { first: unsafe { self.first.add(range.start) }, len: range.len(), ..self }
    }

    /// The numbers, as the slice that they were.
    ///
    /// # Safety
    ///
    /// Nobody else may use them while the slice is there.
    #[inline(always)]
    pub(crate) unsafe fn into_slice(self) -> &'a mut [T] {
        // SAFETY: these numbers are there for `'a`; that nobody else has them is the caller's promise.
        unsafe { slice::from_raw_parts_mut(self.first, self.len) }
    }
}
