//! Which kernel a product runs, chosen from its sizes alone: data, which is tested and printed without running a kernel.
//!
//! All choices are made here, from the thresholds in the first part of this file; the files beside it hold the kernels that they name.
//! Where sizes are constants, so is the plan, and nothing of the choice is left in the program.
//!
//! Throughout, A is m x k, B is k x n, C is m x n, column-major; A Bᵀ is said where memory holds B as n x k, Aᵀ B where it holds A as k x m. For a dense
//! layer forward, m is outputs, k inputs, n samples.

use crate::kernels::cache::LINE;
use crate::kernels::layer_plan::{KernelName, LayerPlan};
use crate::simd::Registers;

// # Thresholds: each with the reason for its figure.

/// The longest k whose products are summed up in the scalar's own type. A longer k is cut into blocks of this length, whose sums are added in `f64`:
/// the error of a sum does not grow with k.
pub(crate) const BLOCKED_K: usize = 4 * 1024;

/// Columns of the widest tile, and half of them: with 16 registers, 12 are accumulators (2 vectors x 6 columns), with 32, 24 are (4 x 6, 2 x 12).
///
/// Work that is cut in multiples of 12 columns has whole tiles.
pub(crate) const TILE_COLUMNS: usize = 12;

/// `A` is packed if its columns begin this many bytes apart, or more. 1 KB apart, columns fall into 4 of the 64 sets of a usual L1 cache (32 KB, 8 ways):
/// the rows of a tile would be gone from it when the next columns of `B` need them.
const PACKED_STRIDE: usize = 1024;

/// Columns of the tiles that fetch what is packed next.
pub(crate) const PACKED_COLUMNS: usize = TILE_COLUMNS / 2;

/// `A` is packed for k >= 32 and n >= 24: below, the copy costs more than the cache misses that it saves.
const PACKED_K: usize = 32;
const PACKED_N: usize = 24;

/// For C = A Bᵀ, from this k on (samples, of a weight gradient): each column of `A` is read once a panel and not once a tile.
const PACKED_SAMPLES: usize = 12;

/// A packed panel of `A`, in bytes: a usual L1 cache.
pub(crate) const PANEL_BYTES: usize = 32 * 1024;

/// A packed panel that tiles of all columns of `B` read in turn, in bytes: three quarters of a usual L1 cache, which leave room for their columns of `B` and `C`.
const TILE_PANEL_BYTES: usize = 24 * 1024;

/// C = A Bᵀ takes k in pieces whose columns of `A` have this many bytes. Each number of a column of `B` is in a cache line of its own there, and `A` must
/// leave room for these lines in a usual L1 cache.
const DEPTH_BYTES: usize = 32 * 1024;

/// The shortest of these pieces: fewer steps along k are not worth storing and loading `C`.
const DEPTH_LEAST: usize = 24;

/// Cᵀ = B Aᵀ in the place of C = A Bᵀ pays from this k on: the sums then take longer than transposing `C`.
const SWAPPED_K: usize = 64;

/// Numbers of Cᵀ that are computed at a time, on the stack: 8 KB of `f32`.
pub(crate) const SWAPPED_SCRATCH: usize = 2048;

/// y = A x is computed in the caller's own code up to this m k, where the compiler unrolls it for the sizes of the layer;
/// above, in one function that all layers share: the call is then less than one per cent.
const GEMV_INLINE: usize = 8 * 1024;

/// y = A x is read in whole columns or aligned vectors from this many vectors of rows (m / lanes) on: fewer rows fit into registers as they are.
const GEMV_VECTORS: usize = 16;

/// y = A x reads matrices of more bytes than this in memory order, with y in the cache: they are in the L2 cache or beyond it, where prefetching wants
/// one stream.
const GEMV_STREAMED: usize = 256 * 1024;

/// Up to this m k, y = A x is done before it is found out where the vectors of `A` are aligned.
const GEMV_UNALIGNED: usize = 2048;

/// From this many weights on, a layer sums up two halves of its inputs apart, one for each of two threads: each keeps its half of the weights in its cache,
/// step after step. Fewer weights (128 KB of `f32`) fit into either cache.
const SPLIT_K_WEIGHTS: usize = 32 * 1024;

/// And only from this k on: a half is then 32 inputs, eight times the unit in which inputs are cut.
const SPLIT_K_INPUTS: usize = 64;

/// Inputs are cut in multiples of this: the columns of a narrower tile.
const SPLIT_K_UNIT: usize = 4;

/// C = Aᵀ B transposes `A` only if k <= 4 n: the transposition is spread over n columns, and saves each of them the sums over the lanes of dot products.
const TRANSPOSE_K_PER_COLUMN: usize = 4;

/// C = Aᵀ B transposes `A`, or columns of `B`, only up to this k: they are on the stack, 32 columns of 2 KB of `f32`.
pub(crate) const TRANSPOSE_K: usize = 512;

