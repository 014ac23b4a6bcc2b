//! Which kernel a convolution runs. Sizes and registers alone decide it, so a plan is a constant and the other ways fold away.
//!
//! | pass | ways |
//! |---|---|
//! | [`Forward`] | [windows of one pixel](super::pointwise), [depthwise](super::depthwise), [Winograd](super::winograd), [rows](super::direct) in vectors, output channels in vectors for [small planes](super::direct_channels) and [all others](super::blocked), [im2col](super::im2col) |
//! | [`BackwardData`] | the first three of these; else dY W, then [gathered or scattered](super::backward_data) |
//! | [`BackwardWeights`] | as [`Forward`], each for other sizes |

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::conv::depthwise_plan::DepthwisePlan;
use crate::kernels::conv::pointwise_plan::{PointwiseSizes, WeightsPlan, fits as pointwise_fits};
use crate::kernels::gemm::plan::{GemmPlan, GemmSizes};
use crate::kernels::geometry::Sizes;
use crate::kernels::layer_plan::{KernelName, LayerPlan};
use crate::simd::Registers;

/// The most output pixels of a block of the im2col matrix: its columns are as long, and 64 of them fit the buffer.
pub(crate) const BLOCK_PIXELS: usize = 256;

/// The most output pixels of a plane whose vectors of channels are on the stack: 16 KiB of `f32` with 16 lanes.
pub(crate) const CHANNEL_PIXELS: usize = 256;

/// Output channels whose dY is transposed at a time: with the most pixels, as much as the buffer holds.
pub(crate) const TRANSPOSED_CHANNELS: usize = BUFFER_LEN / BLOCK_PIXELS;

/// The most rows, and columns, of a window whose sums a gather has in registers or close to them.
pub(crate) const GATHERED_KERNEL: usize = 16;

/// Vectors along an output row pay if they compute no more than 1 / `IDLE` of it twice, where the last one overlaps the one before.
const IDLE: usize = 3;

/// What the sum over the lanes of a vector takes, in multiplications of vectors.
const REDUCTION: usize = 4;

/// Numbers of the input that a block of a blocked convolution reads: what a copy of them has room for.
pub(crate) const PATCH_LEN: usize = BUFFER_LEN;

/// Sums of a block of a blocked convolution that wait for other input channels.
pub(crate) const SUMS_LEN: usize = BUFFER_LEN;

/// Weights whose places in the input are in a table at a time: of whole channels.
pub(crate) const PLACES: usize = 512;

/// Output pixels whose sums wait to be transposed, where no other input channels follow: with 64 channels of `f32` 12 KiB, in whole tiles.
pub(crate) const STRIP_PIXELS: usize = 48;

/// The shortest patch of a blocked convolution's forward pass: with fewer products for each sum, to transpose sums takes longer than to copy patches.
const BLOCKED_PATCH: usize = 24;

/// The fewest output pixels for which vectors of half the width pay. As measured: of 25 or 36, a call of the kernel takes longer than patches and a product.
const NARROW_PIXELS: usize = 128;

/// Output pixels of a block of a blocked convolution, about.
const BLOCKED_PIXELS: usize = 128;

/// Bytes of the input's rows that are copied for a band of output rows: less than a usual L1 cache holds.
const BAND: usize = 24 * 1024;

/// Output rows of a band, unless more of all input channels fit: with fewer, more rows of the input are copied twice.
const BAND_ROWS: usize = 8;

/// The longest row, with its padding, whose even and odd columns are taken apart.
pub(crate) const LINE: usize = 2048;

/// The most input channels that are read where they are if their planes are a multiple of [`ALIASING`] apart: those share the sets of L1, which has 8 ways.
const ALIASED_CHANNELS: usize = 8;
const ALIASING: usize = 1024;

/// Rows and columns of outputs of a tile of [Winograd's algorithm](super::winograd), and how many multiplications it takes for a pair of channels.
const WINOGRAD_TILE: usize = 4;
const WINOGRAD_NUMBERS: usize = 36;

/// What the transform of a tile of a vector of channels takes, from or to an image, in multiplications of vectors: about 150 of arithmetic; the rest is for loads, stores and
/// the transposition. As measured with AVX-512.
pub(crate) const TILE_TRANSFORM: usize = 420;

/// What the transform of a vector of weights takes, alike: about 80, and 36 stores.
pub(crate) const WEIGHTS_TRANSFORM: usize = 150;

/// All that a convolution runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConvPlan {
    pub(crate) forward: Forward,
    pub(crate) backward_data: BackwardData,
    pub(crate) backward_weights: BackwardWeights,
}

/// Y = b + W x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forward {
    /// Vectors hold pixels of one output row; for some rows, the input is copied with its padding or read where it is.
    DirectRows,
    /// Vectors hold output channels; the input is read where it is, one number at a time.
    DirectChannels,
    /// Vectors hold output channels; for a block of pixels, the input is copied with its padding or read where it is.
    Blocked,
    /// The same with [vectors of half the width](Registers::narrower), which fewer channels fill.
    BlockedNarrow,
    /// The window is one pixel: a product over channels and pixels, with the input where it is.
    Pointwise,
    /// Each output channel sees one input channel: planes of vectors of channels.
    Depthwise,
    /// The patches are copied to a matrix, then a matrix product.
    Im2col,
    /// Tiles of inputs and windows are transformed, multiplied, and transformed back.
    Winograd,
}

/// dX from dY, by a matrix product whose columns are added where their windows are. The last, smaller block of a plane may take the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackwardData {
    /// Each vector of dX is the sum of all numbers that belong there.
    Gather,
    /// Each number is added to dX.
    Scatter,
    /// No such product: the convolution of dY with windows turned by half a turn, by [`Forward::Winograd`].
    Winograd,
    /// As [`Forward::Pointwise`], with Wᵀ.
    Pointwise,
    /// As [`Forward::Depthwise`], with the window turned round.
    Depthwise,
}

/// dW from dY and x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackwardWeights {
    /// Dot products along output rows; the input is read where it is.
    DirectRows,
    /// Vectors hold output channels; the input is read where it is, one number at a time.
    DirectChannels,
    /// Vectors hold output channels; for a block of pixels, the input is copied with its padding or read where it is.
    Blocked,
    /// As [`Forward::BlockedNarrow`].
    BlockedNarrow,
    /// dY is transposed, then multiplied by the input where it is.
    Pointwise,
    /// As [`Forward::Depthwise`].
    Depthwise,
    /// The patches are copied to a matrix, then a matrix product.
    Im2col(PatchProduct),
    /// Tiles of inputs and of dY are transformed, multiplied, and transformed back.
    Winograd,
}

