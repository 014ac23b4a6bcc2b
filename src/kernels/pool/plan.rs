//! Which kernel a max-pool runs. As for convolutions, sizes and registers alone decide it, so a plan is a constant.

use crate::kernels::geometry::Sizes;
use crate::kernels::layer_plan::{KernelName, LayerPlan};
use crate::simd::Registers;

/// A row of windows fills at least 1 / `ROW` of a vector in [`MaxPlan::Max2x2`].
const ROW: usize = 4;

/// The most numbers of a window that [`MaxPlan::Lanes`] has in registers.
pub(crate) const LANES_TAPS: usize = 9;

/// An average of more numbers is that of their sum in `f64`.
pub(crate) const LONG_MEAN: usize = 256;

/// How the largest number of each window is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxPlan {
    /// 2x2 windows side by side: vectors of rows, taken apart into even and odd columns.
    Max2x2,
    /// A lane holds one window, of up to [`LANES_TAPS`] numbers that are loaded one by one.
    Lanes,
    /// One window after the other.
    Each,
}

impl MaxPlan {
    /// For the outputs.
    pub(crate) const fn of(sizes: Sizes, registers: Registers) -> Self {
        if is_2x2(&sizes, registers) {
            Self::Max2x2
        } else if lanes_fit(&sizes, registers) {
            Self::Lanes
        } else {
            Self::Each
        }
    }

    /// For the gradient, where [`Lanes`](Self::Lanes) writes: no number may be in two windows.
    pub(crate) const fn of_gradient(sizes: Sizes, registers: Registers) -> Self {
        match Self::of(sizes, registers) {
            Self::Lanes if !windows_are_apart(&sizes) => Self::Each,
            plan => plan,
        }
    }
}

const fn is_2x2(sizes: &Sizes, registers: Registers) -> bool {
    sizes.kernel[0] == 2
        && sizes.kernel[1] == 2
        && sizes.stride[0] == 2
        && sizes.stride[1] == 2
        && sizes.dilation[0] == 1
        && sizes.dilation[1] == 1
        && !sizes.is_padded()
        && ROW * sizes.output[2] >= registers.lanes
}

/// Whether all windows are inside the image, and there are enough of them in a plane.
const fn lanes_fit(sizes: &Sizes, registers: Registers) -> bool {
    !sizes.is_padded() && sizes.pixels() >= registers.lanes && sizes.taps() <= LANES_TAPS
}

const fn windows_are_apart(sizes: &Sizes) -> bool {
    sizes.dilation[0] == 1
        && sizes.dilation[1] == 1
        && sizes.stride[0] >= sizes.kernel[0]
        && sizes.stride[1] >= sizes.kernel[1]
}

/// Whether the gradient must be set to zero first: where numbers are in several windows, and added up, or in none.
#[cfg(feature = "train")]
pub(crate) const fn gradient_starts_at_zero(sizes: &Sizes, registers: Registers) -> bool {
    let is_written_once = lanes_fit(sizes, registers) && windows_are_apart(sizes);
    !is_written_once || sizes.pixels() * sizes.taps() < sizes.input[1] * sizes.input[2]
}

/// The kernels of a max-pool, for whoever prints a plan: m output pixels x k numbers of a window x n channels.
pub(crate) fn max_pool_plan(sizes: Sizes, registers: Registers) -> LayerPlan {
    let name = |plan| {
        KernelName::new(match plan {
            MaxPlan::Max2x2 => "Max2x2",
            MaxPlan::Lanes => "Lanes",
            MaxPlan::Each => "Each",
        })
    };
    let forward = name(MaxPlan::of(sizes, registers));
    LayerPlan {
        product: [sizes.pixels(), sizes.taps(), sizes.output[0]],
        forward,
        training: forward,
        input_gradient: name(MaxPlan::of_gradient(sizes, registers)),
        weight_gradient: KernelName::new("-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVX512: Registers = Registers { lanes: 16, scalar: 4, are_many: true };

    /// Windows over 2 channels, without padding.
    fn window(rows: usize, columns: usize, kernel: [usize; 2], stride: [usize; 2]) -> Sizes {
        Sizes {
            input: [2, rows, columns],
            output: [2, (rows - kernel[0]) / stride[0] + 1, (columns - kernel[1]) / stride[1] + 1],
            kernel,
            stride,
            padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
        }
    }

    /// The outputs', the gradient's, and whether that starts at zero.
    fn plans(sizes: Sizes) -> (MaxPlan, MaxPlan, bool) {
        (
            MaxPlan::of(sizes, AVX512),
            MaxPlan::of_gradient(sizes, AVX512),
            gradient_starts_at_zero(&sizes, AVX512),
        )
    }

    #[test]
    fn plans_of_pools() {
        use MaxPlan::{Each, Lanes, Max2x2};

        // LeNet-5's.
        assert_eq!(plans(window(24, 24, [2, 2], [2, 2])), (Max2x2, Max2x2, false));
        assert_eq!(plans(window(8, 8, [2, 2], [2, 2])), (Max2x2, Max2x2, false));
        // 4 columns are a quarter of a vector, 3 are less.
        assert_eq!(plans(window(12, 6, [2, 2], [2, 2])), (Lanes, Lanes, false));
        // A last row and column in no window; fewer pixels than lanes.
        assert_eq!(plans(window(9, 9, [2, 2], [2, 2])), (Max2x2, Max2x2, true));
        assert_eq!(plans(window(4, 8, [2, 2], [2, 2])), (Max2x2, Max2x2, true));
        // 16 windows, and 15.
        assert_eq!(plans(window(12, 12, [3, 3], [3, 3])), (Lanes, Lanes, false));
        assert_eq!(plans(window(9, 15, [3, 3], [3, 3])), (Each, Each, true));
        // 9 numbers, and 10.
        assert_eq!(plans(window(9, 27, [1, 9], [1, 9])), (Lanes, Lanes, false));
        assert_eq!(plans(window(9, 30, [1, 10], [1, 10])), (Each, Each, true));
        // Numbers in two windows, and in none.
        assert_eq!(plans(window(12, 12, [3, 3], [2, 2])), (Lanes, Each, true));
        assert_eq!(plans(window(12, 12, [1, 1], [2, 2])), (Lanes, Lanes, true));
        let padded = Sizes { padding: [1, 1], ..window(24, 24, [2, 2], [2, 2]) };
        assert_eq!(plans(padded), (Each, Each, true));
        let dilated = Sizes { dilation: [2, 1], ..window(24, 24, [2, 2], [3, 3]) };
        assert_eq!(plans(dilated), (Lanes, Each, true));
    }
}
