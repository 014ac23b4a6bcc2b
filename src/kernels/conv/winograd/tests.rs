//! Winograd's algorithm against plain sums in `f64`, on every instruction set.

use proptest::prelude::*;

use super::*;
use crate::kernels::entry::Entry;
use crate::kernels::epilogue::PostOps;
use crate::kernels::in_part::{InPart, check_parts};
use crate::parallel::Part;
use crate::simd::{Element, InstructionSet, Isa};

/// Small enough for several blocks.
const SMALL: Budget = Budget { block: 8 * 1024, weights: 16 * 1024, large_block: 8 * 1024 };

/// Numbers of `f32`.
fn values(count: usize, seed: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "test data")]
    let value = |index: usize| ((index * 7919 + seed * 104_729) as f64 * 0.618).sin();
    (0..count).map(|index| f32::nearest(value(index)).wide()).collect()
}

fn of<T: Entry>(values: &[f64]) -> Vec<T> {
    values.iter().map(|value| T::nearest(*value)).collect()
}

const fn shape(input: [usize; 3], outputs: usize, padding: [usize; 2]) -> Shape {
    let rows = input[1] + 2 * padding[0] - 2;
    let columns = input[2] + 2 * padding[1] - 2;
    Shape { input, output: [outputs, rows, columns], padding }
}

