//! What is multiplied: matrices as slices, and as pointers once their sizes were checked.

use crate::kernels::gemm::plan::GemmSizes;
#[cfg(feature = "train")]
use crate::kernels::gemm::plan::{TransposedAPlan, transposes_a};
use crate::kernels::matrix_mut::MatrixMut;
use crate::simd::Element;
#[cfg(feature = "train")]
use crate::simd::Registers;

/// C = init + A B, where `A` (m x k) and `C` (m x n) are column-major.
///
/// `B` (k x n) is column-major with contiguous columns, or, where it is `TRANSPOSED_B`, row-major with contiguous rows: a constant, so that
/// an address in a tile's loop is an offset and not a chain of additions. m and n are those of `C`.
pub(crate) struct Gemm<'a, T, const TRANSPOSED_B: bool> {
    pub(crate) a: &'a [T],
    /// From one column of `A` to the next: m, or more where these are some rows of a larger matrix.
    pub(crate) a_stride: usize,
    pub(crate) b: &'a [T],
    /// From one column of `B` to the next, or one row if it is `TRANSPOSED_B`.
    pub(crate) b_stride: usize,
    pub(crate) c: MatrixMut<'a, T>,
    /// Columns of `A` and rows of `B`.
    pub(crate) k: usize,
    pub(crate) init: Init<'a, T>,
}

/// What A B is added to.
#[derive(Clone, Copy)]
pub(crate) enum Init<'a, T> {
    Zero,
    /// The same column everywhere, of m numbers: the bias of a dense layer.
    Column(&'a [T]),
    /// The same row everywhere, of n numbers: the bias of a convolution.
    Row(&'a [T]),
    /// What `C` holds.
    Accumulate,
}

impl<T: Element, const TRANSPOSED_B: bool> Gemm<'_, T, TRANSPOSED_B> {
    /// What the plan depends on.
    #[inline(always)]
    pub(crate) fn sizes(&self) -> GemmSizes {
        GemmSizes {
            m: self.c.rows(),
            k: self.k,
            n: self.c.columns(),
            a_stride: self.a_stride,
            transposed_b: TRANSPOSED_B,
        }
    }

    /// The matrices as pointers.
    ///
    /// # Panics
    ///
    /// If one is smaller than said: the kernels rely on the sizes.
    #[inline(always)]
    pub(crate) fn pointers(self) -> GemmPointers<T, TRANSPOSED_B> {
        let Self { a, a_stride, b, b_stride, mut c, k, init } = self;
        let (m, n) = (c.rows(), c.columns());
        assert!(
            m <= a_stride && (k == 0 || a.len() >= (k - 1) * a_stride + m),
            "the left matrix has another size"
        );
        let (lines, length) = if TRANSPOSED_B { (k, n) } else { (n, k) };
        assert!(
            lines == 0 || length == 0 || b.len() >= (lines - 1) * b_stride + length,
            "the right matrix is smaller than said"
        );
        if let Init::Column(column) = init {
            assert_eq!(column.len(), m, "the column to start from has another length");
        }
        if let Init::Row(row) = init {
            assert_eq!(row.len(), n, "the row to start from has another length");
        }
        GemmPointers {
            a: a.as_ptr(),
            b: b.as_ptr(),
            c: c.as_mut_ptr(),
            m,
            k,
            n,
            a_stride,
            c_stride: c.stride(),
            b_stride,
            init: match init {
                Init::Zero => InitPointer::Zero,
                Init::Column(column) => InitPointer::Column(column.as_ptr()),
                Init::Row(row) => InitPointer::Row(row.as_ptr()),
                Init::Accumulate => InitPointer::Accumulate,
            },
        }
    }
}

impl<'a, T: Element> Gemm<'a, T, false> {
    /// The same for `C` of one column that begins at zero or with a column.
    ///
    /// # Panics
    ///
    /// If `C` is not so.
    pub(crate) fn into_gemv(self) -> Gemv<'a, T> {
        let Self { a, a_stride, b, c, k, init, .. } = self;
        let [y] = c.into_columns();
        let init = match init {
            Init::Zero => &[],
            Init::Column(column) => column,
            Init::Row(_) | Init::Accumulate => {
                panic!("a product with a vector begins with another")
            }
        };
        Gemv { a, a_stride, x: &b[..k], init, y }
    }
}

/// A [`Gemm`] as pointers, for the kernels.
#[derive(Clone, Copy)]
pub(crate) struct GemmPointers<T, const TRANSPOSED_B: bool> {
    pub(crate) a: *const T,
    pub(crate) b: *const T,
    pub(crate) c: *mut T,
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) a_stride: usize,
    pub(crate) n: usize,
    pub(crate) c_stride: usize,
    pub(crate) b_stride: usize,
    pub(crate) init: InitPointer<T>,
}

