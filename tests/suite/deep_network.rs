//! Networks as deep as the well-known ones, and deeper: that they train, and that a layer does in a deep network, where it is a function of its own,
//! what it does in a small one. That this file is built in seconds, and not in minutes, is a test too.
#![cfg(all(feature = "train", feature = "files"))]

use axonal::prelude::*;
use axonal::rand::RngExt;
use axonal::{Image, Layer};

network! {
    /// 50 layers with weights on the way through: one convolution, 24 blocks of two, and the layer of scores.
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

network! {
    /// One of the 200.
    struct One<input 8 => dense 8 tanh>;

    /// 200 layers of one type.
    struct TwoHundred<input 8
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh>;
}

#[test]
fn two_hundred_layers_are_the_layers_one_after_the_other() {
    let mut rng = StdRng::seed_from_u64(2);
    let mut net = TwoHundred::random(&mut rng);
    for parameter in net.as_mut_slice() {
        *parameter += rng.random_range(-0.5..0.5);
    }
    let inputs: [SVector<f32, 8>; 5] =
        std::array::from_fn(|_| SVector::from_fn(|_, _| rng.random_range(-3.0..3.0)));
    let mut batch = [SVector::zeros(); 5];
    net.forward_batch(&inputs, &mut batch);
    let mut one = One::zeros();
    for (input, of_batch) in inputs.iter().zip(batch) {
        let mut values = *input;
        for parameters in net.as_slice().chunks(One::PARAMETERS) {
            one.as_mut_slice().copy_from_slice(parameters);
            values = one.forward(&values);
        }
        assert!(values.norm() > 1e-3, "nothing is left of {input}");
        assert_eq!(net.forward(input), values);
        assert!(
            (of_batch - values).norm() < 1e-4 * values.norm(),
            "{of_batch} instead of {values}"
        );
    }
}

network! {
    struct Vectors<input 12
        => dense 16 relu => dense 9 tanh no_bias => layernorm
        => residual { dense 9 silu => dense 9 } => batchnorm => dense 200 relu
        => concat { dense 3 tanh } { dense 6 } => softmax => elu(1.0) => dense 4>;
    struct VectorsBefore<input 12
        => dense 16 relu => dense 9 tanh no_bias => layernorm
        => residual { dense 9 silu => dense 9 } => batchnorm>;
    struct VectorsBehind<input 9
        => dense 200 relu
        => concat { dense 3 tanh } { dense 6 } => softmax => elu(1.0) => dense 4>;
    struct SmallVectors<input 12 => VectorsBefore => VectorsBehind>;

    struct Images<input 2x12x12
        => conv 4 3x3 pad same relu => batchnorm => maxpool 2x2
        => residual { conv 6 3x3 pad same gelu } project { conv 6 1x1 } => conv 6 3x3 pad 1 depthwise
        => concat { conv 2 1x1 } { avgpool 3x3 stride 1 pad 1 }
        => softmax => conv_transpose 2 2x2 stride 2 => global avgpool => dense 4>;
    struct ImagesBefore<input 2x12x12
        => conv 4 3x3 pad same relu => batchnorm => maxpool 2x2
        => residual { conv 6 3x3 pad same gelu } project { conv 6 1x1 } => conv 6 3x3 pad 1 depthwise>;
    struct ImagesBehind<input 6x6x6
        => concat { conv 2 1x1 } { avgpool 3x3 stride 1 pad 1 }
        => softmax => conv_transpose 2 2x2 stride 2 => global avgpool => dense 4>;
    struct SmallImages<input 2x12x12 => ImagesBefore => ImagesBehind>;
}

/// That a deep network does what the same layers do in small ones, to the bit.
macro_rules! assert_same {
    ($deep:ident<$scalar:ty>, $small:ident: $($part:ident)+) => {{
        const { assert!(<$deep<$scalar> as Layer>::OUTLINED) };
        $(const { assert!(!<$part<$scalar> as Layer>::OUTLINED) };)+
        let mut rng = StdRng::seed_from_u64(3);
        let mut deep = $deep::<$scalar>::random(&mut rng);
        for parameter in deep.as_mut_slice() {
            *parameter += rng.random_range(0.01..0.05);
        }
        let mut small = $small::<$scalar>::zeros();
        small.as_mut_slice().copy_from_slice(deep.as_slice());
        let mut inputs = vec![<$deep<$scalar> as Layer>::Input::default(); 7];
        for number in inputs.iter_mut().flat_map(|input| input.as_mut_slice()) {
            *number = rng.random_range(-1.0..1.0);
        }
        let targets: Vec<Class<4>> = Class::all().cycle().take(7).collect();
        let mut outputs = [SVector::<$scalar, 4>::zeros(); 7];
        let mut others = outputs;
        deep.forward_batch(&inputs, &mut outputs);
        small.forward_batch(&inputs, &mut others);
        assert_eq!(outputs, others);
        for input in &inputs {
            assert_eq!(deep.forward(input), small.forward(input));
        }
        for samples in [1, 7] {
            let (inputs, targets) = (&inputs[..samples], &targets[..samples]);
            assert_eq!(
                deep.loss(inputs, targets, &CrossEntropy),
                small.loss(inputs, targets, &CrossEntropy)
            );
            let (loss, gradient) = deep.gradient(inputs, targets, &CrossEntropy);
            let (other, others) = small.gradient(inputs, targets, &CrossEntropy);
            assert_eq!((loss, gradient.as_slice()), (other, others.as_slice()));
            assert!(gradient.as_slice().iter().any(|number| *number != 0.0));
        }
        let (mut optimizer, mut other) = (Adam::new(1e-2), Adam::new(1e-2));
        for _ in 0..3 {
            assert_eq!(
                deep.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer),
                small.train_step(&inputs, &targets, &CrossEntropy, &mut other)
            );
        }
        assert_eq!(deep.as_slice(), small.as_slice());
    }};
}

#[test]
fn a_deep_network_computes_what_small_ones_do() {
    assert_same!(Vectors<f32>, SmallVectors: VectorsBefore VectorsBehind SmallVectors);
    assert_same!(Vectors<f64>, SmallVectors: VectorsBefore VectorsBehind SmallVectors);
}

#[test]
fn a_deep_network_of_images_computes_what_small_ones_do() {
    assert_same!(Images<f32>, SmallImages: ImagesBefore ImagesBehind SmallImages);
}