/// dW += dYᵀ patches, for one block of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchProduct {
    /// Vectors hold pixels: a dot product for each weight.
    Dots,
    /// dY is transposed, then vectors hold output channels, as in all matrix products.
    Tiles,
}

impl ConvPlan {
    pub(crate) const fn of(sizes: Sizes, registers: Registers) -> Self {
        Self {
            forward: Forward::of(sizes, registers),
            backward_data: BackwardData::of(sizes, registers),
            backward_weights: BackwardWeights::of(sizes, registers),
        }
    }
}

impl Forward {
    pub(crate) const fn of(sizes: Sizes, registers: Registers) -> Self {
        if is_depthwise(&sizes, registers) {
            Self::Depthwise
        } else if is_pointwise(&sizes)
            && pointwise_fits(&PointwiseSizes::forward(&sizes), registers.lanes)
        {
            Self::Pointwise
        } else if winograd_pays(&sizes, sizes.input[0], sizes.output, registers) {
            Self::Winograd
        } else if rows_fill_vectors(&sizes, registers) {
            Self::DirectRows
        } else if channels_fill_vectors(&sizes, registers) {
            Self::DirectChannels
        } else if blocked_fits(&sizes, registers) {
            Self::Blocked
        } else if sizes.stride[1] == 1 && bands_fit(&sizes, registers) {
            Self::DirectRows
        } else if let Some(narrower) = narrower(&sizes, registers)
            && blocked_fits(&sizes, narrower)
        {
            Self::BlockedNarrow
        } else if bands_fit(&sizes, registers) {
            Self::DirectRows
        } else {
            Self::Im2col
        }
    }

    /// Whether it is a kernel for a whole batch.
    pub(crate) const fn takes_batches(sizes: Sizes, registers: Registers) -> bool {
        match Self::of(sizes, registers) {
            Self::DirectRows => !pads_samples(&sizes),
            Self::Pointwise | Self::Depthwise | Self::Blocked | Self::BlockedNarrow => true,
            _ => false,
        }
    }
}

/// Whether each output pixel sees the input pixel of the same place, and no other.
const fn is_pointwise(sizes: &Sizes) -> bool {
    sizes.taps() == 1
        && sizes.stride[0] == 1
        && sizes.stride[1] == 1
        && !sizes.is_padded()
        && sizes.pixels() == sizes.input[1] * sizes.input[2]
}

/// Whether each output channel sees one input channel, of enough to be in vectors; or of fewer, where rows do not fill vectors either.
const fn is_depthwise(sizes: &Sizes, registers: Registers) -> bool {
    sizes.groups > 1
        && DepthwisePlan::fits(sizes, registers.lanes)
        && (4 * sizes.groups >= registers.lanes || !rows_fill_vectors(sizes, registers))
}

/// The registers of half the width, where output channels fill one of them, and no more: of two that overlap, the second is mostly computed twice.
const fn narrower(sizes: &Sizes, registers: Registers) -> Option<Registers> {
    let fills = 2 * sizes.group_outputs() == registers.lanes;
    if fills && sizes.patch() >= BLOCKED_PATCH && sizes.pixels() >= NARROW_PIXELS {
        registers.narrower()
    } else {
        None
    }
}

/// Whether output channels fill vectors, and there are enough products for each sum.
const fn blocked_fits(sizes: &Sizes, registers: Registers) -> bool {
    sizes.patch() >= BLOCKED_PATCH
        && sizes.group_outputs() >= registers.lanes
        && BlockedPlan::of(sizes, registers).channels > 0
}

/// The same for the gradient of the weights, whose sums are over pixels.
const fn blocked_weights_fit(sizes: &Sizes, registers: Registers) -> bool {
    sizes.group_outputs() >= registers.lanes
        && BlockedPlan::of_weights(sizes, registers).channels > 0
}

/// Where the columns of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColumnLayout {
    /// Every column, or every second one side by side.
    pub(crate) stride: usize,
    /// With a stride of two, how far the odd columns are behind the even ones.
    pub(crate) odd: usize,
}

impl ColumnLayout {
    /// From the column of one tap to that of the next: from the even taps on, and from the odd ones. The second may be less than zero, and wraps.
    #[inline(always)]
    pub(super) const fn steps(self, dilation: usize) -> [usize; 2] {
        match (self.stride, dilation % 2) {
            (1, _) => [dilation; 2],
            (_, 0) => [dilation / 2; 2],
            _ => {
                let to_odd = self.odd + dilation / 2;
                [to_odd, dilation.wrapping_sub(to_odd)]
            }
        }
    }
}

/// How a convolution with vectors along rows is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowsPlan {
    /// Output rows that are taken at a time.
    pub(crate) rows: usize,
    /// Input channels that are read at a time; 0 if not even one fits.
    pub(crate) channels: usize,
    /// Whether the input is copied.
    pub(crate) copies: bool,
    /// Numbers of a copied row.
    pub(crate) width: usize,
    pub(crate) columns: ColumnLayout,
}

impl RowsPlan {
    pub(crate) const fn of(sizes: &Sizes, registers: Registers) -> Self {
        let stride = sizes.stride[1];
        let inputs = sizes.group_inputs();
        let mut plan = Self {
            rows: sizes.output[1],
            channels: inputs,
            copies: sizes.is_padded() || stride > 1,
            width: 0,
            columns: ColumnLayout { stride, odd: 0 },
        };
        if !plan.copies {
            return plan;
        }
        let seen = plan.columns_seen(sizes);
        if stride == 1 {
            plan.width = seen;
        } else {
            plan.columns.odd = seen.div_ceil(2);
            plan.width = 2 * plan.columns.odd;
        }
        let mut room = BAND / registers.scalar;
        // All rows of all channels, or fewer rows; then fewer channels, and at last fewer rows.
        while plan.rows > BAND_ROWS
            && plan.copied_rows(sizes, plan.rows) * plan.width * inputs > room
        {
            plan.rows = plan.rows.div_ceil(2);
        }
        loop {
            let fit = room / (plan.copied_rows(sizes, plan.rows) * plan.width);
            plan.channels = if fit < inputs { fit } else { inputs };
            if plan.channels > 0 || plan.rows == 1 && room == PATCH_LEN {
                break;
            }
            if plan.rows == 1 {
                // Rows that are longer than L1 is large.
                room = PATCH_LEN;
            }
            plan.rows = plan.rows.div_ceil(2);
        }
        if stride > 2 || stride == 2 && seen > LINE {
            plan.channels = 0;
        }
        plan
    }

    /// Columns of the input, with its padding, from the first that a window sees to the last.
    pub(crate) const fn columns_seen(&self, sizes: &Sizes) -> usize {
        (sizes.output[2] - 1) * sizes.stride[1] + (sizes.kernel[1] - 1) * sizes.dilation[1] + 1
    }

