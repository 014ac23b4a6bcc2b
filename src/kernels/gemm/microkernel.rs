//! The microkernel: a tile of `C` stays in registers, as accumulators, while it runs along k.
//!
//! One step adds a column of `A`, loaded as `R` vectors of rows, times each of `C` numbers of a row of `B`, broadcast: `R` `C` fused multiply-adds for
//! `R` loads and `C` broadcasts. Matrices are read where they lie: a column of `A` is contiguous (nalgebra's order). With 16 registers the tile is 2 vectors x 6 columns,
//! with 32 it is 4 x 6: 12 or 24 accumulators, which hide the latency of a multiply-add (4 cycles, 2 a cycle: 8 at least). With fewer rows a tile is
//! less high and up to 12 columns wide, for the same number.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::operands::{GemmPointers, InitPointer};
use crate::kernels::gemm::plan::{TILE_COLUMNS, tile_vectors};
use crate::simd::{Element, Vector, has_many_registers};

/// Vectors of rows of the largest tile on an instruction set.
#[inline(always)]
pub(crate) const fn wide<S: Simd>() -> usize {
    tile_vectors(has_many_registers::<S>())
}

/// Columns of a tile that is as high as the largest one.
const HALF: usize = TILE_COLUMNS / 2;

/// The rows of a tile.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// The first row of the first vector.
    first: usize,
    vectors: usize,
    /// Rows at the top that are the last ones of the tile before, which has stored them.
    overlap: usize,
    /// Rows below these.
    count: usize,
}

impl Rows {
    /// A tile of the largest height.
    #[inline(always)]
    pub(crate) fn whole<T: Element, S: Simd>(row: usize) -> Self {
        let vectors = wide::<S>();
        Self { first: row, vectors, overlap: 0, count: vectors * Vector::<T, S>::LANES }
    }

    /// The highest tile from `row` on, for m >= lanes. Where m is no multiple of the lanes, the last one begins above `row` and overlaps the one before it.
    /// It is a single vector then where the product `adds` to `C`: rows of the overlap must not be added to twice.
    #[inline(always)]
    pub(crate) fn from<T: Element, S: Simd>(row: usize, m: usize, adds: bool) -> Self {
        let lanes = Vector::<T, S>::LANES;
        let rest = m - row;
        let vectors = if adds { (rest / lanes).max(1) } else { rest.div_ceil(lanes) };
        let vectors = vectors.min(m / lanes).min(wide::<S>());
        let first = row.min(m - vectors * lanes);
        Self { first, vectors, overlap: row - first, count: vectors * lanes - (row - first) }
    }

    /// Rows of the tile without the overlap.
    #[inline(always)]
    pub(crate) fn count(self) -> usize {
        self.count
    }
}

impl<T: Element, const TRANSPOSED_B: bool> GemmPointers<T, TRANSPOSED_B> {
    /// The rows of one tile, `columns` of `C`.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given, and the rows and columns must lie inside them.
    #[inline(always)]
    pub(crate) unsafe fn strip<S: Simd>(self, simd: S, rows: Rows, columns: Range<usize>) {
        match rows.vectors {
            1 => simd.vectorize(Strip::<T, TRANSPOSED_B, 1> { matrices: self, rows, columns }),
            2 => simd.vectorize(Strip::<T, TRANSPOSED_B, 2> { matrices: self, rows, columns }),
            3 => simd.vectorize(Strip::<T, TRANSPOSED_B, 3> { matrices: self, rows, columns }),
            _ => simd.vectorize(Strip::<T, TRANSPOSED_B, 4> { matrices: self, rows, columns }),
        }
    }

    /// A tile of the largest height and `C` columns from `column` on, with work [beside](Beside) its multiplications.
    ///
    /// # Safety
    ///
    /// As for [`strip`](Self::strip), and for [`Beside::step`].
    #[inline(always)]
    pub(crate) unsafe fn tile_beside<S: Simd, const C: usize, B: Beside<T>>(
        self,
        simd: S,
        rows: Rows,
        column: usize,
        beside: B,
    ) {
        simd.vectorize(TileBeside::<T, TRANSPOSED_B, C, B> {
            matrices: self,
            rows,
            column,
            beside,
        });
    }

