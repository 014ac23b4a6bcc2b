//! The gradient of the weights: dW = Gᵀ (Σ (A dY Aᵀ) ⊙ (Bᵀ d B)) G, the sum over all tiles of all samples.
//!
//! For each of the 36 numbers the sum is a matrix product, outputs x tiles by tiles x inputs, which is added up block by block.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::winograd::product::{Numbers, Products};
use crate::kernels::conv::winograd::tiles::{GradientTiles, InputTiles, RING_ROWS, row_pixels};
use crate::kernels::conv::winograd::{
    Budget, GAP, NUMBERS, OutputBlocks, SIDE, Shape, TAPS, TILE, carve, tile_blocks, transforms,
};
use crate::memory::Heap;
use crate::simd::{Element, Registers, Vector};

/// `dW += dYᵀ ∗ x` over all samples.
pub(crate) struct WinogradWeights<'a, T> {
    pub(crate) shape: Shape,
    pub(crate) inputs: &'a [T],
    pub(crate) output_gradient: &'a [T],
    pub(crate) gradient: &'a mut [T],
    pub(crate) budget: Budget,
}

impl<T: Element> WithSimd for WinogradWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, inputs, output_gradient, gradient, budget } = self;
        let samples = inputs.len() / shape.input_len();
        assert!(
            inputs.len() == samples * shape.input_len()
                && output_gradient.len() == samples * shape.output_len()
                && gradient.len() == shape.inputs() * TAPS * shape.outputs(),
            "a convolution of other sizes"
        );
        if samples == 0 {
            return;
        }
        let lanes = Vector::<T, S>::LANES;
        let registers = Registers::of::<T, S>();
        let output_blocks = OutputBlocks::all(&shape, registers);
        let blocks = tile_blocks(&shape, shape.all_rows(samples), registers, budget.block);
        let (tiles, columns) = (blocks.most_tiles(), blocks.columns);
        let channels = shape.inputs().next_multiple_of(lanes);
        let outputs = shape.outputs().next_multiple_of(lanes);
        let [v_stride, d_stride, u_stride] =
            [tiles * channels, tiles * outputs, shape.inputs() * outputs].map(|len| len + GAP);
        let pixels = row_pixels(columns);
        let lengths = [
            NUMBERS * u_stride,
            NUMBERS * v_stride,
            NUMBERS * d_stride,
            RING_ROWS * pixels * lanes,
            pixels * lanes,
            SIDE * pixels * lanes,
        ];
        let mut heap = Heap::default();
        let workspace = heap.take(lengths.iter().map(|length| length + GAP).sum());
        let [u, v, d, ring, zeros, sums] = carve(workspace, lengths);
        for (index, block) in blocks.enumerate() {
            let to = Numbers { first: v, step: channels, stride: v_stride };
            let rows = [ring, zeros, sums];
            simd.vectorize(InputTiles { shape, inputs, block, to, rows });
            let to = Numbers { first: d, step: outputs, stride: d_stride };
            let rows = [ring, sums];
            simd.vectorize(GradientTiles { shape, output_gradient, block, to, rows });
            for outputs_of in 0..output_blocks.count() {
                let vectors = output_blocks.vectors(outputs_of);
                let first = vectors.start * lanes;
                let products = Products::<T, true> {
                    vectors: vectors.len(),
                    k: block.len(),
                    n: shape.inputs(),
                    left: Numbers {
                        first: d.wrapping_add(first).cast_const(),
                        step: outputs,
                        stride: d_stride,
                    },
                    right: Numbers { first: v.cast_const(), step: channels, stride: v_stride },
                    sums: Numbers { first: u.wrapping_add(first), step: outputs, stride: u_stride },
                    adds: index > 0,
                };
                // SAFETY: the tiles were transformed, and there is room for the sums.
                unsafe { products.run(simd) };
            }
        }
        let from = Numbers { first: u.cast_const(), step: outputs, stride: u_stride };
        simd.vectorize(KernelGradients { shape, from, gradient });
    }
}

/// dW += Gᵀ M G
struct KernelGradients<'a, T> {
    shape: Shape,
    /// A step is an input.
    from: Numbers<*const T>,
    gradient: &'a mut [T],
}

impl<T: Element> WithSimd for KernelGradients<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, from, gradient } = self;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        const { assert!(SIDE * SIDE == NUMBERS && TILE + 2 == SIDE) };
        for input in 0..shape.inputs() {
            for channel in (0..shape.outputs()).step_by(lanes) {
                let mut lines = [[zero; SIDE]; 3];
                for j in 0..SIDE {
                    let mut line = [zero; SIDE];
                    for i in 0..SIDE {
                        // SAFETY: the vectors of all inputs and outputs are there.
                        line[i] = unsafe {
                            let number = (i * SIDE + j) * from.stride;
                            Vector::load_ptr(
                                simd,
                                from.first.add(number + input * from.step + channel),
                            )
                        };
                    }
                    let line = transforms::weight_gradient(line);
                    for i in 0..3 {
                        lines[i][j] = line[i];
                    }
                }
                for i in 0..3 {
                    let line = transforms::weight_gradient(lines[i]);
                    for j in 0..3 {
                        let first = (input * TAPS + i * 3 + j) * shape.outputs();
                        let end = (channel + lanes).min(shape.outputs());
                        let to = &mut gradient[first + channel..first + end];
                        if to.len() == lanes {
                            (Vector::load(simd, to) + line[j]).store(to);
                        } else {
                            (Vector::load_partial(simd, to) + line[j]).store_partial(to);
                        }
                    }
                }
            }
        }
    }
}
