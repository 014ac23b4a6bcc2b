//! Products as the transpose of the swapped ones, where their rows would fill vectors badly and their columns fill them well: the gradient of the weights of
//! a layer with few outputs.

use core::mem::MaybeUninit;

use pulp::Simd;

use crate::kernels::gemm::microkernel::{Matrices, PointerStart};
use crate::simd::{Columns, transpose};
use crate::simd::{Element, Vector};

/// The shortest sums whose time is more than that of the transposition.
const LONG: usize = 64;

/// How many numbers of a swapped product are computed at a time.
const SWAPPED: usize = 2048;

/// Whether `Cᵀ = Bᵀ Aᵀ` takes so much less time, with vectors of columns of `C`, that its transposition is made up for.
///
/// The sums are the same, to the bit.
#[inline(always)]
pub(crate) fn pays_to_swap([m, k, n]: [usize; 3], lanes: usize) -> bool {
    let (swapped, straight) = (n.next_multiple_of(lanes) * m, m.next_multiple_of(lanes) * n);
    k >= LONG && n >= lanes && m * 4 * lanes <= SWAPPED && 4 * swapped <= 3 * straight
}

impl<T: Element, const TRANSPOSED: bool> Matrices<T, TRANSPOSED> {
    /// All of `C`, as the transpose of `Bᵀ Aᵀ`, some columns after the other.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given; `B` must be transposed, and [`pays_to_swap`] hold.
    #[inline(always)]
    pub(crate) unsafe fn swapped<S: Simd>(self, simd: S) {
        let mut room = [const { MaybeUninit::<T>::uninit() }; SWAPPED];
        let room = room.as_mut_ptr().cast::<T>();
        let Self { m, n, .. } = self;
        let height = 4 * Vector::<T, S>::LANES;
        let mut first = 0;
        while first < n {
            let height = height.min(n - first);
            // SAFETY: there is room for `height` rows of `m` columns, all of which are written before they are read; the rest is inside
            // the matrices (the caller's promise).
            unsafe {
                let c = self.c.add(first * self.c_stride);
                let start = match self.start {
                    PointerStart::Zero => PointerStart::Zero,
                    PointerStart::Column(start) => PointerStart::Row(start),
                    PointerStart::Row(start) => PointerStart::Column(start.add(first)),
                    PointerStart::Current => {
                        let from = Columns { first: c.cast_const(), stride: self.c_stride };
                        transpose(simd, from, Columns { first: room, stride: height }, [m, height]);
                        PointerStart::Current
                    }
                };
                let product = Self {
                    a: self.b.add(first),
                    b: self.a,
                    c: room,
                    m: height,
                    k: self.k,
                    a_stride: self.b_stride,
                    n: m,
                    c_stride: height,
                    b_stride: self.a_stride,
                    start,
                };
                product.rows(simd, 0);
                let from = Columns { first: room.cast_const(), stride: height };
                transpose(simd, from, Columns { first: c, stride: self.c_stride }, [height, m]);
            }
            first += height;
        }
    }
}
