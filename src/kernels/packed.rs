//! Products whose left matrix has columns far apart: the rows of a few tiles are copied side by side before they are used.
//!
//! The columns of 512 rows of `f32` begin 2 KB apart, and fall into two of the 64 sets of a usual L1 cache: a tile's rows are gone
//! from it when the next columns of the right matrix need them. The copy costs what reading the matrix once costs.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::product::{Matrices, Rows, RowsProduct, wide};
use super::{Scalar, Vector};

/// From this distance in bytes on, the columns of the left matrix are far apart.
const FAR: usize = 1024;

/// The fewest columns of the left and of the right matrix for which the copy pays.
const LONG: usize = 32;
const MANY: usize = 24;

/// The bytes of a panel: a usual L1 cache.
const BYTES: usize = 32 * 1024;

/// The tiles of a panel: more than one, so that the lines of the left matrix are read in runs.
const TILES: usize = 2;

/// The rows of some tiles, some columns at a time, in the order in which the tiles read them.
#[repr(align(64))]
struct Panel([MaybeUninit<u8>; BYTES]);

/// The kernel of a [`RowsProduct`] for which [`pays`] holds.
pub(super) struct Packed<'a, T, const TRANSPOSED: bool>(pub(super) RowsProduct<'a, T, TRANSPOSED>);

/// Whether the copy is made up for.
pub(super) fn pays<T, const TRANSPOSED: bool>(product: &RowsProduct<'_, T, TRANSPOSED>) -> bool {
    product.a_stride * size_of::<T>() >= FAR
        && product.product.k >= LONG
        && product.product.n >= MANY
}

impl<T: Scalar, const TRANSPOSED: bool> WithSimd for Packed<'_, T, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n = self.0.product.n;
        let matrices = self.0.matrices();
        let height = wide::<S>() * Vector::<T, S>::LANES;
        let whole = matrices.m - matrices.m % height;
        let mut panel = Panel([MaybeUninit::uninit(); BYTES]);
        let panel = panel.0.as_mut_ptr().cast::<T>();
        let depth = BYTES / size_of::<T>() / (TILES * height);
        let mut top = 0;
        while top < whole {
            let bottom = (top + TILES * height).min(whole);
            let mut done = 0;
            while done < matrices.k {
                let k = depth.min(matrices.k - done);
                // SAFETY: rows and columns are inside the left matrix, and the panel has room for `depth` columns of its tiles.
                unsafe { matrices.fill(simd, (top, bottom), (done, k), panel, depth) };
                let mut row = top;
                while row < bottom {
                    let tile = panel.wrapping_add((row - top) * depth);
                    // SAFETY: the rows and columns are inside the matrices; the first `k` columns of the tile were written.
                    unsafe {
                        let part = Matrices {
                            a: tile.wrapping_sub(row),
                            a_stride: height,
                            ..matrices.steps(done, k)
                        };
                        part.strip(simd, Rows::whole::<T, S>(row), n);
                    }
                    row += height;
                }
                done += k;
            }
            top = bottom;
        }
        // SAFETY: the sizes were checked.
        unsafe { matrices.rows(simd, whole, n) };
    }
}

impl<T: Scalar, const TRANSPOSED: bool> Matrices<T, TRANSPOSED> {
    /// Fills a panel whose tiles have room for `depth` columns: with the rows from `top` to before `bottom` of `k` columns.
    ///
    /// # Safety
    ///
    /// They must be inside the left matrix, and fit into the panel.
    #[inline(always)]
    unsafe fn fill<S: Simd>(
        self,
        simd: S,
        (top, bottom): (usize, usize),
        (first, k): (usize, usize),
        panel: *mut T,
        depth: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let height = wide::<S>() * lanes;
        for column in 0..k {
            let mut row = top;
            while row < bottom {
                // SAFETY: the caller's promise.
                unsafe {
                    let from = self.a.add(row + (first + column) * self.a_stride);
                    let to = panel.add((row - top) * depth + column * height);
                    for r in 0..wide::<S>() {
                        Vector::load_ptr(simd, from.add(r * lanes)).store_ptr(to.add(r * lanes));
                    }
                }
                row += height;
            }
        }
    }
}