/// Above that, C = Aᵀ B transposes `A` from this n on, and from as many rows of `C` on as the longest vectors have lanes. Fewer samples are dot products.
const TRANSPOSE_N: usize = 16;
const TRANSPOSE_M: usize = 16;

/// Columns of `B` (samples) that are transposed at a time.
#[cfg(feature = "train")]
pub(crate) const TRANSPOSED_COLUMNS: usize = 32;

/// Rows of `C` that are computed at a time where `B` is transposed, before they are put into columns: three cache lines of `f32` of each.
#[cfg(feature = "train")]
pub(crate) const TRANSPOSED_ROWS: usize = 48;

/// Rows of `C` that the AVX-512 kernel of C = Aᵀ B stores together: one 16-byte store of `f32` for each column.
pub(crate) const QUAD: usize = 4;

/// Numbers of a weight gradient that are computed at a time and at once used for a step: 12 KB of `f32`, with room in the L1 cache for the parameters and
/// moments that pass by.
const GRADIENT_BLOCK: usize = 3 * 1024;

/// The same, in bytes, where dY is packed: it is read once for each block, from the L2 cache or beyond, and the block goes to the L2 cache.
const PACKED_GRADIENT_BYTES: usize = 768 * 1024;

/// And at most so many columns: more do not make it faster.
const PACKED_GRADIENT_COLUMNS: usize = 96;

// # Plans

/// How C = init + A B is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GemmPlan {
    /// k is longer than a [block](BLOCKED_K): block after block, each by a plan of its own, added up in `f64` (`blocked.rs`).
    Blocked,
    /// The rows of a tile are copied side by side as they are used first (`packed.rs`).
    Packed,
    /// As Cᵀ = B Aᵀ, since n fills vectors and m does not (`swapped.rs`).
    Swapped,
    /// m < lanes: a vector reads on into the next columns of `A` (`narrow.rs`).
    Narrow { depth: usize },
    /// Tiles of accumulators, straight from the matrices (`tiled.rs`), `depth` steps along k at a time.
    Tiled { depth: usize },
}

/// What the plan of C = A B depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GemmSizes {
    pub m: usize,
    pub k: usize,
    pub n: usize,
    /// From one column of `A` to the next: m, or more where these are some rows of a larger matrix.
    pub a_stride: usize,
    /// Whether `B` is row-major.
    pub transposed_b: bool,
}

impl GemmPlan {
    #[inline(always)]
    pub(crate) const fn of(sizes: GemmSizes, registers: Registers) -> Self {
        let GemmSizes { m, k, n, a_stride, transposed_b } = sizes;
        if k > BLOCKED_K {
            return Self::Blocked;
        }
        let is_narrow = is_narrow(m, registers);
        let least = if transposed_b { PACKED_SAMPLES } else { PACKED_K };
        if !is_narrow && a_stride * registers.scalar >= PACKED_STRIDE && k >= least && n >= PACKED_N
        {
            return Self::Packed;
        }
        if transposed_b && is_swapped([m, k, n], registers.lanes) {
            return Self::Swapped;
        }
        let depth = if transposed_b { depth(m, registers.scalar) } else { k };
        if is_narrow { Self::Narrow { depth } } else { Self::Tiled { depth } }
    }
}

/// Whether C has fewer rows than a vector has lanes.
#[inline(always)]
pub(crate) const fn is_narrow(m: usize, registers: Registers) -> bool {
    m < registers.lanes
}

/// Vectors of rows of the largest tile.
#[inline(always)]
pub(crate) const fn tile_vectors(has_many_registers: bool) -> usize {
    if has_many_registers { 4 } else { 2 }
}

/// Whether Cᵀ = B Aᵀ, with vectors along n, takes at most three quarters of the multiplications of C = A Bᵀ with vectors along m, which pays for
/// transposing `C`. The sums are the same, to the bit.
#[inline(always)]
const fn is_swapped([m, k, n]: [usize; 3], lanes: usize) -> bool {
    let (swapped, straight) = (n.next_multiple_of(lanes) * m, m.next_multiple_of(lanes) * n);
    k >= SWAPPED_K
        && n >= lanes
        && m * swapped_rows(lanes) <= SWAPPED_SCRATCH
        && 4 * swapped <= 3 * straight
}

/// Rows of Cᵀ that are computed at a time.
#[inline(always)]
pub(crate) const fn swapped_rows(lanes: usize) -> usize {
    4 * lanes
}

/// How many steps along k C = A Bᵀ takes at a time.
#[inline(always)]
pub(crate) const fn depth(m: usize, scalar: usize) -> usize {
    let column = if m == 0 { scalar } else { m * scalar };
    let depth = DEPTH_BYTES / column;
    if depth > DEPTH_LEAST { depth } else { DEPTH_LEAST }
}

