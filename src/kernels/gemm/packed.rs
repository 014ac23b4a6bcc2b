//! Products whose left matrix has columns far apart: the rows of a tile are copied side by side when they are used first.
//!
//! The columns of 512 rows of `f32` begin 2 KB apart, and fall into two of the 64 sets of a usual L1 cache: a tile's rows are gone
//! from it when the next columns of the right matrix need them. The first tile stores them as it goes, and waits for memory no longer
//! than its multiplications take; the tiles after it fetch what the next panel is copied from, which may be beyond the L2 cache.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::cache::LINE;
use crate::kernels::cache::{Aligned, prefetch};
use crate::kernels::gemm::microkernel::Product;
use crate::kernels::gemm::microkernel::{Beside, Matrices, Rows, wide};
use crate::simd::{Element, Vector};

/// From this distance in bytes on, the columns of the left matrix are far apart.
const FAR: usize = 1024;

/// The fewest columns of the left and of the right matrix for which the copy pays.
const LONG: usize = 32;
const MANY: usize = 24;

/// How many columns the tiles have that copy and fetch.
const COLUMNS: usize = 6;

/// The rows of one or some tiles, some columns at a time, in the order in which the tiles read them.
pub(crate) struct Panel(Aligned<[MaybeUninit<u8>; BYTES]>);

/// A usual L1 cache.
const BYTES: usize = 32 * 1024;

impl Panel {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self(Aligned([MaybeUninit::uninit(); BYTES]))
    }

    /// There is room for so many scalars.
    pub(crate) const fn len<T>() -> usize {
        BYTES / size_of::<T>()
    }

    #[inline(always)]
    pub(crate) fn as_mut_ptr<T: Element>(&mut self) -> *mut T {
        self.0.0.as_mut_ptr().cast()
    }
}

/// The kernel of a [`Product`] for which [`pays`] holds.
pub(crate) struct Packed<'a, T, const TRANSPOSED: bool>(pub(crate) Product<'a, T, TRANSPOSED>);

/// Whether the copy is made up for.
pub(crate) fn pays<T, const TRANSPOSED: bool>(product: &Product<'_, T, TRANSPOSED>) -> bool {
    product.a_stride * size_of::<T>() >= FAR && product.k >= LONG && product.c.columns() >= MANY
}

/// Copies the rows of the left matrix side by side.
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

/// Fetches a line of some columns of the left matrix, from where it is used next: of the next one at every so many steps. A processor waits for a dozen
/// lines at a time, and not for those of each step, if they are far away.
struct Fetch<T> {
    from: *const T,
    stride: usize,
    every: usize,
    /// Steps to the next one.
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

impl<T: Element, const TRANSPOSED: bool> WithSimd for Packed<'_, T, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.matrices();
        let height = wide::<S>() * Vector::<T, S>::LANES;
        let whole = matrices.m - matrices.m % height;
        let mut panel = Panel::new();
        let panel = panel.as_mut_ptr::<T>();
        // Panels of about the same size: what is fetched for the next one is as much as it needs.
        let most = Panel::len::<T>() / height;
        let depth = matrices.k.div_ceil(matrices.k.div_ceil(most));
        let mut row = 0;
        while row < whole {
            let rows = Rows::whole::<T, S>(row);
            let mut done = 0;
            while done < matrices.k {
                let k = depth.min(matrices.k - done);
                // Where the next panel begins.
                let (below, next) =
                    if done + k < matrices.k { (row, done + k) } else { (row + height, 0) };
                let next = matrices.a.wrapping_add(below + next * matrices.a_stride);
                let lines = if below < whole { height * size_of::<T>() / LINE } else { 0 };
                // SAFETY: the rows and columns are inside the matrices, of which the right one has more columns than the first tile; the
                // panel has room for `k` columns of a tile, and all of them are written before they are read.
                unsafe {
                    let part = matrices.steps(done, k);
                    part.tile_beside::<S, COLUMNS, _>(simd, rows, 0, Copy { to: panel });
                    let part = Matrices { a: panel.wrapping_sub(row), a_stride: height, ..part };
                    let mut column = COLUMNS;
                    let tiles = (matrices.n - COLUMNS) / COLUMNS;
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
