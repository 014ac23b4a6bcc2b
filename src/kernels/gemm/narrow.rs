//! m < lanes: a vector of a column of `A` reads on into the next columns, and the lanes beyond row m are thrown away.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::operands::{GemmPointers, InitPointer, whole_columns};
use crate::kernels::gemm::plan::TILE_COLUMNS;
use crate::simd::{Element, MOST_LANES, Vector, has_many_registers};

/// The kernel of [`GemmPlan::Narrow`](super::plan::GemmPlan::Narrow): all of `C`.
pub(crate) struct Narrow<T, const TRANSPOSED_B: bool>(pub(crate) GemmPointers<T, TRANSPOSED_B>);

impl<T: Element, const TRANSPOSED_B: bool> WithSimd for Narrow<T, TRANSPOSED_B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: it is made for pointers to matrices of these sizes.
        unsafe { self.0.narrow(simd) };
    }
}

/// `A` of fewer rows than lanes.
#[derive(Clone, Copy)]
struct NarrowA<'a, T: Element, S: Simd> {
    /// What A B is added to, if that is a column.
    init: Vector<T, S>,
    /// Columns that can be loaded as a whole vector.
    whole: usize,
    /// The last ones, behind which memory ends.
    last: &'a [Vector<T, S>; MOST_LANES],
}

impl<T: Element, const TRANSPOSED_B: bool> GemmPointers<T, TRANSPOSED_B> {
    /// All of `C`.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given.
    #[inline(always)]
    unsafe fn narrow<S: Simd>(self, simd: S) {
        let Self { m, k, n, a_stride, .. } = self;
        let zero = Vector::splat(simd, T::zero());
        let whole = whole_columns([m, k], a_stride, Vector::<T, S>::LANES);
        // In the last columns, fewer than there are lanes, a vector would read past the end.
        let mut last = [zero; MOST_LANES];
        for (column, last) in (whole..k).zip(&mut last) {
            // SAFETY: these rows are inside the matrix (the caller's promise).
            let rows = unsafe { core::slice::from_raw_parts(self.a.add(column * a_stride), m) };
            *last = Vector::load_partial(simd, rows);
        }
        let init = match self.init {
            InitPointer::Column(init) => {
                // SAFETY: the column to start from has as many rows (the caller's promise).
                Vector::load_partial(simd, unsafe { core::slice::from_raw_parts(init, m) })
            }
            _ => zero,
        };
        let left = NarrowA { init, whole, last: &last };
        let mut column = 0;
        // SAFETY: the caller's promise; the columns are inside the matrices.
        unsafe {
            // Of 16 registers, 12 accumulators would leave too few for `A` and `B`.
            while has_many_registers::<S>() && column + TILE_COLUMNS <= n {
                self.columns::<S, TILE_COLUMNS>(simd, left, column);
                column += TILE_COLUMNS;
            }
            while column + 8 <= n {
                self.columns::<S, 8>(simd, left, column);
                column += 8;
            }
            if column + 4 <= n {
                self.columns::<S, 4>(simd, left, column);
                column += 4;
            }
            match n - column {
                3 => self.columns::<S, 3>(simd, left, column),
                2 => self.columns::<S, 2>(simd, left, column),
                1 => self.columns::<S, 1>(simd, left, column),
                _ => {}
            }
        }
    }

    /// `C` columns from `column` on.
    ///
    /// # Safety
    ///
    /// As for [`narrow`](Self::narrow), and the columns must lie inside the matrices.
    #[inline(always)]
    unsafe fn columns<S: Simd, const C: usize>(
        self,
        simd: S,
        left: NarrowA<'_, T, S>,
        column: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let mut sums = [left.init; C];
        // SAFETY: columns below `whole` have `lanes` elements of `A` after their first; of `C`, the rows alone are touched, and what
        // follows them in it.
        unsafe {
            let c = self.c.add(column * self.c_stride);
            match self.init {
                InitPointer::Zero | InitPointer::Column(_) => {}
                InitPointer::Row(init) => {
                    for j in 0..C {
                        sums[j] = Vector::splat(simd, *init.add(column + j));
                    }
                }
                InitPointer::Accumulate => {
                    for j in 0..C {
                        let c = core::slice::from_raw_parts(c.add(j * self.c_stride), self.m);
                        sums[j] = Vector::load_partial(simd, c);
                    }
                }
            }
            let mut a = self.a;
            for k in 0..left.whole {
                self.add_step(simd, Vector::load_ptr(simd, a), k, column, &mut sums);
                // It runs past the end in the last round, where it is not read.
                a = a.wrapping_add(self.a_stride);
            }
            for k in left.whole..self.k {
                self.add_step(simd, left.last[k - left.whole], k, column, &mut sums);
            }
            // Where the columns of `C` are contiguous, a whole vector is stored: its lanes beyond row m fall into the next columns, which are stored after it.
            let is_dense = self.c_stride == self.m && !matches!(self.init, InitPointer::Accumulate);
            let end = (column + C - 1) * self.c_stride + lanes;
            if is_dense && end <= self.n * self.c_stride {
                for j in 0..C {
                    sums[j].store_ptr(c.add(j * self.c_stride));
                }
            } else {
                for j in 0..C {
                    let c = core::slice::from_raw_parts_mut(c.add(j * self.c_stride), self.m);
                    sums[j].store_partial(c);
                }
            }
        }
    }

    /// One step along k: a column of `A` times a number of each of `C` columns of `B`.
    ///
    /// # Safety
    ///
    /// The row `k` and `C` columns from `column` on must be inside `B`.
    #[inline(always)]
    unsafe fn add_step<S: Simd, const C: usize>(
        self,
        simd: S,
        left: Vector<T, S>,
        k: usize,
        column: usize,
        sums: &mut [Vector<T, S>; C],
    ) {
        for j in 0..C {
            // SAFETY: the caller's promise.
            let right = Vector::splat(simd, unsafe { *self.right(k, column + j) });
            sums[j] = left.mul_add(right, sums[j]);
        }
    }
}
