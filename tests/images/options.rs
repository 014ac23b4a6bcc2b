//! Options of other libraries, against their definitions written out as loops.

use axonal::layers::{AvgPool, BatchNorm, LayerNorm, Ratio, Window};
use axonal::prelude::*;
use axonal::{ImageSample, Sample};

use crate::common::samples::random;
use crate::differences::{check, check_layer};
use crate::passes::random_layer;

type Pixels<const C: usize, const H: usize, const W: usize> = Image<C, H, W, f64>;

network! {
    struct Keras<input 2x5x7 => avgpool 3x3 stride 1 pad same>;
    struct KerasDown<input 2x5x7 => avgpool 2x2 pad same>;
    struct KerasCounted<input 2x5x7 => avgpool 3x3 stride 1 pad same count_include_pad true>;
    struct PyTorch<input 2x5x7 => avgpool 3x3 stride 1 pad 1>;
    struct PyTorchWithout<input 2x5x7 => avgpool 3x3 stride 1 pad 1 count_include_pad false>;
    struct Unpadded<input 2x5x7 => avgpool 3x3 stride 2 count_include_pad false>;
}

/// The mean of a window, of the numbers on the image alone or of all of them.
fn mean(
    image: &Pixels<2, 5, 7>,
    [channel, row, column]: [usize; 3],
    kernel: usize,
    stride: usize,
    before: usize,
    counts: bool,
) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for i in 0..kernel {
        for j in 0..kernel {
            let at = |place: usize, offset: usize| (place * stride + offset).checked_sub(before);
            if let (Some(r), Some(c)) = (at(row, i), at(column, j))
                && r < 5
                && c < 7
            {
                sum += image.as_slice()[(channel * 5 + r) * 7 + c];
                count += 1.0;
            }
        }
    }
    sum / if counts { f64::from(u32::try_from(kernel * kernel).unwrap()) } else { count }
}

fn check_pool<N>(kernel: usize, stride: usize, before: usize, counts: bool)
where
    N: Network<Scalar = f64, Input = Pixels<2, 5, 7>>,
    N::Output: ImageSample,
{
    let image: Pixels<2, 5, 7> = random(1, &mut StdRng::seed_from_u64(1))[0];
    let output = N::zeros().forward(&image);
    let (rows, columns) = (N::Output::ROWS, N::Output::COLUMNS);
    for (place, found) in output.as_slice().iter().enumerate() {
        let at = [place / (rows * columns), place / columns % rows, place % columns];
        let expected = mean(&image, at, kernel, stride, before, counts);
        assert!((found - expected).abs() < 1e-12, "{} at {at:?}: {found}, {expected}", N::NAME);
    }
}

#[test]
fn a_mean_counts_the_padding_as_each_library_does() {
    check_pool::<Keras<f64>>(3, 1, 1, false);
    // One row and one column more below and to the right.
    check_pool::<KerasDown<f64>>(2, 2, 0, false);
    check_pool::<KerasCounted<f64>>(3, 1, 1, true);
    check_pool::<PyTorch<f64>>(3, 1, 1, true);
    check_pool::<PyTorchWithout<f64>>(3, 1, 1, false);
    check_pool::<Unpadded<f64>>(3, 2, 0, false);
}

#[test]
fn gradients_of_options_are_slopes() {
    type Padded = Window<3, 3, 2, 2, 1, 1, 1, 1>;
    check::<AvgPool<f64, Pixels<2, 5, 5>, Pixels<2, 3, 3>, Padded, false>>(3, 1);
    check::<LayerNorm<f64, SVector<f64, 9>, 9, Ratio<1, 2>>>(3, 2);
    let mut rng = StdRng::seed_from_u64(3);
    let norm =
        random_layer::<BatchNorm<f64, Pixels<3, 3, 4>, 3, Ratio<1, 2>, Ratio<1, 4>>>(&mut rng);
    check_layer(&*norm, 3, &mut rng);
}

network! {
    struct Doubled<input 2x3x4 => up: conv_transpose 3 3x3 stride 2 pad 1 output_padding 1>;
    struct Wider<input 2x3x4 => up: conv_transpose 3 4x3 stride 3 output_padding 0x2>;
    struct Learned<input 2x3x4 => up: conv_transpose 3 3x3 stride 2 pad 1 output_padding 1 tanh => flatten => dense 2>;
}

/// PyTorch's definition: each number of the input adds its window, whose first row is `row * stride - padding`.
fn check_transposed<N>(
    weight: impl Fn(&mut N) -> (&mut [f64], &mut [f64]),
    kernel: [usize; 2],
    stride: usize,
    padding: usize,
    size: [usize; 2],
) where
    N: Network<Scalar = f64, Input = Pixels<2, 3, 4>>,
    N::Output: ImageSample,
{
    assert_eq!([N::Output::ROWS, N::Output::COLUMNS], size, "{}", N::NAME);
    let mut rng = StdRng::seed_from_u64(2);
    let mut net = N::random(&mut rng);
    let input: Pixels<2, 3, 4> = random(1, &mut rng)[0];
    let output = net.forward(&input);
    let (weight, bias) = weight(&mut net);
    bias.fill(0.0);
    let mut expected = vec![0.0; 3 * size[0] * size[1]];
    for c in 0..2 {
        for (r, s) in (0..3).flat_map(|r| (0..4).map(move |s| (r, s))) {
            for o in 0..3 {
                for (i, j) in (0..kernel[0]).flat_map(|i| (0..kernel[1]).map(move |j| (i, j))) {
                    let row = (r * stride + i).checked_sub(padding).filter(|row| *row < size[0]);
                    let column = (s * stride + j).checked_sub(padding).filter(|c| *c < size[1]);
                    if let (Some(row), Some(column)) = (row, column) {
                        // The weights lie column by column: a row for each input channel.
                        let weight = weight[((o * kernel[0] + i) * kernel[1] + j) * 2 + c];
                        let x = input.as_slice()[(c * 3 + r) * 4 + s];
                        expected[(o * size[0] + row) * size[1] + column] += x * weight;
                    }
                }
            }
        }
    }
    for (place, (found, expected)) in output.as_slice().iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-12, "{} at {place}: {found}, {expected}", N::NAME);
    }
}

