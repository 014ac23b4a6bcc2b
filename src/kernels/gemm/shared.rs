//! Products that threads share: by columns of `C`, or by halves of a layer's inputs.

use crate::kernels::gemm::operands::{Gemm, GemmTransposedA, Init};
use crate::kernels::gemm::plan::{TRANSPOSED_COLUMNS, cut_k, splits_k};
use crate::kernels::gemm::{gemm, gemm_transposed_a};
use crate::parallel::{Split, cut};
use crate::simd::{Element, Isa};

/// Columns of `C` are cut in multiples of this: the columns of a narrower tile.
const UNIT: usize = 4;

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
