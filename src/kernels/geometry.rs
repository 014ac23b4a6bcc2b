//! How a window moves over an image: what convolutions and pools have in common.

use core::ops::Range;

/// The sizes of a convolution or pool, as a value: what its plan is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Channels, rows, columns.
    pub(crate) input: [usize; 3],
    /// Channels, rows, columns.
    pub(crate) output: [usize; 3],
    /// Rows, columns.
    pub(crate) kernel: [usize; 2],
    /// Down, to the right.
    pub(crate) stride: [usize; 2],
    /// Above, left.
    pub(crate) padding: [usize; 2],
    /// Down, to the right.
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
}

impl Sizes {
    /// Input channels of a group.
    #[inline(always)]
    pub(crate) const fn group_inputs(&self) -> usize {
        self.input[0] / self.groups
    }

    /// Output channels of a group.
    #[inline(always)]
    pub(crate) const fn group_outputs(&self) -> usize {
        self.output[0] / self.groups
    }

    /// Pixels of an output channel.
    #[inline(always)]
    pub(crate) const fn pixels(&self) -> usize {
        self.output[1] * self.output[2]
    }

    /// Numbers that a window has in one channel: KH · KW.
    #[inline(always)]
    pub(crate) const fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Numbers that a window has: C / groups · KH · KW.
    #[inline(always)]
    pub(crate) const fn patch(&self) -> usize {
        self.group_inputs() * self.taps()
    }

    /// Whether a window reaches beyond the input.
    #[inline(always)]
    pub(crate) const fn is_padded(&self) -> bool {
        let [rows, columns] = self.reach();
        self.padding[0] > 0
            || self.padding[1] > 0
            || rows > self.input[1]
            || columns > self.input[2]
    }

    /// Rows and columns from the first number of the first window to the last number of the last one.
    #[inline(always)]
    const fn reach(&self) -> [usize; 2] {
        [
            (self.output[1] - 1) * self.stride[0] + (self.kernel[0] - 1) * self.dilation[0] + 1,
            (self.output[2] - 1) * self.stride[1] + (self.kernel[1] - 1) * self.dilation[1] + 1,
        ]
    }

    /// Rows and columns of the input with all zeros that windows see around it.
    #[inline(always)]
    pub(crate) const fn padded(&self) -> [usize; 2] {
        let [rows, columns] = self.reach();
        [
            larger(self.padding[0] + self.input[1], rows),
            larger(self.padding[1] + self.input[2], columns),
        ]
    }

    /// Those of a sample that has these zeros.
    #[inline(always)]
    pub(crate) const fn with_zeros(self) -> Self {
        let [rows, columns] = self.padded();
        Self { input: [self.input[0], rows, columns], padding: [0, 0], ..self }
    }

    /// How long a sample is with these zeros.
    #[inline(always)]
    pub(crate) const fn padded_len(&self) -> usize {
        let [rows, columns] = self.padded();
        self.input[0] * rows * columns
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// [`Sizes`] as constants of a type, so that loops over a window are unrolled: from an input, where windows move, to an output with one
/// pixel a window.
///
/// What follows from `SIZES` has names here, and is not for implementors to set.
pub(crate) trait Geometry: Send + Sync + 'static {
    const SIZES: Sizes;

    const KERNEL: [usize; 2] = Self::SIZES.kernel;
    const STRIDE: [usize; 2] = Self::SIZES.stride;
    const PADDING: [usize; 2] = Self::SIZES.padding;
    const DILATION: [usize; 2] = Self::SIZES.dilation;
    const GROUPS: usize = Self::SIZES.groups;

    /// Channels of the input, and of the output.
    const INPUTS: usize = Self::SIZES.input[0];
    const OUTPUTS: usize = Self::SIZES.output[0];
    /// Rows and columns of the input.
    const HEIGHT: usize = Self::SIZES.input[1];
    const WIDTH: usize = Self::SIZES.input[2];
    /// Numbers of an input channel.
    const PLANE: usize = Self::HEIGHT * Self::WIDTH;
    const INPUT_LEN: usize = Self::INPUTS * Self::PLANE;
    /// Rows and columns of the output.
    const ROWS: usize = Self::SIZES.output[1];
    const COLUMNS: usize = Self::SIZES.output[2];
    /// Numbers of an output channel.
    const PIXELS: usize = Self::SIZES.pixels();
    const OUTPUT_LEN: usize = Self::OUTPUTS * Self::PIXELS;

    /// Channels of the input, and of the output, in a group.
    const GROUP_INPUTS: usize = Self::SIZES.group_inputs();
    const GROUP_OUTPUTS: usize = Self::SIZES.group_outputs();
    /// Numbers of a window in one channel, and in all channels of its group.
    const TAPS: usize = Self::SIZES.taps();
    const PATCH: usize = Self::SIZES.patch();
    /// Whether a window reaches beyond the input.
    const IS_PADDED: bool = Self::SIZES.is_padded();

    /// The input row that row `ky` of the windows of output row `y` sees, if there is one.
    #[inline(always)]
    fn row(y: usize, ky: usize) -> Option<usize> {
        let row = (y * Self::STRIDE[0] + ky * Self::DILATION[0]).checked_sub(Self::PADDING[0])?;
        (!Self::IS_PADDED || row < Self::HEIGHT).then_some(row)
    }

    /// The input column that column `kx` of the windows of output column `x` sees, if there is one.
    #[inline(always)]
    fn column(x: usize, kx: usize) -> Option<usize> {
        let column =
            (x * Self::STRIDE[1] + kx * Self::DILATION[1]).checked_sub(Self::PADDING[1])?;
        (!Self::IS_PADDED || column < Self::WIDTH).then_some(column)
    }

    /// Of `count` output columns from `first` on, counted from there: those whose windows have their column `kx` inside the input.
    #[inline(always)]
    fn inside(kx: usize, first: usize, count: usize) -> Range<usize> {
        if !Self::IS_PADDED {
            return 0..count;
        }
        let at = kx * Self::DILATION[1] + first * Self::STRIDE[1];
        let low = Self::PADDING[1].saturating_sub(at).div_ceil(Self::STRIDE[1]).min(count);
        let high = (Self::WIDTH + Self::PADDING[1]).saturating_sub(at).div_ceil(Self::STRIDE[1]);
        low..high.min(count).max(low)
    }
}
