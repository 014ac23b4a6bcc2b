//! Products along a long k: sums of blocks of k in the scalar's type, added up in `f64`, so that their error does not grow with k.

use crate::kernels::gemm::operands::{Gemm, Gemv, Init};
use crate::kernels::gemm::plan::{BLOCKED_K, blocked_gemv_rows};
use crate::kernels::matrix_mut::MatrixMut;
use crate::simd::{Element, MOST_LANES};

/// Rows and columns of `C` whose sums are on the stack: 32 KB of `f64`, 16 KB of `f32`.
const SIDE: usize = 64;

/// C = init + A B, where `multiply` computes one block of at most [`BLOCKED_K`] along k.
pub(crate) fn gemm<T: Element, const TRANSPOSED_B: bool>(
    product: Gemm<'_, T, TRANSPOSED_B>,
    multiply: impl Fn(Gemm<'_, T, TRANSPOSED_B>),
) {
    let Gemm { a, a_stride, b, b_stride, mut c, k, init } = product;
    let (m, n) = (c.rows(), c.columns());
    let right = |k: usize, column: usize| {
        if TRANSPOSED_B { k * b_stride + column } else { k + column * b_stride }
    };
    for (left, top) in
        (0..n).step_by(SIDE).flat_map(|column| (0..m).step_by(SIDE).map(move |row| (column, row)))
    {
        let (rows, columns) = (SIDE.min(m - top), SIDE.min(n - left));
        let mut totals = [0.0; SIDE * SIDE];
        let mut sums = [T::zero(); SIDE * SIDE];
        let sums = &mut sums[..rows * columns];
        for first in (0..k).step_by(BLOCKED_K) {
            multiply(Gemm {
                a: &a[first * a_stride + top..],
                a_stride,
                b: &b[right(first, left)..],
                b_stride,
                c: MatrixMut::whole(&mut *sums, rows),
                k: BLOCKED_K.min(k - first),
                init: Init::Zero,
            });
            for (total, sum) in totals.iter_mut().zip(&*sums) {
                *total += sum.wide();
            }
        }
        for (column, totals) in totals[..rows * columns].chunks(rows).enumerate() {
            let numbers = &mut c.column(left + column)[top..top + rows];
            for (index, (number, total)) in numbers.iter_mut().zip(totals).enumerate() {
                let init = match init {
                    Init::Zero => T::zero(),
                    Init::Column(column) => column[top + index],
                    Init::Row(row) => row[left + column],
                    Init::Accumulate => *number,
                };
                *number = T::nearest(init.wide() + total);
            }
        }
    }
}

/// y = init + A x for a y of fewer than [`blocked_gemv_rows`], where `multiply` computes one block.
pub(crate) fn gemv<T: Element>(product: Gemv<'_, T>, multiply: impl Fn(Gemv<'_, T>)) {
    const ROWS: usize = blocked_gemv_rows(MOST_LANES);
    let Gemv { a, a_stride, x, init, y } = product;
    let mut totals = [0.0; ROWS];
    let mut sums = [T::zero(); ROWS];
    let sums = &mut sums[..y.len()];
    for (a, x) in a.chunks(BLOCKED_K * a_stride.max(1)).zip(x.chunks(BLOCKED_K)) {
        multiply(Gemv { a, a_stride, x, init: &[], y: &mut *sums });
        for (total, sum) in totals.iter_mut().zip(&*sums) {
            *total += sum.wide();
        }
    }
    for (index, (y, total)) in y.iter_mut().zip(totals).enumerate() {
        *y = T::nearest(init.get(index).map_or(0.0, |init| init.wide()) + total);
    }
}
