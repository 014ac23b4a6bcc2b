//! s = s + Σ xⱼ, for the gradients of the groups of a batch, and s = b + Σ xⱼ, for what a residual connection adds.

use pulp::{Simd, WithSimd};

use crate::kernels::elementwise::add;
use crate::parallel::{Split, cut};
use crate::simd::{Element, dispatch};

/// How many sums are computed at a time.
const BLOCK: usize = 2 * 1024;

/// Adds slices of one length to some numbers of the first, in their order.
pub(crate) struct SumSlices<'a, T> {
    sums: &'a mut [T],
    /// What the sums are before the others are added, if not what they are.
    base: Option<&'a [T]>,
    others: &'a [T],
    /// Of a slice.
    length: usize,
    /// The place of the first sum in a slice.
    first: usize,
}

impl<'a, T> SumSlices<'a, T> {
    /// `sums`, and behind each other the slices of its length that are added to it.
    pub(crate) fn new(sums: &'a mut [T], others: &'a [T]) -> Self {
        let length = sums.len();
        Self { sums, base: None, others, length, first: 0 }
    }

    /// `base` with the others added to it.
    pub(crate) fn from(base: &'a [T], sums: &'a mut [T], others: &'a [T]) -> Self {
        assert_eq!(base.len(), sums.len(), "slices of two lengths");
        Self { base: Some(base), ..Self::new(sums, others) }
    }
}

impl<T: Element> WithSimd for SumSlices<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        // Block after block, each of which stays in the L1 cache until it is complete.
        for (index, sums) in self.sums.chunks_mut(BLOCK).enumerate() {
            if let Some(base) = self.base {
                sums.copy_from_slice(&base[self.first + index * BLOCK..][..sums.len()]);
            }
            for other in self.others.chunks_exact(self.length) {
                add(sums, &other[self.first + index * BLOCK..][..sums.len()]);
            }
        }
    }
}

impl<T: Element> Split for SumSlices<'_, T> {
    fn run(self) {
        dispatch(self);
    }

    fn multiply_adds(&self) -> usize {
        // Half of them come from another thread's cache.
        let slices = self.others.len() / self.length.max(1) + usize::from(self.base.is_some());
        self.sums.len() * slices * 8
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let count = cut(self.sums.len(), BLOCK, part, whole);
        let (sums, rest) = self.sums.split_at_mut(count);
        (Self { sums, ..self }, Self { sums: rest, first: self.first + count, ..self })
    }
}
