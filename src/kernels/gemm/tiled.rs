//! Products in tiles, straight from the matrices: `C` strip by strip, each as high as a tile.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::microkernel::Rows;
use crate::kernels::gemm::narrow::Narrow;
use crate::kernels::gemm::operands::{Gemm, GemmPointers, InitPointer};
use crate::kernels::gemm::plan::{depth, is_narrow};
use crate::simd::{Element, Registers};

/// The kernel of [`GemmPlan::Tiled`](super::plan::GemmPlan::Tiled) and [`GemmPlan::Narrow`](super::plan::GemmPlan::Narrow).
///
/// The plan's depth is asked for again and not handed over: a struct of both would be a copy of the operands, whose loads wait for the stores just before them.
/// That took 12 ns of a call, 5 per cent of a batch of 64 through a network of 6-64-8-4.
pub(crate) struct Tiled<'a, T, const TRANSPOSED_B: bool>(pub(crate) Gemm<'a, T, TRANSPOSED_B>);

impl<T: Element, const TRANSPOSED_B: bool> WithSimd for Tiled<'_, T, TRANSPOSED_B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.pointers();
        let k = matrices.k;
        // For C = A B it is k, and the compiler must see that: of a loop over parts it makes tiles that are a third slower without vector instructions.
        let depth = if TRANSPOSED_B { depth(matrices.m, size_of::<T>()) } else { k };
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
