//! Products that threads share: by columns of `C`, by halves of a layer's inputs, or by rows of `C`.

use crate::kernels::cache::FAR;
use crate::kernels::gemm::gemm;
#[cfg(feature = "train")]
use crate::kernels::gemm::gemm_transposed_a;
use crate::kernels::gemm::gemv::StreamedRows;
#[cfg(feature = "train")]
use crate::kernels::gemm::operands::GemmTransposedA;
use crate::kernels::gemm::operands::{Gemm, Gemv, Init};
#[cfg(feature = "train")]
use crate::kernels::gemm::plan::{TRANSPOSED_COLUMNS, cut_k, splits_k};
use crate::parallel::{Split, cut};
use crate::simd::{Element, Isa};

/// Rows of `C` are cut in multiples of this: the rows of the highest tile, four vectors of AVX-512, and whole cache lines. No part has fewer, so that none is
/// [narrow](super::GemmPlan::Narrow).
const ROWS: usize = 64;

/// A product that threads share by rows of `C`: each thread reads its own rows of a large `A`, and all of the smaller `B`.
///
/// Each element of `C` is summed up along k as in the whole product.
pub(crate) struct SharedRows<P> {
    pub(crate) isa: Isa,
    pub(crate) product: P,
}

/// Whether `A` is so large that threads had better not read all of it each.
pub(crate) fn is_worth_rows<T: Element>(product: &Gemm<'_, T, false>) -> bool {
    let (m, n) = (product.c.rows(), product.c.columns());
    m * product.k >= FAR && m > n
}

/// The rows of the first part; all of them, if too few were left.
fn cut_rows(rows: usize, part: usize, whole: usize) -> usize {
    let first = cut(rows, ROWS, part, whole);
    if rows - first < ROWS { rows } else { first }
}

impl<T: Element> Split for SharedRows<Gemm<'_, T, false>> {
    fn run(self) {
        if self.product.c.rows() > 0 {
            gemm(self.isa, self.product);
        }
    }

    fn multiply_adds(&self) -> usize {
        self.product.c.rows() * self.product.k * self.product.c.columns()
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { isa, product: Gemm { a, a_stride, b, b_stride, c, k, init } } = self;
        let rows = cut_rows(c.rows(), part, whole);
        let (c, below) = c.split_rows(rows);
        let (init, other) = match init {
            Init::Column(column) => {
                let (column, below) = column.split_at(rows);
                (Init::Column(column), Init::Column(below))
            }
            init => (init, init),
        };
        let rest = &a[rows.min(a.len())..];
        (
            Self { isa, product: Gemm { a, a_stride, b, b_stride, c, k, init } },
            Self {
                isa,
                product: Gemm { a: rest, a_stride, b, b_stride, c: below, k, init: other },
            },
        )
    }
}

impl<T: Element> Split for SharedRows<Gemv<'_, T>> {
    fn run(self) {
        if !self.product.y.is_empty() {
            self.isa.run(StreamedRows(self.product));
        }
    }

    fn multiply_adds(&self) -> usize {
        // A gemv waits for its weights: each takes about the time of 4 multiply-adds.
        4 * self.product.y.len() * self.product.x.len()
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { isa, product: Gemv { a, a_stride, x, init, y } } = self;
        let rows = cut_rows(y.len(), part, whole);
        let (y, below) = y.split_at_mut(rows);
        let (init, other) = init.split_at(rows.min(init.len()));
        let rest = &a[rows.min(a.len())..];
        (
            Self { isa, product: Gemv { a, a_stride, x, init, y } },
            Self { isa, product: Gemv { a: rest, a_stride, x, init: other, y: below } },
        )
    }
}

/// Columns of `C` are cut in multiples of this: the columns of a narrower tile.
#[cfg(feature = "train")]
const UNIT: usize = 4;

#[cfg(feature = "train")]
impl<T: Element, const TRANSPOSED_B: bool> Split for Gemm<'_, T, TRANSPOSED_B> {
    fn run(self) {
        gemm(Isa::current(), self);
    }

    fn multiply_adds(&self) -> usize {
        self.c.rows() * self.k * self.c.columns()
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { a, a_stride, b, b_stride, c, k, init } = self;
        let columns = cut(c.columns(), UNIT, part, whole);
        let (c, others) = c.split_columns(columns);
        let right = &b[(if TRANSPOSED_B { columns } else { columns * b_stride }).min(b.len())..];
        let (init, other) = match init {
            Init::Row(row) => {
                let (row, others) = row.split_at(columns);
                (Init::Row(row), Init::Row(others))
            }
            init => (init, init),
        };
        (
            Self { a, a_stride, b, b_stride, c, k, init },
            Self { a, a_stride, b: right, b_stride, c: others, k, init: other },
        )
    }
}

#[cfg(feature = "train")]
impl<T: Element> Split for GemmTransposedA<'_, T> {
    fn run(self) {
        gemm_transposed_a(Isa::current(), self);
    }

    fn multiply_adds(&self) -> usize {
        self.c.rows() * self.k * self.c.columns()
    }

    fn is_halved(&self) -> bool {
        splits_k(self.k, self.c.rows())
    }

    /// By the columns of large weights `A` for two threads, each of which has [half of them](super::split_k) in its cache; by the columns of `B` for more.
    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        if whole == 2 && self.is_halved() {
            let rows = cut_k(self.c.rows(), part, whole);
            return self.split_rows(rows);
        }
        // Whole vectors: samples that do not fill one are multiplied, and rounded, in another way.
        let columns = cut(self.c.columns(), TRANSPOSED_COLUMNS, part, whole);
        self.split_columns(columns)
    }
}