    /// Rows of the input, with its padding, that the windows of `rows` output rows see.
    pub(crate) const fn copied_rows(&self, sizes: &Sizes, rows: usize) -> usize {
        (rows - 1) * sizes.stride[0] + (sizes.kernel[0] - 1) * sizes.dilation[0] + 1
    }
}

/// How a blocked convolution is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockedPlan {
    /// Rows and columns of a block of output pixels: whole rows, or a part of one.
    pub(crate) block: [usize; 2],
    /// Rows and columns of the input that it sees.
    pub(crate) patch: [usize; 2],
    /// Input channels that are read at a time; 0 if not even one fits.
    pub(crate) channels: usize,
    /// Samples whose blocks are taken together.
    pub(crate) samples: usize,
    /// Whether the input is copied.
    pub(crate) copies: bool,
    many_registers: bool,
}

impl BlockedPlan {
    pub(crate) const fn of(sizes: &Sizes, registers: Registers) -> Self {
        let [_, rows, columns] = sizes.output;
        let inputs = sizes.group_inputs();
        let mut pixels = BLOCKED_PIXELS;
        loop {
            let block = if columns > pixels {
                [1, columns.div_ceil(columns.div_ceil(pixels))]
            } else {
                [rows.div_ceil(rows.div_ceil(pixels / columns)), columns]
            };
            let patch = [
                (block[0] - 1) * sizes.stride[0] + (sizes.kernel[0] - 1) * sizes.dilation[0] + 1,
                (block[1] - 1) * sizes.stride[1] + (sizes.kernel[1] - 1) * sizes.dilation[1] + 1,
            ];
            // A window of one number reads each line once.
            let aliased = inputs > ALIASED_CHANNELS
                && sizes.taps() > 1
                && (sizes.input[1] * sizes.input[2] * registers.scalar).is_multiple_of(ALIASING);
            let copies = sizes.is_padded() || aliased;
            let channels = if copies { PATCH_LEN / (patch[0] * patch[1]) } else { inputs };
            if channels > 0 || pixels == 1 {
                let channels = if channels < inputs { channels } else { inputs };
                let many_registers = registers.are_many;
                return Self { block, patch, channels, samples: 1, copies, many_registers };
            }
            pixels /= 2;
        }
    }

    /// For the gradient of the weights: whole samples are taken together until they have the pixels of a block. 0 channels, too, if the places of a window
    /// do not fit the table.
    pub(crate) const fn of_weights(sizes: &Sizes, registers: Registers) -> Self {
        let mut plan = Self::of(sizes, registers);
        let [patch_rows, patch_columns] = plan.patch;
        if plan.block[0] == sizes.output[1] && plan.block[1] == sizes.output[2] {
            let fit =
                if plan.copies { PATCH_LEN / (patch_rows * patch_columns) } else { BLOCKED_PIXELS };
            let samples = BLOCKED_PIXELS / sizes.pixels();
            plan.samples = if samples < 1 {
                1
            } else if samples < fit {
                samples
            } else {
                fit
            };
        }
        if plan.copies && plan.channels > 0 {
            let channels = PATCH_LEN / (plan.samples * patch_rows * patch_columns);
            let inputs = sizes.group_inputs();
            plan.channels = if channels < inputs { channels } else { inputs };
        }
        if sizes.taps() > PLACES {
            plan.channels = 0;
        }
        plan
    }

    /// Vectors of the next tile, of `rest`. A single one is the only one: it is whole, then, and channels are summed up once.
    pub(crate) const fn vectors_of_tile(&self, rest: usize) -> usize {
        match (rest, self.many_registers) {
            (1..=3, _) => rest,
            (4, true) => 4,
            (5 | 6, true) => 3,
            (_, true) => 4,
            (_, false) => 2,
        }
    }
}

/// Sums of a tile of some vectors: with these vectors and a number in registers, too.
pub(crate) const fn sums_of_tile(vectors: usize, many_registers: bool) -> usize {
    match (vectors, many_registers) {
        (1, _) | (2 | 3, true) => 8,
        (2, false) | (_, true) => 6,
        (_, false) => 3,
    }
}

impl BackwardData {
    #[inline(always)]
    pub(crate) const fn of(sizes: Sizes, registers: Registers) -> Self {
        if is_depthwise(&sizes, registers) {
            return Self::Depthwise;
        }
        if is_pointwise(&sizes)
            && pointwise_fits(&PointwiseSizes::backward_data(&sizes), registers.lanes)
        {
            return Self::Pointwise;
        }
        let fits = sizes.padding[0] <= 2 && sizes.padding[1] <= 2;
        if fits && winograd_pays(&sizes, sizes.output[0], sizes.input, registers) {
            return Self::Winograd;
        }
        let [rows, columns] = first_block(&sizes);
        Self::of_block(sizes, rows * columns)
    }

    /// For a block of `pixels` pixels.
    #[inline(always)]
    pub(crate) const fn of_block(sizes: Sizes, pixels: usize) -> Self {
        let gathers = gathered_channels(&sizes, pixels) > 0
            && sizes.stride[1] <= 2
            && sizes.kernel[0] <= GATHERED_KERNEL
            && sizes.kernel[1] <= GATHERED_KERNEL
            // Blocks are whole rows.
            && sizes.output[2] <= BLOCK_PIXELS;
        if gathers { Self::Gather } else { Self::Scatter }
    }
}

impl BackwardWeights {
    pub(crate) const fn of(sizes: Sizes, registers: Registers) -> Self {
        if is_depthwise(&sizes, registers) {
            return Self::Depthwise;
        }
        if is_pointwise(&sizes) && WeightsPlan::of(&sizes).fits(registers.lanes) {
            return Self::Pointwise;
        }
        if winograd_pays(&sizes, sizes.input[0], sizes.output, registers) {
            return Self::Winograd;
        }
        let rows = rows_fill_vectors(&sizes, registers);
        if rows && !sizes.is_padded() && sizes.kernel[1] > 1 {
            return Self::DirectRows;
        }
        // A tile has rows and columns of the window here.
        if !rows
            && channels_fill_vectors(&sizes, registers)
            && tile_columns(sizes.kernel[1]) > 0
            // With more than one vector of channels, a number is broadcast for all of them.
            && sizes.group_outputs() < 2 * registers.lanes
        {
            return Self::DirectChannels;
        }
        if blocked_weights_fit(&sizes, registers) {
            return Self::Blocked;
        }
        if let Some(narrower) = narrower(&sizes, registers)
            && blocked_weights_fit(&sizes, narrower)
        {
            return Self::BlockedNarrow;
        }
        let [rows, columns] = first_block(&sizes);
        Self::Im2col(PatchProduct::of(sizes.group_outputs(), rows * columns, registers.lanes))
    }
}

