//! Matrix products over a batch: a tile of accumulators stays in registers while it runs along the common dimension.
//!
//! Nothing is packed: a column of the left matrix is contiguous (nalgebra's order), so a tile loads its rows as whole vectors;
//! the right matrix is read one number at a time and broadcast. With 16 registers the tile is 2 vectors x 6 columns,
//! with 32 it is 4 x 6: as many independent accumulators as hide the latency of a fused multiply-add.

use pulp::{Simd, WithSimd};

use super::{Scalar, Vector};

/// `C = start + A B`, where `A` (`m` x `k`) and `C` (`m` x `n`) are column-major, and `A` is contiguous.
pub(crate) struct Product<'a, T> {
    pub a: &'a [T],
    pub b: Right<'a, T>,
    pub c: &'a mut [T],
    /// Rows of `A` and of `C`.
    pub m: usize,
    /// The common dimension.
    pub k: usize,
    /// Columns of `B` and of `C`.
    pub n: usize,
    /// From one column of `C` to the next: `m`, or more where these are some rows of a larger matrix.
    pub c_stride: usize,
    pub start: Start<'a, T>,
}

/// The right matrix: element (row, column) is `values[row * row_stride + column * column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a, T> {
    pub values: &'a [T],
    pub row_stride: usize,
    pub column_stride: usize,
}

/// What the products are added to.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, T> {
    Zero,
    /// The same column everywhere.
    Column(&'a [T]),
    /// What `C` holds.
    Current,
}

/// Above this size in bytes, `A` is walked once and `B` many times, below the other way round: half of a usual L2 cache.
const LARGE: usize = 512 * 1024;

impl<T: Scalar> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, c, m, k, n, c_stride, start } = self;
        assert_eq!(a.len(), m * k, "the left matrix has another size");
        assert!(
            m <= c_stride && (n == 0 || c.len() >= (n - 1) * c_stride + m),
            "the result has another size"
        );
        let last = match (k, n) {
            (0, _) | (_, 0) => None,
            _ => Some((k - 1) * b.row_stride + (n - 1) * b.column_stride),
        };
        assert!(
            last.is_none_or(|last| last < b.values.len()),
            "the right matrix is smaller than said"
        );
        if let Start::Column(column) = start {
            assert_eq!(column.len(), m, "the column to start from has another length");
        }
        let columns = Columns {
            a: a.as_ptr(),
            b: b.values.as_ptr(),
            c: c.as_mut_ptr(),
            m,
            k,
            c_stride,
            row_stride: b.row_stride,
            column_stride: b.column_stride,
            start: match start {
                Start::Zero => PointerStart::Zero,
                Start::Column(column) => PointerStart::Column(column.as_ptr()),
                Start::Current => PointerStart::Current,
            },
        };
        // No closures: they would not be compiled for the instruction set of this pass.
        // SAFETY: the sizes were checked above; the rows and columns of the blocks are below m and n.
        unsafe {
            if size_of_val(a) > LARGE {
                let mut row = 0;
                while row < m {
                    let rows = Rows::from::<T, S>(row, m);
                    let mut column = 0;
                    while column < n {
                        let count = columns_from(n - column);
                        columns.block(simd, rows, column, count);
                        column += count;
                    }
                    row += rows.count;
                }
            } else {
                let mut column = 0;
                while column < n {
                    let count = columns_from(n - column);
                    let mut row = 0;
                    while row < m {
                        let rows = Rows::from::<T, S>(row, m);
                        columns.block(simd, rows, column, count);
                        row += rows.count;
                    }
                    column += count;
                }
            }
        }
    }
}

/// The rows of a tile.
#[derive(Clone, Copy)]
struct Rows {
    /// The first row that is loaded.
    first: usize,
    vectors: usize,
    /// Of a single vector, the lanes before those that are stored: rows that the tile before it has stored.
    skip: usize,
    /// How many rows are stored.
    count: usize,
}

impl Rows {
    /// The widest tile from `row` on; at the end of the rows, a vector that overlaps the one before it.
    #[inline(always)]
    fn from<T: Scalar, S: Simd>(row: usize, m: usize) -> Self {
        let lanes = Vector::<T, S>::LANES;
        let wide = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        if row + wide * lanes <= m {
            Self { first: row, vectors: wide, skip: 0, count: wide * lanes }
        } else if row + lanes <= m {
            Self { first: row, vectors: 1, skip: 0, count: lanes }
        } else if m >= lanes {
            Self { first: m - lanes, vectors: 1, skip: row + lanes - m, count: m - row }
        } else {
            Self { first: 0, vectors: 1, skip: 0, count: m }
        }
    }
}

/// Six columns at a time, without leaving one or two for the end where fours avoid it.
#[inline(always)]
fn columns_from(rest: usize) -> usize {
    match rest {
        1..=3 => rest,
        4 | 5 | 7 | 8 => 4,
        _ => 6,
    }
}

/// The matrices as pointers, for the tiles.
#[derive(Clone, Copy)]
struct Columns<T> {
    a: *const T,
    b: *const T,
    c: *mut T,
    m: usize,
    k: usize,
    c_stride: usize,
    row_stride: usize,
    column_stride: usize,
    start: PointerStart<T>,
}

#[derive(Clone, Copy)]
enum PointerStart<T> {
    Zero,
    Column(*const T),
    Current,
}

