//! Winograd's convolution F(4x4, 3x3): a tile of 4x4 outputs of a 3x3 window takes 36 multiplications for each pair of channels in the place of 144.
//!
//! A tile is 6x6 numbers d of an input channel, of which a window g makes 4x4 outputs:
//!
//! Y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A
//!
//! Sums over channels are taken before the last transform, so they are 36 matrix products, tiles x inputs by inputs x outputs: U = G g Gᵀ is made once a call,
//! V = Bᵀ d B once a tile and input channel, Aᵀ M A once a tile and output channel. With many channels, a quarter of the multiplications is what is left.
//!
//! | file | is |
//! |---|---|
//! | `transforms` | the small matrices |
//! | `kernels` | U |
//! | `tiles` | V from images, and images from M |
//! | `product` | M = V U |
//! | `forward` | the convolution, a block of tiles at a time: V and M stay in the L2 cache |
//! | `backward_weights` | the gradient of the weights |
//!
//! The gradient of the inputs is the convolution of dY with windows that are turned by half a turn, inputs and outputs exchanged.
//!
//! # Rounding
//!
//! Errors against `f64`, relative to the root mean square of the outputs, with normally distributed inputs and weights in `f32`: the root mean square, and the largest of 25,600 outputs.
//!
//! | input channels | direct | here | with the points 0, ±1, ±2, ∞ |
//! |---|---|---|---|
//! | 16 | 2.2e-7, 2.0e-6 | 4.7e-7, 3.7e-6 | 9.8e-7, 1.2e-5 |
//! | 64 | 4.4e-7, 3.6e-6 | 7.6e-7, 5.4e-6 | 1.6e-6, 2.5e-5 |
//! | 256 | 8.5e-7, 8.0e-6 | 1.4e-6, 1.3e-5 | 3.2e-6, 5.9e-5 |
//!
//! Numbers of a tile are mixed: NaN or infinity in one makes all outputs of its tiles NaN, and of two numbers of very different size in a tile, the smaller one's digits are lost.
//!
//! Sources: S. Winograd, "Arithmetic Complexity of Computations", SIAM 1980; A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016;
//! for points, B. Barabasz, A. Anderson, K. Soodhalter, D. Gregg, "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks",
//! ACM TOMS 46 (2020).

#[cfg(feature = "train")]
mod backward_weights;
mod forward;
mod kernels;
mod product;
#[cfg(test)]
mod tests;
mod tiles;
mod transforms;

use core::ops::Range;

#[cfg(feature = "train")]
pub(crate) use crate::kernels::conv::winograd::backward_weights::WinogradWeights;
pub(crate) use crate::kernels::conv::winograd::forward::WinogradConvolution;
use crate::kernels::conv::winograd::product::most_vectors;
use crate::kernels::geometry::Sizes;
use crate::simd::Registers;

/// Rows and columns of outputs of a tile.
pub(crate) const TILE: usize = 4;

/// Rows and columns of inputs of a tile.
const SIDE: usize = 6;

/// Numbers of a transformed tile.
pub(crate) const NUMBERS: usize = SIDE * SIDE;

/// Weights of a window in one channel.
const TAPS: usize = 9;

/// Scalars between two of the 36 matrices: a cache line at least, so that vectors of all 36 do not fall into one set of the L1 cache.
const GAP: usize = 16;

/// The most bytes of what a convolution keeps for some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// V of a block of tiles: with M, and U of one of the 36 numbers, it fits a usual L2 cache.
    block: usize,
    /// U for all blocks of tiles: a core's part of an L3 cache.
    weights: usize,
    /// V of a block of tiles where U is made for each block anew.
    large_block: usize,
}

impl Budget {
    pub(crate) const USUAL: Self =
        Self { block: 256 * 1024, weights: 10 * 1024 * 1024, large_block: 4 * 1024 * 1024 };
}

/// The sizes of a convolution with a 3x3 window that moves by one row and column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Channels, rows, columns.
    input: [usize; 3],
    /// Channels, rows, columns.
    output: [usize; 3],
    /// Above, left.
    padding: [usize; 2],
}

/// Which way windows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The weights have a row for each output channel.
    Forward,
    /// For the gradient of inputs: the weights are those of the convolution whose gradient it is, and have a row for each *input* channel.
    Flipped,
}

impl Shape {
    #[inline(always)]
    pub(crate) const fn of(sizes: &Sizes) -> Self {
        Self { input: sizes.input, output: sizes.output, padding: sizes.padding }
    }

    /// Of the convolution of dY that gives the gradient of the inputs. The padding must not be larger than 2.
    #[inline(always)]
    pub(crate) const fn of_backward_data(sizes: &Sizes) -> Self {
        let [above, left] = sizes.padding;
        let padding = [2_usize.saturating_sub(above), 2_usize.saturating_sub(left)];
        Self { input: sizes.output, output: sizes.input, padding }
    }

    fn inputs(&self) -> usize {
        self.input[0]
    }

    fn height(&self) -> usize {
        self.input[1]
    }

    fn width(&self) -> usize {
        self.input[2]
    }

    fn outputs(&self) -> usize {
        self.output[0]
    }

    fn rows(&self) -> usize {
        self.output[1]
    }

    fn columns(&self) -> usize {
        self.output[2]
    }

    fn input_len(&self) -> usize {
        self.inputs() * self.height() * self.width()
    }

