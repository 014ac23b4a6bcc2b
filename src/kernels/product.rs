//! Matrix products over a batch: a tile of accumulators stays in registers while it runs along the common dimension.
//!
//! Nothing is packed, unless the columns are [far apart](super::packed): a column of the left matrix is contiguous (nalgebra's order), so a tile loads its rows as whole vectors;
//! the right matrix is read one number at a time and broadcast. With 16 registers the tile is 2 vectors x 6 columns,
//! with 32 it is 4 x 6: as many independent accumulators as hide the latency of a fused multiply-add.

use pulp::{Simd, WithSimd};

use super::{RowsMut, Scalar, Split, Vector, cut};

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

impl<T: Scalar, const TRANSPOSED: bool> Product<'_, T, TRANSPOSED> {
    /// The matrices as pointers.
    ///
    /// # Panics
    ///
    /// If one is smaller than said: the tiles rely on the sizes.
    #[inline(always)]
    pub(super) fn matrices(self) -> Matrices<T, TRANSPOSED> {
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

/// Above this size in bytes, `A` is walked once and `B` many times, below the other way round: half of a usual L2 cache.
const LARGE: usize = 512 * 1024;

/// So many bytes of `A` are used up before the next ones are read, where it pays: a usual L1 cache.
const SMALL: usize = 32 * 1024;

/// The fewest steps along the common dimension that are worth storing and loading `C`.
const FEW: usize = 24;

/// The kernel of a [`Product`].
pub(super) struct Tiles<'a, T, const TRANSPOSED: bool>(pub(super) Product<'a, T, TRANSPOSED>);

impl<T: Scalar, const TRANSPOSED: bool> WithSimd for Tiles<'_, T, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let matrices = self.0.matrices();
        let Matrices { m, k, n, .. } = matrices;
        // How many rows are gone over before the next columns are taken: all of a small `A`, which stays in the cache.
        let height =
            if m * k * size_of::<T>() > LARGE { wide::<S>() * Vector::<T, S>::LANES } else { m };
        // A transposed `B` has each number of a column in a cache line of its own: `A` must not take the room of these lines.
        let depth = if TRANSPOSED { (SMALL / (m.max(1) * size_of::<T>())).max(FEW) } else { k };
        // No closures: they would not be compiled for the instruction set of this pass.
        let mut done = 0;
        loop {
            // SAFETY: they are inside the common dimension.
            let part = unsafe { matrices.steps(done, depth.min(k - done)) };
            let mut top = 0;
            while top < m {
                let bottom = (top + height).min(m);
                // SAFETY: the sizes were checked.
                unsafe { part.rows(simd, top, bottom, n) };
                top = bottom;
            }
            done += part.k;
            if done == k {
                break;
            }
        }
    }
}

