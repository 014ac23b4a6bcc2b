//! A block of a column-major matrix, to write: two threads may write two blocks of rows of one matrix at the same time, which `&mut [T]` cannot say.

use core::marker::PhantomData;
#[cfg(feature = "train")]
use core::ops::Range;

/// A block of rows and columns of a column-major matrix: element [i, j] is `first[i + j * stride]`.
#[derive(Debug)]
pub(crate) struct MatrixMut<'a, T> {
    first: *mut T,
    rows: usize,
    columns: usize,
    /// From one column to the next, `rows` or more.
    stride: usize,
    matrix: PhantomData<&'a mut [T]>,
}

// SAFETY: the elements are borrowed as by `&mut [T]`, and no two blocks have an element in common.
unsafe impl<T: Send> Send for MatrixMut<'_, T> {}

impl<'a, T> MatrixMut<'a, T> {
    /// A whole matrix of `rows` rows, whose columns are contiguous.
    #[inline(always)]
    pub(crate) fn whole(matrix: &'a mut [T], rows: usize) -> Self {
        let columns = matrix.len() / rows.max(1);
        assert_eq!(matrix.len(), rows * columns, "columns of another length");
        Self { first: matrix.as_mut_ptr(), rows, columns, stride: rows, matrix: PhantomData }
    }

    /// A block of `rows` x `columns`, each column `stride` elements after the one before it.
    ///
    /// # Panics
    ///
    /// If they are not inside the slice, or overlap.
    #[inline(always)]
    pub(crate) fn strided(matrix: &'a mut [T], [rows, columns]: [usize; 2], stride: usize) -> Self {
        assert!(
            rows <= stride && (columns == 0 || matrix.len() >= (columns - 1) * stride + rows),
            "the matrix has another size"
        );
        Self { first: matrix.as_mut_ptr(), rows, columns, stride, matrix: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    #[inline(always)]
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    #[inline(always)]
    pub(crate) fn as_mut_ptr(&mut self) -> *mut T {
        self.first
    }

    /// The same elements, for a shorter time.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(crate) fn reborrow(&mut self) -> MatrixMut<'_, T> {
        MatrixMut { matrix: PhantomData, ..*self }
    }

    /// The rows before one, and those from it on.
    #[inline(always)]
    pub(crate) fn split_rows(self, row: usize) -> (Self, Self) {
        assert!(row <= self.rows, "row {row} of {}", self.rows);
        // Wrapping: without columns, `first` points to no element, and `first + row` may be outside of the slice.
        let rest = self.first.wrapping_add(row);
        (Self { rows: row, ..self }, Self { first: rest, rows: self.rows - row, ..self })
    }

    /// Some rows, for a shorter time.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(crate) fn rows_between(&mut self, rows: Range<usize>) -> MatrixMut<'_, T> {
        self.reborrow().split_rows(rows.end).0.split_rows(rows.start).1
    }

    /// The columns before one, and those from it on.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(crate) fn split_columns(self, column: usize) -> (Self, Self) {
        assert!(column <= self.columns, "column {column} of {}", self.columns);
        let rest = self.first.wrapping_add(column * self.stride);
        let columns = self.columns - column;
        (Self { columns: column, ..self }, Self { first: rest, columns, ..self })
    }

    /// Some rows and columns, for a shorter time.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(crate) fn block(&mut self, rows: Range<usize>, columns: Range<usize>) -> MatrixMut<'_, T> {
        let columns = self.reborrow().split_columns(columns.end).0.split_columns(columns.start).1;
        columns.split_rows(rows.end).0.split_rows(rows.start).1
    }

    /// All columns.
    ///
    /// # Panics
    ///
    /// If they are not `N`.
    #[inline(always)]
    pub(crate) fn into_columns<const N: usize>(self) -> [&'a mut [T]; N] {
        assert_eq!(N, self.columns, "another number of columns");
        core::array::from_fn(|column| {
            let first = self.first.wrapping_add(column * self.stride);
            // SAFETY: the column is inside the matrix, or there are no rows; its elements are borrowed for `'a`, by `self` alone, which ends here, and columns
            // do not overlap.
            unsafe { core::slice::from_raw_parts_mut(first, self.rows) }
        })
    }

    /// The elements of a column.
    #[inline(always)]
    pub(crate) fn column(&mut self, column: usize) -> &mut [T] {
        assert!(column < self.columns, "column {column} of {}", self.columns);
        // SAFETY: the column is inside the matrix, and its elements are borrowed by nobody else while `self` is.
        unsafe { core::slice::from_raw_parts_mut(self.first.add(column * self.stride), self.rows) }
    }
}
