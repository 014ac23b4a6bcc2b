//! The geometry of a depthwise convolution: which pixels a pass reads and writes, and where its taps are in the padded plane of vectors.
//!
//! A pass goes from a source to a target: from x to Y, or from dY to dX. A row t of the target sees, by row k of the window, the row of the source
//!
//! | pass | row |
//! |---|---|
//! | forward | t · stride + k · dilation − padding |
//! | gradient of the inputs | (t + padding − k · dilation) / stride, where that is whole |
//!
//! and columns alike. For the gradient, rows t of one remainder by the stride see rows of the source that follow each other, by the same rows of the window: a phase.

use crate::kernels::cache::LINE;
use crate::kernels::conv::BUFFER_LEN;
use crate::kernels::geometry::Sizes;

/// The largest window.
const MOST_TAPS: usize = 128;

/// The most phases: those of a stride of 4.
const MOST_PHASES: usize = 16;

/// Numbers of the padded plane and of the target that are in the workspace at a time, where a plane is larger: with `f32`, an eighth of an L2 cache of 1 MiB. Without a heap, as
/// many as the stack has beside the weights.
const BLOCK: usize = if cfg!(feature = "std") { 32 * 1024 } else { BUFFER_LEN / 2 };

/// Planes of one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    channels: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Grid {
    const fn of([channels, rows, columns]: [usize; 3]) -> Self {
        Self { channels, rows, columns }
    }

    /// Numbers of a sample.
    pub(crate) const fn len(&self) -> usize {
        self.channels * self.rows * self.columns
    }

    /// Where the plane of a channel begins in a sample, and from there that of the channel `step` further on.
    pub(crate) const fn planes(&self, channel: usize, step: usize) -> (usize, usize) {
        let plane = self.rows * self.columns;
        (channel * plane, step * plane)
    }
}

/// A number of the window: where its vector is in the source, from that of the first pixel on, and in the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tap {
    pub(crate) source: usize,
    pub(crate) weight: usize,
}

/// The taps of all phases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taps {
    taps: [Tap; MOST_TAPS],
    /// Where those of each phase end.
    ends: [usize; MOST_PHASES],
}

impl Taps {
    /// Those of a phase.
    pub(crate) fn of(&self, phase: usize) -> &[Tap] {
        let start = if phase == 0 { 0 } else { self.ends[phase - 1] };
        &self.taps[start..self.ends[phase]]
    }
}

/// Rows of the source in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceRows {
    /// The plane's row of the first one: those above the plane are below zero.
    first: isize,
    pub(crate) count: usize,
}

impl SourceRows {
    /// Those that are in a plane of `rows` rows.
    pub(crate) fn inside(&self, rows: usize) -> core::ops::Range<usize> {
        let start = (-self.first).clamp(0, self.count.cast_signed()).cast_unsigned();
        let end = (rows.cast_signed() - self.first).clamp(0, self.count.cast_signed());
        start..end.cast_unsigned().max(start)
    }

    /// The plane's row of one that is inside.
    pub(crate) fn plane_row(&self, row: usize) -> usize {
        (self.first + row.cast_signed()).cast_unsigned()
    }
}

/// A pass of a depthwise convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DepthwisePlan {
    sizes: Sizes,
    is_backward: bool,
    lanes: usize,
    pub(crate) source: Grid,
    pub(crate) target: Grid,
    /// Rows and columns of the target from one pixel of a phase to the next.
    pub(crate) target_step: [usize; 2],
    /// And of the source.
    pub(crate) source_step: [usize; 2],
    /// Columns to the left of the plane in the buffer.
    pub(crate) left: usize,
    /// Vectors of a row of the buffer.
    pub(crate) row: usize,
    /// Rows of the target that are computed at a time.
    pub(crate) block_rows: usize,
}

impl DepthwisePlan {
    pub(crate) const fn of(sizes: &Sizes, is_backward: bool, lanes: usize) -> Self {
        let (input, output) = (Grid::of(sizes.input), Grid::of(sizes.output));
        let [source, target] = if is_backward { [output, input] } else { [input, output] };
        let (target_step, source_step) =
            if is_backward { (sizes.stride, [1, 1]) } else { ([1, 1], sizes.stride) };
        let mut plan = Self {
            sizes: *sizes,
            is_backward,
            lanes,
            source,
            target,
            target_step,
            source_step,
            left: 0,
            row: 0,
            block_rows: target.rows,
        };
        let [first, last] = plan.reach(1, 0, target.columns);
        plan.left = if first < 0 { first.unsigned_abs() } else { 0 };
        let last = if last < source.columns.cast_signed() - 1 {
            source.columns
        } else {
            last.cast_unsigned() + 1
        };
        plan.row = plan.left + last;
        // As many rows as fit, in blocks of about the same size, each of whole steps.
        let unit = target_step[0];
        let outside = (plan.source_rows(0, unit).count + 1) * plan.row;
        let each = unit * target.columns + source_step[0] * plan.row;
        let units = (BLOCK / lanes).saturating_sub(outside) / each;
        let most = if units == 0 { unit } else { units * unit };
        let blocks = target.rows.div_ceil(most);
        plan.block_rows = target.rows.div_ceil(blocks).next_multiple_of(unit);
        plan
    }

