//! The convolutions whose sizes are no constants, held against the sums that define them.

use core::marker::PhantomData;

use proptest::prelude::*;

use crate::kernels::conv::blocked::BlockedConvolution;
use crate::kernels::conv::blocked_weights::BlockedWeights;
use crate::kernels::conv::direct::RowsConvolution;
use crate::kernels::conv::direct_channels::DirectChannels;
use crate::kernels::conv::im2col::Buffer;
use crate::kernels::conv::plan::{BlockedPlan, Forward};
use crate::kernels::conv::{Convolution, ConvolutionInputs, Onto, direct_group};
use crate::kernels::entry::Entry;
use crate::kernels::epilogue::{NoEpilogue, PostOps};
use crate::kernels::geometry::{Geometry, Sizes};
use crate::kernels::in_part::{InPart, check_parts};
use crate::parallel::Part;
use crate::simd::{InstructionSet, Isa};

fn numbers<T: Entry>(length: usize, seed: usize) -> Vec<T> {
    #[expect(clippy::cast_precision_loss, reason = "test data")]
    let value = |index: usize| T::nearest(((index * 7919 + seed * 104_729) as f64 * 0.618).sin());
    (0..length).map(value).collect()
}

/// Each product of the convolution of some samples, by its places in inputs, weights and outputs.
fn products(sizes: Sizes, samples: usize, mut visit: impl FnMut([usize; 3])) {
    let [inputs, height, width] = sizes.input;
    let [outputs, rows, columns] = sizes.output;
    for sample in 0..samples {
        for output in 0..outputs {
            let group = output / sizes.group_outputs();
            for pixel in 0..rows * columns {
                let (y, x) = (pixel / columns, pixel % columns);
                for weight in 0..sizes.patch() {
                    let (channel, tap) = (weight / sizes.taps(), weight % sizes.taps());
                    let (ky, kx) = (tap / sizes.kernel[1], tap % sizes.kernel[1]);
                    let row = (y * sizes.stride[0] + ky * sizes.dilation[0])
                        .wrapping_sub(sizes.padding[0]);
                    let column = (x * sizes.stride[1] + kx * sizes.dilation[1])
                        .wrapping_sub(sizes.padding[1]);
                    if row < height && column < width {
                        let channel = group * sizes.group_inputs() + channel;
                        visit([
                            ((sample * inputs + channel) * height + row) * width + column,
                            weight * outputs + output,
                            (sample * outputs + output) * rows * columns + pixel,
                        ]);
                    }
                }
            }
        }
    }
}

/// Whether a sum of some products is what it is in `f64`, to within the rounding of `T`.
fn is_close<T: Entry>(found: T, expected: f64, size: f64) -> bool {
    (found.wide() - expected).abs() <= (32.0 * T::epsilon().wide()) * size + 1e-30
}

fn isas<T>(sizes: &Sizes) -> impl Iterator<Item = Isa> {
    let sizes = *sizes;
    InstructionSet::available()
        .map(Isa::found)
        .filter(move |isa| sizes.group_outputs() >= isa.registers::<T>().lanes)
}

fn check_forward<T: Entry>(sizes: Sizes, samples: usize, has: [bool; 4]) {
    let lens = [sizes.input, sizes.output].map(|lens| samples * lens.iter().product::<usize>());
    let (x, w) = (numbers::<T>(lens[0], 1), numbers::<T>(sizes.patch() * sizes.output[0], 2));
    let channels = sizes.output[0];
    let (scale, shift, addend) =
        (numbers::<T>(channels, 3), numbers::<T>(channels, 4), numbers::<T>(lens[1], 5));
    let if_has = |has: bool, numbers: &[T]| if has { numbers.to_vec() } else { Vec::new() };
    let (scale, shift, addend) =
        (if_has(has[0], &scale), if_has(has[1], &shift), if_has(has[2], &addend));
    let post = PostOps { scale: &scale, shift: &shift, addend: &addend, relu: has[3] };
    let mut sums = vec![(0.0, 0.0); lens[1]];
    products(sizes, samples, |[input, weight, output]| {
        let product = x[input].wide() * w[weight].wide();
        sums[output].0 += product;
        sums[output].1 += product.abs();
    });
    for isa in isas::<T>(&sizes) {
        if BlockedPlan::of(&sizes, isa.registers::<T>()).channels == 0 {
            continue;
        }
        let run = |part, outputs: &mut [T]| {
            let outputs = outputs.into();
            let call = BlockedConvolution { sizes, weight: &w, inputs: &x, outputs, post };
            isa.run(InPart { call, part });
        };
        let mut y = vec![T::nan(); lens[1]];
        run(Part::WHOLE, &mut y);
        check_outputs(&y, &sums, sizes, post, isa);
        check_parts(&y, &format!("{}, {sizes:?}", isa.set()), run);
    }
}