impl<T: Scalar> Columns<T> {
    /// One tile of `C`.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given, and the tile must lie inside them.
    #[inline(always)]
    unsafe fn block<S: Simd>(self, simd: S, rows: Rows, column: usize, count: usize) {
        let whole = rows.count == Vector::<T, S>::LANES;
        // SAFETY: the caller's promise is the promise that `tile` and `edge` ask for.
        unsafe {
            match (rows.vectors, count) {
                (4, 6) => self.tile::<S, 4, 6>(simd, rows.first, column),
                (4, 4) => self.tile::<S, 4, 4>(simd, rows.first, column),
                (4, 3) => self.tile::<S, 4, 3>(simd, rows.first, column),
                (4, 2) => self.tile::<S, 4, 2>(simd, rows.first, column),
                (4, _) => self.tile::<S, 4, 1>(simd, rows.first, column),
                (2, 6) => self.tile::<S, 2, 6>(simd, rows.first, column),
                (2, 4) => self.tile::<S, 2, 4>(simd, rows.first, column),
                (2, 3) => self.tile::<S, 2, 3>(simd, rows.first, column),
                (2, 2) => self.tile::<S, 2, 2>(simd, rows.first, column),
                (2, _) => self.tile::<S, 2, 1>(simd, rows.first, column),
                (_, 6) if whole => self.tile::<S, 1, 6>(simd, rows.first, column),
                (_, 4) if whole => self.tile::<S, 1, 4>(simd, rows.first, column),
                (_, 3) if whole => self.tile::<S, 1, 3>(simd, rows.first, column),
                (_, 2) if whole => self.tile::<S, 1, 2>(simd, rows.first, column),
                (_, _) if whole => self.tile::<S, 1, 1>(simd, rows.first, column),
                (_, 6) => self.edge::<S, 6>(simd, rows, column),
                (_, 4) => self.edge::<S, 4>(simd, rows, column),
                (_, 3) => self.edge::<S, 3>(simd, rows, column),
                (_, 2) => self.edge::<S, 2>(simd, rows, column),
                (_, _) => self.edge::<S, 1>(simd, rows, column),
            }
        }
    }

    /// `R` vectors of rows from `row` on, `C` columns from `column` on.
    ///
    /// # Safety
    ///
    /// As for [`block`](Self::block).
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const C: usize>(
        self,
        simd: S,
        row: usize,
        column: usize,
    ) {
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
                PointerStart::Current => {
                    for r in 0..R {
                        for j in 0..C {
                            sums[r][j] =
                                Vector::load_ptr(simd, c.add(r * lanes + j * self.c_stride));
                        }
                    }
                }
            }
            let mut a = self.a.add(row);
            let mut b = self.b.add(column * self.column_stride);
            for _ in 0..self.k {
                let mut left = [zero; R];
                for r in 0..R {
                    left[r] = Vector::load_ptr(simd, a.add(r * lanes));
                }
                for j in 0..C {
                    let right = Vector::splat(simd, *b.add(j * self.column_stride));
                    for r in 0..R {
                        sums[r][j] = left[r].mul_add(right, sums[r][j]);
                    }
                }
                // The pointers run one step past the end in the last round, where they are not read.
                a = a.wrapping_add(self.m);
                b = b.wrapping_add(self.row_stride);
            }
            for r in 0..R {
                for j in 0..C {
                    sums[r][j].store_ptr(c.add(r * lanes + j * self.c_stride));
                }
            }
        }
    }

    /// One vector of rows, of which some lanes are not stored: the end of the rows, or fewer rows than lanes.
    ///
    /// # Safety
    ///
    /// As for [`block`](Self::block).
    #[inline(always)]
    unsafe fn edge<S: Simd, const C: usize>(self, simd: S, rows: Rows, column: usize) {
        let lanes = Vector::<T, S>::LANES;
        let mut sums = [Vector::splat(simd, T::zero()); C];
        // Where there are fewer rows than lanes, a vector reads on into the next columns, whose lanes are not stored;
        // the last columns, where this would leave the matrix, are loaded lane by lane.
        let whole = match (self.m * self.k).checked_sub(rows.first + lanes) {
            Some(rest) => (rest / self.m + 1).min(self.k),
            None => 0,
        };
        // SAFETY: columns below `whole` have `lanes` elements of `A` after their row `rows.first`; of the others, and of `C`,
        // the stored rows alone are touched, which are inside the matrices (the caller's promise).
        unsafe {
            let b = self.b.add(column * self.column_stride);
            for k in 0..whole {
                let left = Vector::load_ptr(simd, self.a.add(rows.first + k * self.m));
                self.add_step(simd, left, b.add(k * self.row_stride), &mut sums);
            }
            for k in whole..self.k {
                let a = self.a.add(rows.first + k * self.m);
                let left = Vector::load_partial(simd, core::slice::from_raw_parts(a, rows.count));
                self.add_step(simd, left, b.add(k * self.row_stride), &mut sums);
            }
            let row = rows.first + rows.skip;
            for j in 0..C {
                let sums = &sums[j].as_slice()[rows.skip..][..rows.count];
                let c = self.c.add(row + (column + j) * self.c_stride);
                for (lane, sum) in sums.iter().enumerate() {
                    let c = c.add(lane);
                    *c = match self.start {
                        PointerStart::Zero => *sum,
                        PointerStart::Column(start) => *sum + *start.add(row + lane),
                        PointerStart::Current => *sum + *c,
                    };
                }
            }
        }
    }

    /// One step along the common dimension: a vector of a column of `A` times a number of each column of `B`.
    ///
    /// # Safety
    ///
    /// `b` must point at a row of `B`, with `C` columns from there on.
    #[inline(always)]
    unsafe fn add_step<S: Simd, const C: usize>(
        self,
        simd: S,
        left: Vector<T, S>,
        b: *const T,
        sums: &mut [Vector<T, S>; C],
    ) {
        for j in 0..C {
            // SAFETY: the caller's promise.
            let right = Vector::splat(simd, unsafe { *b.add(j * self.column_stride) });
            sums[j] = left.mul_add(right, sums[j]);
        }
    }
}
