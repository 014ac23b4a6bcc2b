//! The product dW += dYᵀ X for a block of patches X, which all convolutions share.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::plan::{BLOCK_PIXELS, PatchProduct, TRANSPOSED_CHANNELS};
use crate::kernels::gemm::{Gemm, Init, gemm};
use crate::kernels::matrix_mut::MatrixMut;
use crate::simd::{Element, Isa, Vector};

/// `dW += dYᵀ X` for some columns of X and one block of pixels: a function that all convolutions share.
pub(crate) struct Im2colWeights<'a, T> {
    /// Columns of X, contiguous, of `pixels` numbers each.
    pub(crate) patches: &'a [T],
    pub(crate) pixels: usize,
    /// The columns of dY: planes, from one to the next `output_stride`.
    pub(crate) output: &'a [T],
    pub(crate) output_stride: usize,
    pub(crate) outputs: usize,
    pub(crate) gradient: &'a mut [T],
    pub(crate) gradient_stride: usize,
}

/// The kernel of [`Im2colWeights`], by the [plan](PatchProduct).
pub(crate) struct PatchProducts<'a, T>(pub(crate) Im2colWeights<'a, T>);

impl<T: Element> WithSimd for PatchProducts<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Im2colWeights { outputs, pixels, .. } = self.0;
        match PatchProduct::of(outputs, pixels, Vector::<T, S>::LANES) {
            PatchProduct::Dots => self.0.dots(simd),
            PatchProduct::Tiles => self.0.tiles(simd),
        }
    }
}

impl<T: Element> Im2colWeights<'_, T> {
    /// A dot product for each weight, in tiles of up to 2 output channels x 5 columns.
    #[inline(always)]
    fn dots<S: Simd>(self, simd: S) {
        let Self { patches, pixels, output, output_stride, outputs, gradient, gradient_stride } =
            self;
        let columns = patches.len() / pixels;
        let matrices = ColumnDots { a: output, a_stride: output_stride, b: patches, k: pixels };
        let mut column = 0;
        while column < columns {
            let count = if columns - column >= 5 { 5 } else { 1 };
            let mut row = 0;
            while row < outputs {
                let rows = if outputs - row >= 2 { 2 } else { 1 };
                let to = &mut gradient[column * gradient_stride + row..];
                match (rows, count) {
                    (2, 5) => matrices.add::<S, 2, 5>(simd, row, column, to, gradient_stride),
                    (2, _) => matrices.add::<S, 2, 1>(simd, row, column, to, gradient_stride),
                    (_, 5) => matrices.add::<S, 1, 5>(simd, row, column, to, gradient_stride),
                    (_, _) => matrices.add::<S, 1, 1>(simd, row, column, to, gradient_stride),
                }
                row += rows;
            }
            column += count;
        }
    }

    /// dY is transposed, some output channels at a time, and then multiplied.
    #[inline(always)]
    fn tiles<S: Simd>(self, simd: S) {
        let Self { patches, pixels, output, output_stride, outputs, gradient, gradient_stride } =
            self;
        let columns = patches.len() / pixels;
        let mut transposed = [T::zero(); TRANSPOSED_CHANNELS * BLOCK_PIXELS];
        let mut first = 0;
        while first < outputs {
            let channels = TRANSPOSED_CHANNELS.min(outputs - first);
            let transposed = &mut transposed[..channels * pixels];
            transpose(&output[first * output_stride..], output_stride, transposed, channels);
            let product = Gemm::<T, false> {
                a: transposed,
                a_stride: channels,
                b: patches,
                b_stride: pixels,
                c: MatrixMut::strided(&mut gradient[first..], [channels, columns], gradient_stride),
                k: pixels,
                init: Init::Accumulate,
            };
            gemm(Isa::of(simd), product);
            first += channels;
        }
    }
}

/// The first `rows` planes, `stride` apart, as a column-major matrix with one row a plane.
#[inline(always)]
fn transpose<T: Element>(planes: &[T], stride: usize, matrix: &mut [T], rows: usize) {
    /// Planes that are read at the same time. They may be a power of two apart, and then their lines share one set of L1: that has 8 ways.
    const WAYS: usize = 8;
    let mut row = 0;
    while row < rows {
        let planes = &planes[row * stride..];
        if row + WAYS <= rows {
            for (pixel, column) in matrix.chunks_exact_mut(rows).enumerate() {
                let column = &mut column[row..row + WAYS];
                for (plane, number) in column.iter_mut().enumerate() {
                    *number = planes[plane * stride + pixel];
                }
            }
            row += WAYS;
        } else {
            for (pixel, column) in matrix.chunks_exact_mut(rows).enumerate() {
                column[row] = planes[pixel];
            }
            row += 1;
        }
    }
}

/// Dot products of columns of `A` (k x m) with columns of `B` (k x n).
#[derive(Clone, Copy)]
struct ColumnDots<'a, T> {
    a: &'a [T],
    a_stride: usize,
    /// Its columns are contiguous.
    b: &'a [T],
    k: usize,
}

impl<T: Element> ColumnDots<'_, T> {
    /// Adds those of `R` columns of `A` from `row` on with `C` columns of `B` from `column` on: each vector is loaded once for all of a tile.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const C: usize>(
        self,
        simd: S,
        row: usize,
        column: usize,
        to: &mut [T],
        stride: usize,
    ) {
        let Self { a, a_stride, b, k } = self;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; C]; R];
        let a = &a[row * a_stride..][..(R - 1) * a_stride + k];
        let b = &b[column * k..][..C * k];
        let mut at = 0;
        while at + lanes <= k {
            let mut right = [zero; C];
            for j in 0..C {
                // SAFETY: `b` has C columns of k elements, and `at + lanes` is not above k.
                right[j] = unsafe { Vector::load_ptr(simd, b.as_ptr().add(j * k + at)) };
            }
            for r in 0..R {
                // SAFETY: `a` has R columns of k elements, and `at + lanes` is not above k.
                let left = unsafe { Vector::load_ptr(simd, a.as_ptr().add(r * a_stride + at)) };
                for j in 0..C {
                    sums[r][j] = left.mul_add(right[j], sums[r][j]);
                }
            }
            at += lanes;
        }
        if at < k {
            let mut right = [zero; C];
            for j in 0..C {
                right[j] = Vector::load_partial(simd, &b[j * k + at..(j + 1) * k]);
            }
            for r in 0..R {
                let left = Vector::load_partial(simd, &a[r * a_stride + at..r * a_stride + k]);
                for j in 0..C {
                    sums[r][j] = left.mul_add(right[j], sums[r][j]);
                }
            }
        }
        for r in 0..R {
            for j in 0..C {
                to[j * stride + r] += sums[r][j].sum();
            }
        }
    }
}
