//! Networks of images and of blocks, as `network!` builds them: types, shapes, gradients.
#![forbid(unsafe_code)]
#![deny(missing_docs, unused)]

use axonal::layers::{Activate, BatchNorm, Concat, Conv, NoBias, Residual, Window};
use axonal::prelude::*;
use axonal::{Image, Parameters, Sample, activations};

use crate::common::differences::check;

/// Channels that a macro does not see.
const CHANNELS: usize = 2;
/// Rows.
const ROWS: usize = 9;
/// Columns.
const COLUMNS: usize = 11;
/// A kernel.
const KERNEL: usize = 3;
/// How far it moves.
const STRIDE: usize = 2;
/// What is around.
const PAD: usize = 1;

network! {
    /// LeNet-5, about.
    pub struct Digits<input 28x28
        => conv 6 5x5 relu => maxpool 2x2
        => conv 16 5x5 no_bias => batchnorm relu => avgpool 2x2
        => flatten => dropout 0.5 => dense 120 tanh => layernorm => dense 10>;

    /// A residual network in small.
    pub struct Blocks<input {CHANNELS}x6x6
        => conv 4 3x3 pad same tanh
        => residual { conv 4 3x3 pad same tanh => residual { conv 4 1x1 } tanh }
        => concat { identity } { conv {CHANNELS} 1x1 => conv 2 3x3 pad 1 dilation 1 tanh } tanh
        => down: residual { conv 5 3x3 stride 2 pad 1 } project { conv 5 1x1 stride 2 }
        => conv_transpose 3 2x2 stride 2 => upsample 2 => avgpool 2x2 => pad 1
        => conv 6 3x3 depthwise => maxpool 2 => concat { flatten } { global avgpool }
        => dense 3>;

    /// The same as [`Numbers`].
    pub struct Constants<input {CHANNELS}x{ROWS}xCOLUMNS
        => conv {CHANNELS * 2} {KERNEL}x2 stride STRIDE pad PAD dilation KERNEL groups CHANNELS floor
        => conv 6 KERNEL stride STRIDE pad same
        => conv_transpose CHANNELS 4x4 stride STRIDE pad PAD relu
        => residual { conv CHANNELS 3x3 pad PAD => batchnorm relu }
        => concat { maxpool STRIDE } { avgpool KERNEL stride STRIDE pad PAD floor }
        => pad PAD => upsample STRIDE => layernorm => flatten => dense CHANNELS>;

    /// The same as [`Constants`].
    pub struct Numbers<input 2x9x11
        => conv 4 3x2 stride 2 pad 1 dilation 3 groups 2 floor
        => conv 6 3 stride 2 pad same
        => conv_transpose 2 4x4 stride 2 pad 1 relu
        => residual { conv 2 3x3 pad 1 => batchnorm relu }
        => concat { maxpool 2 } { avgpool 3 stride 2 pad 1 floor }
        => pad 1 => upsample 2 => layernorm => flatten => dense 2>;

    /// Pixels that no window reads.
    pub struct Floor<input 1x5x5 => maxpool 2x2 floor => reshape 4 => dense 1>;
}

#[test]
fn fields_have_the_types_of_the_library() {
    let net = Digits::zeros();
    let _: &Conv<f32, 6, 25, Image<1, 28, 28>, Image<6, 24, 24>, Window<5, 5>, activations::Relu> =
        &net.conv1;
    let _: &Conv<
        f32,
        16,
        150,
        Image<6, 12, 12>,
        Image<16, 8, 8>,
        Window<5, 5>,
        activations::Identity,
        NoBias<f32>,
    > = &net.conv2;
    let _: &BatchNorm<f32, Image<16, 8, 8>, 16> = &net.batchnorm1;
    let _: &Activate<f32, Image<16, 8, 8>, activations::Relu> = &net.batchnorm1_relu;
    let blocks = Blocks::zeros();
    let _: &Residual<f32, BlocksDown, BlocksDownProjection> = &blocks.down;
    let _: &Residual<f32, BlocksResidual1Residual1> = &blocks.residual1.block.residual1;
    let _: &Concat<f32, Image<4, 6, 6>, Image<6, 6, 6>, BlocksConcat1First, BlocksConcat1Second> =
        &blocks.concat1;
    assert_eq!(BlocksDown::PARAMETERS, 5 * 6 * 9 + 5);
}

#[test]
fn constants_are_numbers() {
    let mut constants = Constants::zeros();
    let numbers = Numbers::random(&mut StdRng::seed_from_u64(2));
    constants.as_mut_slice().copy_from_slice(numbers.as_slice());
    let input = Image([[[0.7; 11]; 9]; 2]);
    assert_eq!(constants.forward(&input), numbers.forward(&input));
    assert_eq!(Constants::MULTIPLY_ADDS, Numbers::MULTIPLY_ADDS);
}

#[test]
fn a_window_may_leave_pixels_with_floor() {
    let mut net = Floor::zeros();
    net.dense1.weight.fill(1.0);
    let mut rows = [[0.0; 5]; 5];
    for (row, numbers) in rows.iter_mut().enumerate() {
        for (column, number) in numbers.iter_mut().enumerate() {
            *number = f32::from(u8::try_from(row * 5 + column).unwrap());
        }
    }
    assert_eq!(net.forward(&Image([rows])), SVector::from([6.0 + 8.0 + 16.0 + 18.0]));
}

/// Images of numbers that look random.
fn samples<const N: usize>() -> [Image<2, 6, 6, f64>; N] {
    let mut state = 1.0_f64;
    std::array::from_fn(|_| {
        let mut image = Image([[[0.0; 6]; 6]; 2]);
        for number in Sample::as_mut_slice(&mut image) {
            state = (state * 12.9898 + 0.5).sin() * 43758.5453;
            state -= state.floor();
            *number = state - 0.5;
        }
        image
    })
}

#[test]
fn a_batch_gives_what_its_samples_give() {
    let net = Blocks::<f64>::random(&mut StdRng::seed_from_u64(5));
    let inputs = samples::<7>();
    let mut outputs = [SVector::zeros(); 7];
    net.forward_batch(&inputs, &mut outputs);
    for (input, output) in inputs.iter().zip(outputs) {
        assert!((net.forward(input) - output).norm() < 1e-12);
    }
}

#[test]
fn gradients_are_those_of_differences() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut net = Blocks::<f64>::random(&mut rng);
    let targets = [0, 2, 1].map(|class| Class::<3>::new(class).unwrap());
    check(&mut *net, &samples::<3>(), &targets, &CrossEntropy, &mut rng);
}

#[test]
fn training_lowers_the_loss() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut net = Digits::random(&mut rng);
    let inputs = [Image([[[0.1; 28]; 28]]), Image([[[0.9; 28]; 28]])];
    let targets = [3, 4].map(|class| Class::<10>::new(class).unwrap());
    let mut optimizer = Adam::new(1e-3);
    let losses: Vec<f32> =
        (0..10).map(|_| net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer)).collect();
    assert!(losses[9] < losses[0], "{losses:?}");
}
