//! From images to transformed tiles, and from sums of products to images. Vectors hold channels: pixels of a few rows of an image are transposed on the way.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::winograd::product::Numbers;
use crate::kernels::conv::winograd::transforms;
use crate::kernels::conv::winograd::{SIDE, Shape, TILE, TileBlock};
use crate::kernels::epilogue::PostOps;
use crate::memory::Shared;
use crate::simd::{Columns, Element, Vector, transpose};

/// Rows of an image that are there, transposed, at a time: those of a tile, and two that the tile below it needs too.
pub(super) const RING_ROWS: usize = 8;

/// Planes that are written at a time, side by side.
const PLANES: usize = 8;

/// V = Bᵀ d B for a block of tiles.
pub(super) struct InputTiles<'a, T> {
    pub(super) shape: Shape,
    pub(super) inputs: &'a [T],
    pub(super) block: TileBlock,
    /// Where to: a step is a tile.
    pub(super) to: Numbers<*mut T>,
    /// Room for [`RING_ROWS`] rows of the columns of a block, a row of zeros, and [`SIDE`] rows of sums.
    pub(super) rows: [*mut T; 3],
}

/// How many pixels the rows of [`InputTiles`] have for a block of `columns` tiles.
pub(super) const fn row_pixels(columns: usize) -> usize {
    columns * TILE + SIDE - TILE
}

impl<T: Element> InputTiles<'_, T> {
    /// The columns of the image that the block sees, and how many columns of zeros are left of them.
    #[inline(always)]
    fn columns(&self) -> (usize, usize, usize) {
        let first = self.block.first_column * TILE;
        let padding = self.shape.padding[1];
        let left = padding.saturating_sub(first);
        let start = (first + left - padding).min(self.shape.width());
        let end = (first + row_pixels(self.block.columns)).saturating_sub(padding);
        let end = end.min(self.shape.width()).max(start);
        (start, end, left)
    }
}