    /// Whether the kernel can compute this convolution in both directions.
    pub(crate) const fn fits(sizes: &Sizes, lanes: usize) -> bool {
        sizes.groups == sizes.input[0]
            && sizes.taps() <= MOST_TAPS
            && sizes.stride[0] * sizes.stride[1] <= MOST_PHASES
            && (cfg!(feature = "std")
                || Self::of(sizes, false, lanes).workspace() <= BUFFER_LEN
                    && Self::of(sizes, true, lanes).workspace() <= BUFFER_LEN)
    }

    /// The first and the last row (axis 0) or column (axis 1) of the source that some of the target see.
    const fn reach(&self, axis: usize, from: usize, count: usize) -> [isize; 2] {
        let stride = self.sizes.stride[axis].cast_signed();
        let extent = ((self.sizes.kernel[axis] - 1) * self.sizes.dilation[axis]).cast_signed();
        let padding = self.sizes.padding[axis].cast_signed();
        let (from, to) = (from.cast_signed(), (from + count - 1).cast_signed());
        if self.is_backward {
            [(from + padding - extent).div_euclid(stride), (to + padding).div_euclid(stride)]
        } else {
            [from * stride - padding, to * stride - padding + extent]
        }
    }

    /// The rows of the source that are in the buffer for some rows of the target.
    pub(crate) const fn source_rows(&self, row: usize, rows: usize) -> SourceRows {
        let [first, last] = self.reach(0, row, rows);
        SourceRows { first, count: (last - first).cast_unsigned() + 1 }
    }

    /// The taps of all phases: the same for each block of rows, which begins at a whole step.
    pub(crate) fn taps(&self) -> Taps {
        let Sizes { kernel, stride, padding, dilation, .. } = self.sizes;
        let first = [self.reach(0, 0, 1)[0], -self.left.cast_signed()];
        // The row or column of the source, in the buffer, that the first pixel of the phase sees by `k`.
        let seen = |axis: usize, phase: usize, k: usize| {
            let [pixel, stride, padding, tap] =
                [phase, stride[axis], padding[axis], k * dilation[axis]].map(usize::cast_signed);
            let at = if self.is_backward {
                let at = pixel + padding - tap;
                if at.rem_euclid(stride) != 0 {
                    return None;
                }
                at.div_euclid(stride)
            } else {
                pixel * stride - padding + tap
            };
            Some((at - first[axis]).cast_unsigned())
        };
        let mut taps = Taps { taps: [Tap::default(); MOST_TAPS], ends: [0; MOST_PHASES] };
        let mut count = 0;
        let [down, right] = self.target_step;
        for phase in 0..down * right {
            for ky in 0..kernel[0] {
                let Some(row) = seen(0, phase / right, ky) else { continue };
                for kx in 0..kernel[1] {
                    let Some(column) = seen(1, phase % right, kx) else { continue };
                    taps.taps[count] = Tap {
                        source: (row * self.row + column) * self.lanes,
                        weight: (ky * kernel[1] + kx) * self.lanes,
                    };
                    count += 1;
                }
            }
            taps.ends[phase] = count;
        }
        taps
    }

    /// Numbers of the window.
    pub(crate) const fn window(&self) -> usize {
        self.sizes.taps()
    }

    /// Output channels of an input channel.
    pub(crate) const fn multiplier(&self) -> usize {
        self.sizes.group_outputs()
    }

    /// Channels of the source and of the target for one of the input.
    pub(crate) const fn each(&self) -> [usize; 2] {
        if self.is_backward { [self.multiplier(), 1] } else { [1, self.multiplier()] }
    }

    /// Numbers of the buffer for the source.
    pub(crate) const fn source_len(&self) -> usize {
        let mut rows = self.source_rows(0, self.block_rows).count;
        // Where stride and window do not divide, another block of rows may see one more.
        if self.is_backward {
            rows += 1;
        }
        rows * self.row * self.lanes
    }

    /// Numbers of the buffer for the target.
    pub(crate) const fn target_len(&self) -> usize {
        self.block_rows * self.target.columns * self.lanes
    }

    pub(crate) const fn weights_len(&self) -> usize {
        self.sizes.output[0] / self.sizes.input[0] * self.sizes.taps() * self.lanes
    }

    /// Numbers of the workspace, of which some are left out so that it begins at a cache line.
    pub(crate) const fn workspace(&self) -> usize {
        self.source_len() + self.target_len() + self.weights_len() + LINE / size_of::<f32>()
    }
}
