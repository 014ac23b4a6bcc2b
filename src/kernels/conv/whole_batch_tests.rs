//! The kernels whose sizes are not constants, against loops over all indices, for sizes at random, on every instruction set.

use proptest::prelude::*;

use crate::kernels::conv::depthwise::{Depthwise, DepthwiseWeights};
use crate::kernels::conv::depthwise_plan::DepthwisePlan;
use crate::kernels::conv::pointwise::Pointwise;
use crate::kernels::conv::pointwise_plan::{self, PointwiseSizes, WeightsPlan};
use crate::kernels::conv::pointwise_weights::PointwiseWeights;
use crate::kernels::entry::Entry;
use crate::kernels::epilogue::PostOps;
use crate::kernels::geometry::Sizes;
use crate::kernels::in_part::{InPart, check_parts};
use crate::memory::Shared;
use crate::parallel::Part;
use crate::simd::{InstructionSet, Isa};

fn numbers<T: Entry>(length: usize, seed: usize) -> Vec<T> {
    #[expect(clippy::cast_precision_loss, reason = "test data")]
    let value = |index: usize| ((index * 7919 + seed * 104_729) as f64 * 0.618).sin();
    (0..length).map(|index| T::nearest(value(index))).collect()
}

/// Calls `term(output, weight, input)` with the indices of the factors of each term of a convolution of one sample.
fn terms(sizes: &Sizes, mut term: impl FnMut(usize, usize, usize)) {
    let [_, height, width] = sizes.input;
    let [outputs, rows, columns] = sizes.output;
    for output in 0..outputs {
        let group = output / sizes.group_outputs();
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for patch in 0..sizes.patch() {
                let (channel, tap) = (patch / sizes.taps(), patch % sizes.taps());
                let (ky, kx) = (tap / sizes.kernel[1], tap % sizes.kernel[1]);
                let row = y * sizes.stride[0] + ky * sizes.dilation[0];
                let column = x * sizes.stride[1] + kx * sizes.dilation[1];
                let (Some(row), Some(column)) =
                    (row.checked_sub(sizes.padding[0]), column.checked_sub(sizes.padding[1]))
                else {
                    continue;
                };
                if row < height && column < width {
                    let from = group * sizes.group_inputs() + channel;
                    term(
                        (output * rows + y) * columns + x,
                        patch * outputs + output,
                        (from * height + row) * width + column,
                    );
                }
            }
        }
    }
}

/// A sum, and that of the magnitudes of its terms.
type Sum = (f64, f64);

fn add(sum: &mut Sum, a: impl Entry, b: impl Entry) {
    let product = a.wide() * b.wide();
    *sum = (sum.0 + product, sum.1 + product.abs());
}

#[track_caller]
fn assert_close<T: Entry>(found: &[T], expected: &[Sum], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, (sum, size))) in found.iter().zip(expected).enumerate() {
        let tolerance = 32.0 * T::epsilon().wide() * (size + 1.0);
        let error = (found.wide() - sum).abs();
        assert!(error <= tolerance, "{what}, number {index}: {found}, expected {sum}");
    }
}

/// Which of the [`PostOps`] there are.
#[derive(Clone, Copy, Debug)]
struct Ops {
    scale: bool,
    shift: bool,
    addend: bool,
    relu: bool,
}

impl Ops {
    fn any() -> impl Strategy<Value = Self> {
        any::<[bool; 4]>().prop_map(|[scale, shift, addend, relu]| Self {
            scale,
            shift,
            addend,
            relu,
        })
    }

    /// The numbers for `channels` channels and `len` outputs.
    fn numbers<T: Entry>(self, channels: usize, len: usize) -> [Vec<T>; 3] {
        let some = |is_there: bool, len: usize, seed| numbers(if is_there { len } else { 0 }, seed);
        [some(self.scale, channels, 4), some(self.shift, channels, 5), some(self.addend, len, 6)]
    }

    fn post<T: Entry>(self, [scale, shift, addend]: &[Vec<T>; 3]) -> PostOps<'_, T> {
        PostOps { scale, shift, addend, relu: self.relu }
    }
}

/// What a post-op makes of sums, `pixels` of each channel.
fn finish<T: Entry>(post: PostOps<'_, T>, sums: &mut [Sum], channels: usize, pixels: usize) {
    for (index, (sum, size)) in sums.iter_mut().enumerate() {
        let channel = index / pixels % channels;
        let scale = post.scale.get(channel).map_or(1.0, |scale| scale.wide());
        let shift = post.shift.get(channel).map_or(0.0, |shift| shift.wide());
        let addend = post.addend.get(index).map_or(0.0, |addend| addend.wide());
        *sum = *sum * scale + shift + addend;
        *size = *size * scale.abs() + shift.abs() + addend.abs();
        if post.relu {
            *sum = sum.max(0.0);
        }
    }
}