impl<T: Element> WithSimd for InputTiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, inputs, block, to, rows: [ring, zeros, sums] } = self;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let (start, end, left) = self.columns();
        let width = end - start;
        let (height, plane) = (shape.height(), shape.height() * shape.width());
        let pixels = row_pixels(block.columns);
        // SAFETY: every offset below is that of a vector of the rows, of a number of a sample, or of a tile's vector.
        unsafe {
            for x in 0..width {
                zero.store_ptr(zeros.add(x * lanes));
            }
            for x in (0..left.min(pixels)).chain((left + width).min(pixels)..pixels) {
                for i in 0..SIDE {
                    zero.store_ptr(sums.add((x * SIDE + i) * lanes));
                }
            }
            for first in (0..shape.inputs()).step_by(lanes) {
                let channels = lanes.min(shape.inputs() - first);
                for index in 0..block.rows {
                    let (sample, y) = shape.sample_and_row(block.first_row + index);
                    let planes = inputs.as_ptr().add((sample * shape.inputs() + first) * plane);
                    // The rows of the image: its padding may be above, and below.
                    let row_of = |i: usize| {
                        (y * TILE + i).checked_sub(shape.padding[0]).filter(|row| *row < height)
                    };
                    let slot = |i: usize| ring.add((y * TILE + i + 6) % RING_ROWS * width * lanes);
                    // Two runs of rows that are side by side in the image and in the ring; the tiles above had the first.
                    let both = [0..2, 2..SIDE];
                    let runs = if index == 0 || y == 0 { &both[..] } else { &both[1..] };
                    for run in runs {
                        let mut rows = run.clone().filter_map(|i| Some((i, row_of(i)?)));
                        let Some((i, row)) = rows.next() else { continue };
                        let count = 1 + rows.count();
                        let from = planes.add(row * shape.width() + start);
                        // Whole rows are one long row.
                        let [times, length] = if width == shape.width() {
                            [1, count * width]
                        } else {
                            [count, width]
                        };
                        for time in 0..times {
                            let from =
                                Columns { first: from.add(time * shape.width()), stride: plane };
                            let to =
                                Columns { first: slot(i).add(time * width * lanes), stride: lanes };
                            transpose(simd, from, to, [length, channels]);
                        }
                    }
                    // Columns of the tiles.
                    let mut from = [zeros; SIDE];
                    for i in 0..SIDE {
                        if row_of(i).is_some() {
                            from[i] = slot(i);
                        }
                    }
                    for x in 0..width {
                        let mut line = [zero; SIDE];
                        for i in 0..SIDE {
                            line[i] = Vector::load_ptr(simd, from[i].add(x * lanes));
                        }
                        let line = transforms::input(line);
                        let to = sums.add((left + x) * SIDE * lanes);
                        for i in 0..SIDE {
                            line[i].store_ptr(to.add(i * lanes));
                        }
                    }
                    // Rows of the tiles.
                    for x in 0..block.columns {
                        let from = sums.add(x * TILE * SIDE * lanes);
                        let to_tile = to.first.add((index * block.columns + x) * to.step + first);
                        for i in 0..SIDE {
                            let mut line = [zero; SIDE];
                            for j in 0..SIDE {
                                line[j] = Vector::load_ptr(simd, from.add((j * SIDE + i) * lanes));
                            }
                            let line = transforms::input(line);
                            for j in 0..SIDE {
                                line[j].store_ptr(to_tile.add((i * SIDE + j) * to.stride));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Y = Aᵀ M A for some channels of a block of tiles, and what is behind the convolution.
pub(super) struct OutputTiles<'a, T> {
    pub(super) shape: Shape,
    pub(super) block: TileBlock,
    /// A step is a tile.
    pub(super) from: Numbers<*const T>,
    pub(super) outputs: Shared<'a, T>,
    /// The first channel, and how many vectors of channels there are.
    pub(super) channel: usize,
    pub(super) vectors: usize,
    /// Of the whole batch.
    pub(super) post: PostOps<'a, T>,
    /// Room for the rows of a block's tiles.
    pub(super) rows: *mut T,
}

impl<T: Element> WithSimd for OutputTiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, block, from, outputs, post, rows, .. } = self;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let one = Vector::splat(simd, T::one());
        let pixels = shape.rows() * shape.columns();
        let start = block.first_column * TILE;
        let width = (block.columns * TILE).min(shape.columns() - start);
        for vector in 0..self.vectors {
            let channel = self.channel + vector * lanes;
            let channels = lanes.min(shape.outputs() - channel);
            let of = |numbers: &[T], or: Vector<T, S>| match numbers.get(channel..) {
                Some(numbers) if !numbers.is_empty() => Vector::load_partial(simd, numbers),
                _ => or,
            };
            let (scale, shift) = (of(post.scale, one), of(post.shift, zero));
            let rectifies = post.relu && post.addend.is_empty();
            for index in 0..block.rows {
                let (sample, y) = shape.sample_and_row(block.first_row + index);
                let count = TILE.min(shape.rows() - y * TILE);
                for x in 0..block.columns {
                    let tile = (index * block.columns + x) * from.step + vector * lanes;
                    let columns = TILE.min(width - x * TILE);
                    // SAFETY: the tile's vectors are there, and so is room for its rows.
                    unsafe {
                        let from_tile = from.first.add(tile);
                        let mut lines = [[zero; SIDE]; TILE];
                        for j in 0..SIDE {
                            let mut line = [zero; SIDE];
                            for i in 0..SIDE {
                                let number = (i * SIDE + j) * from.stride;
                                line[i] = Vector::load_ptr(simd, from_tile.add(number));
                            }
                            let line = transforms::output(line);
                            for i in 0..TILE {
                                lines[i][j] = line[i];
                            }
                        }
                        for i in 0..TILE {
                            if i >= count {
                                break;
                            }
                            let mut line = transforms::output(lines[i]);
                            for j in 0..TILE {
                                line[j] = line[j].mul_add(scale, shift);
                                if rectifies {
                                    line[j] = line[j].less_than(zero).select(zero, line[j]);
                                }
                            }
                            let to = rows.add((i * width + x * TILE) * lanes);
                            for j in 0..TILE {
                                if j < columns {
                                    line[j].store_ptr(to.add(j * lanes));
                                }
                            }
                        }
                    }
                }
                // Whole rows are one long row.
                let [times, length] =
                    if width == shape.columns() { [1, count * width] } else { [count, width] };
                for time in 0..times {
                    let first = (sample * shape.outputs() + channel) * pixels
                        + (y * TILE + time) * shape.columns()
                        + start;
                    // Not all planes at a time: where they are a power of two long, their lines fall into one set of the L1 cache.
                    for part in (0..channels).step_by(PLANES) {
                        // SAFETY: the rows' pixels were written, and are as many in each of the planes.
                        unsafe {
                            let from = rows.add(time * width * lanes + part).cast_const();
                            let from = Columns { first: from, stride: lanes };
                            let to = outputs.as_mut_ptr().add(first + part * pixels);
                            let to = Columns { first: to, stride: pixels };
                            transpose(simd, from, to, [PLANES.min(channels - part), length]);
                        }
                    }
                    if post.addend.is_empty() {
                        continue;
                    }
                    for channel in 0..channels {
                        let at = first + channel * pixels;
                        let addend = &post.addend[at..at + length];
                        let last = PostOps { scale: &[], shift: &[], addend, ..post };
                        // SAFETY: these pixels of this channel are the part's own.
                        let own = unsafe { outputs.range(at..at + length).into_slice() };
                        last.finish(simd, own, length);
                    }
                }
            }
        }
    }
}

/// A dY Aᵀ for a block of tiles; numbers of a tile that are beyond the edges are zero.
#[cfg(feature = "train")]
pub(super) struct GradientTiles<'a, T> {
    pub(super) shape: Shape,
    pub(super) output_gradient: &'a [T],
    pub(super) block: TileBlock,
    /// Where to: a step is a tile.
    pub(super) to: Numbers<*mut T>,
    /// Room for the [`TILE`] rows of the columns of a block, and for [`SIDE`] rows.
    pub(super) rows: [*mut T; 2],
}

#[cfg(feature = "train")]
impl<T: Element> WithSimd for GradientTiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, output_gradient, block, to, rows: [rows, sums] } = self;
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let plane = shape.rows() * shape.columns();
        let start = block.first_column * TILE;
        let pixels = block.columns * TILE;
        let width = pixels.min(shape.columns() - start);
        // SAFETY: every offset below is that of a vector of the rows, of a number of a sample, or of a tile's vector.
        unsafe {
            for x in width..pixels {
                for i in 0..SIDE {
                    zero.store_ptr(sums.add((x * SIDE + i) * lanes));
                }
            }
            for first in (0..shape.outputs()).step_by(lanes) {
                let channels = lanes.min(shape.outputs() - first);
                for index in 0..block.rows {
                    let (sample, y) = shape.sample_and_row(block.first_row + index);
                    let count = TILE.min(shape.rows() - y * TILE);
                    let from = (sample * shape.outputs() + first) * plane
                        + y * TILE * shape.columns()
                        + start;
                    let from = output_gradient.as_ptr().add(from);
                    // Whole rows are one long row.
                    let [times, length] =
                        if width == shape.columns() { [1, count * width] } else { [count, width] };
                    for time in 0..times {
                        let from = from.add(time * shape.columns());
                        let from = Columns { first: from, stride: plane };
                        let to = Columns { first: rows.add(time * width * lanes), stride: lanes };
                        transpose(simd, from, to, [length, channels]);
                    }
                    // Columns of the tiles.
                    for x in 0..width {
                        let mut line = [zero; TILE];
                        for i in 0..TILE {
                            if i < count {
                                let from = rows.add((i * width + x) * lanes);
                                line[i] = Vector::load_ptr(simd, from);
                            }
                        }
                        let line = transforms::output_gradient(line);
                        let to = sums.add(x * SIDE * lanes);
                        for i in 0..SIDE {
                            line[i].store_ptr(to.add(i * lanes));
                        }
                    }
                    // Rows of the tiles.
                    for x in 0..block.columns {
                        let from = sums.add(x * TILE * SIDE * lanes);
                        let to_tile = to.first.add((index * block.columns + x) * to.step + first);
                        for i in 0..SIDE {
                            let mut line = [zero; TILE];
                            for j in 0..TILE {
                                line[j] = Vector::load_ptr(simd, from.add((j * SIDE + i) * lanes));
                            }
                            let line = transforms::output_gradient(line);
                            for j in 0..SIDE {
                                line[j].store_ptr(to_tile.add((i * SIDE + j) * to.stride));
                            }
                        }
                    }
                }
            }
        }
    }
}
