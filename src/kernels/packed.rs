//! Products whose left matrix has columns far apart: the rows of a tile are copied side by side when they are used first.
//!
//! The columns of 512 rows of `f32` begin 2 KB apart, and fall into two of the 64 sets of a usual L1 cache: a tile's rows are gone
//! from it when the next columns of the right matrix need them. The first tile stores them as it goes, and waits for memory no longer
//! than its multiplications take.

use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::product::{COPYING, Matrices, Rows, wide};
use super::{Product, Scalar, Vector};

/// From this distance in bytes on, the columns of the left matrix are far apart.
const FAR: usize = 1024;

/// The fewest columns of the left and of the right matrix for which the copy pays.
const LONG: usize = 32;
const MANY: usize = 24;

/// The bytes of a panel: a usual L1 cache.
const BYTES: usize = 32 * 1024;

/// The rows of a tile, some columns at a time, in the order in which the tiles read them.
#[repr(align(64))]
struct Panel([MaybeUninit<u8>; BYTES]);

/// The kernel of a [`Product`] for which [`pays`] holds.
pub(super) struct Packed<'a, T, const TRANSPOSED: bool>(pub(super) Product<'a, T, TRANSPOSED>);

/// Whether the copy is made up for.
pub(super) fn pays<T, const TRANSPOSED: bool>(product: &Product<'_, T, TRANSPOSED>) -> bool {
    product.a_stride * size_of::<T>() >= FAR && product.k >= LONG && product.c.columns() >= MANY
}

impl<T: Scalar, const TRANSPOSED: bool> WithSimd for Packed<'_, T, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.matrices();
        let height = wide::<S>() * Vector::<T, S>::LANES;
        let whole = matrices.m - matrices.m % height;
        let mut panel = Panel([MaybeUninit::uninit(); BYTES]);
        let panel = panel.0.as_mut_ptr().cast::<T>();
        let depth = BYTES / size_of::<T>() / height;
        let mut row = 0;
        while row < whole {
            let rows = Rows::whole::<T, S>(row);
            let mut done = 0;
            while done < matrices.k {
                let k = depth.min(matrices.k - done);
                // SAFETY: the rows and columns are inside the matrices, of which the right one has more columns than the first tile; the
                // panel has room for `k` columns of a tile, and all of them are written before they are read.
                unsafe {
                    let part = matrices.steps(done, k);
                    part.copying_strip(simd, rows, panel);
                    let part = Matrices { a: panel.wrapping_sub(row), a_stride: height, ..part };
                    part.strip(simd, rows, COPYING..matrices.n);
                }
                done += k;
            }
            row += height;
        }
        // SAFETY: the sizes were checked.
        unsafe { matrices.rows(simd, whole) };
    }
}
