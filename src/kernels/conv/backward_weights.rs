//! The gradient of a convolution's weights.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::direct::DirectWeights;
use crate::kernels::conv::direct_channels::ByChannels;
use crate::kernels::conv::{Block, Geometry, PANEL, POSITIONS, Panel, Sizes};
use crate::kernels::entry::Entry;
use crate::kernels::gemm::microkernel::{Product, Start};
use crate::kernels::matrix_mut::RowsMut;
use crate::simd::Vector;

/// Output channels whose gradient is transposed at a time.
const TRANSPOSED: usize = PANEL / POSITIONS;

/// `dW += dYᵀ panel`, over all samples.
pub(crate) struct ConvolutionWeights<'a, T, K> {
    pub inputs: &'a [T],
    pub output_gradient: &'a [T],
    pub gradient: &'a mut [T],
    pub kind: PhantomData<K>,
}

impl<T: Entry, K: Geometry> WithSimd for ConvolutionWeights<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { inputs, output_gradient, gradient, .. } = self;
        if Self::is_direct::<S>() || Self::has_channels::<S>() {
            if Sizes::<K>::PADDED {
                let mut panel = Panel::new();
                for (input, output) in inputs
                    .chunks_exact(Sizes::<K>::INPUT_LEN)
                    .zip(output_gradient.chunks_exact(Sizes::<K>::OUTPUT_LEN))
                {
                    Self::direct(simd, panel.border::<K>(input), output, gradient);
                }
            } else if !inputs.is_empty() {
                Self::direct(simd, inputs, output_gradient, gradient);
            }
            return;
        }
        let mut panel = Panel::new();
        for (input, output) in inputs
            .chunks_exact(Sizes::<K>::INPUT_LEN)
            .zip(output_gradient.chunks_exact(Sizes::<K>::OUTPUT_LEN))
        {
            for group in 0..K::GROUPS {
                let mut block = Some(Block::first::<K>());
                while let Some(positions) = block {
                    let most = PANEL / positions.len();
                    let mut column = 0;
                    while column < Sizes::<K>::PATCH {
                        let columns = column..(column + most).min(Sizes::<K>::PATCH);
                        let first = group * Sizes::<K>::OUTPUTS;
                        let filled =
                            panel.fill::<K, S>(simd, input, group, positions, columns.clone());
                        let product = PanelWeights {
                            panel: filled,
                            positions: positions.len(),
                            output: &output
                                [first * Sizes::<K>::POSITIONS + positions.start::<K>()..],
                            output_stride: Sizes::<K>::POSITIONS,
                            outputs: Sizes::<K>::OUTPUTS,
                            gradient: &mut gradient[column * K::OUTPUT[0] + first..],
                            gradient_stride: K::OUTPUT[0],
                        };
                        simd.vectorize(product);
                        column = columns.end;
                    }
                    block = positions.next::<K>();
                }
            }
        }
    }
}

impl<T: Entry, K: Geometry> ConvolutionWeights<'_, T, K> {
    #[inline(always)]
    fn is_direct<S: Simd>() -> bool {
        Sizes::<K>::is_direct(Vector::<T, S>::LANES) && !Sizes::<K>::PADDED && K::KERNEL[1] > 1
    }

    #[inline(always)]
    fn has_channels<S: Simd>() -> bool {
        let sizes = Sizes::<K>::direct(Sizes::<K>::BORDERED);
        !Sizes::<K>::is_direct(Vector::<T, S>::LANES)
            && Sizes::<K>::has_channels::<T, S>()
            && sizes.weights_fit_channels::<T, S>()
    }

    /// Without a panel, for some samples, with zeros around them where windows reach there.
    #[inline(always)]
    fn direct<S: Simd>(simd: S, inputs: &[T], output_gradient: &[T], gradient: &mut [T]) {
        let sizes = Sizes::<K>::direct(Sizes::<K>::BORDERED);
        let group_len = sizes.channels * sizes.plane;
        for group in 0..K::GROUPS {
            let first = group * Sizes::<K>::OUTPUTS;
            let weights = DirectWeights {
                sizes,
                inputs: &inputs[group * group_len..],
                input_stride: K::GROUPS * group_len,
                output_gradient: &output_gradient[first * Sizes::<K>::POSITIONS..],
                output_stride: Sizes::<K>::OUTPUT_LEN,
                samples: inputs.len() / (K::GROUPS * group_len),
                gradient: &mut gradient[first..],
            };
            if Self::is_direct::<S>() {
                simd.vectorize(weights);
            } else {
                simd.vectorize(ByChannels(weights));
            }
        }
    }
}