    /// The tile: `R` vectors of rows, `C` columns from `column` on.
    ///
    /// # Safety
    ///
    /// As for [`strip`](Self::strip), and for [`Beside::step`].
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize>(
        self,
        simd: S,
        rows: Rows,
        column: usize,
        mut beside: impl Beside<T>,
    ) {
        let row = rows.first;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        // SAFETY: rows `row..row + R * lanes` and columns `column..column + C` are inside the matrices (the caller's promise);
        // every offset below is that of one of their elements.
        unsafe {
            let c = self.c.add(row + column * self.c_stride);
            match self.init {
                InitPointer::Zero => {}
                InitPointer::Column(init) => {
                    for r in 0..R {
                        sums[r] = [Vector::load_ptr(simd, init.add(row + r * lanes)); C];
                    }
                }
                InitPointer::Row(init) => {
                    for j in 0..C {
                        let first = Vector::splat(simd, *init.add(column + j));
                        for r in 0..R {
                            sums[r][j] = first;
                        }
                    }
                }
                InitPointer::Accumulate => {
                    for r in 0..R {
                        for j in 0..C {
                            sums[r][j] =
                                Vector::load_ptr(simd, c.add(r * lanes + j * self.c_stride));
                        }
                    }
                }
            }
            // Where `A` is a panel, `self.a` lies before it: its first row has the number that it has in `C`.
            let mut a = self.a.wrapping_add(row);
            for k in 0..self.k {
                let mut left = [zero; R];
                for r in 0..R {
                    left[r] = Vector::load_ptr(simd, a.add(r * lanes));
                }
                beside.step(&left);
                for j in 0..C {
                    let right = Vector::splat(simd, *self.right(k, column + j));
                    for r in 0..R {
                        sums[r][j] = left[r].mul_add(right, sums[r][j]);
                    }
                }
                // It runs one step past the end in the last round, where it is not read.
                a = a.wrapping_add(self.a_stride);
            }
            if R == 1 && rows.overlap > 0 && matches!(self.init, InitPointer::Accumulate) {
                // A B was added to the rows of the overlap already. Without adding, they are stored twice, with the same numbers.
                for j in 0..C {
                    // A copy, so that the sums themselves are in registers.
                    let sums = sums[0][j];
                    for lane in rows.overlap..lanes {
                        *c.add(lane + j * self.c_stride) = sums.as_slice()[lane];
                    }
                }
                return;
            }
            for j in 0..C {
                for r in 0..R {
                    sums[r][j].store_ptr(c.add(r * lanes + j * self.c_stride));
                }
            }
        }
    }
}

/// The rows of a tile of `R` vectors, and some columns. A function of its own for each `R`: in one function, the compiler computes the addresses of all
/// tiles before the first begins.
struct Strip<T, const TRANSPOSED_B: bool, const R: usize> {
    matrices: GemmPointers<T, TRANSPOSED_B>,
    rows: Rows,
    columns: Range<usize>,
}

impl<T: Element, const TRANSPOSED_B: bool, const R: usize> WithSimd for Strip<T, TRANSPOSED_B, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrices, rows, columns: Range { start: mut column, end } } = self;
        if R > wide::<S>() {
            return;
        }
        // SAFETY: a strip is made for rows and columns that are inside the matrices.
        unsafe {
            while column + TILE_COLUMNS <= end {
                match R {
                    1 => matrices.tile::<S, 1, TILE_COLUMNS>(simd, rows, column, ()),
                    2 if has_many_registers::<S>() => {
                        matrices.tile::<S, 2, TILE_COLUMNS>(simd, rows, column, ());
                    }
                    _ => {
                        for half in 0..2 {
                            matrices.tile::<S, R, HALF>(simd, rows, column + HALF * half, ());
                        }
                    }
                }
                column += TILE_COLUMNS;
            }
            if column + 8 <= end {
                if R == 1 {
                    matrices.tile::<S, 1, 8>(simd, rows, column, ());
                } else {
                    matrices.tile::<S, R, 4>(simd, rows, column, ());
                    matrices.tile::<S, R, 4>(simd, rows, column + 4, ());
                }
                column += 8;
            }
            if column + 4 <= end {
                matrices.tile::<S, R, 4>(simd, rows, column, ());
                column += 4;
            }
            match end - column {
                3 => matrices.tile::<S, R, 3>(simd, rows, column, ()),
                2 => matrices.tile::<S, R, 2>(simd, rows, column, ()),
                1 => matrices.tile::<S, R, 1>(simd, rows, column, ()),
                _ => {}
            }
        }
    }
}

/// What a tile does beside its multiplications, once for each step along k: the multiplications leave the load and store units free.
pub(crate) trait Beside<T: Element> {
    /// # Safety
    ///
    /// Where it writes, there must be room for all steps.
    unsafe fn step<S: Simd, const R: usize>(&mut self, left: &[Vector<T, S>; R]);
}

/// Nothing.
impl<T: Element> Beside<T> for () {
    #[inline(always)]
    unsafe fn step<S: Simd, const R: usize>(&mut self, _left: &[Vector<T, S>; R]) {}
}

/// One tile: a function of its own, as [`Strip`] is.
struct TileBeside<T, const TRANSPOSED_B: bool, const C: usize, B> {
    matrices: GemmPointers<T, TRANSPOSED_B>,
    rows: Rows,
    column: usize,
    beside: B,
}

impl<T: Element, const TRANSPOSED_B: bool, const C: usize, B: Beside<T>> WithSimd
    for TileBeside<T, TRANSPOSED_B, C, B>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrices, rows, column, beside } = self;
        // SAFETY: it is made for rows and columns that are inside the matrices, with what is done beside in order.
        unsafe {
            if has_many_registers::<S>() {
                matrices.tile::<S, 4, C>(simd, rows, column, beside);
            } else {
                matrices.tile::<S, 2, C>(simd, rows, column, beside);
            }
        }
    }
}
