//! Products in tiles, straight from the matrices: `C` strip by strip, each as high as a tile.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::microkernel::Rows;
use crate::kernels::gemm::narrow::Narrow;
use crate::kernels::gemm::operands::{Gemm, GemmPointers, InitPointer};
use crate::kernels::gemm::plan::is_narrow;
use crate::simd::{Element, Registers};

/// The kernel of [`GemmPlan::Tiled`](super::plan::GemmPlan::Tiled) and [`GemmPlan::Narrow`](super::plan::GemmPlan::Narrow): `depth` steps along k at a time.
pub(crate) struct Tiled<'a, T, const TRANSPOSED_B: bool> {
    pub(crate) gemm: Gemm<'a, T, TRANSPOSED_B>,
    pub(crate) depth: usize,
}

impl<T: Element, const TRANSPOSED_B: bool> WithSimd for Tiled<'_, T, TRANSPOSED_B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.gemm.pointers();
        let k = matrices.k;
        // For C = A B it is k, and the compiler must see that: of a loop over parts it makes tiles that are a third slower without vector instructions.
        let depth = if TRANSPOSED_B { self.depth } else { k };
        // No closures: they would not be compiled for the instruction set of this pass.
        let mut done = 0;
        loop {
            // SAFETY: they are inside k.
            let part = unsafe { matrices.steps(done, depth.min(k - done)) };
            // SAFETY: the sizes were checked.
            unsafe { part.rows(simd, 0) };
            done += part.k;
            if done == k {
                break;
            }
        }
    }
}

impl<T: Element, const TRANSPOSED_B: bool> GemmPointers<T, TRANSPOSED_B> {
    /// The rows of `C` from `top` on; all of them where there are fewer than lanes.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given.
    #[inline(always)]
    pub(crate) unsafe fn rows<S: Simd>(self, simd: S, top: usize) {
        if is_narrow(self.m, Registers::of::<T, S>()) {
            return simd.vectorize(Narrow(self));
        }
        let adds = matches!(self.init, InitPointer::Accumulate);
        let mut row = top;
        while row < self.m {
            let rows = Rows::from::<T, S>(row, self.m, adds);
            // SAFETY: the caller's promise.
            unsafe { self.strip(simd, rows, 0..self.n) };
            row += rows.count();
        }
    }
}
