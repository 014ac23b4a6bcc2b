//! Memory for rows of `A`, side by side.

use core::mem::MaybeUninit;

use crate::kernels::cache::Aligned;
use crate::kernels::gemm::plan::PANEL_BYTES;
use crate::simd::Element;

/// Rows of `A` for some steps along k, in the order in which the tiles read them, on the stack.
pub(crate) struct PanelA(Aligned<[MaybeUninit<u8>; PANEL_BYTES]>);

impl PanelA {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self(Aligned([MaybeUninit::uninit(); PANEL_BYTES]))
    }

    /// How many scalars there is room for.
    #[cfg(feature = "train")]
    pub(crate) const fn len<T>() -> usize {
        PANEL_BYTES / size_of::<T>()
    }

    #[inline(always)]
    pub(crate) fn as_mut_ptr<T: Element>(&mut self) -> *mut T {
        self.0.0.as_mut_ptr().cast()
    }
}