/// Both directions of a convolution: `run` is given the direction, the weights, the input, the output, and what comes last.
fn against_loops<T: Entry>(
    sizes: Sizes,
    samples: usize,
    ops: Ops,
    run: impl Fn(Isa, Part, bool, [&[T]; 2], Shared<'_, T>, PostOps<'_, T>),
) {
    let (large, small) = (sizes.input.iter().product(), sizes.output.iter().product());
    let weight: Vec<T> = numbers(sizes.output[0] * sizes.patch(), 3);
    for is_backward in [false, true] {
        let [from, to] = if is_backward { [small, large] } else { [large, small] };
        let [channels, pixels] = if is_backward {
            [sizes.input[0], sizes.input[1] * sizes.input[2]]
        } else {
            [sizes.output[0], sizes.pixels()]
        };
        let inputs: Vec<T> = numbers(samples * from, 1);
        let mut expected = vec![(0.0, 0.0); samples * to];
        for sample in 0..samples {
            terms(&sizes, |output, w, input| {
                let (to_at, from_at) = if is_backward { (input, output) } else { (output, input) };
                add(&mut expected[sample * to + to_at], weight[w], inputs[sample * from + from_at]);
            });
        }
        let last = ops.numbers(channels, samples * to);
        let post = ops.post(&last);
        finish(post, &mut expected, channels, pixels);
        for set in InstructionSet::available() {
            let isa = Isa::found(set);
            let what = format!("{set}, backward {is_backward}");
            let mut outputs = vec![T::nan(); samples * to];
            let all = Shared::from(&mut outputs[..]);
            run(isa, Part::WHOLE, is_backward, [&weight, &inputs], all, post);
            assert_close(&outputs, &expected, &what);
            check_parts(&outputs, &what, |part, outputs: &mut [T]| {
                run(isa, part, is_backward, [&weight, &inputs], outputs.into(), post);
            });
            // One by one, with the same bits.
            for sample in 0..samples {
                let mut output = vec![T::nan(); to];
                let addend = post.addend.get(sample * to..(sample + 1) * to).unwrap_or_default();
                let input = &inputs[sample * from..(sample + 1) * from];
                let (one, post) = (Shared::from(&mut output[..]), PostOps { addend, ..post });
                run(isa, Part::WHOLE, is_backward, [&weight, input], one, post);
                assert_eq!(
                    output,
                    outputs[sample * to..(sample + 1) * to],
                    "{what}: sample {sample}"
                );
            }
        }
    }
}

/// The gradient of the weights, added to what is there.
fn weights_against_loops<T: Entry>(
    sizes: Sizes,
    samples: usize,
    mut run: impl FnMut(Isa, &[T], &[T], &mut [T]),
) {
    let (large, small): (usize, usize) =
        (sizes.input.iter().product(), sizes.output.iter().product());
    let inputs: Vec<T> = numbers(samples * large, 1);
    let output_gradient: Vec<T> = numbers(samples * small, 2);
    let before: Vec<T> = numbers(sizes.output[0] * sizes.patch(), 3);
    let mut expected: Vec<Sum> = before.iter().map(|number| (number.wide(), 1.0)).collect();
    for sample in 0..samples {
        terms(&sizes, |output, w, input| {
            let (output, input) = (sample * small + output, sample * large + input);
            add(&mut expected[w], output_gradient[output], inputs[input]);
        });
    }
    for set in InstructionSet::available() {
        let mut gradient = before.clone();
        run(Isa::found(set), &inputs, &output_gradient, &mut gradient);
        assert_close(&gradient, &expected, &format!("{set}, weights"));
    }
}

fn check_pointwise<T: Entry>(sizes: Sizes, samples: usize, ops: Ops) {
    against_loops::<T>(sizes, samples, ops, |isa, part, is_backward, from, outputs, post| {
        let [weight, inputs] = from;
        let sizes = if is_backward {
            PointwiseSizes::backward_data(&sizes)
        } else {
            PointwiseSizes::forward(&sizes)
        };
        assert!(pointwise_plan::fits(&sizes, isa.registers::<T>().lanes));
        let call = Pointwise { sizes, weight, inputs, outputs, post };
        isa.run(InPart { call, part });
    });
    let plan = WeightsPlan::of(&sizes);
    weights_against_loops::<T>(sizes, samples, |isa, inputs, output_gradient, gradient| {
        let weights = PointwiseWeights { plan, inputs, output_gradient, gradient };
        T::conv_weights_pointwise(isa, weights);
    });
}

