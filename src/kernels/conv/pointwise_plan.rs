//! How a convolution with a window of one pixel is computed: from sizes, registers and the number of samples.

use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::geometry::Sizes;
use crate::simd::Registers;

/// Output channels of a tile of the largest height, and of a panel of packed weights.
pub(crate) const PANEL_COLUMNS: usize = 6;

/// Output channels that are computed at a time where they are copied to the samples afterwards.
pub(crate) const OUTPUTS_AT_ONCE: usize = 4 * PANEL_COLUMNS;

/// Weights of more bytes than this are packed, if the outputs of a channel lie side by side: each channel of a panel is in a cache line of its own there, and
/// 256 lines are half of a usual L1 cache, or all of some of its sets.
const PACKED_BYTES: usize = 16 * 1024;

/// And only if there are more vectors of pixels than this, four tiles of four. A weight is read once for a tile, and to copy it costs about as much as two misses of L1.
const PACKED_VECTORS: usize = 16;

/// The most vectors of planes side by side: of more, what is idle in the last one does not count.
const SIDE_BY_SIDE_VECTORS: usize = 16;

/// Numbers that are copied side by side at a time: with `f32`, a quarter of an L2 cache of 1 MiB. Without a heap, as many as the stack has.
const SIDE_BY_SIDE: usize = if cfg!(feature = "std") { 64 * 1024 } else { BUFFER_LEN };

/// The sizes of the product, and the distances in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PointwiseSizes {
    pub(crate) groups: usize,
    /// Of a group.
    pub(crate) channels: usize,
    /// Of a group.
    pub(crate) outputs: usize,
    pub(crate) pixels: usize,
    /// In the weights, from one channel to the next, and from one output to the next.
    pub(crate) weight_strides: [usize; 2],
    /// In the weights, from one group to the next.
    pub(crate) group_stride: usize,
}

impl PointwiseSizes {
    /// Y = W X.
    pub(crate) const fn forward(sizes: &Sizes) -> Self {
        Self {
            groups: sizes.groups,
            channels: sizes.group_inputs(),
            outputs: sizes.group_outputs(),
            pixels: sizes.pixels(),
            weight_strides: [sizes.output[0], 1],
            group_stride: sizes.group_outputs(),
        }
    }

    /// dX = Wᵀ dY.
    pub(crate) const fn backward_data(sizes: &Sizes) -> Self {
        Self {
            channels: sizes.group_outputs(),
            outputs: sizes.group_inputs(),
            weight_strides: [1, sizes.output[0]],
            ..Self::forward(sizes)
        }
    }

    pub(crate) fn input_len(&self) -> usize {
        self.groups * self.channels * self.pixels
    }

    pub(crate) fn output_len(&self) -> usize {
        self.groups * self.outputs * self.pixels
    }

    pub(crate) fn weight_len(&self) -> usize {
        let [channel, output] = self.weight_strides;
        (self.groups - 1) * self.group_stride
            + (self.channels - 1) * channel
            + (self.outputs - 1) * output
            + 1
    }
}

/// Where the numbers of a vector are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InVectors {
    /// Pixels of one plane, which is read in place.
    Pixels,
    /// Pixels of the planes of so many samples, which are copied side by side.
    Samples(usize),
    /// Output channels: the few pixels that there are do not fill vectors.
    Channels,
}

/// How the product is computed for some samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PointwisePlan {
    /// Whether the weights are copied to panels first.
    pub(crate) packs: bool,
    pub(crate) vectors: InVectors,
}

impl PointwisePlan {
    pub(crate) const fn of(sizes: &PointwiseSizes, samples: usize, registers: Registers) -> Self {
        let PointwiseSizes { channels, outputs, pixels, weight_strides, .. } = *sizes;
        let vectors = vectors(sizes, samples, registers.lanes);
        // Without a heap there is no room for panels.
        let packs = cfg!(feature = "std")
            && !matches!(vectors, InVectors::Channels)
            && weight_strides[1] == 1
            && channels * weight_strides[0] * registers.scalar > PACKED_BYTES
            && samples * pixels > PACKED_VECTORS * registers.lanes
            && outputs > 1;
        Self { packs, vectors }
    }

    /// Numbers of the workspace for packed weights.
    pub(crate) const fn panels_len(&self, sizes: &PointwiseSizes) -> usize {
        let len = sizes.channels * sizes.outputs.next_multiple_of(PANEL_COLUMNS);
        if self.packs { len } else { 0 }
    }

    /// Numbers of the workspace for planes.
    pub(crate) const fn planes_len(&self, sizes: &PointwiseSizes, lanes: usize) -> usize {
        match self.vectors {
            InVectors::Pixels => 0,
            InVectors::Samples(count) => {
                let row = (count * sizes.pixels).next_multiple_of(lanes);
                side_by_side_len(sizes, row, lanes)
            }
            InVectors::Channels => sizes.pixels * sizes.outputs,
        }
    }
}

/// Numbers of the inputs and of some outputs in rows of `row` numbers; vectors may reach beyond both.
const fn side_by_side_len(sizes: &PointwiseSizes, row: usize, lanes: usize) -> usize {
    (sizes.channels + OUTPUTS_AT_ONCE) * row + 2 * lanes
}

/// Whether the planes of one sample fit the workspace. If not, only planes that fill a vector can be computed.
pub(crate) const fn fits(sizes: &PointwiseSizes, lanes: usize) -> bool {
    sizes.pixels >= lanes || side_by_side_len(sizes, lanes, lanes) <= SIDE_BY_SIDE
}

