//! Products over a long common dimension, as the sum of two halves.
//!
//! Where two threads share the steps of a training, each does one half, with half of the columns of the weights; and it moves those columns afterwards.
//! So weights, moments and inputs stay in the cache of one thread, step after step; only the sums travel.
//! One thread does the same, so that the sums are rounded in the same way.

use pulp::{Simd, WithSimd};

use crate::kernels::elementwise::add;
use crate::kernels::entry::Entry;
use crate::kernels::gemm::gemv::ProductOfOne;
use crate::kernels::gemm::microkernel::{Product, Start};
use crate::kernels::matrix_mut::RowsMut;
use crate::parallel::{Split, cut, share};
use crate::simd::{Isa, dispatch};

/// Weights of fewer scalars are multiplied as a whole.
const LARGE: usize = 32 * 1024;

/// Whether a product with `outputs` x `inputs` weights is taken in halves.
pub(crate) const fn is_halved(outputs: usize, inputs: usize) -> bool {
    outputs * inputs >= LARGE && inputs >= 64
}

/// Where the inputs of a layer are cut, for all three of its products: `part` of `whole` is one of two for the halves.
pub(crate) fn cut_inputs(inputs: usize, part: usize, whole: usize) -> usize {
    cut(inputs, 4, part, whole)
}

/// Two halves, as long as they are not on their way to two threads.
struct Halves<W>([Option<W>; 2]);

impl<T: Entry> Split for Halves<Product<'_, T, false>> {
    fn run(self) {
        for half in self.0.into_iter().flatten() {
            T::product(Isa::current(), half);
        }
    }

    fn multiply_adds(&self) -> usize {
        self.0.iter().flatten().map(Split::multiply_adds).sum()
    }

    fn is_halved(&self) -> bool {
        true
    }

    /// In halves for two threads; for more, some columns of both.
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

impl<T: Entry> Split for Halves<ProductOfOne<'_, T>> {
    fn run(self) {
        for half in self.0.into_iter().flatten() {
            T::product_of_one(Isa::current(), half);
        }
    }

    fn multiply_adds(&self) -> usize {
        // It waits for the weights: each takes the time of a few.
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

/// The product of contiguous matrices; `partial` has room for as many sums.
pub(crate) fn multiply_in_halves<T: Entry>(product: Product<'_, T, false>, partial: &mut [T]) {
    let Product { a, a_stride, b, b_stride, mut c, k, start } = product;
    let (half, rows) = (cut_inputs(k, 1, 2), c.rows());
    let (left, right) = a.split_at(half * a_stride);
    let second = RowsMut::whole(&mut *partial, rows);
    let first = Product { a: left, k: half, c: c.reborrow(), a_stride, b, b_stride, start };
    let (b, start) = (&b[half..], Start::Zero);
    let second = Product { a: right, k: k - half, c: second, a_stride, b, b_stride, start };
    share(Halves([Some(first), Some(second)]));
    dispatch(AddColumns { sums: c, values: partial });
}

/// The same for one sample.
pub(crate) fn multiply_one_in_halves<T: Entry>(product: ProductOfOne<'_, T>, partial: &mut [T]) {
    let ProductOfOne { a, x, start, y } = product;
    let half = cut_inputs(x.len(), 1, 2);
    let (left, right) = a.split_at(half * y.len());
    let (x, rest) = x.split_at(half);
    let first = ProductOfOne { a: left, x, start, y: &mut *y };
    let second = ProductOfOne { a: right, x: rest, start: &[], y: &mut *partial };
    share(Halves([Some(first), Some(second)]));
    let rows = y.len();
    dispatch(AddColumns { sums: RowsMut::whole(y, rows), values: partial });
}

/// Adds one half to the other.
struct AddColumns<'a, T> {
    sums: RowsMut<'a, T>,
    values: &'a [T],
}

impl<T: Entry> WithSimd for AddColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mut sums, values } = self;
        for (column, values) in values.chunks_exact(sums.rows()).enumerate() {
            add(simd, sums.column(column), values);
        }
    }
}