/// Whether [Winograd's algorithm](super::winograd) takes less time than a direct convolution, for one sample. Without `std`, there is no memory for it.
const fn winograd_pays(
    sizes: &Sizes,
    inputs: usize,
    [outputs, rows, columns]: [usize; 3],
    Registers { lanes, .. }: Registers,
) -> bool {
    let has_window = matches!(sizes.kernel, [3, 3])
        && matches!(sizes.stride, [1, 1])
        && matches!(sizes.dilation, [1, 1])
        && sizes.groups == 1;
    let tiles = rows.div_ceil(WINOGRAD_TILE) * columns.div_ceil(WINOGRAD_TILE);
    let vectors = outputs.div_ceil(lanes);
    let winograd = WINOGRAD_NUMBERS * tiles * inputs * vectors
        + TILE_TRANSFORM * tiles * (inputs.div_ceil(lanes) + vectors)
        + WEIGHTS_TRANSFORM * inputs * vectors;
    // Those of direct kernels have no idle lanes, at nine tenths of the peak.
    let direct = 9 * rows * columns * inputs * outputs / lanes * 10 / 9;
    cfg!(feature = "std") && has_window && winograd < direct
}

impl PatchProduct {
    /// The fewer multiplications of vectors for a column of the im2col matrix.
    #[inline(always)]
    pub(crate) const fn of(outputs: usize, pixels: usize, lanes: usize) -> Self {
        let dots = outputs * (pixels.div_ceil(lanes) + REDUCTION);
        let tiles = outputs.div_ceil(lanes) * pixels;
        if dots < tiles { Self::Dots } else { Self::Tiles }
    }
}

/// Whether an output row reads parts of input rows, and is not much shorter than whole vectors.
const fn rows_fill_vectors(sizes: &Sizes, Registers { lanes, .. }: Registers) -> bool {
    sizes.stride[1] == 1 && columns_fill(sizes, lanes) && fits_padded(sizes)
}

/// Whether an output row is not much shorter than whole vectors.
const fn columns_fill(sizes: &Sizes, lanes: usize) -> bool {
    let columns = sizes.output[2];
    columns >= lanes && IDLE * (columns.next_multiple_of(lanes) - columns) <= columns
}

/// Whether [`Forward::DirectRows`] is given samples with their padding: the zeros are written once for all of them.
const fn pads_samples(sizes: &Sizes) -> bool {
    sizes.is_padded() && sizes.stride[1] == 1 && fits_padded(sizes)
}

/// The same for large images and a stride of two, where rows of the input are copied for some output rows at a time. A patch must have more numbers
/// than are copied for it.
const fn bands_fit(sizes: &Sizes, registers: Registers) -> bool {
    sizes.stride[1] <= 2
        && sizes.taps() > sizes.stride[0] * sizes.stride[1]
        && columns_fill(sizes, registers.lanes)
        && RowsPlan::of(sizes, registers).channels > 0
}

/// Whether vectors of output channels are whole, and tiles fill the registers.
const fn channels_fill_vectors(sizes: &Sizes, registers: Registers) -> bool {
    sizes.stride[1] == 1
        && fits_padded(sizes)
        && channel_tiles_fit(
            registers,
            sizes.group_outputs(),
            [sizes.output[1], sizes.output[2]],
            sizes.dilation[1],
        )
}

/// The part of [`Forward::DirectChannels`]' choice that its kernel relies on.
pub(crate) const fn channel_tiles_fit(
    registers: Registers,
    outputs: usize,
    [rows, columns]: [usize; 2],
    dilation: usize,
) -> bool {
    registers.are_many
        && outputs.is_multiple_of(registers.lanes)
        && rows * columns <= CHANNEL_PIXELS
        && dilation == 1
        && tile_columns(columns) > 0
}

/// How many columns a tile of vectors of channels has: the most, of 3 to 8, that `columns` is a multiple of, or 0.
#[inline(always)]
pub(crate) const fn tile_columns(columns: usize) -> usize {
    let mut tile = 8;
    while tile >= 3 {
        if columns.is_multiple_of(tile) {
            return tile;
        }
        tile -= 1;
    }
    0
}

/// Whether a direct kernel can read a sample where it is, or with its padding in the buffer.
const fn fits_padded(sizes: &Sizes) -> bool {
    !sizes.is_padded() || sizes.padded_len() <= BUFFER_LEN
}

/// Rows and columns of the first block of output pixels: about [`BLOCK_PIXELS`], as whole rows or as a part of one.
pub(crate) const fn first_block(sizes: &Sizes) -> [usize; 2] {
    let [_, rows, columns] = sizes.output;
    if columns > BLOCK_PIXELS {
        return [1, BLOCK_PIXELS];
    }
    let blocks = rows.div_ceil(BLOCK_PIXELS / columns);
    [rows.div_ceil(blocks), columns]
}

/// How many whole channels of the im2col matrix fit the buffer, for a block of `pixels` pixels.
#[inline(always)]
pub(crate) const fn gathered_channels(sizes: &Sizes, pixels: usize) -> usize {
    BUFFER_LEN / pixels / sizes.taps()
}

// # Names, for whoever prints a plan.

/// The kernels of a convolution, whose product is m output pixels x k numbers of a patch x n output channels of a group.
pub(crate) fn conv_plan(sizes: Sizes, registers: Registers) -> LayerPlan {
    let plan = ConvPlan::of(sizes, registers);
    let forward = forward_name(&sizes, plan.forward, registers);
    LayerPlan {
        product: [sizes.pixels(), sizes.patch(), sizes.group_outputs()],
        forward,
        training: forward,
        input_gradient: backward_data_name(&sizes, plan.backward_data, registers),
        weight_gradient: backward_weights_name(&sizes, plan.backward_weights, registers),
    }
}

/// The kernels of a transposed convolution with the sizes of the convolution that it is the transpose of: m input pixels x k input
/// channels of a group x n numbers of a patch of the output.
pub(crate) fn conv_transpose_plan(sizes: Sizes, registers: Registers) -> LayerPlan {
    let plan = ConvPlan::of(sizes, registers);
    let forward = backward_data_name(&sizes, plan.backward_data, registers);
    LayerPlan {
        product: [sizes.pixels(), sizes.group_outputs(), sizes.patch()],
        forward,
        training: forward,
        input_gradient: forward_name(&sizes, plan.forward, registers),
        weight_gradient: backward_weights_name(&sizes, plan.backward_weights, registers),
    }
}