/// Outputs against sums of products and the sizes of these.
fn check_outputs<T: Entry>(
    outputs: &[T],
    sums: &[(f64, f64)],
    sizes: Sizes,
    post: PostOps<'_, T>,
    isa: Isa,
) {
    for (index, found) in outputs.iter().enumerate() {
        let channel = index / sizes.pixels() % sizes.output[0];
        let (mut sum, mut size) = sums[index];
        if let Some(scale) = post.scale.get(channel) {
            (sum, size) = (sum * scale.wide(), size * scale.wide().abs());
        }
        for summand in [post.shift.get(channel), post.addend.get(index)].into_iter().flatten() {
            (sum, size) = (sum + summand.wide(), size + summand.wide().abs());
        }
        let expected = if post.relu { sum.max(0.0) } else { sum };
        let set = isa.set();
        assert!(
            is_close(*found, expected, size),
            "{set}, {sizes:?}: {found} at {index}, not {expected}"
        );
    }
}

fn check_weights<T: Entry>(sizes: Sizes, samples: usize) {
    let lens = [sizes.input, sizes.output].map(|lens| samples * lens.iter().product::<usize>());
    let (x, dy) = (numbers::<T>(lens[0], 1), numbers::<T>(lens[1], 2));
    let before = numbers::<T>(sizes.patch() * sizes.output[0], 3);
    let mut sums: Vec<_> =
        before.iter().map(|before| (before.wide(), before.wide().abs())).collect();
    products(sizes, samples, |[input, weight, output]| {
        let product = x[input].wide() * dy[output].wide();
        sums[weight].0 += product;
        sums[weight].1 += product.abs();
    });
    for isa in isas::<T>(&sizes) {
        if BlockedPlan::of_weights(&sizes, isa.registers::<T>()).channels == 0 {
            continue;
        }
        let mut gradient = before.clone();
        let weights =
            BlockedWeights { sizes, inputs: &x, output_gradient: &dy, gradient: &mut gradient };
        T::conv_weights_blocked(isa, weights);
        for (index, (found, (sum, size))) in gradient.iter().zip(&sums).enumerate() {
            let set = isa.set();
            assert!(
                is_close(*found, *sum, *size),
                "{set}, {sizes:?}: {found} at {index}, not {sum}"
            );
        }
    }
}

