//! Cᵀ = B Aᵀ in the place of C = A Bᵀ, where m fills vectors badly and n fills them well: the weight gradient of a layer with few outputs.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::operands::{Gemm, GemmPointers, InitPointer};
use crate::kernels::gemm::plan::{SWAPPED_SCRATCH, swapped_rows};
use crate::simd::{Columns, Element, Vector, transpose};

/// The kernel of [`GemmPlan::Swapped`](super::plan::GemmPlan::Swapped): some columns of `C` after the other, each by way of the stack.
pub(crate) struct Swapped<'a, T, const TRANSPOSED_B: bool>(pub(crate) Gemm<'a, T, TRANSPOSED_B>);

impl<T: Element, const TRANSPOSED_B: bool> WithSimd for Swapped<'_, T, TRANSPOSED_B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.pointers();
        let GemmPointers { a, b, c, m, k, n, a_stride, b_stride, c_stride, init } = matrices;
        let most = swapped_rows(Vector::<T, S>::LANES);
        assert!(TRANSPOSED_B && m * most <= SWAPPED_SCRATCH, "a product of other sizes");
        let mut scratch = [const { MaybeUninit::<T>::uninit() }; SWAPPED_SCRATCH];
        let scratch = scratch.as_mut_ptr().cast::<T>();
        let mut first = 0;
        while first < n {
            let rows = most.min(n - first);
            // SAFETY: there is room for `rows` rows of m columns, all of which are written before they are read; the rest is inside
            // the matrices, whose sizes were checked.
            unsafe {
                let c = c.add(first * c_stride);
                let init = match init {
                    InitPointer::Zero => InitPointer::Zero,
                    InitPointer::Column(init) => InitPointer::Row(init),
                    InitPointer::Row(init) => InitPointer::Column(init.add(first)),
                    InitPointer::Accumulate => {
                        let from = Columns { first: c.cast_const(), stride: c_stride };
                        transpose(simd, from, Columns { first: scratch, stride: rows }, [m, rows]);
                        InitPointer::Accumulate
                    }
                };
                let product = GemmPointers::<T, TRANSPOSED_B> {
                    a: b.add(first),
                    b: a,
                    c: scratch,
                    m: rows,
                    k,
                    n: m,
                    a_stride: b_stride,
                    b_stride: a_stride,
                    c_stride: rows,
                    init,
                };
                product.rows(simd, 0);
                let from = Columns { first: scratch.cast_const(), stride: rows };
                transpose(simd, from, Columns { first: c, stride: c_stride }, [rows, m]);
            }
            first += rows;
        }
    }
}