/// [`Init`] as a pointer.
#[derive(Clone, Copy)]
pub(crate) enum InitPointer<T> {
    Zero,
    Column(*const T),
    Row(*const T),
    Accumulate,
}

impl<T: Element, const TRANSPOSED_B: bool> GemmPointers<T, TRANSPOSED_B> {
    /// Where B[row, column] is.
    ///
    /// # Safety
    ///
    /// It must be inside.
    #[inline(always)]
    pub(crate) unsafe fn right(self, row: usize, column: usize) -> *const T {
        // SAFETY: the caller's promise.
        unsafe {
            if TRANSPOSED_B {
                self.b.add(row * self.b_stride + column)
            } else {
                self.b.add(row + column * self.b_stride)
            }
        }
    }

    /// The `count` steps along k from `first` on, to be done in order: all but the first add to what `C` holds.
    ///
    /// # Safety
    ///
    /// `first + count` must not be above k.
    #[inline(always)]
    pub(crate) unsafe fn steps(self, first: usize, count: usize) -> Self {
        // SAFETY: the first step is inside the matrices (the caller's promise), or 0.
        let (a, b) = unsafe { (self.a.add(first * self.a_stride), self.right(first, 0)) };
        let init = if first == 0 { self.init } else { InitPointer::Accumulate };
        Self { a, b, k: count, init, ..self }
    }
}

/// y = init + A x, where `A` (m x k: `y.len()` x `x.len()`) is column-major, and `init` is empty for zero.
pub(crate) struct Gemv<'a, T> {
    pub(crate) a: &'a [T],
    /// From one column of `A` to the next: m, or more where these are some rows of a larger matrix, which is [streamed](super::GemvPlan::Streamed).
    pub(crate) a_stride: usize,
    pub(crate) x: &'a [T],
    pub(crate) init: &'a [T],
    pub(crate) y: &'a mut [T],
}

/// C = Aᵀ B, where `A` (k x m), `B` (k x n) and `C` (m x n) are column-major, `A` and `B` contiguous.
#[cfg(feature = "train")]
pub(crate) struct GemmTransposedA<'a, T> {
    pub(crate) a: &'a [T],
    pub(crate) b: &'a [T],
    pub(crate) c: MatrixMut<'a, T>,
    /// Rows of `A` and of `B`.
    pub(crate) k: usize,
    /// Whether `A` is [transposed](transposes_a): asked once of the whole product, since its parts must be rounded as the whole is.
    pub(crate) transposes_a: bool,
}

#[cfg(feature = "train")]
impl<'a, T> GemmTransposedA<'a, T> {
    /// # Panics
    ///
    /// If `A` or `B` has not as many columns as `C` has rows or columns.
    pub(crate) fn new(a: &'a [T], b: &'a [T], c: MatrixMut<'a, T>, k: usize) -> Self {
        let (m, n) = (c.rows(), c.columns());
        assert!(a.len() == k * m && b.len() == k * n, "a matrix has another size than said");
        Self { a, b, c, k, transposes_a: transposes_a([m, k, n], size_of::<T>()) }
    }

    /// How it is computed.
    #[inline(always)]
    pub(crate) fn plan(&self, registers: Registers) -> TransposedAPlan {
        if self.transposes_a {
            return TransposedAPlan::transposed(self.k, registers);
        }
        TransposedAPlan::as_it_stands([self.c.rows(), self.k, self.c.columns()], registers)
    }

    /// The product for the columns of `B` before one, and for those from it on.
    #[inline(always)]
    pub(crate) fn split_columns(self, column: usize) -> (Self, Self) {
        let Self { a, b, c, k, transposes_a } = self;
        let (b, right) = b.split_at(column * k);
        let (c, rest) = c.split_columns(column);
        (Self { a, b, c, k, transposes_a }, Self { a, b: right, c: rest, k, transposes_a })
    }

    /// The product for the columns of `A` (rows of `C`) before one, and for those from it on.
    pub(crate) fn split_rows(self, row: usize) -> (Self, Self) {
        let Self { a, b, c, k, transposes_a } = self;
        let (a, right) = a.split_at(row * k);
        let (c, below) = c.split_rows(row);
        (Self { a, b, c, k, transposes_a }, Self { a: right, b, c: below, k, transposes_a })
    }
}

/// Of a matrix of m rows and k columns, `stride` apart, how many columns can be loaded as a whole vector from their first row on,
/// which may read on into the columns after them.
#[inline(always)]
pub(crate) fn whole_columns([m, k]: [usize; 2], stride: usize, lanes: usize) -> usize {
    let len = if k == 0 { 0 } else { (k - 1) * stride + m };
    len.checked_sub(lanes).map_or(0, |rest| (rest / stride + 1).min(k))
}
