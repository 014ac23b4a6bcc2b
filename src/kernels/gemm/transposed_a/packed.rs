//! C = Aᵀ B for large weights `A`: columns of `A` are transposed into a panel as high as a tile, some steps along k at a time, and multiplied by all of `B`.
//!
//! Each number of `A` is read once, however many columns `B` has. While a panel is multiplied, the next one's numbers are fetched, which may be beyond the L2
//! cache.

use pulp::{Simd, WithSimd};

use crate::kernels::cache::{LINE, prefetch};
use crate::kernels::gemm::microkernel::{Beside, Rows, wide};
use crate::kernels::gemm::operands::{Gemm, GemmTransposedA, Init};
use crate::kernels::gemm::panel::PanelA;
use crate::kernels::gemm::plan::{PACKED_COLUMNS, panel_depth};
use crate::kernels::gemm::tiled::Tiled;
use crate::simd::{Columns, Element, Vector, transpose};

/// The kernel of [`TransposedAPlan::Packed`](crate::kernels::gemm::plan::TransposedAPlan::Packed).
pub(crate) struct Packed<'a, T>(pub(crate) GemmTransposedA<'a, T>);

impl<T: Element> WithSimd for Packed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let GemmTransposedA { a, b, mut c, k, .. } = self.0;
        let (m, n) = (c.rows(), c.columns());
        if n == 0 {
            return;
        }
        let most = wide::<S>() * Vector::<T, S>::LANES;
        // Whole cache lines, and whole squares of the transposition.
        let depth = panel_depth(k, most, size_of::<T>()).next_multiple_of(LINE / size_of::<T>());
        assert!(most * depth <= PanelA::len::<T>(), "a panel of another size");
        let mut panel = PanelA::new();
        let panel = panel.as_mut_ptr::<T>();
        let mut row = 0;
        while row < m {
            let height = most.min(m - row);
            let mut done = 0;
            while done < k {
                let steps = depth.min(k - done);
                let columns = &a[row * k + done..(row + height - 1) * k + done + steps];
                let columns = Columns { first: columns.as_ptr(), stride: k };
                let rows = Columns { first: panel, stride: height };
                // SAFETY: the slice has `steps` elements of each of `height` columns, and the panel has room for them; all of them are written.
                let packed = unsafe {
                    transpose(simd, columns, rows, [steps, height]);
                    core::slice::from_raw_parts(panel, height * steps)
                };
                let product = Gemm::<T, false> {
                    a: packed,
                    a_stride: height,
                    b: &b[done..],
                    b_stride: k,
                    c: c.block(row..row + height, 0..n),
                    k: steps,
                    init: if done == 0 { Init::Zero } else { Init::Accumulate },
                };
                done += steps;
                if height < most {
                    simd.vectorize(Tiled(product));
                    continue;
                }
                // The next panel: of the same columns further down, or else of the columns after these.
                let (next, from) = if done < k { (row, done) } else { (row + height, 0) };
                let lines = (depth.min(k - from) * size_of::<T>()).div_ceil(LINE);
                let mut fetch = Fetch {
                    from: a.as_ptr().wrapping_add(next * k + from),
                    stride: k,
                    lines,
                    line: 0,
                    left: 0,
                    every: 0,
                };
                let mut missing = if next + most <= m { lines * most } else { 0 };
                let rows = Rows::whole::<T, S>(0);
                let matrices = product.pointers();
                let mut column = 0;
                let tiles = n / PACKED_COLUMNS;
                // So many steps have a line each to fetch.
                fetch.every = (tiles * steps / missing.max(1)).max(1);
                let each = steps / fetch.every;
                // SAFETY: the rows and columns are inside the matrices.
                unsafe {
                    while missing > 0 && column + PACKED_COLUMNS <= n {
                        let beside = Fetch { left: fetch.every, ..fetch };
                        matrices.tile_beside::<S, PACKED_COLUMNS, _>(simd, rows, column, beside);
                        fetch.skip(each);
                        missing = missing.saturating_sub(each);
                        column += PACKED_COLUMNS;
                    }
                    matrices.strip(simd, rows, column..n);
                }
            }
            row += height;
        }
    }
}

/// Prefetches a cache line every `every` steps: line after line of a column, and column after column.
#[derive(Clone, Copy)]
struct Fetch<T> {
    /// The column of the line that is fetched next.
    from: *const T,
    /// From one column to the next.
    stride: usize,
    /// Lines in a column.
    lines: usize,
    /// The line that is fetched next.
    line: usize,
    every: usize,
    /// Steps until it is fetched.
    left: usize,
}

impl<T> Fetch<T> {
    /// As if so many lines had been fetched.
    #[inline(always)]
    fn skip(&mut self, count: usize) {
        let line = self.line + count;
        self.from = self.from.wrapping_add(line / self.lines * self.stride);
        self.line = line % self.lines;
    }
}

impl<T: Element> Beside<T> for Fetch<T> {
    #[inline(always)]
    unsafe fn step<S: Simd, const R: usize>(&mut self, _left: &[Vector<T, S>; R]) {
        self.left -= 1;
        if self.left == 0 {
            prefetch(self.from.wrapping_byte_add(self.line * LINE));
            self.left = self.every;
            self.line += 1;
            if self.line == self.lines {
                self.line = 0;
                self.from = self.from.wrapping_add(self.stride);
            }
        }
    }
}
