//! A network as deep as the well-known ones: 50 layers with weights on the way through.
#![cfg(feature = "std")]

use axonal::Image;
use axonal::prelude::*;

network! {
    /// One convolution, 24 blocks of two, and the layer of scores.
    struct Deep<input 16x16 => conv 4 3x3 pad same no_bias => batchnorm relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 4 3x3 pad same no_bias => batchnorm relu => conv 4 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 stride 2 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } project { conv 8 1x1 stride 2 pad same no_bias => batchnorm } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 stride 2 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } project { conv 16 1x1 stride 2 pad same no_bias => batchnorm } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 pad same no_bias => batchnorm relu => conv 16 3x3 pad same no_bias => batchnorm
        } relu
        => global avgpool => dense 2>;
}

/// Stripes, upright or lying, each at a place of its own.
fn stripes(sample: usize) -> (Image<1, 16, 16>, Class<2>) {
    let mut image = Image::default();
    for row in 0..16 {
        for column in 0..16 {
            let across = if sample.is_multiple_of(2) { row } else { column };
            image[(0, row, column)] = f32::from((across + sample) % 4 < 2);
        }
    }
    (image, Class::new(sample % 2).unwrap())
}

#[test]
fn a_network_of_fifty_layers_trains() {
    let mut net = Deep::random(&mut StdRng::seed_from_u64(1));
    let (inputs, targets): (Vec<_>, Vec<_>) = (0..16).map(stripes).unzip();
    let mut optimizer = Adam::new(1e-3);
    let losses: Vec<f32> =
        (0..5).map(|_| net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer)).collect();
    assert!(losses[4] < 0.5 * losses[0], "{losses:?}");
    // A gradient that dies on the way would leave the first layer as it was.
    let (_, gradient) = net.gradient(&inputs, &targets, &CrossEntropy);
    assert!(gradient.conv1.weight.norm() > 1e-6);
}