/// Inputs of all kinds: one pixel, rows longer than a block, windows larger than the image, grouped channels.
fn sizes() -> impl Strategy<Value = Sizes> {
    let side = || prop_oneof![1_usize..12, Just(16), Just(33)];
    let pair = |range: core::ops::Range<usize>| [range.clone(), range];
    (
        (prop_oneof![1_usize..6, Just(9), Just(17)], side(), side()),
        prop_oneof![1_usize..40, Just(64), Just(65), Just(80), Just(112)],
        pair(1..6),
        pair(1..4),
        (pair(0..4), pair(1..3), 1_usize..3),
    )
        .prop_map(
            |((inputs, height, width), outputs, kernel, stride, (padding, dilation, groups))| {
                let length = |axis: usize, length: usize| {
                    let extent = (kernel[axis] - 1) * dilation[axis] + 1;
                    (length + 2 * padding[axis]).max(extent).saturating_sub(extent) / stride[axis]
                        + 1
                };
                Sizes {
                    input: [inputs * groups, height, width],
                    output: [outputs * groups, length(0, height), length(1, width)],
                    kernel,
                    stride,
                    padding,
                    dilation,
                    groups,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn outputs(sizes in sizes(), samples in 1_usize..4, has: [bool; 4]) {
        check_forward::<f32>(sizes, samples, has);
        check_forward::<f64>(sizes, samples, has);
    }

    #[test]
    fn gradients_of_weights(sizes in sizes(), samples in 1_usize..6) {
        check_weights::<f32>(sizes, samples);
        check_weights::<f64>(sizes, samples);
    }
}

/// Geometries, as types.
macro_rules! geometries {
    ($check:ident: $($name:ident $input:expr => $output:expr, $kernel:expr, stride $stride:expr, pad $padding:expr, dilation $dilation:expr;)+) => {$({
        struct $name;
        impl Geometry for $name {
            const SIZES: Sizes = Sizes {
                input: $input,
                output: $output,
                kernel: $kernel,
                stride: $stride,
                padding: $padding,
                dilation: $dilation,
                groups: 1,
            };
        }
        $check::<f32, $name>();
        $check::<f64, $name>();
    })+};
}

/// All ways of the forward pass, with what is done to the sums.
fn check_convolution<T: Entry, K: Geometry>() {
    let samples = 2;
    let x = numbers::<T>(samples * K::INPUT_LEN, 1);
    let w = numbers::<T>(K::PATCH * K::OUTPUTS, 2);
    let (scale, shift) = (numbers::<T>(K::OUTPUTS, 3), numbers::<T>(K::OUTPUTS, 4));
    let addend = numbers::<T>(samples * K::OUTPUT_LEN, 5);
    let mut sums = vec![(0.0, 0.0); samples * K::OUTPUT_LEN];
    products(K::SIZES, samples, |[input, weight, output]| {
        let product = x[input].wide() * w[weight].wide();
        sums[output].0 += product;
        sums[output].1 += product.abs();
    });
    for has in [
        [false; 4],
        [false, true, false, true],
        [true, true, true, true],
        [true, false, true, false],
    ] {
        let post = PostOps {
            scale: if has[0] { &scale[..] } else { &[] },
            shift: if has[1] { &shift[..] } else { &[] },
            addend: if has[2] { &addend[..] } else { &[] },
            relu: has[3],
        };
        for isa in InstructionSet::available().map(Isa::found) {
            let mut y = vec![T::nan(); samples * K::OUTPUT_LEN];
            isa.run(Convolution::<T, K, NoEpilogue> {
                weight: &w,
                inputs: &x,
                outputs: &mut y,
                post,
                kind: PhantomData,
            });
            check_outputs(&y, &sums, K::SIZES, post, isa);
        }
    }
    for isa in InstructionSet::available().map(Isa::found) {
        check_direct::<T, K>(isa, &w, &x[..K::INPUT_LEN], PostOps::bias(&shift));
    }
}

/// The parts of one sample, by the direct kernels.
fn check_direct<T: Entry, K: Geometry>(isa: Isa, w: &[T], x: &[T], post: PostOps<'_, T>) {
    let forward = Forward::of(K::SIZES, isa.registers::<T>());
    let mut buffer = Buffer::new();
    let run = |part, outputs: &mut [T]| {
        if matches!(forward, Forward::DirectRows) {
            let (sizes, outputs) = (K::SIZES, outputs.into());
            let call = RowsConvolution { sizes, weight: w, inputs: x, outputs, post };
            return isa.run(InPart { call, part });
        }
        let input = buffer.padded::<K>(x);
        let call = direct_group::<T, K>(0, w, post, input, outputs);
        isa.run(InPart { call: DirectChannels(call), part });
    };
    if matches!(forward, Forward::DirectRows | Forward::DirectChannels) {
        let (mut run, mut y) = (run, vec![T::nan(); K::OUTPUT_LEN]);
        run(Part::WHOLE, &mut y);
        check_parts(&y, &format!("{}, {:?}", isa.set(), K::SIZES), run);
    }
}

#[test]
fn ways_of_the_forward_pass() {
    geometries! { check_convolution:
        Rows [2, 9, 24] => [7, 9, 24], [3, 3], stride [1, 1], pad [1, 1], dilation [1, 1];
        WideRows [3, 8, 50] => [5, 6, 48], [3, 3], stride [1, 1], pad [0, 0], dilation [1, 1];
        Channels [3, 8, 8] => [16, 6, 6], [3, 3], stride [1, 1], pad [0, 0], dilation [1, 1];
        MoreChannels [2, 12, 12] => [48, 8, 8], [5, 5], stride [1, 1], pad [0, 0], dilation [1, 1];
        Patches [3, 9, 11] => [5, 4, 5], [3, 3], stride [2, 2], pad [0, 0], dilation [1, 1];
        Blocks [3, 9, 11] => [24, 5, 6], [3, 3], stride [2, 2], pad [1, 1], dilation [1, 1];
        FewBlocks [3, 9, 11] => [8, 5, 6], [3, 3], stride [2, 2], pad [1, 1], dilation [1, 1];
        OverlappingBlocks [3, 9, 11] => [13, 5, 6], [3, 3], stride [2, 2], pad [1, 1], dilation [1, 1];
        Bands [20, 40, 30] => [3, 40, 30], [3, 3], stride [1, 1], pad [1, 1], dilation [1, 1];
        BandsOfParts [150, 9, 40] => [2, 9, 40], [5, 5], stride [1, 1], pad [2, 2], dilation [1, 1];
        LongRows [2, 3, 9000] => [2, 3, 9000], [3, 3], stride [1, 1], pad [1, 1], dilation [1, 1];
        EvenAndOdd [3, 34, 34] => [5, 17, 17], [5, 5], stride [2, 2], pad [2, 2], dilation [1, 1];
        EvenAndOddInside [3, 9, 70] => [7, 4, 33], [3, 3], stride [2, 2], pad [0, 0], dilation [1, 2];
        Columns [4, 9, 50] => [3, 9, 25], [2, 3], stride [1, 2], pad [1, 1], dilation [1, 1];
        FewestBlocks [7, 9, 8] => [4, 8, 7], [2, 2], stride [1, 1], pad [0, 0], dilation [1, 1];
    }
}

fn check_inputs<T: Entry, K: Geometry>() {
    let samples = 2;
    let w = numbers::<T>(K::PATCH * K::OUTPUTS, 2);
    let dy = numbers::<T>(samples * K::OUTPUT_LEN, 1);
    let bias = numbers::<T>(K::INPUTS, 3);
    let before = |index: usize| bias[index / K::PLANE % K::INPUTS].wide();
    let mut sums: Vec<_> =
        (0..samples * K::INPUT_LEN).map(|index| (before(index), before(index).abs())).collect();
    products(K::SIZES, samples, |[input, weight, output]| {
        let product = dy[output].wide() * w[weight].wide();
        sums[input].0 += product;
        sums[input].1 += product.abs();
    });
    for isa in InstructionSet::available().map(Isa::found) {
        let mut dx = vec![T::nan(); samples * K::INPUT_LEN];
        isa.run(ConvolutionInputs::<T, K> {
            weight: &w,
            output_gradient: &dy,
            input_gradient: &mut dx,
            onto: Onto::Channels(&bias),
            kind: PhantomData,
        });
        for (index, (found, (sum, size))) in dx.iter().zip(&sums).enumerate() {
            let (set, sizes) = (isa.set(), K::SIZES);
            assert!(
                is_close(*found, *sum, *size),
                "{set}, {sizes:?}: {found} at {index}, not {sum}"
            );
        }
    }
}

/// Strides of one, two and more columns, with rows of all lengths.
#[test]
fn gradients_of_inputs() {
    geometries! { check_inputs:
        One [1, 1, 1] => [1, 1, 1], [1, 1], stride [2, 2], pad [0, 0], dilation [1, 1];
        Even [3, 12, 40] => [5, 6, 20], [3, 3], stride [2, 2], pad [1, 1], dilation [1, 1];
        Odd [2, 11, 37] => [4, 6, 19], [3, 3], stride [2, 2], pad [1, 1], dilation [1, 1];
        Keywords [2, 49, 10] => [7, 25, 5], [10, 4], stride [2, 2], pad [5, 1], dilation [1, 1];
        Shortcut [3, 33, 65] => [4, 17, 33], [1, 1], stride [2, 2], pad [0, 0], dilation [1, 1];
        Twice [3, 16, 16] => [2, 8, 8], [2, 2], stride [2, 2], pad [0, 0], dilation [1, 1];
        Dilated [2, 20, 21] => [3, 8, 9], [3, 3], stride [2, 2], pad [0, 0], dilation [2, 2];
        Far [2, 9, 70] => [3, 4, 34], [3, 5], stride [2, 2], pad [0, 3], dilation [1, 2];
        Beside [2, 9, 19] => [3, 9, 9], [3, 7], stride [1, 2], pad [1, 2], dilation [1, 1];
        Below [2, 9, 19] => [3, 4, 19], [3, 3], stride [2, 1], pad [0, 1], dilation [1, 1];
        Thrice [2, 9, 30] => [3, 3, 10], [3, 3], stride [3, 3], pad [0, 0], dilation [1, 1];
    }
}

/// Sizes whose blocks are not the whole: rows in parts, more input channels than a patch holds, more output channels than are transposed at a time.
#[test]
fn many_blocks() {
    let same = |input: [usize; 3], outputs, side: usize, stride| Sizes {
        input,
        output: [outputs, input[1].div_ceil(stride), input[2].div_ceil(stride)],
        kernel: [side; 2],
        stride: [stride; 2],
        padding: [side / 2; 2],
        dilation: [1; 2],
        groups: 1,
    };
    for sizes in [
        same([2, 5, 300], 17, 3, 1),
        same([90, 10, 10], 20, 5, 1),
        same([150, 9, 9], 33, 3, 2),
        same([3, 40, 40], 144, 3, 2),
        same([40, 16, 16], 16, 1, 2),
        same([1, 2, 2], 130, 9, 1),
    ] {
        check_forward::<f32>(sizes, 1, [true, true, true, true]);
        check_forward::<f64>(sizes, 2, [false, true, false, true]);
        check_weights::<f32>(sizes, 2);
        check_weights::<f64>(sizes, 1);
    }
}