const fn vectors(sizes: &PointwiseSizes, samples: usize, lanes: usize) -> InVectors {
    let PointwiseSizes { channels, outputs, pixels, weight_strides, .. } = *sizes;
    // As many samples as fit.
    let room = (SIDE_BY_SIDE - 2 * lanes) / (channels + OUTPUTS_AT_ONCE) / lanes;
    let most =
        if room < SIDE_BY_SIDE_VECTORS { room } else { SIDE_BY_SIDE_VECTORS } * lanes / pixels;
    let together = if samples < most { samples } else { most };
    if pixels >= lanes && fills_vectors(pixels, lanes) {
        InVectors::Pixels
    } else if (together == 0 || !fills_vectors(together * pixels, lanes))
        && weight_strides[1] == 1
        && outputs.is_multiple_of(lanes)
        && pixels * outputs <= SIDE_BY_SIDE
    {
        InVectors::Channels
    } else if pixels >= lanes && together < 2 {
        InVectors::Pixels
    } else {
        InVectors::Samples(if together == 0 { 1 } else { together })
    }
}

/// Whether no more than an eighth of the lanes is idle.
const fn fills_vectors(pixels: usize, lanes: usize) -> bool {
    let whole = pixels.next_multiple_of(lanes);
    8 * (whole - pixels) <= whole
}

/// The most pixels of a block of the gradient of the weights: a tile reads 64 output channels of each, 24 KiB, which leaves room for the input in a usual L1 cache.
const BLOCK_PIXELS: usize = 96;

/// How the gradient of the weights is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WeightsPlan {
    pub(crate) groups: usize,
    /// Of a group.
    pub(crate) channels: usize,
    /// Of a group.
    pub(crate) outputs: usize,
    pub(crate) pixels: usize,
    /// The most pixels that are transposed at a time, of all samples that come together.
    pub(crate) block: usize,
    /// Samples that come together.
    pub(crate) together: usize,
}

impl WeightsPlan {
    pub(crate) const fn of(sizes: &Sizes) -> Self {
        let pixels = sizes.pixels();
        // Blocks of about the same size.
        let blocks = pixels.div_ceil(BLOCK_PIXELS);
        let together = if pixels > BLOCK_PIXELS { 1 } else { BLOCK_PIXELS / pixels };
        Self {
            groups: sizes.groups,
            channels: sizes.group_inputs(),
            outputs: sizes.group_outputs(),
            pixels,
            block: if together > 1 { together * pixels } else { pixels.div_ceil(blocks) },
            together,
        }
    }

    /// Whether its vectors, which hold output channels, are filled, and whether it has room.
    pub(crate) const fn fits(&self, lanes: usize) -> bool {
        fills_vectors(self.outputs, lanes)
            && (cfg!(feature = "std") || self.workspace(lanes) <= BUFFER_LEN)
    }

    /// Numbers of the workspace: sums, dY, and the input where samples come together, beyond which vectors may reach.
    pub(crate) const fn workspace(&self, lanes: usize) -> usize {
        let width = self.outputs.next_multiple_of(lanes);
        let side_by_side = if self.together > 1 { self.channels * self.block + lanes } else { 0 };
        (self.channels + self.block) * width + side_by_side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVX512: Registers = Registers { lanes: 16, scalar: 4, are_many: true };

    fn sizes(channels: usize, outputs: usize, pixels: usize) -> PointwiseSizes {
        let weight_strides = [outputs, 1];
        PointwiseSizes {
            groups: 1,
            channels,
            outputs,
            pixels,
            weight_strides,
            group_stride: outputs,
        }
    }

    fn vectors(pixels: usize, samples: usize) -> InVectors {
        PointwisePlan::of(&sizes(256, 256, pixels), samples, AVX512).vectors
    }

    #[test]
    fn what_is_in_vectors() {
        // Of 25x5, 3 of 128 lanes are idle.
        assert_eq!(vectors(125, 1), InVectors::Pixels);
        assert_eq!(vectors(125, 32), InVectors::Pixels);
        // 12 of 48, and 8 of 80.
        assert_eq!(vectors(36, 1), InVectors::Channels);
        assert_eq!(vectors(36, 2), InVectors::Samples(2));
        // 14 vectors fit the workspace.
        assert_eq!(vectors(36, 100), InVectors::Samples(6));
        assert_eq!(vectors(9, 2), InVectors::Channels);
        // 5 of 32, and 3 of 48.
        assert_eq!(vectors(9, 3), InVectors::Channels);
        assert_eq!(vectors(9, 5), InVectors::Samples(5));
        // Less than a vector is no plane to read in place, however little is idle.
        assert_eq!(vectors(15, 1), InVectors::Samples(1));
        // Channels that do not fill vectors.
        let few = PointwisePlan::of(&sizes(8, 10, 9), 1, AVX512);
        assert_eq!(few.vectors, InVectors::Samples(1));
        let few = PointwisePlan::of(&sizes(8, 10, 20), 1, AVX512);
        assert_eq!(few.vectors, InVectors::Pixels);
    }

    #[test]
    fn weights_that_are_packed() {
        let packs =
            |channels, pixels| PointwisePlan::of(&sizes(channels, 64, pixels), 1, AVX512).packs;
        assert!(!packs(64, 1024));
        assert!(packs(65, 1024));
        assert!(packs(65, 257));
        assert!(!packs(65, 256));
    }
}
