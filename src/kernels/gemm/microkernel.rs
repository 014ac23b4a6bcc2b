//! Matrix products over a batch: a tile of accumulators stays in registers while it runs along the common dimension.
//!
//! Nothing is packed, unless the columns are [far apart](super::packed): a column of the left matrix is contiguous (nalgebra's order), so a tile loads its rows as whole vectors;
//! the right matrix is read one number at a time and broadcast. With 16 registers the tile is 2 vectors x 6 columns,
//! with 32 it is 4 x 6: as many independent accumulators as hide the latency of a fused multiply-add. Fewer rows make a tile that is
//! less high and up to 12 columns wide, for the same reason; fewer rows than a vector has lanes [share it](super::few_rows) with the next columns.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::narrow::Few;
use crate::kernels::gemm::swapped::pays_to_swap;
use crate::kernels::matrix_mut::RowsMut;
use crate::parallel::{Split, cut};
use crate::simd::{Element, Vector, dispatch, has_many_registers};

/// `C = start + A B`, where `A` (`m` x `k`) and `C` (`m` x `n`) are column-major.
///
/// `B` is column-major with contiguous columns, or, where it is `TRANSPOSED`, row-major with contiguous rows: a constant, so that
/// the addresses in a tile's loop are an offset and not a chain of additions.
pub struct Product<'a, T, const TRANSPOSED: bool> {
    pub a: &'a [T],
    /// From one column of `A` to the next: `m`, or more where these are some rows of a larger matrix.
    pub a_stride: usize,
    pub b: &'a [T],
    /// From one column of `B` to the next, or one row if it is `TRANSPOSED`.
    pub b_stride: usize,
    pub c: RowsMut<'a, T>,
    /// The common dimension.
    pub k: usize,
    pub start: Start<'a, T>,
}

/// What the products are added to.
#[derive(Clone, Copy)]
pub enum Start<'a, T> {
    Zero,
    /// The same column everywhere.
    Column(&'a [T]),
    /// The same row everywhere.
    Row(&'a [T]),
    /// What `C` holds.
    Current,
}

impl<T: Element, const TRANSPOSED: bool> Product<'_, T, TRANSPOSED> {
    /// The matrices as pointers.
    ///
    /// # Panics
    ///
    /// If one is smaller than said: the tiles rely on the sizes.
    #[inline(always)]
    pub(crate) fn matrices(self) -> Matrices<T, TRANSPOSED> {
        let Self { a, a_stride, b, b_stride, mut c, k, start } = self;
        let (m, n) = (c.rows(), c.columns());
        assert!(
            m <= a_stride && (k == 0 || a.len() >= (k - 1) * a_stride + m),
            "the left matrix has another size"
        );
        let (lines, length) = if TRANSPOSED { (k, n) } else { (n, k) };
        assert!(
            lines == 0 || length == 0 || b.len() >= (lines - 1) * b_stride + length,
            "the right matrix is smaller than said"
        );
        if let Start::Column(column) = start {
            assert_eq!(column.len(), m, "the column to start from has another length");
        }
        if let Start::Row(row) = start {
            assert_eq!(row.len(), n, "the row to start from has another length");
        }
        Matrices {
            a: a.as_ptr(),
            b: b.as_ptr(),
            c: c.as_mut_ptr(),
            m,
            k,
            n,
            a_stride,
            c_stride: c.stride(),
            b_stride,
            start: match start {
                Start::Zero => PointerStart::Zero,
                Start::Column(column) => PointerStart::Column(column.as_ptr()),
                Start::Row(row) => PointerStart::Row(row.as_ptr()),
                Start::Current => PointerStart::Current,
            },
        }
    }
}

/// So many bytes of `A` are used up before the next ones are read, where it pays: a usual L1 cache.
const SMALL: usize = 32 * 1024;

/// The fewest steps along the common dimension that are worth storing and loading `C`.
const FEW: usize = 24;

/// The kernel of a [`Product`].
pub(crate) struct Tiles<'a, T, const TRANSPOSED: bool>(pub(crate) Product<'a, T, TRANSPOSED>);

impl<T: Element, const TRANSPOSED: bool> WithSimd for Tiles<'_, T, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.matrices();
        let Matrices { m, k, n, .. } = matrices;
        if TRANSPOSED && pays_to_swap([m, k, n], Vector::<T, S>::LANES) {
            // SAFETY: the sizes were checked.
            return unsafe { matrices.swapped(simd) };
        }
        // A transposed `B` has each number of a column in a cache line of its own: `A` must not take the room of these lines.
        let depth = if TRANSPOSED { (SMALL / (m.max(1) * size_of::<T>())).max(FEW) } else { k };
        // No closures: they would not be compiled for the instruction set of this pass.
        let mut done = 0;
        loop {
            // SAFETY: they are inside the common dimension.
            let part = unsafe { matrices.steps(done, depth.min(k - done)) };
            // SAFETY: the sizes were checked.
            unsafe { part.rows(simd, 0) };
            done += part.k;
            if done == k {
                break;
            }
        }
    }
}