impl<T: Scalar, const TRANSPOSED: bool> Split for Product<'_, T, TRANSPOSED>
where
    Self: WithSimd<Output = ()>,
{
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

/// Whether there are registers for tiles of 4 vectors of rows.
#[inline(always)]
pub(super) fn has_many_registers<S: Simd>() -> bool {
    // `InstructionSet::Shapes` has the vectors of AVX-512, and is there to test its tiles.
    S::REGISTER_COUNT >= 32 || cfg!(test) && size_of::<S::f32s>() == 64
}

/// How many vectors of rows the largest tile has.
#[inline(always)]
pub(super) fn wide<S: Simd>() -> usize {
    if has_many_registers::<S>() { 4 } else { 2 }
}

/// Of a matrix of `m` rows and `k` columns, `stride` apart, how many columns have a whole vector of elements from row `first` on,
/// be it that they are those of the next columns.
#[inline(always)]
pub(super) fn whole_columns(
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
pub(super) struct Rows {
    /// The first row that is loaded.
    first: usize,
    vectors: usize,
    /// Of a single vector, the lanes before those that are stored: rows that the tile before it has stored.
    skip: usize,
    /// How many rows are stored.
    count: usize,
}

impl Rows {
    /// The widest tile.
    #[inline(always)]
    pub(super) fn whole<T: Scalar, S: Simd>(row: usize) -> Self {
        let vectors = wide::<S>();
        Self { first: row, vectors, skip: 0, count: vectors * Vector::<T, S>::LANES }
    }

    /// The widest tile from `row` on; at the end of the rows, a vector that overlaps the one before it.
    #[inline(always)]
    fn from<T: Scalar, S: Simd>(row: usize, m: usize) -> Self {
        let lanes = Vector::<T, S>::LANES;
        if row + wide::<S>() * lanes <= m {
            Self::whole::<T, S>(row)
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
pub(super) fn columns_from(rest: usize) -> usize {
    match rest {
        1..=3 => rest,
        4 | 5 | 7 | 8 => 4,
        _ => 6,
    }
}

/// The matrices as pointers, for the tiles.
#[derive(Clone, Copy)]
pub(super) struct Matrices<T, const TRANSPOSED: bool> {
    pub(super) a: *const T,
    pub(super) b: *const T,
    pub(super) c: *mut T,
    pub(super) m: usize,
    pub(super) k: usize,
    pub(super) a_stride: usize,
    pub(super) n: usize,
    pub(super) c_stride: usize,
    pub(super) b_stride: usize,
    pub(super) start: PointerStart<T>,
}

#[derive(Clone, Copy)]
pub(super) enum PointerStart<T> {
    Zero,
    Column(*const T),
    Row(*const T),
    Current,
}

impl<T: Scalar, const TRANSPOSED: bool> Matrices<T, TRANSPOSED> {
    /// Where an element of `B` is.
    ///
    /// # Safety
    ///
    /// It must be inside.
    #[inline(always)]
    pub(super) unsafe fn right(self, row: usize, column: usize) -> *const T {
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
    pub(super) unsafe fn steps(self, first: usize, count: usize) -> Self {
        // SAFETY: the first step is inside the matrices (the caller's promise), or 0.
        let (a, b) = unsafe { (self.a.add(first * self.a_stride), self.right(first, 0)) };
        let start = if first == 0 { self.start } else { PointerStart::Current };
        Self { a, b, k: count, start, ..self }
    }

    /// Some rows of `C`, from a first one to before another, and `n` columns.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given, and the rows and columns must lie inside them.
    #[inline(always)]
    pub(super) unsafe fn rows<S: Simd>(self, simd: S, top: usize, bottom: usize, n: usize) {
        let mut column = 0;
        while column < n {
            let count = columns_from(n - column);
            let mut row = top;
            while row < bottom {
                let rows = Rows::from::<T, S>(row, self.m);
                // SAFETY: the caller's promise.
                unsafe { self.block(simd, rows, column, count) };
                row += rows.count;
            }
            column += count;
        }
    }

    /// One tile of `C`.
    ///
    /// # Safety
    ///
    /// The pointers must be those of matrices of the sizes given, and the tile must lie inside them.
    #[inline(always)]
    pub(super) unsafe fn block<S: Simd>(self, simd: S, rows: Rows, column: usize, count: usize) {
        // Rows that are stored a second time are the same, unless the products were added to them.
        let again = rows.skip > 0 && !matches!(self.start, PointerStart::Current);
        let whole = again || rows.count == Vector::<T, S>::LANES;
        // SAFETY: the caller's promise is the promise that `tiles` and `edge` ask for.
        unsafe {
            if has_many_registers::<S>() && rows.vectors == 4 {
                self.tiles::<S, 4>(simd, rows.first, column, count);
            } else if !has_many_registers::<S>() && rows.vectors == 2 {
                self.tiles::<S, 2>(simd, rows.first, column, count);
            } else if whole {
                self.tiles::<S, 1>(simd, rows.first, column, count);
            } else {
                match count {
                    6 => self.edge::<S, 6>(simd, rows, column),
                    4 => self.edge::<S, 4>(simd, rows, column),
                    3 => self.edge::<S, 3>(simd, rows, column),
                    2 => self.edge::<S, 2>(simd, rows, column),
                    _ => self.edge::<S, 1>(simd, rows, column),
                }
            }
        }
    }

    /// The tile for so many columns.
    ///
    /// # Safety
    ///
    /// As for [`block`](Self::block).
    #[inline(always)]
    unsafe fn tiles<S: Simd, const R: usize>(
        self,
        simd: S,
        row: usize,
        column: usize,
        count: usize,
    ) {
        // SAFETY: the caller's promise is the promise that `tile` asks for.
        unsafe {
            match count {
                6 => self.tile::<S, R, 6>(simd, row, column),
                4 => self.tile::<S, R, 4>(simd, row, column),
                3 => self.tile::<S, R, 3>(simd, row, column),
                2 => self.tile::<S, R, 2>(simd, row, column),
                _ => self.tile::<S, R, 1>(simd, row, column),
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
                for j in 0..C {
                    let right = Vector::splat(simd, *self.right(k, column + j));
                    for r in 0..R {
                        sums[r][j] = left[r].mul_add(right, sums[r][j]);
                    }
                }
                // It runs one step past the end in the last round, where it is not read.
                a = a.wrapping_add(self.a_stride);
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
        let row = rows.first + rows.skip;
        let mut sums = [Vector::splat(simd, T::zero()); C];
        // Where there are fewer rows than lanes, a vector reads on into the next columns, whose lanes are not stored;
        // the last columns, where this would leave the matrix, are loaded lane by lane.
        let whole = whole_columns(self.m, self.k, self.a_stride, rows.first, lanes);
        // SAFETY: columns below `whole` have `lanes` elements of `A` after their row `rows.first`; of the others, of the start and of `C`,
        // the stored rows alone are touched, which are inside the matrices (the caller's promise), and of `C` what follows them in it.
        unsafe {
            match self.start {
                PointerStart::Zero => {}
                PointerStart::Column(start) => {
                    let start = core::slice::from_raw_parts(start.add(row), rows.count);
                    sums = [Vector::load_partial(simd, start); C];
                }
                PointerStart::Row(start) => {
                    for j in 0..C {
                        sums[j] = Vector::splat(simd, *start.add(column + j));
                    }
                }
                PointerStart::Current => {
                    for j in 0..C {
                        let c = self.c.add(rows.first + (column + j) * self.c_stride);
                        let c = core::slice::from_raw_parts(c, rows.skip + rows.count);
                        sums[j] = Vector::load_partial(simd, c);
                    }
                }
            }
            for k in 0..whole {
                let left = Vector::load_ptr(simd, self.a.add(rows.first + k * self.a_stride));
                self.add_step(simd, left, k, column, &mut sums);
            }
            for k in whole..self.k {
                let a = self.a.add(rows.first + k * self.a_stride);
                let left = Vector::load_partial(simd, core::slice::from_raw_parts(a, rows.count));
                self.add_step(simd, left, k, column, &mut sums);
            }
            // A whole vector is stored also where columns are shorter: its last lanes fall into the next columns, which are stored after it.
            let is_dense =
                self.c_stride == rows.count && !matches!(self.start, PointerStart::Current);
            for j in 0..C {
                let at = row + (column + j) * self.c_stride;
                let c = self.c.add(at);
                if is_dense && at + lanes <= self.n * self.c_stride {
                    sums[j].store_ptr(c);
                } else {
                    let sums = &sums[j].as_slice()[rows.skip..][..rows.count];
                    for (lane, sum) in sums.iter().enumerate() {
                        *c.add(lane) = *sum;
                    }
                }
            }
        }
    }

    /// One step along the common dimension: a vector of a column of `A` times a number of each column of `B`.
    ///
    /// # Safety
    ///
    /// The row `k` and `C` columns from `column` on must be inside `B`.
    #[inline(always)]
    unsafe fn add_step<S: Simd, const C: usize>(
        self,
        simd: S,
        left: Vector<T, S>,
        k: usize,
        column: usize,
        sums: &mut [Vector<T, S>; C],
    ) {
        for j in 0..C {
            // SAFETY: the caller's promise.
            let right = Vector::splat(simd, unsafe { *self.right(k, column + j) });
            sums[j] = left.mul_add(right, sums[j]);
        }
    }
}