/// How many steps along k a panel of `height` rows has: k is cut into panels of about the same size, so that the tiles of one have time to fetch the next.
#[inline(always)]
pub(crate) const fn panel_depth(k: usize, height: usize, scalar: usize) -> usize {
    let most = TILE_PANEL_BYTES / scalar / height;
    k.div_ceil(k.div_ceil(most))
}

/// How y = init + A x is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GemvPlan {
    /// k is longer than a [block](BLOCKED_K), and y short: block after block, added up in `f64` (`blocked.rs`). A long y is [streamed](Self::Streamed) or
    /// fills many vectors, and adds up eight columns at a time.
    Blocked,
    /// m < lanes: a vector reads on into the next column.
    Narrow,
    /// m < lanes, and m fills a smaller register, which the compiler uses where it knows m.
    NarrowRegister,
    /// `A` is beyond the L1 cache: in memory order, eight columns at a time, y in the cache.
    Streamed,
    /// Many rows, a multiple of the lanes: vectors begin at multiples of their size in memory, so that no load crosses a cache line.
    Aligned,
    /// 4 vectors of rows, as four, or as five that begin at multiples of their size in memory.
    FourVectors,
    /// 8, 4, 2 and 1 vectors of rows at a time, whose sums stay in registers.
    Vectors,
}

impl GemvPlan {
    #[inline(always)]
    pub(crate) const fn of(m: usize, k: usize, registers: Registers) -> Self {
        if k > BLOCKED_K && m < GEMV_VECTORS * registers.lanes {
            return Self::Blocked;
        }
        Self::of_block(m, k, registers)
    }

    /// The plan of one block of k.
    #[inline(always)]
    pub(crate) const fn of_block(m: usize, k: usize, registers: Registers) -> Self {
        let Registers { lanes, scalar, .. } = registers;
        let is_long = m >= GEMV_VECTORS * lanes;
        if is_narrow(m, registers) {
            Self::Narrow
        } else if is_long && m * k * scalar > GEMV_STREAMED {
            Self::Streamed
        } else if is_long && m.is_multiple_of(lanes) && m * k > GEMV_UNALIGNED {
            Self::Aligned
        } else if m == 4 * lanes && m * k > GEMV_UNALIGNED {
            Self::FourVectors
        } else {
            Self::Vectors
        }
    }

    /// The same where the sizes are constants of the caller.
    #[inline(always)]
    pub(crate) const fn inline(m: usize, k: usize, registers: Registers) -> Self {
        match Self::of_block(m, k, registers) {
            Self::Narrow if matches!(m, 4 | 8) => Self::NarrowRegister,
            plan => plan,
        }
    }
}

/// The longest y of a [blocked](GemvPlan::Blocked) product.
pub(crate) const fn blocked_gemv_rows(lanes: usize) -> usize {
    GEMV_VECTORS * lanes
}

/// How C = Aᵀ B is computed, where the rows of `A` that a tile wants side by side are columns in memory. Of two ways, that which moves fewer numbers is taken:
/// `A` is transposed, or columns of `B` and of `C` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransposedAPlan {
    /// `A` is transposed, panel by panel, and multiplied as usual.
    TransposeFirst,
    /// The same for a long k, in panels that are as high as a tile (`transposed_a/packed.rs`).
    Packed,
    /// As Cᵀ = Bᵀ A, for the first `columns` of `B`, which are whole vectors and are transposed, as is what is computed from them; the rest by dot products.
    BySamples { columns: usize },
    /// The same, with `C` transposed in the registers of AVX-512 (`transposed_a/avx512.rs`).
    Avx512 { columns: usize },
    /// By dot products of columns, whose lanes are summed up (`transposed_a/dot_products.rs`).
    DotProducts,
}

impl TransposedAPlan {
    #[inline(always)]
    pub(crate) const fn of(sizes: [usize; 3], registers: Registers) -> Self {
        if transposes_a(sizes, registers.scalar) {
            return Self::transposed(sizes[1], registers);
        }
        Self::as_it_stands(sizes, registers)
    }

    /// The plan where `A` is [transposed](transposes_a): the numbers are the same, to the bit.
    #[inline(always)]
    pub(crate) const fn transposed(k: usize, registers: Registers) -> Self {
        let height = tile_vectors(registers.are_many) * registers.lanes;
        if k <= TRANSPOSE_K && k * height * registers.scalar <= PANEL_BYTES {
            Self::TransposeFirst
        } else {
            Self::Packed
        }
    }

    /// The plan where `A` is not [transposed](transposes_a).
    #[inline(always)]
    pub(crate) const fn as_it_stands([m, k, n]: [usize; 3], registers: Registers) -> Self {
        let columns = if k <= TRANSPOSE_K { n - n % registers.lanes } else { 0 };
        if columns == 0 {
            Self::DotProducts
        } else if registers.bytes() == LINE && m >= QUAD {
            Self::Avx512 { columns }
        } else {
            Self::BySamples { columns }
        }
    }
}

