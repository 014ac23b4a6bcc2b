//! `A` packed: where its columns are [far apart](super::plan), the rows of a tile are copied side by side when they are used first.
//!
//! The columns of 512 rows of `f32` begin 2 KB apart, and fall into two of the 64 sets of a usual L1 cache: a tile's rows are gone
//! from it when the next columns of `B` need them. The first tile of a strip stores its rows of `A` into the panel as it multiplies, and waits for memory no
//! longer than its multiplications take. The tiles after it read the panel, and fetch what the next panel is copied from, which may be beyond the L2 cache.

use pulp::{Simd, WithSimd};

use crate::kernels::cache::{LINE, prefetch};
use crate::kernels::gemm::microkernel::{Beside, Rows, wide};
use crate::kernels::gemm::operands::{Gemm, GemmPointers};
use crate::kernels::gemm::panel::PanelA;
use crate::kernels::gemm::plan::{PACKED_COLUMNS as COLUMNS, panel_depth};
use crate::simd::{Element, Vector};

/// The kernel of [`GemmPlan::Packed`](super::plan::GemmPlan::Packed).
pub(crate) struct Packed<'a, T, const TRANSPOSED_B: bool>(pub(crate) Gemm<'a, T, TRANSPOSED_B>);

/// Copies the rows of `A` side by side.
struct Copy<T> {
    to: *mut T,
}

impl<T: Element> Beside<T> for Copy<T> {
    #[inline(always)]
    unsafe fn step<S: Simd, const R: usize>(&mut self, left: &[Vector<T, S>; R]) {
        let lanes = Vector::<T, S>::LANES;
        for r in 0..R {
            // SAFETY: the caller's promise.
            unsafe { left[r].store_ptr(self.to.add(r * lanes)) };
        }
        self.to = self.to.wrapping_add(R * lanes);
    }
}

/// Prefetches a cache line of one column of `A` every `every` steps: of the rows and columns that the next panel is copied from. Not at every step: a processor
/// has a dozen lines under way at a time, and a tile would wait if all its lines came from beyond the L2 cache.
struct Fetch<T> {
    /// The line that is fetched next.
    from: *const T,
    /// From one column of `A` to the next.
    stride: usize,
    every: usize,
    /// Steps until `from` is fetched.
    left: usize,
}

impl<T: Element> Beside<T> for Fetch<T> {
    #[inline(always)]
    unsafe fn step<S: Simd, const R: usize>(&mut self, _left: &[Vector<T, S>; R]) {
        self.left -= 1;
        if self.left == 0 {
            prefetch(self.from);
            self.from = self.from.wrapping_add(self.stride);
            self.left = self.every;
        }
    }
}

impl<T: Element, const TRANSPOSED_B: bool> WithSimd for Packed<'_, T, TRANSPOSED_B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.pointers();
        assert!(matrices.k > 0 && matrices.n >= COLUMNS, "a product of other sizes");
        let height = wide::<S>() * Vector::<T, S>::LANES;
        let whole = matrices.m - matrices.m % height;
        let mut panel = PanelA::new();
        let panel = panel.as_mut_ptr::<T>();
        let depth = panel_depth(matrices.k, height, size_of::<T>());
        let mut row = 0;
        while row < whole {
            let rows = Rows::whole::<T, S>(row);
            let mut done = 0;
            while done < matrices.k {
                let k = depth.min(matrices.k - done);
                // The next panel: of the same rows further along k, or else of the rows below.
                let (below, next) =
                    if done + k < matrices.k { (row, done + k) } else { (row + height, 0) };
                let next = matrices.a.wrapping_add(below + next * matrices.a_stride);
                // Cache lines in a column of it.
                let lines = if below < whole { height * size_of::<T>() / LINE } else { 0 };
                // SAFETY: the rows and columns are inside the matrices, and n is not below the columns of the first tile; the
                // panel has room for k columns of a tile, and all of them are written before they are read.
                unsafe {
                    let part = matrices.steps(done, k);
                    part.tile_beside::<S, COLUMNS, _>(simd, rows, 0, Copy { to: panel });
                    let part =
                        GemmPointers { a: panel.wrapping_sub(row), a_stride: height, ..part };
                    let mut column = COLUMNS;
                    let tiles = (matrices.n - COLUMNS) / COLUMNS;
                    // With `every` times as many tiles as lines, a tile fetches one line of every `every`th column.
                    let every = (tiles / lines.max(1)).max(1);
                    for tile in 0..tiles.min(lines * every) {
                        let first = tile % every * (k / every) * matrices.a_stride;
                        let from = next.wrapping_add(first).wrapping_byte_add(tile / every * LINE);
                        let fetch = Fetch { from, stride: matrices.a_stride, every, left: every };
                        part.tile_beside::<S, COLUMNS, _>(simd, rows, column, fetch);
                        column += COLUMNS;
                    }
                    part.strip(simd, rows, column..matrices.n);
                }
                done += k;
            }
            row += height;
        }
        // SAFETY: the sizes were checked.
        unsafe { matrices.rows(simd, whole) };
    }
}