/// The sum that defines a convolution: calls `term(output, weight, input)` with the indices of the factors of each term of a sample.
fn terms(shape: &Shape, mut term: impl FnMut(usize, usize, usize)) {
    let [channels, height, width] = shape.input;
    let [outputs, rows, columns] = shape.output;
    for output in 0..outputs {
        for y in 0..rows {
            for x in 0..columns {
                for channel in 0..channels {
                    for tap in 0..TAPS {
                        let row = (y + tap / 3).wrapping_sub(shape.padding[0]);
                        let column = (x + tap % 3).wrapping_sub(shape.padding[1]);
                        if row < height && column < width {
                            term(
                                (output * rows + y) * columns + x,
                                (channel * TAPS + tap) * outputs + output,
                                (channel * height + row) * width + column,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// A convolution and its plain sums.
struct Case {
    shape: Shape,
    weight: Vec<f64>,
    inputs: Vec<f64>,
    sums: Vec<f64>,
}

impl Case {
    fn new(shape: Shape, samples: usize) -> Self {
        let weight = values(shape.inputs() * TAPS * shape.outputs(), 1);
        let inputs = values(samples * shape.input_len(), 2);
        let mut sums = vec![0.0; samples * shape.output_len()];
        for (sums, inputs) in
            sums.chunks_mut(shape.output_len()).zip(inputs.chunks(shape.input_len()))
        {
            terms(&shape, |to, w, from| sums[to] += weight[w] * inputs[from]);
        }
        Self { shape, weight, inputs, sums }
    }

    /// The weights for [`Window::Flipped`].
    fn flipped(&self) -> Vec<f64> {
        let (inputs, outputs) = (self.shape.inputs(), self.shape.outputs());
        let mut flipped = vec![0.0; self.weight.len()];
        for input in 0..inputs {
            for output in 0..outputs {
                for tap in 0..TAPS {
                    flipped[(output * TAPS + TAPS - 1 - tap) * inputs + input] =
                        self.weight[(input * TAPS + tap) * outputs + output];
                }
            }
        }
        flipped
    }

    fn run<T: Entry>(
        &self,
        set: InstructionSet,
        window: Window,
        post: PostOps<'_, f64>,
        budget: Budget,
    ) -> Vec<f64> {
        let weight = of::<T>(&match window {
            Window::Forward => self.weight.clone(),
            Window::Flipped => self.flipped(),
        });
        let [scale, shift, addend] = [post.scale, post.shift, post.addend].map(of::<T>);
        let inputs = of::<T>(&self.inputs);
        let run = |part, outputs: &mut [T]| {
            let call = WinogradConvolution {
                shape: self.shape,
                window,
                weight: &weight,
                inputs: &inputs,
                outputs: outputs.into(),
                post: PostOps { scale: &scale, shift: &shift, addend: &addend, relu: post.relu },
                budget,
            };
            Isa::found(set).run(InPart { call, part });
        };
        let mut outputs = vec![T::nan(); self.sums.len()];
        run(Part::WHOLE, &mut outputs);
        if outputs.iter().all(|output| output.is_finite()) {
            check_parts(&outputs, &format!("{set}, {:?}, {window:?}", self.shape), run);
        }
        outputs.into_iter().map(T::wide).collect()
    }

    fn check<T: Entry>(&self, tolerance: f64) {
        let (pixels, outputs) = (self.shape.rows() * self.shape.columns(), self.shape.outputs());
        let (scale, shift) = (values(outputs, 3), values(outputs, 4));
        let addend = values(self.sums.len(), 5);
        let posts = [
            PostOps::bias(&[]),
            PostOps { relu: true, ..PostOps::bias(&shift) },
            PostOps { scale: &scale, shift: &shift, addend: &addend, relu: true },
            PostOps { addend: &addend, ..PostOps::bias(&[]) },
        ];
        for set in InstructionSet::available() {
            for (index, post) in posts.into_iter().enumerate() {
                let window = if index % 2 == 0 { Window::Forward } else { Window::Flipped };
                let budget = if index < 2 { SMALL } else { Budget::USUAL };
                let found = self.run::<T>(set, window, post, budget);
                for (index, found) in found.into_iter().enumerate() {
                    let channel = index / pixels % outputs;
                    let mut expected = self.sums[index] * post.scale.get(channel).unwrap_or(&1.0)
                        + post.shift.get(channel).unwrap_or(&0.0)
                        + post.addend.get(index).unwrap_or(&0.0);
                    if post.relu {
                        expected = expected.max(0.0);
                    }
                    assert!(
                        (found - expected).abs() <= tolerance,
                        "{set}, {:?}, {window:?}: {found} at {index}, expected {expected}",
                        self.shape
                    );
                }
            }
        }
    }
}

/// The gradient of the weights, onto what is there.
fn check_weights<T: Entry>(shape: Shape, samples: usize, tolerance: f64) {
    let inputs = values(samples * shape.input_len(), 6);
    let output_gradient = values(samples * shape.output_len(), 7);
    let before = values(shape.inputs() * TAPS * shape.outputs(), 8);
    let mut sums = before.clone();
    for sample in 0..samples {
        let [from, of] = [sample * shape.input_len(), sample * shape.output_len()];
        terms(&shape, |y, w, x| sums[w] += output_gradient[of + y] * inputs[from + x]);
    }
    for set in InstructionSet::available() {
        for budget in [SMALL, Budget::USUAL] {
            let mut gradient = of::<T>(&before);
            T::conv_weights_winograd(
                Isa::found(set),
                WinogradWeights {
                    shape,
                    inputs: &of::<T>(&inputs),
                    output_gradient: &of::<T>(&output_gradient),
                    gradient: &mut gradient,
                    budget,
                },
            );
            for (found, expected) in gradient.iter().zip(&sums) {
                assert!(
                    (found.wide() - expected).abs() <= tolerance,
                    "{set}, {shape:?}: {found}, expected {expected}"
                );
            }
        }
    }
}

fn side() -> impl Strategy<Value = usize> {
    prop_oneof![3_usize..10, Just(13), Just(16), Just(18)]
}

fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..6, Just(8), Just(16), Just(19)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn convolutions(
        inputs in channels(), height in side(), width in side(), outputs in channels(),
        above in 0_usize..4, left in 0_usize..4, samples in 1_usize..4,
    ) {
        let case = Case::new(shape([inputs, height, width], outputs, [above, left]), samples);
        case.check::<f32>(1e-4);
        case.check::<f64>(3e-13);
        check_weights::<f32>(case.shape, samples, 3e-4);
        check_weights::<f64>(case.shape, samples, 1e-12);
    }
}

/// Several blocks of outputs, of columns, and more outputs than a tile of registers has.
#[test]
fn large_convolutions() {
    for (input, outputs) in [([2, 3, 130], 70), ([20, 4, 4], 85), ([70, 4, 5], 33), ([1, 1, 1], 1)]
    {
        let case = Case::new(shape(input, outputs, [1, 1]), 2);
        case.check::<f32>(1e-4);
        case.check::<f64>(1e-12);
        check_weights::<f32>(case.shape, 2, 3e-4);
        check_weights::<f64>(case.shape, 2, 1e-12);
    }
}

/// What the module's documentation says of rounding.
#[test]
fn rounding() {
    let case = Case::new(shape([64, 16, 16], 16, [1, 1]), 1);
    let root_mean_square = |numbers: &[f64]| {
        let mean = numbers.iter().map(|number| number * number).sum::<f64>() / 4096.0;
        assert_eq!(numbers.len(), 4096);
        mean.sqrt()
    };
    let size = root_mean_square(&case.sums);
    for set in InstructionSet::available() {
        let found = case.run::<f32>(set, Window::Forward, PostOps::bias(&[]), Budget::USUAL);
        let errors: Vec<f64> =
            found.iter().zip(&case.sums).map(|(found, sum)| (found - sum) / size).collect();
        let mean = root_mean_square(&errors);
        let largest = errors.iter().fold(0.0_f64, |largest, error| largest.max(error.abs()));
        assert!(mean < 2.5e-6 && largest < 2e-5, "{set}: {mean}, {largest}");
    }
}

/// NaN and infinity are lost nowhere: every output whose window sees them is NaN, or infinite.
#[test]
fn nan_is_not_lost() {
    for number in [f64::NAN, f64::INFINITY] {
        for at in (0..81).step_by(5) {
            let mut case = Case::new(shape([1, 9, 9], 2, [1, 1]), 1);
            case.inputs[at] = number;
            for set in InstructionSet::available() {
                let post = PostOps { relu: true, ..PostOps::bias(&[]) };
                let found = case.run::<f32>(set, Window::Forward, post, Budget::USUAL);
                terms(&case.shape, |to, _, from| {
                    assert!(
                        from != at
                            || !found[to].is_finite()
                            || !number.is_nan() && found[to] == 0.0,
                        "{set}: {to} of {at}"
                    );
                });
            }
        }
    }
}

#[test]
fn blocks_cover_all_tiles() {
    let registers = Registers { lanes: 16, scalar: 4, are_many: true };
    for (input, samples) in [([16, 32, 32], 5), ([64, 7, 9], 30), ([3, 5, 1000], 2)] {
        let shape = shape(input, 8, [1, 1]);
        let [rows, columns] = shape.tiles();
        for bytes in [1, 100 * 1024, 1024 * 1024] {
            let blocks = tile_blocks(&shape, shape.all_rows(samples), registers, bytes);
            let mut seen = vec![0; samples * rows * columns];
            let mut number = 0;
            for block in blocks {
                number += 1;
                assert!(block.len() <= blocks.most_tiles() && block.columns <= blocks.columns);
                for row in block.first_row..block.first_row + block.rows {
                    for column in block.first_column..block.first_column + block.columns {
                        seen[row * columns + column] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|times| *times == 1));
            assert_eq!(number, blocks.number());
        }
    }
}

#[test]
fn blocks_of_outputs() {
    let registers = Registers { lanes: 16, scalar: 4, are_many: true };
    let widths = |outputs| {
        let blocks = OutputBlocks::of(0..usize::div_ceil(outputs, 16), registers);
        let widths: Vec<_> = (0..blocks.count()).map(|block| blocks.vectors(block).len()).collect();
        assert!(widths.iter().all(|width| *width <= blocks.most_vectors()));
        widths
    };
    assert_eq!(widths(1), [1]);
    assert_eq!(widths(64), [4]);
    // Not four and one.
    assert_eq!(widths(65), [2, 3]);
    assert_eq!(widths(128), [4, 4]);
}
