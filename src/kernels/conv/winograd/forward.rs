//! The convolution: of inputs, or of the gradient of outputs with flipped windows.
//!
//! A part of it is some rows of tiles, for which all weights are transformed; or, where those are more than the tiles, some outputs, for which all tiles are.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::plan::{TILE_TRANSFORM, WEIGHTS_TRANSFORM};
use crate::kernels::conv::winograd::kernels::Kernels;
use crate::kernels::conv::winograd::product::{Numbers, Products};
use crate::kernels::conv::winograd::tiles::{InputTiles, OutputTiles, RING_ROWS, row_pixels};
use crate::kernels::conv::winograd::{
    Budget, GAP, NUMBERS, OutputBlocks, SIDE, Shape, TAPS, TILE, Window, carve, tile_blocks,
};
use crate::kernels::epilogue::PostOps;
use crate::kernels::in_part::InPart;
use crate::memory::{Heap, Shared};
use crate::parallel::Part;
use crate::simd::{Element, Registers, Vector};

/// `Y = post(W ∗ x)` for all samples.
#[derive(Clone, Copy)]
pub(crate) struct WinogradConvolution<'a, T> {
    pub(crate) shape: Shape,
    pub(crate) window: Window,
    pub(crate) weight: &'a [T],
    pub(crate) inputs: &'a [T],
    pub(crate) outputs: Shared<'a, T>,
    pub(crate) post: PostOps<'a, T>,
    pub(crate) budget: Budget,
}

impl<T> WinogradConvolution<'_, T> {
    /// Those that are left of 144 for a tile and a pair of channels.
    pub(crate) fn multiply_adds(&self) -> usize {
        NUMBERS * self.tiles() * self.shape.inputs() * self.shape.outputs()
    }

    fn tiles(&self) -> usize {
        let [rows, columns] = self.shape.tiles();
        self.inputs.len() / self.shape.input_len() * rows * columns
    }

    /// The rows of tiles of a part, and its vectors of outputs.
    fn cut(&self, part: Part, lanes: usize) -> [Range<usize>; 2] {
        let Shape { input: [inputs, ..], output: [outputs, ..], .. } = self.shape;
        let rows = self.tiles() / self.shape.tiles()[1];
        let vectors = outputs.div_ceil(lanes);
        let transforms_of_tiles = TILE_TRANSFORM * self.tiles() * inputs.div_ceil(lanes);
        if WEIGHTS_TRANSFORM * inputs * vectors > transforms_of_tiles {
            [0..rows, part.of(vectors, 1)]
        } else {
            [part.of(rows, 1), 0..vectors]
        }
    }
}

impl<T: Element> WithSimd for InPart<WinogradConvolution<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { call, part } = self;
        let WinogradConvolution { shape, window, weight, inputs, outputs, post, budget } = call;
        let samples = inputs.len() / shape.input_len();
        let has = |numbers: &[T], count| numbers.is_empty() || numbers.len() == count;
        assert!(
            inputs.len() == samples * shape.input_len()
                && outputs.len() == samples * shape.output_len()
                && weight.len() == shape.inputs() * TAPS * shape.outputs()
                && has(post.scale, shape.outputs())
                && has(post.shift, shape.outputs())
                && has(post.addend, outputs.len()),
            "a convolution of other sizes"
        );
        let lanes = Vector::<T, S>::LANES;
        let [rows, vectors] = call.cut(part, lanes);
        if rows.is_empty() || vectors.is_empty() {
            return;
        }
        let registers = Registers::of::<T, S>();
        let output_blocks = OutputBlocks::of(vectors, registers);
        // Weights that are transformed for each block of tiles and outputs anew take less memory.
        let all = output_blocks.start(output_blocks.count(), shape.inputs());
        let keeps = all * size_of::<T>() <= budget.weights;
        let bytes = if keeps { budget.block } else { budget.large_block };
        let blocks = tile_blocks(&shape, rows, registers, bytes);
        let keeps = keeps && blocks.number() > 1;
        let (tiles, columns) = (blocks.most_tiles(), blocks.columns);
        let channels = shape.inputs().next_multiple_of(lanes);
        let step = output_blocks.most_vectors() * lanes;
        let (v_stride, m_stride) = (tiles * channels + GAP, tiles * step + GAP);
        let pixels = row_pixels(columns);
        let lengths = [
            if keeps { all } else { NUMBERS * (step * shape.inputs() + GAP) },
            NUMBERS * v_stride,
            NUMBERS * m_stride,
            RING_ROWS * pixels * lanes,
            pixels * lanes,
            SIDE * pixels * lanes,
            TILE * columns * TILE * lanes,
        ];
        let mut heap = Heap::default();
        let workspace = heap.take(lengths.iter().map(|length| length + GAP).sum());
        let [u, v, m, ring, zeros, sums, rows] = carve(workspace, lengths);
        for (index, block) in blocks.enumerate() {
            simd.vectorize(InputTiles {
                shape,
                inputs,
                block,
                to: Numbers { first: v, step: channels, stride: v_stride },
                rows: [ring, zeros, sums],
            });
            for outputs_of in 0..output_blocks.count() {
                let vectors = output_blocks.vectors(outputs_of);
                let step = vectors.len() * lanes;
                let start = if keeps { output_blocks.start(outputs_of, shape.inputs()) } else { 0 };
                let u = Numbers {
                    first: u.wrapping_add(start),
                    step,
                    stride: output_blocks.stride(outputs_of, shape.inputs()),
                };
                if index == 0 || !keeps {
                    simd.vectorize(Kernels {
                        weight,
                        window,
                        inputs: shape.inputs(),
                        outputs: shape.outputs(),
                        vectors: vectors.clone(),
                        to: u,
                    });
                }
                let products = Products::<T, false> {
                    vectors: vectors.len(),
                    k: shape.inputs(),
                    n: block.len(),
                    left: Numbers { first: u.first.cast_const(), step: u.step, stride: u.stride },
                    right: Numbers { first: v, step: channels, stride: v_stride },
                    sums: Numbers { first: m, step, stride: m_stride },
                    adds: false,
                };
                // SAFETY: the weights and tiles were transformed, and there is room for the sums.
                unsafe { products.run(simd) };
                simd.vectorize(OutputTiles {
                    shape,
                    block,
                    from: Numbers { first: m, step, stride: m_stride },
                    outputs,
                    channel: vectors.start * lanes,
                    vectors: vectors.len(),
                    post,
                    rows,
                });
            }
        }
    }
}
