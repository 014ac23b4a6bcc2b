//! Slices of plain old data as slices of other plain old data: samples as scalars, scalars as samples.

use core::slice;

use bytemuck::Pod;

/// A slice of plain old data as one of other plain old data: scalars as samples, samples as scalars.
///
/// As `bytemuck::cast_slice`, but what is known of the types is not looked at when it runs: each type of sample has casts of its own, and a compiler
/// took longer for the ways in which they might fail than for the layers.
#[inline(always)]
pub(crate) fn cast<A: Pod, B: Pod>(from: &[A]) -> &[B] {
    let len = cast_len::<A, B>(size_of_val(from));
    // SAFETY: `len` `B`s have as many bytes as `from`, and need no more alignment than its elements (`cast_len`); any bytes are a `B`.
    unsafe { slice::from_raw_parts(from.as_ptr().cast(), len) }
}

/// As [`cast`].
#[inline(always)]
pub(crate) fn cast_mut<A: Pod, B: Pod>(from: &mut [A]) -> &mut [B] {
    let len = cast_len::<A, B>(size_of_val(from));
    // SAFETY: as in `cast`; and any bytes are an `A`.
    unsafe { slice::from_raw_parts_mut(from.as_mut_ptr().cast(), len) }
}

/// How many `B`s a slice of `A`s of this many bytes is.
#[inline(always)]
fn cast_len<A, B>(bytes: usize) -> usize {
    let fits = const { align_of::<A>() >= align_of::<B>() && size_of::<B>() > 0 };
    assert!(fits && bytes.is_multiple_of(size_of::<B>()), "a slice is no whole number of samples");
    bytes / size_of::<B>()
}