/// `dW += dYᵀ panel`, for one panel: a function that all convolutions share.
pub struct PanelWeights<'a, T> {
    /// Its columns are contiguous.
    panel: &'a [T],
    positions: usize,
    output: &'a [T],
    output_stride: usize,
    outputs: usize,
    gradient: &'a mut [T],
    gradient_stride: usize,
}

/// What the sum over a vector's lanes takes, in multiplications of vectors.
const REDUCTION: usize = 4;

/// The kernel of [`PanelWeights`].
pub(in crate::kernels) struct PanelProduct<'a, T>(pub(in crate::kernels) PanelWeights<'a, T>);

impl<T: Entry> WithSimd for PanelProduct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let PanelWeights {
            panel,
            positions,
            output,
            output_stride,
            outputs,
            gradient,
            gradient_stride,
        } = self.0;
        let lanes = Vector::<T, S>::LANES;
        let columns = panel.len() / positions;
        // Vectors of positions, or vectors of channels?
        if outputs * (positions.div_ceil(lanes) + REDUCTION) < outputs.div_ceil(lanes) * positions {
            let matrices = Dots { a: output, a_stride: output_stride, b: panel, k: positions };
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
            return;
        }
        let mut transposed = [T::zero(); TRANSPOSED * POSITIONS];
        let mut first = 0;
        while first < outputs {
            let channels = TRANSPOSED.min(outputs - first);
            let transposed = &mut transposed[..channels * positions];
            transpose(&output[first * output_stride..], output_stride, transposed, channels);
            simd.vectorize(Product::<T, false> {
                a: transposed,
                a_stride: channels,
                b: panel,
                b_stride: positions,
                c: RowsMut::strided(&mut gradient[first..], [channels, columns], gradient_stride),
                k: positions,
                start: Start::Current,
            });
            first += channels;
        }
    }
}

/// Some planes, from one to the next `stride`, as a matrix with one row a plane, columns contiguous.
#[inline(always)]
fn transpose<T: Entry>(planes: &[T], stride: usize, matrix: &mut [T], rows: usize) {
    /// Planes that are read at the same time: as many as a set of the L1 cache has ways, since they may be a power of two apart.
    const WAYS: usize = 8;
    let mut row = 0;
    while row < rows {
        let planes = &planes[row * stride..];
        if row + WAYS <= rows {
            for (position, column) in matrix.chunks_exact_mut(rows).enumerate() {
                let column = &mut column[row..row + WAYS];
                for (plane, number) in column.iter_mut().enumerate() {
                    *number = planes[plane * stride + position];
                }
            }
            row += WAYS;
        } else {
            for (position, column) in matrix.chunks_exact_mut(rows).enumerate() {
                column[row] = planes[position];
            }
            row += 1;
        }
    }
}

/// Dot products of columns of `A` with columns of `B`.
#[derive(Clone, Copy)]
struct Dots<'a, T> {
    a: &'a [T],
    a_stride: usize,
    /// Its columns are contiguous.
    b: &'a [T],
    /// How long the columns are.
    k: usize,
}

impl<T: Entry> Dots<'_, T> {
    /// Adds those of `R` columns of `A` with `C` columns of `B`.
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