impl<T: Element, const TRANSPOSED: bool> Split for Product<'_, T, TRANSPOSED>
where
    Self: WithSimd<Output = ()>,
{
    fn run(self) {
        dispatch(self);
    }

    fn multiply_adds(&self) -> usize {
        self.c.rows() * self.k * self.c.columns()
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { a, a_stride, b, b_stride, c, k, start } = self;
        let columns = cut(c.columns(), 4, part, whole);
        let (c, others) = c.split_columns(columns);
        let right = &b[(if TRANSPOSED { columns } else { columns * b_stride }).min(b.len())..];
        let (start, other) = match start {
            Start::Row(row) => {
                let (row, others) = row.split_at(columns);
                (Start::Row(row), Start::Row(others))
            }
            start => (start, start),
        };
        (
            Self { a, a_stride, b, b_stride, c, k, start },
            Self { a, a_stride, b: right, b_stride, c: others, k, start: other },
        )
    }
}

/// How many vectors of rows the largest tile has.
#[inline(always)]
pub(crate) fn wide<S: Simd>() -> usize {
    if has_many_registers::<S>() { 4 } else { 2 }
}

/// Of a matrix of `m` rows and `k` columns, `stride` apart, how many columns have a whole vector of elements from row `first` on,
/// be it that they are those of the next columns.
#[inline(always)]
pub(crate) fn whole_columns(
    m: usize,
    k: usize,
    stride: usize,
    first: usize,
    lanes: usize,
) -> usize {
    let len = if k == 0 { 0 } else { (k - 1) * stride + m };
    len.checked_sub(first + lanes).map_or(0, |rest| (rest / stride + 1).min(k))
}

/// The rows of a tile.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// The first row of the first vector.
    first: usize,
    vectors: usize,
    /// Rows at the beginning that the tile before this one has stored.
    again: usize,
    /// How many rows there are without these.
    count: usize,
}

impl Rows {
    /// The widest tile.
    #[inline(always)]
    pub(crate) fn whole<T: Element, S: Simd>(row: usize) -> Self {
        let vectors = wide::<S>();
        Self { first: row, vectors, again: 0, count: vectors * Vector::<T, S>::LANES }
    }

    /// The widest tile from `row` on, where there are at least as many rows as lanes. The last one may overlap the one before it, and
    /// is a single vector where `adds`: where the products are added to what is there, which must not be done twice.
    #[inline(always)]
    fn from<T: Element, S: Simd>(row: usize, m: usize, adds: bool) -> Self {
        let lanes = Vector::<T, S>::LANES;
        let rest = m - row;
        let vectors = if adds { (rest / lanes).max(1) } else { rest.div_ceil(lanes) };
        let vectors = vectors.min(m / lanes).min(wide::<S>());
        let first = row.min(m - vectors * lanes);
        Self { first, vectors, again: row - first, count: vectors * lanes - (row - first) }
    }
}

/// The matrices as pointers, for the tiles.
#[derive(Clone, Copy)]
pub(crate) struct Matrices<T, const TRANSPOSED: bool> {
    pub(crate) a: *const T,
    pub(crate) b: *const T,
    pub(crate) c: *mut T,
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) a_stride: usize,
    pub(crate) n: usize,
    pub(crate) c_stride: usize,
    pub(crate) b_stride: usize,
    pub(crate) start: PointerStart<T>,
}

#[derive(Clone, Copy)]
pub(crate) enum PointerStart<T> {
    Zero,
    Column(*const T),
    Row(*const T),
    Current,
}

impl<T: Element, const TRANSPOSED: bool> Matrices<T, TRANSPOSED> {
    /// Where an element of `B` is.
    ///
    /// # Safety
    ///
    /// It must be inside.
    #[inline(always)]
    pub(crate) unsafe fn right(self, row: usize, column: usize) -> *const T {
        // SAFETY: the caller's promise.
        unsafe {
            if TRANSPOSED {
                self.b.add(row * self.b_stride + column)
            } else {
                self.b.add(row + column * self.b_stride)
            }
        }
    }

    /// Some steps along the common dimension, to be done in order: each adds to what those before it gave.
    ///
    /// # Safety
    ///
    /// They must be inside the common dimension.
    #[inline(always)]
    pub(crate) unsafe fn steps(self, first: usize, count: usize) -> Self {
        // SAFETY: the first step is inside the matrices (the caller's promise), or 0.
        let (a, b) = unsafe { (self.a.add(first * self.a_stride), self.right(first, 0)) };
        let start = if first == 0 { self.start } else { PointerStart::Current };
        Self { a, b, k: count, start, ..self }
    }