fn check_depthwise<T: Entry>(sizes: Sizes, samples: usize, ops: Ops) {
    against_loops::<T>(sizes, samples, ops, |isa, part, is_backward, from, outputs, post| {
        let [weight, inputs] = from;
        assert!(DepthwisePlan::fits(&sizes, isa.registers::<T>().lanes));
        let call = Depthwise { sizes, is_backward, weight, inputs, outputs, post };
        isa.run(InPart { call, part });
    });
    weights_against_loops::<T>(sizes, samples, |isa, inputs, output_gradient, gradient| {
        let weights = DepthwiseWeights { sizes, inputs, output_gradient, gradient };
        T::conv_weights_depthwise(isa, weights);
    });
}

/// Channels, outputs, pixels.
fn pointwise(groups: usize, [channels, outputs]: [usize; 2], [rows, columns]: [usize; 2]) -> Sizes {
    Sizes {
        input: [groups * channels, rows, columns],
        output: [groups * outputs, rows, columns],
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups,
    }
}

fn side() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..8, Just(11), Just(17)]
}

/// Windows that fit their image.
fn depthwise() -> impl Strategy<Value = Sizes> {
    let axis = || {
        (1_usize..20, 1_usize..6, 1_usize..4, 1_usize..3, 0_usize..4, 0_usize..4).prop_map(
            |(length, kernel, stride, dilation, before, after)| {
                let extent = (kernel - 1) * dilation + 1;
                let length = length.max(extent.saturating_sub(before + after));
                let places = (length + before + after - extent) / stride + 1;
                [length, places, kernel, stride, before, dilation]
            },
        )
    };
    let channels = prop_oneof![1_usize..40, Just(64)];
    (channels, 1_usize..4, axis(), axis()).prop_map(|(channels, multiplier, rows, columns)| Sizes {
        input: [channels, rows[0], columns[0]],
        output: [channels * multiplier, rows[1], columns[1]],
        kernel: [rows[2], columns[2]],
        stride: [rows[3], columns[3]],
        padding: [rows[4], columns[4]],
        dilation: [rows[5], columns[5]],
        groups: channels,
    })
}

fn samples() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), Just(2), 3_usize..9]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pointwise_at_random(
        groups in prop_oneof![Just(1_usize), 1_usize..4],
        channels in prop_oneof![1_usize..9, Just(16), Just(70)],
        outputs in prop_oneof![1_usize..30, Just(32), Just(48)],
        plane in [side(), side()],
        samples in samples(),
        ops in Ops::any(),
    ) {
        let sizes = pointwise(groups, [channels, outputs], plane);
        check_pointwise::<f32>(sizes, samples, ops);
        check_pointwise::<f64>(sizes, samples, ops);
    }

    #[test]
    fn depthwise_at_random(sizes in depthwise(), samples in 1_usize..3, ops in Ops::any()) {
        check_depthwise::<f32>(sizes, samples, ops);
        check_depthwise::<f64>(sizes, samples, ops);
    }
}

const ALL: Ops = Ops { scale: true, shift: true, addend: true, relu: true };

/// Weights that are packed, and vectors of each kind.
#[test]
fn large_pointwise() {
    for (channels, outputs, plane, samples) in
        [(130, 50, [17, 17], 1), (130, 64, [3, 3], 1), (130, 64, [3, 3], 30), (70, 64, [6, 6], 5)]
    {
        check_pointwise::<f32>(pointwise(1, [channels, outputs], plane), samples, ALL);
    }
}

/// Planes of more than one block of rows, with and without a multiplier.
#[test]
fn large_depthwise() {
    for (stride, multiplier) in [(1, 1), (2, 1), (2, 2), (3, 2)] {
        let sizes = Sizes {
            input: [17, 41, 50],
            output: [17 * multiplier, (41 - 1) / stride + 1, (50 - 1) / stride + 1],
            kernel: [3, 3],
            stride: [stride, stride],
            padding: [1, 1],
            dilation: [1, 1],
            groups: 17,
        };
        check_depthwise::<f32>(sizes, 1, ALL);
        check_depthwise::<f64>(sizes, 1, ALL);
    }
}