fn forward_name(sizes: &Sizes, plan: Forward, registers: Registers) -> KernelName {
    match plan {
        Forward::DirectRows => KernelName::new("DirectRows"),
        Forward::DirectChannels => KernelName::new("DirectChannels"),
        Forward::Blocked => KernelName::new("Blocked"),
        Forward::BlockedNarrow => KernelName::new("BlockedNarrow"),
        Forward::Winograd => KernelName::new("Winograd"),
        Forward::Pointwise => KernelName::new("Pointwise"),
        Forward::Depthwise => KernelName::new("Depthwise"),
        Forward::Im2col => {
            let (m, k) = first_columns(sizes, 1);
            let (n, a_stride, transposed_b) = (sizes.group_outputs(), m, true);
            let gemm = GemmSizes { m, k, n, a_stride, transposed_b };
            KernelName::calling("Im2col", GemmPlan::of(gemm, registers).name())
        }
    }
}

fn backward_data_name(sizes: &Sizes, plan: BackwardData, registers: Registers) -> KernelName {
    let (name, unit) = match plan {
        BackwardData::Gather => ("Gather", sizes.taps()),
        BackwardData::Scatter => ("Scatter", 1),
        BackwardData::Winograd => return KernelName::new("Winograd"),
        BackwardData::Pointwise => return KernelName::new("Pointwise"),
        BackwardData::Depthwise => return KernelName::new("Depthwise"),
    };
    let (m, n) = first_columns(sizes, unit);
    let (k, a_stride, transposed_b) = (sizes.group_outputs(), sizes.pixels(), false);
    let gemm = GemmSizes { m, k, n, a_stride, transposed_b };
    KernelName::calling(name, GemmPlan::of(gemm, registers).name())
}

fn backward_weights_name(sizes: &Sizes, plan: BackwardWeights, registers: Registers) -> KernelName {
    match plan {
        BackwardWeights::DirectRows => KernelName::new("DirectRows"),
        BackwardWeights::DirectChannels => KernelName::new("DirectChannels"),
        BackwardWeights::Blocked => KernelName::new("Blocked"),
        BackwardWeights::BlockedNarrow => KernelName::new("BlockedNarrow"),
        BackwardWeights::Winograd => KernelName::new("Winograd"),
        BackwardWeights::Pointwise => KernelName::new("Pointwise"),
        BackwardWeights::Depthwise => KernelName::new("Depthwise"),
        BackwardWeights::Im2col(PatchProduct::Dots) => KernelName::calling("Im2col", "Dots"),
        BackwardWeights::Im2col(PatchProduct::Tiles) => {
            let (k, n) = first_columns(sizes, 1);
            let m = sizes.group_outputs().min(TRANSPOSED_CHANNELS);
            let gemm = GemmSizes { m, k, n, a_stride: m, transposed_b: false };
            KernelName::calling("Im2col", GemmPlan::of(gemm, registers).name())
        }
    }
}