    /// The rows of `C` from a first one on.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given, and the rows and columns must lie inside them.
    #[inline(always)]
    pub(crate) unsafe fn rows<S: Simd>(self, simd: S, top: usize) {
        if self.m < Vector::<T, S>::LANES {
            return simd.vectorize(Few(self));
        }
        let adds = matches!(self.start, PointerStart::Current);
        let mut row = top;
        while row < self.m {
            let rows = Rows::from::<T, S>(row, self.m, adds);
            // SAFETY: the caller's promise.
            unsafe { self.strip(simd, rows, 0..self.n) };
            row += rows.count;
        }
    }

    /// Some rows of `C` that are as high as a tile, and some columns.
    ///
    /// # Safety
    ///
    /// As for [`rows`](Self::rows).
    #[inline(always)]
    pub(crate) unsafe fn strip<S: Simd>(self, simd: S, rows: Rows, columns: Range<usize>) {
        match rows.vectors {
            1 => simd.vectorize(Strip::<T, TRANSPOSED, 1> { matrices: self, rows, columns }),
            2 => simd.vectorize(Strip::<T, TRANSPOSED, 2> { matrices: self, rows, columns }),
            3 => simd.vectorize(Strip::<T, TRANSPOSED, 3> { matrices: self, rows, columns }),
            _ => simd.vectorize(Strip::<T, TRANSPOSED, 4> { matrices: self, rows, columns }),
        }
    }

    /// A tile as high as the widest one, of `C` columns from `column` on, with something [beside](Beside).
    ///
    /// # Safety
    ///
    /// As for [`rows`](Self::rows), and as `beside` has it.
    #[inline(always)]
    pub(crate) unsafe fn tile_beside<S: Simd, const C: usize, B: Beside<T>>(
        self,
        simd: S,
        rows: Rows,
        column: usize,
        beside: B,
    ) {
        simd.vectorize(TileBeside::<T, TRANSPOSED, C, B> { matrices: self, rows, column, beside });
    }

    /// `R` vectors of rows, `C` columns from `column` on.
    ///
    /// # Safety
    ///
    /// As for [`rows`](Self::rows), and as `beside` has it.
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
            match self.start {
                PointerStart::Zero => {}
                PointerStart::Column(start) => {
                    for r in 0..R {
                        sums[r] = [Vector::load_ptr(simd, start.add(row + r * lanes)); C];
                    }
                }
                PointerStart::Row(start) => {
                    for j in 0..C {
                        let first = Vector::splat(simd, *start.add(column + j));
                        for r in 0..R {
                            sums[r][j] = first;
                        }
                    }
                }
                PointerStart::Current => {
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
            if R == 1 && rows.again > 0 && matches!(self.start, PointerStart::Current) {
                // The products were added to these rows already. Elsewhere they are stored a second time, and are the same.
                for j in 0..C {
                    // A copy, so that the sums themselves are in registers.
                    let sums = sums[0][j];
                    for lane in rows.again..lanes {
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

/// Some rows that are `R` vectors high, and some columns: a function of its own, so that it does not have the addresses of all other
/// tiles ready before it begins.
struct Strip<T, const TRANSPOSED: bool, const R: usize> {
    matrices: Matrices<T, TRANSPOSED>,
    rows: Rows,
    columns: Range<usize>,
}

impl<T: Element, const TRANSPOSED: bool, const R: usize> WithSimd for Strip<T, TRANSPOSED, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrices, rows, columns: Range { start: mut column, end } } = self;
        if R > wide::<S>() {
            return;
        }
        // SAFETY: a strip is made for rows and columns that are inside the matrices.
        unsafe {
            // There are registers for as many vectors as in six columns of the widest tile.
            while column + 12 <= end {
                match R {
                    1 => matrices.tile::<S, 1, 12>(simd, rows, column, ()),
                    2 if has_many_registers::<S>() => {
                        matrices.tile::<S, 2, 12>(simd, rows, column, ());
                    }
                    _ => {
                        for half in 0..2 {
                            matrices.tile::<S, R, 6>(simd, rows, column + 6 * half, ());
                        }
                    }
                }
                column += 12;
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

/// What a tile does beside its multiplications, once for each step along the common dimension.
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
struct TileBeside<T, const TRANSPOSED: bool, const C: usize, B> {
    matrices: Matrices<T, TRANSPOSED>,
    rows: Rows,
    column: usize,
    beside: B,
}

impl<T: Element, const TRANSPOSED: bool, const C: usize, B: Beside<T>> WithSimd
    for TileBeside<T, TRANSPOSED, C, B>
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
