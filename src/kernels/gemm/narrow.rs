//! Products of fewer rows than a vector has lanes: a vector reads on into the next columns of the left matrix, and what these lanes give is not stored.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::microkernel::{Matrices, PointerStart, whole_columns};
use crate::simd::MOST_LANES;
use crate::simd::has_many_registers;
use crate::simd::{Element, Vector};

/// All of a product that has fewer rows than a vector has lanes.
pub(crate) struct Few<T, const TRANSPOSED: bool>(pub(crate) Matrices<T, TRANSPOSED>);

impl<T: Element, const TRANSPOSED: bool> WithSimd for Few<T, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: it is made for matrices of these sizes.
        unsafe { self.0.few_rows(simd) };
    }
}

/// A left matrix of fewer rows than a vector has lanes.
#[derive(Clone, Copy)]
struct FewRows<'a, T: Element, S: Simd> {
    /// What the products are added to, if that is a column.
    start: Vector<T, S>,
    /// How many columns can be loaded as a whole vector.
    whole: usize,
    /// The others.
    last: &'a [Vector<T, S>; MOST_LANES],
}

impl<T: Element, const TRANSPOSED: bool> Matrices<T, TRANSPOSED> {
    /// All of `C`.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given.
    #[inline(always)]
    unsafe fn few_rows<S: Simd>(self, simd: S) {
        let Self { m, k, n, a_stride, .. } = self;
        let zero = Vector::splat(simd, T::zero());
        let whole = whole_columns(m, k, a_stride, 0, Vector::<T, S>::LANES);
        // In the last columns, fewer than there are lanes, a vector would read past the end.
        let mut last = [zero; MOST_LANES];
        for (column, last) in (whole..k).zip(&mut last) {
            // SAFETY: these rows are inside the matrix (the caller's promise).
            let rows = unsafe { core::slice::from_raw_parts(self.a.add(column * a_stride), m) };
            *last = Vector::load_partial(simd, rows);
        }
        let start = match self.start {
            PointerStart::Column(start) => {
                // SAFETY: the column to start from has as many rows (the caller's promise).
                Vector::load_partial(simd, unsafe { core::slice::from_raw_parts(start, m) })
            }
            _ => zero,
        };
        let left = FewRows { start, whole, last: &last };
        let mut column = 0;
        // SAFETY: the caller's promise; the columns are inside the matrices.
        unsafe {
            // In 16 registers, some of twelve sums would not stay.
            while has_many_registers::<S>() && column + 12 <= n {
                self.few::<S, 12>(simd, left, column);
                column += 12;
            }
            while column + 8 <= n {
                self.few::<S, 8>(simd, left, column);
                column += 8;
            }
            if column + 4 <= n {
                self.few::<S, 4>(simd, left, column);
                column += 4;
            }
            match n - column {
                3 => self.few::<S, 3>(simd, left, column),
                2 => self.few::<S, 2>(simd, left, column),
                1 => self.few::<S, 1>(simd, left, column),
                _ => {}
            }
        }
    }

    /// `C` columns of fewer rows than a vector has lanes.
    ///
    /// # Safety
    ///
    /// As for [`few_rows`](Self::few_rows), and the columns must lie inside the matrices.
    #[inline(always)]
    unsafe fn few<S: Simd, const C: usize>(self, simd: S, left: FewRows<'_, T, S>, column: usize) {
        let lanes = Vector::<T, S>::LANES;
        let mut sums = [left.start; C];
        // SAFETY: columns below `whole` have `lanes` elements of `A` after their first; of `C`, the rows alone are touched, and what
        // follows them in it.
        unsafe {
            let c = self.c.add(column * self.c_stride);
            match self.start {
                PointerStart::Zero | PointerStart::Column(_) => {}
                PointerStart::Row(start) => {
                    for j in 0..C {
                        sums[j] = Vector::splat(simd, *start.add(column + j));
                    }
                }
                PointerStart::Current => {
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
            // A whole vector is stored where columns follow each other: its last lanes fall into the next columns, which are stored after it.
            let is_dense = self.c_stride == self.m && !matches!(self.start, PointerStart::Current);
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

    /// One step along the common dimension: a vector of a column of `A` times a number of each column of `B`.
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
