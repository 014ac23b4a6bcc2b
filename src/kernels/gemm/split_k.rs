//! Split-K: C = A B over a long k as the sum of two halves of k.
//!
//! Two threads that share a training step do one half each: half of the columns of the weights. Each updates those columns afterwards.
//! So weights, moments and inputs stay in the cache of one core, step after step; only the m x n sums travel.
//! One thread does the same two halves, so that the sums are rounded the same way.

use pulp::{Simd, WithSimd};

use crate::kernels::elementwise::add;
use crate::kernels::gemm::operands::{Gemm, Gemv, Init};
use crate::kernels::gemm::plan::cut_k;
use crate::kernels::gemm::{gemm, gemv};
use crate::kernels::matrix_mut::MatrixMut;
use crate::parallel::{Split, share};
use crate::simd::{Element, Isa, dispatch};

/// Both halves of k, or, once two threads share them, one each.
struct Halves<W>([Option<W>; 2]);

impl<T: Element> Split for Halves<Gemm<'_, T, false>> {
    fn run(self) {
        for half in self.0.into_iter().flatten() {
            gemm(Isa::current(), half);
        }
    }

    fn multiply_adds(&self) -> usize {
        self.0.iter().flatten().map(Split::multiply_adds).sum()
    }

    fn is_halved(&self) -> bool {
        true
    }

    /// By halves for two threads; by columns of both halves for more.
    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self([first, second]) = self;
        if whole == 2 && first.is_some() {
            return (Self([first, None]), Self([second, None]));
        }
        let mut rest = [None, None];
        let mut halves = [first, second];
        for (half, rest) in halves.iter_mut().zip(&mut rest) {
            if let Some(product) = half.take() {
                let (part, other) = product.split(part, whole);
                (*half, *rest) = (Some(part), Some(other));
            }
        }
        (Self(halves), Self(rest))
    }
}

impl<T: Element> Split for Halves<Gemv<'_, T>> {
    fn run(self) {
        for half in self.0.into_iter().flatten() {
            gemv(Isa::current(), half);
        }
    }

    fn multiply_adds(&self) -> usize {
        // A gemv waits for its weights: each takes about the time of 4 multiply-adds.
        4 * self.0.iter().flatten().map(|half| half.a.len()).sum::<usize>()
    }

    fn is_halved(&self) -> bool {
        true
    }

    /// In halves, whatever the number of threads.
    fn split(self, _part: usize, _whole: usize) -> (Self, Self) {
        let Self([first, second]) = self;
        (Self([first, None]), Self([second, None]))
    }
}

/// C = init + A B, for contiguous matrices; `partial` has room for m n numbers, the sums of the second half.
pub(crate) fn gemm_split_k<T: Element>(product: Gemm<'_, T, false>, partial: &mut [T]) {
    let Gemm { a, a_stride, b, b_stride, mut c, k, init } = product;
    let (half, rows) = (cut_k(k, 1, 2), c.rows());
    let (left, right) = a.split_at(half * a_stride);
    let second = MatrixMut::whole(&mut *partial, rows);
    let first = Gemm { a: left, k: half, c: c.reborrow(), a_stride, b, b_stride, init };
    let (b, init) = (&b[half..], Init::Zero);
    let second = Gemm { a: right, k: k - half, c: second, a_stride, b, b_stride, init };
    share(Halves([Some(first), Some(second)]));
    dispatch(AddColumns { sums: c, values: partial });
}

/// y = init + A x; `partial` has room for m numbers.
pub(crate) fn gemv_split_k<T: Element>(product: Gemv<'_, T>, partial: &mut [T]) {
    let Gemv { a, a_stride, x, init, y } = product;
    let half = cut_k(x.len(), 1, 2);
    let (left, right) = a.split_at(half * a_stride);
    let (x, rest) = x.split_at(half);
    let first = Gemv { a: left, a_stride, x, init, y: &mut *y };
    let second = Gemv { a: right, a_stride, x: rest, init: &[], y: &mut *partial };
    share(Halves([Some(first), Some(second)]));
    let rows = y.len();
    dispatch(AddColumns { sums: MatrixMut::whole(y, rows), values: partial });
}

/// C += the sums of the second half.
struct AddColumns<'a, T> {
    sums: MatrixMut<'a, T>,
    values: &'a [T],
}

impl<T: Element> WithSimd for AddColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { mut sums, values } = self;
        for (column, values) in values.chunks_exact(sums.rows()).enumerate() {
            add(sums.column(column), values);
        }
    }
}