/// Whether C = Aᵀ B transposes `A`. The parts that threads do must do as the whole, since they would be rounded otherwise: this depends on no machine,
/// and is asked once, of the whole.
///
/// `A` fits into a [panel](PANEL_BYTES), or k m numbers are moved for it at two thirds of the cost of the n (k + m) numbers of `B` and `C`, which
/// are moved while others are multiplied.
#[inline(always)]
pub(crate) const fn transposes_a([m, k, n]: [usize; 3], scalar: usize) -> bool {
    if k > TRANSPOSE_K {
        return k <= BLOCKED_K && n >= TRANSPOSE_N && m >= TRANSPOSE_M;
    }
    let is_small = k * m <= PANEL_BYTES / scalar || 3 * k * m <= 2 * n * (k + m);
    k <= TRANSPOSE_K_PER_COLUMN * n && is_small
}

/// Whether a layer of m outputs and k inputs sums up two halves of its inputs apart: split-K. It does on one thread too, so that sums are rounded the same way.
#[inline(always)]
pub(crate) const fn splits_k(m: usize, k: usize) -> bool {
    m * k >= SPLIT_K_WEIGHTS && k >= SPLIT_K_INPUTS
}

/// Where the k inputs of a layer are cut, for all three of its products: `part` of `whole` equal parts, in multiples of [`SPLIT_K_UNIT`].
#[inline(always)]
pub(crate) const fn cut_k(k: usize, part: usize, whole: usize) -> usize {
    let cut = (k * part / whole).next_multiple_of(SPLIT_K_UNIT);
    if cut < k { cut } else { k }
}

/// How a dense layer of m outputs and k inputs computes its scores, Y = b + W X.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DensePlan {
    /// One sample, small weights: y = b + W x in the code of the pass itself.
    GemvInline,
    /// One sample: y = b + W x.
    Gemv,
    /// The same while training, as two halves of k.
    GemvSplitK,
    /// Several samples: Y = b + W X.
    Gemm,
    /// The same while training, as two halves of k.
    GemmSplitK,
}

impl DensePlan {
    /// One sample, when nothing is trained.
    #[inline(always)]
    pub(crate) const fn one(m: usize, k: usize) -> Self {
        if m * k <= GEMV_INLINE && k <= BLOCKED_K { Self::GemvInline } else { Self::Gemv }
    }

    /// The forward pass of a training step.
    #[inline(always)]
    pub(crate) const fn training(m: usize, k: usize, samples: usize) -> Self {
        match (samples, splits_k(m, k)) {
            (1, false) => Self::Gemv,
            (1, true) => Self::GemvSplitK,
            (_, false) => Self::Gemm,
            (_, true) => Self::GemmSplitK,
        }
    }
}

/// How the gradient of m x k weights becomes a step: dW = dY Xᵀ, over n samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightGradientPlan {
    /// One sample, whole cache lines: dW = dy xᵀ goes into the step as it is computed, and is nowhere stored.
    OuterProduct,
    /// C = A Bᵀ, for `columns` columns of dW (inputs) at a time.
    Blocks { columns: usize },
}

impl WeightGradientPlan {
    #[inline(always)]
    pub(crate) const fn of(m: usize, samples: usize, scalar: usize) -> Self {
        if samples == 1 && (m * scalar).is_multiple_of(LINE) {
            return Self::OuterProduct;
        }
        let rows = if m == 0 { 1 } else { m };
        let (numbers, [least, most]) = if rows * scalar >= PACKED_STRIDE && samples >= PACKED_K {
            (PACKED_GRADIENT_BYTES / scalar, [PACKED_N, PACKED_GRADIENT_COLUMNS])
        } else {
            (GRADIENT_BLOCK, [TILE_COLUMNS, usize::MAX])
        };
        let columns = match numbers / rows / TILE_COLUMNS * TILE_COLUMNS {
            columns if columns < least => least,
            columns if columns > most => most,
            columns => columns,
        };
        Self::Blocks { columns }
    }
}

// # Names, for whoever prints a plan.

impl GemmPlan {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "Blocked",
            Self::Packed => "Packed",
            Self::Swapped => "Swapped",
            Self::Narrow { .. } => "Narrow",
            Self::Tiled { .. } => "Tiled",
        }
    }

    /// That of C = A B for contiguous matrices.
    const fn contiguous([m, k, n]: [usize; 3], transposed_b: bool, registers: Registers) -> Self {
        Self::of(GemmSizes { m, k, n, a_stride: m, transposed_b }, registers)
    }
}

