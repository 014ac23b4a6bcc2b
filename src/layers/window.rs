//! How a window moves over an image.

use core::marker::PhantomData;

use crate::core::ImageSample;
use crate::kernels::{Geometry, Sizes};

/// The window of a convolution or pool: its rows and columns, and the options of the description.
///
/// | | default | |
/// |---|---|---|
/// | `KH`, `KW` | | rows and columns of the window (PyTorch's `kernel_size`) |
/// | `SH`, `SW` | 1 | `stride`: from one window to the next |
/// | `TOP`, `LEFT`, `BOTTOM`, `RIGHT` | 0 | `pad`: rows and columns around the image |
/// | `DH`, `DW` | 1 | `dilation`: from one number of a window to the next |
/// | `GROUPS` | 1 | `groups`: parts of the channels that do not see each other |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window<
    const KH: usize,
    const KW: usize,
    const SH: usize = 1,
    const SW: usize = 1,
    const TOP: usize = 0,
    const LEFT: usize = 0,
    const BOTTOM: usize = 0,
    const RIGHT: usize = 0,
    const DH: usize = 1,
    const DW: usize = 1,
    const GROUPS: usize = 1,
>;

/// A [`Window`].
pub trait Windowed: Send + Sync + 'static {
    /// Rows, columns.
    const KERNEL: [usize; 2];
    /// Down, to the right.
    const STRIDE: [usize; 2];
    /// Above, left, below, right.
    const PADDING: [usize; 4];
    /// Down, to the right.
    const DILATION: [usize; 2];
    /// See [`Window`].
    const GROUPS: usize;
}

impl<
    const KH: usize,
    const KW: usize,
    const SH: usize,
    const SW: usize,
    const TOP: usize,
    const LEFT: usize,
    const BOTTOM: usize,
    const RIGHT: usize,
    const DH: usize,
    const DW: usize,
    const GROUPS: usize,
> Windowed for Window<KH, KW, SH, SW, TOP, LEFT, BOTTOM, RIGHT, DH, DW, GROUPS>
{
    const KERNEL: [usize; 2] = [KH, KW];
    const STRIDE: [usize; 2] = [SH, SW];
    const PADDING: [usize; 4] = [TOP, LEFT, BOTTOM, RIGHT];
    const DILATION: [usize; 2] = [DH, DW];
    const GROUPS: usize = GROUPS;
}

/// A window that moves over `I`, with one position a pixel of `O`.
pub(super) struct Over<I, O, G>(PhantomData<(I, O, G)>);

impl<I: ImageSample, O: ImageSample, G: Windowed> Geometry for Over<I, O, G> {
    const SIZES: Sizes = Sizes {
        input: [I::CHANNELS, I::ROWS, I::COLUMNS],
        output: [O::CHANNELS, O::ROWS, O::COLUMNS],
        kernel: G::KERNEL,
        stride: G::STRIDE,
        padding: [G::PADDING[0], G::PADDING[1]],
        dilation: G::DILATION,
        groups: G::GROUPS,
    };
}

/// Whether a window finds as many places on `I` as `O` has pixels.
pub(super) const fn fits<I: ImageSample, O: ImageSample, G: Windowed>() -> bool {
    places(I::ROWS + G::PADDING[0] + G::PADDING[2], G::KERNEL[0], G::STRIDE[0], G::DILATION[0])
        == O::ROWS
        && places(
            I::COLUMNS + G::PADDING[1] + G::PADDING[3],
            G::KERNEL[1],
            G::STRIDE[1],
            G::DILATION[1],
        ) == O::COLUMNS
}

/// How many places a window finds along a line.
const fn places(length: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    if kernel == 0 || stride == 0 {
        return 0;
    }
    let extent = (kernel - 1) * dilation + 1;
    if length < extent { 0 } else { (length - extent) / stride + 1 }
}