#[test]
fn output_padding_is_that_of_pytorch() {
    check_transposed::<Doubled<f64>>(
        |net| (net.up.weight.as_mut_slice(), net.up.bias.as_mut_slice()),
        [3, 3],
        2,
        1,
        [6, 8],
    );
    // (3 − 1) · 3 + 4 rows, (4 − 1) · 3 + 3 + 2 columns, of which the last two are the bias alone.
    check_transposed::<Wider<f64>>(
        |net| (net.up.weight.as_mut_slice(), net.up.bias.as_mut_slice()),
        [4, 3],
        3,
        0,
        [10, 14],
    );
}

#[test]
fn gradients_with_output_padding_are_slopes() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut net = Learned::<f64>::random(&mut rng);
    let inputs: Vec<Pixels<2, 3, 4>> = random(3, &mut rng);
    let targets: Vec<SVector<f64, 2>> = random(3, &mut rng);
    let (_, gradient) = net.gradient(&inputs, &targets, &MeanSquaredError);
    for index in 0..Learned::<f64>::PARAMETERS {
        let weight = net.as_slice()[index];
        let mut at = |weight: f64| {
            net.as_mut_slice()[index] = weight;
            net.loss(&inputs, &targets, &MeanSquaredError)
        };
        let slope = (at(weight + 1e-5) - at(weight - 1e-5)) / 2e-5;
        at(weight);
        assert!((slope - gradient.as_slice()[index]).abs() < 1e-8, "weight {index}");
    }
}

network! {
    struct Usual<input 3x2x2 => norm: batchnorm>;
    struct Written<input 3x2x2 => norm: batchnorm eps 1e-5 momentum 0.1>;
    struct KerasNorm<input 3x2x2 => norm: batchnorm eps 1e-3 momentum 0.01>;
    struct Slow<input 3x2x2 => norm: batchnorm momentum 0.01>;
    struct Layered<input 6 => norm: layernorm eps 1e-3>;
}

#[test]
fn normalization_takes_epsilon_and_momentum() {
    let mut rng = StdRng::seed_from_u64(5);
    let inputs: Vec<Pixels<3, 2, 2>> = random(4, &mut rng);

    // In inference: (x − μ) / √(σ² + ε), of small variances, where ε counts.
    let (mut net, mut usual) = (KerasNorm::<f64>::zeros(), Usual::<f64>::zeros());
    for norm in [&mut net.norm.weight, &mut usual.norm.weight] {
        norm.fill(2.0);
    }
    net.norm.running_var.fill(0.004);
    usual.norm.running_var.fill(0.004);
    for (output, epsilon) in [(net.forward(&inputs[0]), 1e-3), (usual.forward(&inputs[0]), 1e-5)] {
        for (y, x) in output.as_slice().iter().zip(inputs[0].as_slice()) {
            let expected = 2.0 * x / f64::sqrt(0.004 + epsilon);
            assert!((y - expected).abs() < 1e-12, "{y}, {expected}");
        }
    }

    // In training: the running mean moves by the momentum.
    let mean = |channel: usize| {
        let pixels = inputs.iter().flat_map(|image| &image.as_slice()[channel * 4..][..4]);
        pixels.sum::<f64>() / 16.0
    };
    let target = [Pixels::<3, 2, 2>::default(); 4];
    let mut still = Sgd::<f64>::new(0.0);
    let (mut net, mut slow) = (KerasNorm::<f64>::random(&mut rng), Slow::<f64>::random(&mut rng));
    net.train_step(&inputs, &target, &MeanSquaredError, &mut still);
    slow.train_step(&inputs, &target, &MeanSquaredError, &mut Sgd::<f64>::new(0.0));
    for channel in 0..3 {
        assert!((net.norm.running_mean[channel] - 0.01 * mean(channel)).abs() < 1e-12);
        assert!((slow.norm.running_mean[channel] - 0.01 * mean(channel)).abs() < 1e-12);
    }

    // What is written out as it is anyway gives the same bits.
    let (mut usual, mut written) =
        (Usual::<f64>::random(&mut rng), Written::<f64>::random(&mut rng));
    usual.train_step(&inputs, &target, &MeanSquaredError, &mut Sgd::<f64>::new(0.1));
    written.train_step(&inputs, &target, &MeanSquaredError, &mut Sgd::<f64>::new(0.1));
    assert_eq!(usual.as_slice(), written.as_slice());

    let mut net = Layered::<f64>::random(&mut rng);
    net.norm.weight.fill(1.0);
    let x = SVector::from([0.01, -0.02, 0.03, 0.0, 0.01, -0.03]);
    let output = net.forward(&x);
    let variance = x.iter().map(|x| x * x).sum::<f64>() / 6.0;
    for (y, x) in output.iter().zip(&x) {
        assert!((y - x / f64::sqrt(variance + 1e-3)).abs() < 1e-12);
    }
}