    fn output_len(&self) -> usize {
        self.outputs() * self.rows() * self.columns()
    }

    /// Rows and columns of tiles in a sample.
    fn tiles(&self) -> [usize; 2] {
        [self.rows().div_ceil(TILE), self.columns().div_ceil(TILE)]
    }

    /// The rows of tiles of some samples.
    #[cfg(any(test, feature = "train"))]
    fn all_rows(&self, samples: usize) -> Range<usize> {
        0..samples * self.tiles()[0]
    }

    /// The sample of a row of tiles, and which of the sample's rows of tiles it is.
    fn sample_and_row(&self, row: usize) -> (usize, usize) {
        let [rows, _] = self.tiles();
        (row / rows, row % rows)
    }
}

/// Tiles that are transformed at a time: rows of tiles, of one sample or of several, or a part of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TileBlock {
    /// Counted through all samples.
    first_row: usize,
    rows: usize,
    first_column: usize,
    columns: usize,
}

impl TileBlock {
    fn len(&self) -> usize {
        self.rows * self.columns
    }
}

/// All blocks of some rows of tiles.
#[derive(Clone, Copy, Debug)]
struct TileBlocks {
    /// Where the rows and columns of tiles end.
    ends: [usize; 2],
    /// Of the largest block.
    rows: usize,
    columns: usize,
    /// Of the next one.
    row: usize,
    column: usize,
}

/// Blocks of some rows of tiles: of about the same size, of up to `bytes` bytes.
fn tile_blocks(
    shape: &Shape,
    of_rows: Range<usize>,
    registers: Registers,
    bytes: usize,
) -> TileBlocks {
    let (rows, columns) = (of_rows.len(), shape.tiles()[1]);
    let channels = shape.inputs().next_multiple_of(registers.lanes);
    let most = (bytes / (NUMBERS * channels * registers.scalar)).max(LEAST_TILES);
    let (block_rows, block_columns) = if columns > most {
        (1, columns.div_ceil(columns.div_ceil(most)))
    } else {
        (rows.div_ceil(rows.div_ceil(most / columns)), columns)
    };
    TileBlocks {
        ends: [of_rows.end, columns],
        rows: block_rows,
        columns: block_columns,
        row: of_rows.start,
        column: 0,
    }
}

/// The fewest tiles of a block: with fewer, weights would be read more often than they are multiplied.
const LEAST_TILES: usize = 16;

impl TileBlocks {
    /// How many there are, before the first one is taken.
    fn number(&self) -> usize {
        let [rows, columns] = self.ends;
        (rows - self.row).div_ceil(self.rows) * columns.div_ceil(self.columns)
    }

    fn most_tiles(&self) -> usize {
        self.rows * self.columns
    }
}

impl Iterator for TileBlocks {
    type Item = TileBlock;

    fn next(&mut self) -> Option<TileBlock> {
        let [rows, columns] = self.ends;
        if self.column >= columns {
            self.column = 0;
            self.row += self.rows;
        }
        if self.row >= rows {
            return None;
        }
        let block = TileBlock {
            first_row: self.row,
            rows: self.rows.min(rows - self.row),
            first_column: self.column,
            columns: self.columns.min(columns - self.column),
        };
        self.column += self.columns;
        Some(block)
    }
}

/// How the outputs are cut into blocks, each a few vectors wide: as wide as a tile of registers, or a little less where that leaves none that is narrow.
#[derive(Clone, Copy, Debug)]
struct OutputBlocks {
    /// The first vector of outputs, and how many there are.
    first: usize,
    vectors: usize,
    /// The most of a block.
    most: usize,
    lanes: usize,
}

impl OutputBlocks {
    fn of(vectors: Range<usize>, registers: Registers) -> Self {
        let (most, lanes) = (most_vectors(registers.are_many), registers.lanes);
        Self { first: vectors.start, vectors: vectors.len(), most, lanes }
    }

    /// Of all outputs.
    #[cfg(feature = "train")]
    fn all(shape: &Shape, registers: Registers) -> Self {
        Self::of(0..shape.outputs().div_ceil(registers.lanes), registers)
    }

    fn count(&self) -> usize {
        self.vectors.div_ceil(self.most)
    }

    /// The vectors of a block, or, for `count`, none behind the last.
    fn vectors(&self, block: usize) -> Range<usize> {
        let first = |block| self.first + self.vectors * block / self.count();
        first(block)..first((block + 1).min(self.count()))
    }

    fn most_vectors(&self) -> usize {
        self.vectors.div_ceil(self.count())
    }

    /// Where a block's 36 matrices of `inputs` rows begin.
    fn start(&self, block: usize, inputs: usize) -> usize {
        let vectors = self.vectors(block).start - self.first;
        NUMBERS * (vectors * self.lanes * inputs + block * GAP)
    }

    /// From one of them to the next.
    fn stride(&self, block: usize, inputs: usize) -> usize {
        self.vectors(block).len() * self.lanes * inputs + GAP
    }
}

/// Pieces of memory, each of which begins at a cache line if the memory does.
fn carve<T, const N: usize>(memory: &mut [T], lengths: [usize; N]) -> [*mut T; N] {
    let mut rest = memory;
    lengths.map(|length| {
        let (piece, after) = core::mem::take(&mut rest).split_at_mut(length.next_multiple_of(GAP));
        rest = after;
        piece.as_mut_ptr()
    })
}