/// Pixels of the first block, and how many columns of X fit the buffer with it: a multiple of `unit`.
fn first_columns(sizes: &Sizes, unit: usize) -> (usize, usize) {
    let [rows, columns] = first_block(sizes);
    let pixels = rows * columns;
    (pixels, (BUFFER_LEN / pixels / unit * unit).min(sizes.patch()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NEON, AVX2, AVX-512, with `f32`.
    const SETS: [Registers; 3] = [
        Registers { lanes: 4, scalar: 4, are_many: true },
        Registers { lanes: 8, scalar: 4, are_many: false },
        Registers { lanes: 16, scalar: 4, are_many: true },
    ];
    const AVX512: Registers = SETS[2];

    /// `outputs` channels from an input of channels, rows, columns.
    const fn layer(input: [usize; 3], outputs: usize, kernel: [usize; 2]) -> Sizes {
        let sizes = Sizes {
            input,
            output: [outputs, 0, 0],
            kernel,
            stride: [1, 1],
            padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
        };
        placed(sizes)
    }

    /// The output's size from the rest, with as much padding below and to the right as above and left.
    const fn placed(sizes: Sizes) -> Sizes {
        let mut output = [sizes.output[0], 0, 0];
        let mut axis = 0;
        while axis < 2 {
            let length = sizes.input[axis + 1] + 2 * sizes.padding[axis];
            let extent = (sizes.kernel[axis] - 1) * sizes.dilation[axis] + 1;
            output[axis + 1] = (length - extent) / sizes.stride[axis] + 1;
            axis += 1;
        }
        Sizes { output, ..sizes }
    }

    const fn padded(sizes: Sizes) -> Sizes {
        let padding = [sizes.kernel[0] / 2, sizes.kernel[1] / 2];
        placed(Sizes { padding, ..sizes })
    }

    const fn strided(sizes: Sizes) -> Sizes {
        placed(Sizes { stride: [2, 2], ..sizes })
    }

    fn forward(sizes: Sizes) -> Forward {
        ConvPlan::of(sizes, AVX512).forward
    }

    fn backward_weights(sizes: Sizes) -> BackwardWeights {
        ConvPlan::of(sizes, AVX512).backward_weights
    }

    fn backward_data(sizes: Sizes) -> BackwardData {
        ConvPlan::of(sizes, AVX512).backward_data
    }

    #[test]
    fn layers_of_networks() {
        use BackwardData::Gather;
        use BackwardWeights as W;
        use Forward::{Blocked, DirectChannels, DirectRows, Im2col, Winograd};
        use PatchProduct::Dots;

        let winograd = [Winograd; 3];
        let depthwise = Sizes { groups: 64, ..padded(layer([64, 25, 5], 64, [3, 3])) };
        let im2col = [Im2col; 3];
        let rows = [DirectRows; 3];
        let rows_or_channels = [DirectRows, DirectRows, DirectChannels];
        let blocked = [Blocked; 3];
        let weights = [W::Blocked; 3];
        // The forward pass and the gradient of the weights, on each set.
        let layers = [
            ("LeNet-5, 1", layer([1, 28, 28], 6, [5, 5]), rows, Gather, [W::DirectRows; 3]),
            (
                "LeNet-5, 2",
                layer([6, 12, 12], 16, [5, 5]),
                rows_or_channels,
                Gather,
                [W::DirectRows, W::DirectRows, W::DirectChannels],
            ),
            ("ResNet-8, 3 to 16", padded(layer([3, 32, 32], 16, [3, 3])), rows, Gather, weights),
            (
                "ResNet-8, 16",
                padded(layer([16, 32, 32], 16, [3, 3])),
                winograd,
                BackwardData::Winograd,
                [W::Winograd; 3],
            ),
            (
                "ResNet-8, 16 to 32",
                strided(padded(layer([16, 32, 32], 32, [3, 3]))),
                blocked,
                Gather,
                weights,
            ),
            (
                "ResNet-8, 32",
                padded(layer([32, 16, 16], 32, [3, 3])),
                winograd,
                BackwardData::Winograd,
                [W::Winograd; 3],
            ),
            // Sums of 16 products.
            (
                "ResNet-8, shortcut",
                strided(layer([16, 32, 32], 32, [1, 1])),
                im2col,
                Gather,
                weights,
            ),
            (
                "ResNet-8, 64",
                padded(layer([64, 8, 8], 64, [3, 3])),
                winograd,
                BackwardData::Winograd,
                [W::Winograd; 3],
            ),
            (
                "DS-CNN, 1",
                strided(padded(layer([1, 49, 10], 64, [10, 4]))),
                blocked,
                Gather,
                weights,
            ),
            (
                "DS-CNN, depthwise",
                depthwise,
                [Forward::Depthwise; 3],
                BackwardData::Depthwise,
                [W::Depthwise; 3],
            ),
            (
                "DS-CNN, 1x1",
                layer([64, 25, 5], 64, [1, 1]),
                [Forward::Pointwise; 3],
                BackwardData::Pointwise,
                [W::Pointwise; 3],
            ),
            ("VGG, 3 to 64", padded(layer([3, 32, 32], 64, [3, 3])), rows, Gather, weights),
            (
                "VGG, 64",
                padded(layer([64, 32, 32], 64, [3, 3])),
                winograd,
                BackwardData::Winograd,
                [W::Winograd; 3],
            ),
            (
                "VGG, 128",
                padded(layer([128, 16, 16], 128, [3, 3])),
                winograd,
                BackwardData::Winograd,
                [W::Winograd; 3],
            ),
            (
                "5x5, few outputs",
                padded(layer([16, 48, 48], 3, [5, 5])),
                rows,
                Gather,
                [W::Im2col(Dots); 3],
            ),
        ];
        for (name, sizes, forward, backward_data, backward_weights) in layers {
            for (index, registers) in SETS.into_iter().enumerate() {
                let plan = ConvPlan {
                    forward: forward[index],
                    backward_data,
                    backward_weights: backward_weights[index],
                };
                assert_eq!(ConvPlan::of(sizes, registers), plan, "{name}, {registers:?}");
            }
        }
    }

    /// One input channel and 6 outputs: no vectors of channels.
    #[test]
    fn rows_that_fill_vectors() {
        let row = |columns| layer([1, 8, columns], 6, [2, 1]);
        assert_eq!(forward(row(16)), Forward::DirectRows);
        assert_eq!(forward(row(15)), Forward::Im2col);
        // 8 of 32 lanes are idle, a third of 24; and 9 of 32.
        assert_eq!(forward(row(24)), Forward::DirectRows);
        assert_eq!(forward(row(23)), Forward::Im2col);
        assert_eq!(forward(strided(row(33))), Forward::Im2col);
        // As long as the buffer, with padding; and longer: by bands, where there are not outputs for vectors of them.
        assert_eq!(forward(padded(layer([1, 124, 124], 16, [5, 5]))), Forward::DirectRows);
        assert_eq!(forward(padded(layer([1, 125, 124], 16, [5, 5]))), Forward::Blocked);
        assert_eq!(forward(padded(layer([1, 125, 124], 15, [5, 5]))), Forward::DirectRows);
        // Without padding, a sample is read where it is.
        assert_eq!(forward(layer([4, 128, 128], 6, [3, 3])), Forward::DirectRows);
    }

    #[test]
    fn bands_of_rows() {
        // Even and odd columns; not by every third.
        let every = |stride, kernel, columns| {
            placed(Sizes { stride: [stride; 2], ..layer([3, 41, columns], 5, [kernel; 2]) })
        };
        assert_eq!(forward(every(2, 3, 33)), Forward::DirectRows);
        assert_eq!(forward(every(3, 3, 48)), Forward::Im2col);
        // A patch has no more numbers than are copied for it; a row is longer than a line.
        assert_eq!(forward(every(2, 2, 32)), Forward::Im2col);
        assert_eq!(forward(every(2, 3, 2047)), Forward::DirectRows);
        assert_eq!(forward(every(2, 3, 2051)), Forward::Im2col);
        let plan = |sizes| RowsPlan::of(&sizes, AVX512);
        // Where it is, of any size.
        let found = plan(layer([64, 130, 130], 3, [3, 3]));
        assert_eq!((found.rows, found.channels, found.copies), (128, 64, false));
        // All of it; 24 KB of it: rows, or channels; and longer rows.
        let same = |channels, rows, columns| padded(layer([channels, rows, columns], 3, [3, 3]));
        let cut = |sizes| (plan(sizes).rows, plan(sizes).channels);
        assert_eq!(cut(same(3, 32, 32)), (32, 3));
        assert_eq!(cut(same(3, 128, 128)), (8, 3));
        assert_eq!(cut(same(64, 32, 32)), (8, 6144 / (10 * 34)));
        assert_eq!(cut(same(64, 32, 2000)), (1, 1));
        assert_eq!(cut(same(64, 32, 3000)), (1, 1));
        assert_eq!(cut(same(64, 32, 6000)), (1, 0));
        let found = plan(every(2, 3, 34));
        assert_eq!((found.width, found.columns), (34, ColumnLayout { stride: 2, odd: 17 }));
        assert_eq!(found.columns.steps(1), [17, 0_usize.wrapping_sub(16)]);
        assert_eq!(found.columns.steps(2), [1, 1]);
        assert_eq!(found.columns.steps(3), [18, 0_usize.wrapping_sub(15)]);
    }

    #[test]
    fn channels_that_fill_vectors() {
        let plane = |rows: usize, columns| layer([2, rows + 1, columns], 32, [2, 1]);
        assert_eq!(forward(plane(32, 8)), Forward::DirectChannels);
        assert_eq!(forward(plane(33, 8)), Forward::Im2col);
        assert_eq!(forward(plane(8, 3)), Forward::DirectChannels);
        assert_eq!(forward(plane(8, 2)), Forward::Im2col);
        assert_eq!(forward(plane(8, 11)), Forward::Im2col);
        assert_eq!(forward(layer([2, 8, 8], 24, [2, 1])), Forward::Im2col);
        assert_eq!(forward(strided(plane(15, 15))), Forward::Im2col);
        let dilated = |dilation| placed(Sizes { dilation, ..layer([2, 10, 10], 32, [3, 3]) });
        assert_eq!(forward(dilated([2, 1])), Forward::DirectChannels);
        assert_eq!(forward(dilated([1, 2])), Forward::Im2col);
        let few = Registers { lanes: 16, scalar: 4, are_many: false };
        assert_eq!(ConvPlan::of(plane(8, 8), few).forward, Forward::Im2col);
        let grouped = |groups| Sizes { groups, ..layer([16, 9, 8], 64, [2, 1]) };
        assert_eq!(forward(grouped(4)), Forward::DirectChannels);
        assert_eq!(forward(grouped(8)), Forward::Im2col);
    }

    /// Windows of 8 numbers see 3 channels or 2: 24 products for each sum or 16.
    #[test]
    fn channels_that_fill_half_a_vector() {
        let few = |inputs, outputs| strided(layer([inputs, 33, 27], outputs, [4, 2]));
        assert_eq!(forward(few(3, 16)), Forward::Blocked);
        assert_eq!(forward(few(3, 9)), Forward::Im2col);
        assert_eq!(forward(few(3, 8)), Forward::BlockedNarrow);
        assert_eq!(forward(few(3, 7)), Forward::Im2col);
        assert_eq!(forward(few(2, 8)), Forward::Im2col);
        let grouped = |groups| Sizes { groups, ..few(3 * groups, 16) };
        assert_eq!(forward(grouped(2)), Forward::BlockedNarrow);
        assert_eq!(forward(grouped(4)), Forward::Im2col);
        // 11 x 12 output pixels are enough, and 11 x 11 too few.
        let pixels = |columns| strided(layer([3, 24, columns], 8, [4, 2]));
        assert_eq!(forward(pixels(24)), Forward::BlockedNarrow);
        assert_eq!(forward(pixels(22)), Forward::Im2col);
        // Not from vectors of 32 bytes on.
        assert_eq!(ConvPlan::of(few(3, 4), SETS[1]).forward, Forward::DirectRows);
        let rows = strided(padded(layer([3, 96, 96], 8, [3, 3])));
        assert_eq!(
            SETS.map(|set| ConvPlan::of(rows, set).forward),
            [Forward::Blocked, Forward::Blocked, Forward::BlockedNarrow]
        );
        // Rows that fill vectors come first.
        assert_eq!(forward(padded(layer([3, 32, 32], 8, [3, 3]))), Forward::DirectRows);
        assert_eq!(conv_plan(rows, AVX512).forward.to_string(), "BlockedNarrow");
        assert_eq!(backward_weights(rows), BackwardWeights::BlockedNarrow);
    }

    #[test]
    fn windows_of_one_pixel() {
        assert_eq!(forward(layer([4, 1, 1], 3, [1, 1])), Forward::Pointwise);
        assert_eq!(forward(strided(layer([4, 8, 8], 3, [1, 1]))), Forward::Im2col);
        assert_eq!(
            forward(placed(Sizes { padding: [1, 0], ..layer([4, 8, 8], 3, [1, 1]) })),
            Forward::Im2col
        );
        // Vectors of the gradient of the weights hold outputs.
        assert_eq!(backward_weights(layer([4, 8, 8], 14, [1, 1])), BackwardWeights::Pointwise);
        let few = backward_weights(layer([4, 8, 8], 13, [1, 1]));
        assert!(matches!(few, BackwardWeights::Im2col(_)), "{few:?}");
    }

    #[test]
    fn channels_by_themselves() {
        let depthwise = |channels, side| Sizes {
            groups: channels,
            ..padded(layer([channels, side, side], channels, [3, 3]))
        };
        assert_eq!(forward(depthwise(4, 16)), Forward::Depthwise);
        assert_eq!(forward(strided(depthwise(64, 17))), Forward::Depthwise);
        assert_eq!(backward_data(strided(depthwise(64, 17))), BackwardData::Depthwise);
        // A quarter of a vector, or less: not where rows fill it.
        assert_eq!(forward(depthwise(3, 16)), Forward::DirectRows);
        assert_eq!(forward(depthwise(3, 12)), Forward::Depthwise);
        let pairs = Sizes { groups: 32, ..depthwise(64, 12) };
        assert_eq!(forward(pairs), Forward::Im2col);
    }

    #[test]
    fn winograd() {
        let same = |channels, side, outputs| padded(layer([channels, side, side], outputs, [3, 3]));
        let takes = |sizes| {
            [forward(sizes) == Forward::Winograd, backward_data(sizes) == BackwardData::Winograd]
        };
        assert_eq!(takes(same(64, 7, 64)), [true; 2]);
        assert_eq!(takes(layer([64, 9, 9], 64, [3, 3])), [true; 2]);
        // A tile has more to transform than to multiply; and half of the lanes would be idle.
        assert_eq!(takes(same(3, 32, 64)), [false; 2]);
        assert_eq!(takes(same(8, 32, 8)), [false; 2]);
        // More than half of the tiles is beyond the edges.
        assert_eq!(takes(same(64, 5, 64)), [false; 2]);
        // Each weight is used once: its transform takes longer than the multiplication.
        assert_eq!(takes(same(64, 3, 64)), [false; 2]);
        // Windows of dY would begin inside it.
        let wide = placed(Sizes { padding: [3, 3], ..layer([64, 8, 8], 64, [3, 3]) });
        assert_eq!(takes(wide), [true, false]);
        assert_eq!(takes(strided(same(64, 32, 64))), [false; 2]);
        assert_eq!(takes(placed(Sizes { dilation: [2, 1], ..same(64, 32, 64) })), [false; 2]);
        assert_eq!(takes(Sizes { groups: 2, ..same(64, 32, 64) }), [false; 2]);
        assert_eq!(takes(padded(layer([64, 32, 32], 64, [5, 5]))), [false; 2]);
    }

    #[test]
    fn gradients_of_weights() {
        use BackwardWeights::{Blocked, BlockedNarrow, DirectChannels, DirectRows, Im2col};
        use PatchProduct::{Dots, Tiles};

        // Rows of numbers that are used once have no advantage over a product.
        assert_eq!(backward_weights(layer([4, 24, 25], 8, [3, 2])), DirectRows);
        assert_eq!(backward_weights(layer([4, 24, 24], 7, [3, 1])), Im2col(Dots));
        assert_eq!(backward_weights(padded(layer([4, 24, 24], 7, [3, 3]))), Im2col(Dots));
        // A tile is a row of the window.
        assert_eq!(backward_weights(layer([4, 10, 10], 16, [3, 3])), DirectChannels);
        assert_eq!(backward_weights(layer([4, 10, 9], 16, [3, 2])), Blocked);
        assert_eq!(backward_weights(layer([4, 10, 10], 32, [3, 3])), Blocked);
        assert_eq!(backward_weights(layer([4, 10, 9], 15, [3, 2])), Im2col(Tiles));
        // Half a vector of outputs.
        assert_eq!(backward_weights(padded(layer([4, 24, 24], 8, [3, 3]))), BlockedNarrow);
        // A table has the places of 512 numbers of a window.
        assert_eq!(backward_weights(layer([1, 40, 20], 20, [32, 16])), Blocked);
        assert!(matches!(backward_weights(layer([1, 40, 20], 20, [33, 16])), Im2col(_)));
        // 6 (12 + 4) = 96 multiplications of vectors, against 96; and 6 (13 + 4) = 102 against 104.
        assert_eq!(PatchProduct::of(6, 96, 8), Tiles);
        assert_eq!(PatchProduct::of(6, 104, 8), Dots);
    }

    #[test]
    fn gradients_of_inputs() {
        use BackwardData::{Gather, Scatter};

        // 64 columns of 256 pixels fit the buffer: a channel of an 8x8 window.
        assert_eq!(backward_data(layer([1, 23, 23], 4, [8, 8])), Gather);
        assert_eq!(backward_data(layer([1, 24, 24], 4, [9, 9])), Scatter);
        // The window's sides, with few pixels.
        assert_eq!(backward_data(layer([1, 19, 16], 4, [16, 1])), Gather);
        assert_eq!(backward_data(layer([1, 20, 16], 4, [17, 1])), Scatter);
        assert_eq!(backward_data(layer([1, 16, 19], 4, [1, 16])), Gather);
        assert_eq!(backward_data(layer([1, 16, 20], 4, [1, 17])), Scatter);
        // Blocks of whole rows.
        assert_eq!(backward_data(layer([1, 4, 256], 4, [2, 1])), Gather);
        assert_eq!(backward_data(layer([1, 4, 257], 4, [2, 1])), Scatter);
        let stride = |stride| placed(Sizes { stride, ..layer([1, 9, 9], 4, [3, 3]) });
        assert_eq!(backward_data(stride([3, 2])), Gather);
        assert_eq!(backward_data(stride([1, 3])), Scatter);
    }

    #[test]
    fn blocks_of_a_blocked_convolution() {
        let plan = |sizes: Sizes| BlockedPlan::of(&sizes, AVX512);
        let weights = |sizes: Sizes| BlockedPlan::of_weights(&sizes, AVX512);
        // 128 pixels, as whole rows or as a part of one; with what a 3x3 window sees around them.
        let found = plan(padded(layer([3, 32, 32], 64, [3, 3])));
        assert_eq!((found.block, found.patch, found.channels), ([4, 32], [6, 34], 3));
        let found = plan(strided(padded(layer([3, 224, 224], 64, [7, 7]))));
        assert_eq!((found.block, found.patch), ([1, 112], [7, 229]));
        assert_eq!(plan(padded(layer([3, 4, 224], 64, [3, 3]))).block, [1, 112]);
        // Channels that the memory of a patch has room for; and fewer pixels, where it has not even room for one.
        assert_eq!(plan(padded(layer([128, 16, 16], 64, [3, 3]))).channels, 16384 / (10 * 18));
        let found = plan(padded(layer([2, 4, 200], 64, [3, 160])));
        assert_eq!((found.block, found.channels), ([1, 101], 2));
        let found = plan(padded(layer([2, 81, 201], 64, [81, 201])));
        assert_eq!((found.block, found.channels), ([1, 2], 1));
        assert_eq!(plan(padded(layer([1, 200, 200], 16, [128, 129]))).channels, 0);
        // Without padding, the input is read where it is, but for many planes that share the sets of a cache.
        assert!(!plan(layer([8, 32, 32], 16, [3, 3])).copies);
        assert!(plan(layer([9, 32, 32], 16, [3, 3])).copies);
        assert!(!plan(layer([9, 31, 31], 16, [3, 3])).copies);
        assert!(!plan(layer([9, 32, 32], 16, [1, 1])).copies);
        // Small images are taken together for the gradient of the weights.
        assert_eq!(weights(padded(layer([256, 4, 4], 256, [3, 3]))).samples, 8);
        assert_eq!(weights(padded(layer([256, 4, 4], 256, [3, 3]))).channels, 16384 / (8 * 36));
        assert_eq!(weights(padded(layer([64, 8, 9], 256, [3, 3]))).samples, 1);
    }

    #[test]
    fn tiles_of_vectors() {
        let tiles = |are_many, mut rest: usize| {
            let registers = Registers { are_many, ..AVX512 };
            let plan = BlockedPlan::of(&layer([3, 8, 8], 16, [3, 3]), registers);
            let mut tiles = Vec::new();
            while rest > 0 {
                tiles.push(plan.vectors_of_tile(rest));
                rest -= tiles.last().unwrap();
            }
            tiles
        };
        assert_eq!(tiles(true, 1), [1]);
        assert_eq!(tiles(true, 5), [3, 2]);
        assert_eq!(tiles(true, 9), [4, 3, 2]);
        assert_eq!(tiles(false, 4), [2, 2]);
        assert_eq!(tiles(false, 5), [2, 3]);
        for rest in 2..40 {
            // A single vector may overlap none.
            assert!(!tiles(true, rest).contains(&1) && !tiles(false, rest).contains(&1));
        }
    }

    #[test]
    fn names() {
        let names = |plan: LayerPlan| {
            [plan.forward, plan.input_gradient, plan.weight_gradient].map(|name| name.to_string())
        };
        let sizes = padded(layer([64, 32, 32], 64, [3, 3]));
        let plan = conv_plan(sizes, AVX512);
        assert_eq!(plan.product, [1024, 576, 64]);
        assert_eq!(names(plan), ["Winograd"; 3]);
        let plan = conv_transpose_plan(sizes, AVX512);
        assert_eq!(plan.product, [1024, 64, 576]);
        assert_eq!(names(plan), ["Winograd"; 3]);
        let sizes = padded(layer([64, 32, 32], 64, [5, 3]));
        assert_eq!(names(conv_plan(sizes, AVX512)), ["Blocked", "Gather(Packed)", "Blocked"]);
        let plan = conv_transpose_plan(sizes, AVX512);
        assert_eq!(names(plan), ["Gather(Packed)", "Blocked", "Blocked"]);
    }

    #[test]
    fn blocks_of_pixels() {
        assert_eq!(first_block(&layer([1, 16, 16], 1, [1, 1])), [16, 16]);
        // 17 rows are two blocks of about as many, not 16 and 1.
        assert_eq!(first_block(&layer([1, 17, 16], 1, [1, 1])), [9, 16]);
        assert_eq!(first_block(&layer([1, 3, 256], 1, [1, 1])), [1, 256]);
        assert_eq!(first_block(&layer([1, 3, 300], 1, [1, 1])), [1, 256]);
    }
}