impl GemvPlan {
    const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "Blocked",
            Self::Narrow => "Narrow",
            Self::NarrowRegister => "NarrowRegister",
            Self::Streamed => "Streamed",
            Self::Aligned => "Aligned",
            Self::FourVectors => "FourVectors",
            Self::Vectors => "Vectors",
        }
    }
}

impl TransposedAPlan {
    const fn name(self) -> &'static str {
        match self {
            Self::TransposeFirst => "TransposeFirst",
            Self::Packed => "Packed",
            Self::BySamples { .. } => "BySamples",
            Self::Avx512 { .. } => "Avx512",
            Self::DotProducts => "DotProducts",
        }
    }
}

impl DensePlan {
    /// What it is called for m outputs and k inputs.
    const fn name(self, [m, k, n]: [usize; 3], registers: Registers) -> KernelName {
        let half = cut_k(k, 1, 2);
        match self {
            Self::GemvInline => {
                KernelName::calling("GemvInline", GemvPlan::inline(m, k, registers).name())
            }
            Self::Gemv => KernelName::calling("Gemv", GemvPlan::of(m, k, registers).name()),
            Self::GemvSplitK => {
                KernelName::calling("GemvSplitK", GemvPlan::of(m, half, registers).name())
            }
            Self::Gemm => {
                let plan = GemmPlan::contiguous([m, k, n], false, registers);
                KernelName::calling("Gemm", plan.name())
            }
            Self::GemmSplitK => {
                let plan = GemmPlan::contiguous([m, half, n], false, registers);
                KernelName::calling("GemmSplitK", plan.name())
            }
        }
    }
}

/// All that a dense layer of m outputs and k inputs runs for n samples.
pub(crate) const fn dense([m, k, n]: [usize; 3], registers: Registers) -> LayerPlan {
    let sizes = [m, k, n];
    let forward = if n == 1 { DensePlan::one(m, k) } else { DensePlan::Gemm };
    let weight_gradient = match WeightGradientPlan::of(m, n, registers.scalar) {
        WeightGradientPlan::OuterProduct => KernelName::new("OuterProduct"),
        WeightGradientPlan::Blocks { columns } => {
            let columns = if columns < k { columns } else { k };
            let plan = GemmPlan::contiguous([m, n, columns], true, registers);
            KernelName::calling("Blocks", plan.name())
        }
    };
    LayerPlan {
        product: sizes,
        forward: forward.name(sizes, registers),
        training: DensePlan::training(m, k, n).name(sizes, registers),
        // Aᵀ B with A the weights: m inputs, k outputs.
        input_gradient: KernelName::new(TransposedAPlan::of([k, m, n], registers).name()),
        weight_gradient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NEON, AVX2, AVX-512, with `f32`: 4, 8 and 16 lanes.
    const SETS: [Registers; 3] = [
        Registers { lanes: 4, scalar: 4, are_many: true },
        Registers { lanes: 8, scalar: 4, are_many: false },
        Registers { lanes: 16, scalar: 4, are_many: true },
    ];
    const AVX512: Registers = SETS[2];

    /// Forward, forward in training, input gradient, weight gradient.
    fn names(sizes: [usize; 3], registers: Registers) -> [String; 4] {
        let plan = dense(sizes, registers);
        [plan.forward, plan.training, plan.input_gradient, plan.weight_gradient]
            .map(|name| name.to_string())
    }

    /// Layers that people have, outputs x inputs, and numbers of samples: what each of their products runs on 4, 8 and 16 lanes.
    #[test]
    fn layers_of_networks() {
        let same = |names: [&'static str; 4]| [names; 3];
        let table = [
            (
                [128, 784, 1],
                [
                    ["Gemv(Streamed)", "GemvSplitK(Aligned)", "DotProducts", "OuterProduct"],
                    ["Gemv(Streamed)", "GemvSplitK(Aligned)", "DotProducts", "OuterProduct"],
                    ["Gemv(Vectors)", "GemvSplitK(Vectors)", "DotProducts", "OuterProduct"],
                ],
            ),
            (
                [128, 784, 32],
                [
                    ["Gemm(Tiled)", "GemmSplitK(Tiled)", "BySamples", "Blocks(Tiled)"],
                    ["Gemm(Tiled)", "GemmSplitK(Tiled)", "BySamples", "Blocks(Tiled)"],
                    ["Gemm(Tiled)", "GemmSplitK(Tiled)", "Avx512", "Blocks(Tiled)"],
                ],
            ),
            (
                [512, 784, 32],
                [
                    ["Gemm(Packed)", "GemmSplitK(Packed)", "BySamples", "Blocks(Packed)"],
                    ["Gemm(Packed)", "GemmSplitK(Packed)", "BySamples", "Blocks(Packed)"],
                    ["Gemm(Packed)", "GemmSplitK(Packed)", "Avx512", "Blocks(Packed)"],
                ],
            ),
            (
                [10, 128, 32],
                [
                    ["Gemm(Tiled)", "Gemm(Tiled)", "TransposeFirst", "Blocks(Tiled)"],
                    ["Gemm(Tiled)", "Gemm(Tiled)", "TransposeFirst", "Blocks(Tiled)"],
                    ["Gemm(Narrow)", "Gemm(Narrow)", "TransposeFirst", "Blocks(Narrow)"],
                ],
            ),
            (
                [10, 128, 64],
                [
                    ["Gemm(Tiled)", "Gemm(Tiled)", "TransposeFirst", "Blocks(Tiled)"],
                    ["Gemm(Tiled)", "Gemm(Tiled)", "TransposeFirst", "Blocks(Swapped)"],
                    ["Gemm(Narrow)", "Gemm(Narrow)", "TransposeFirst", "Blocks(Swapped)"],
                ],
            ),
            (
                [64, 8, 1],
                same(["GemvInline(Vectors)", "Gemv(Vectors)", "DotProducts", "OuterProduct"]),
            ),
            (
                [64, 64, 1],
                [
                    ["GemvInline(Aligned)", "Gemv(Aligned)", "DotProducts", "OuterProduct"],
                    ["GemvInline(Vectors)", "Gemv(Vectors)", "DotProducts", "OuterProduct"],
                    ["GemvInline(FourVectors)", "Gemv(FourVectors)", "DotProducts", "OuterProduct"],
                ],
            ),
            (
                [4, 6, 1],
                [
                    ["GemvInline(Vectors)", "Gemv(Vectors)", "TransposeFirst", "Blocks(Tiled)"],
                    [
                        "GemvInline(NarrowRegister)",
                        "Gemv(Narrow)",
                        "TransposeFirst",
                        "Blocks(Narrow)",
                    ],
                    [
                        "GemvInline(NarrowRegister)",
                        "Gemv(Narrow)",
                        "TransposeFirst",
                        "Blocks(Narrow)",
                    ],
                ],
            ),
            (
                [10, 5000, 1],
                [
                    ["Gemv(Blocked)", "GemvSplitK(Vectors)", "DotProducts", "Blocks(Tiled)"],
                    ["Gemv(Blocked)", "GemvSplitK(Vectors)", "DotProducts", "Blocks(Tiled)"],
                    ["Gemv(Blocked)", "GemvSplitK(Narrow)", "DotProducts", "Blocks(Narrow)"],
                ],
            ),
            (
                [256, 9000, 8],
                [
                    ["Gemm(Blocked)", "GemmSplitK(Blocked)", "BySamples", "Blocks(Tiled)"],
                    ["Gemm(Blocked)", "GemmSplitK(Blocked)", "BySamples", "Blocks(Tiled)"],
                    ["Gemm(Blocked)", "GemmSplitK(Blocked)", "DotProducts", "Blocks(Tiled)"],
                ],
            ),
        ];
        for (sizes, expected) in table {
            for (registers, expected) in SETS.into_iter().zip(expected) {
                assert_eq!(names(sizes, registers), expected, "{sizes:?} with {registers:?}");
            }
        }
    }

    fn gemm(sizes: [usize; 3]) -> GemmPlan {
        GemmPlan::contiguous(sizes, false, AVX512)
    }

    fn transposed_b(sizes: [usize; 3]) -> GemmPlan {
        GemmPlan::contiguous(sizes, true, AVX512)
    }

    /// Both sides of each threshold of C = A B.
    #[test]
    fn thresholds_of_gemm() {
        assert_eq!(gemm([64, 4096, 12]), GemmPlan::Tiled { depth: 4096 });
        assert_eq!(gemm([64, 4097, 12]), GemmPlan::Blocked);
        assert_eq!(gemm([256, 32, 24]), GemmPlan::Packed);
        assert_eq!(gemm([255, 32, 24]), GemmPlan::Tiled { depth: 32 });
        assert_eq!(gemm([256, 31, 24]), GemmPlan::Tiled { depth: 31 });
        assert_eq!(gemm([256, 32, 23]), GemmPlan::Tiled { depth: 32 });
        assert_eq!(gemm([16, 32, 24]), GemmPlan::Tiled { depth: 32 });
        assert_eq!(gemm([15, 32, 24]), GemmPlan::Narrow { depth: 32 });
        // Bytes, not numbers, lie between the columns.
        let doubles = Registers { lanes: 8, scalar: 8, are_many: true };
        assert_eq!(GemmPlan::contiguous([128, 32, 24], false, doubles), GemmPlan::Packed);
        // Some rows of a larger matrix: its columns are far apart, but fewer rows than lanes are not packed.
        let sizes = GemmSizes { m: 16, k: 32, n: 24, a_stride: 256, transposed_b: false };
        assert_eq!(GemmPlan::of(sizes, AVX512), GemmPlan::Packed);
        let sizes = GemmSizes { m: 15, ..sizes };
        assert_eq!(GemmPlan::of(sizes, AVX512), GemmPlan::Narrow { depth: 32 });
    }

    /// Panels of about the same size, which leave room in the cache.
    #[test]
    fn depths_of_panels() {
        assert_eq!([96, 97, 784, 2048].map(|k| panel_depth(k, 64, 4)), [96, 49, 88, 94]);
        assert_eq!([384, 385].map(|k| panel_depth(k, 16, 4)), [384, 193]);
        assert_eq!(panel_depth(1000, 32, 8), 91);
    }

    /// Both sides of each threshold of C = A Bᵀ.
    #[test]
    fn thresholds_of_gemm_transposed_b() {
        assert_eq!(transposed_b([10, 64, 128]), GemmPlan::Swapped);
        assert_eq!(transposed_b([10, 63, 128]), GemmPlan::Narrow { depth: 819 });
        assert_eq!(transposed_b([1, 64, 16]), GemmPlan::Swapped);
        assert_eq!(transposed_b([1, 64, 15]), GemmPlan::Narrow { depth: 8192 });
        // 24 rows take two vectors, of which a quarter is not used.
        assert_eq!(transposed_b([24, 64, 128]), GemmPlan::Swapped);
        assert_eq!(transposed_b([25, 64, 128]), GemmPlan::Tiled { depth: 327 });
        // 33 rows take three, of which more is not used; but 64 columns of them are not on the stack.
        assert_eq!(transposed_b([33, 64, 128]), GemmPlan::Tiled { depth: 248 });
        assert_eq!(transposed_b([341, 1000, 12]), GemmPlan::Tiled { depth: 24 });
        assert_eq!(transposed_b([327, 1000, 12]), GemmPlan::Tiled { depth: 25 });
        assert_eq!(transposed_b([1000, 1000, 12]), GemmPlan::Tiled { depth: 24 });
        // As many samples as pay for packing, fewer than for C = A B.
        assert_eq!(transposed_b([256, 12, 24]), GemmPlan::Packed);
        assert_eq!(transposed_b([256, 11, 24]), GemmPlan::Tiled { depth: 32 });
        assert_eq!(transposed_b([256, 12, 23]), GemmPlan::Tiled { depth: 32 });
        assert_eq!(
            GemmPlan::contiguous([10, 64, 128], false, AVX512),
            GemmPlan::Narrow { depth: 64 }
        );
    }

    /// Both sides of each threshold of y = A x.
    #[test]
    fn thresholds_of_gemv() {
        assert_eq!(DensePlan::one(128, 64), DensePlan::GemvInline);
        assert_eq!(DensePlan::one(2731, 3), DensePlan::Gemv);
        assert_eq!(DensePlan::one(1, 4096), DensePlan::GemvInline);
        assert_eq!(DensePlan::one(1, 4097), DensePlan::Gemv);
        let plan = |m, k| GemvPlan::of(m, k, AVX512);
        assert_eq!(plan(255, 4096), GemvPlan::Vectors);
        assert_eq!(plan(255, 4097), GemvPlan::Blocked);
        assert_eq!(plan(256, 4097), GemvPlan::Streamed);
        assert_eq!(plan(256, 257), GemvPlan::Streamed);
        assert_eq!(plan(256, 256), GemvPlan::Aligned);
        assert_eq!(plan(257, 100), GemvPlan::Vectors);
        assert_eq!(plan(240, 100), GemvPlan::Vectors);
        assert_eq!(plan(256, 9), GemvPlan::Aligned);
        assert_eq!(plan(256, 8), GemvPlan::Vectors);
        assert_eq!(plan(64, 33), GemvPlan::FourVectors);
        assert_eq!(plan(64, 32), GemvPlan::Vectors);
        assert_eq!(plan(48, 100), GemvPlan::Vectors);
        assert_eq!(plan(16, 100), GemvPlan::Vectors);
        assert_eq!(plan(15, 100), GemvPlan::Narrow);
        let inline = |m, k| GemvPlan::inline(m, k, AVX512);
        assert_eq!(
            [4, 8, 7, 9].map(|m| inline(m, 10)),
            [
                GemvPlan::NarrowRegister,
                GemvPlan::NarrowRegister,
                GemvPlan::Narrow,
                GemvPlan::Narrow,
            ]
        );
    }

    /// Both sides of each threshold of split-K, which no instruction set changes.
    #[test]
    fn thresholds_of_split_k() {
        assert!(splits_k(512, 64));
        assert!(!splits_k(511, 64));
        assert!(!splits_k(1000, 63));
        assert_eq!(DensePlan::training(512, 64, 1), DensePlan::GemvSplitK);
        assert_eq!(DensePlan::training(512, 64, 2), DensePlan::GemmSplitK);
        assert_eq!(DensePlan::training(511, 64, 1), DensePlan::Gemv);
        assert_eq!(DensePlan::training(511, 64, 2), DensePlan::Gemm);
        assert_eq!([cut_k(784, 1, 2), cut_k(70, 1, 2), cut_k(5, 1, 2)], [392, 36, 4]);
        assert_eq!([cut_k(10, 2, 2), cut_k(3, 1, 2)], [10, 3]);
    }

    /// Both sides of each threshold of C = Aᵀ B.
    #[test]
    fn thresholds_of_gemm_transposed_a() {
        let plan = |m, k, n| TransposedAPlan::of([m, k, n], AVX512);
        let avx512 = |columns| TransposedAPlan::Avx512 { columns };
        assert_eq!(plan(10, 16, 4), TransposedAPlan::TransposeFirst);
        assert_eq!(plan(10, 17, 4), TransposedAPlan::DotProducts);
        assert_eq!(plan(16, 512, 128), TransposedAPlan::Packed);
        assert_eq!(plan(15, 513, 129), TransposedAPlan::DotProducts);
        // A panel is as high as a tile.
        assert_eq!(plan(784, 128, 1000), TransposedAPlan::TransposeFirst);
        assert_eq!(plan(784, 129, 1000), TransposedAPlan::Packed);
        for (set, k) in [(SETS[0], 512), (SETS[1], 512)] {
            let plan = |k| TransposedAPlan::of([784, k, 1000], set);
            assert_eq!(plan(k), TransposedAPlan::TransposeFirst);
            assert_eq!(plan(k + 1), TransposedAPlan::Packed);
        }
        // A long k.
        assert_eq!(plan(2048, 513, 16), TransposedAPlan::Packed);
        assert_eq!(plan(2048, 512, 16), avx512(16));
        assert_eq!(plan(2048, 513, 15), TransposedAPlan::DotProducts);
        assert_eq!(plan(16, 4096, 16), TransposedAPlan::Packed);
        assert_eq!(plan(15, 4096, 16), TransposedAPlan::DotProducts);
        assert_eq!(plan(2048, 4097, 64), TransposedAPlan::DotProducts);
        // A panel holds 8192 numbers of `f32`.
        assert_eq!(plan(128, 64, 16), TransposedAPlan::TransposeFirst);
        assert_eq!(plan(129, 64, 16), avx512(16));
        // 3 k m against 2 n (k + m).
        assert_eq!(plan(784, 128, 166), TransposedAPlan::TransposeFirst);
        assert_eq!(plan(784, 128, 165), avx512(160));
        // Whole vectors of samples.
        assert_eq!(plan(784, 128, 31), avx512(16));
        assert_eq!(plan(784, 128, 15), TransposedAPlan::DotProducts);
        // Whole quads of rows.
        assert_eq!(plan(4, 300, 32), avx512(32));
        assert_eq!(plan(3, 300, 32), TransposedAPlan::BySamples { columns: 32 });
        let avx2 = TransposedAPlan::of([784, 128, 31], SETS[1]);
        assert_eq!(avx2, TransposedAPlan::BySamples { columns: 24 });
        // What depends on the machine is not whether `A` is transposed.
        for registers in SETS {
            let plan = TransposedAPlan::of([784, 128, 166], registers);
            assert_eq!(plan, TransposedAPlan::TransposeFirst);
        }
    }

    /// Both sides of each threshold of dW = dY Xᵀ.
    #[test]
    fn thresholds_of_weight_gradients() {
        let plan = |m, samples| WeightGradientPlan::of(m, samples, 4);
        assert_eq!(plan(16, 1), WeightGradientPlan::OuterProduct);
        assert_eq!(plan(16, 2), WeightGradientPlan::Blocks { columns: 192 });
        assert_eq!(plan(15, 1), WeightGradientPlan::Blocks { columns: 204 });
        assert_eq!(WeightGradientPlan::of(8, 1, 8), WeightGradientPlan::OuterProduct);
        assert_eq!(plan(255, 32), WeightGradientPlan::Blocks { columns: 12 });
        assert_eq!(plan(256, 31), WeightGradientPlan::Blocks { columns: 12 });
        // Packed.
        assert_eq!(plan(256, 32), WeightGradientPlan::Blocks { columns: 96 });
        assert_eq!(plan(2048, 32), WeightGradientPlan::Blocks { columns: 96 });
        assert_eq!(plan(2049, 32), WeightGradientPlan::Blocks { columns: 84 });
        assert_eq!(WeightGradientPlan::of(2048, 32, 8), WeightGradientPlan::Blocks { columns: 48 });
        assert_eq!(plan(128, 32), WeightGradientPlan::Blocks { columns: 24 });
        assert_eq!(plan(5000, 32), WeightGradientPlan::Blocks { columns: 36 });
        assert_eq!(plan(10000, 32), WeightGradientPlan::Blocks { columns: 24 });
    }
}
