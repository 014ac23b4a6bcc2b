//! Descriptions that mean the same network: in outputs, in gradients, and in what they have learned after some steps.

use axonal::prelude::*;
use axonal::{Layer, Network, Parameters, Scalar};

use crate::common::on_each_instruction_set;
use crate::common::samples::random;
use crate::passes::wide;

/// The same parameters give the same numbers on each instruction set, up to `tolerance`; with none, the same bits.
macro_rules! check {
    ($a:ty, $b:ty, $tolerance:expr) => {{
        on_each_instruction_set(|_| {
            let mut rng = StdRng::seed_from_u64(1);
            let mut a: Box<$a> = <$a as Network>::random(&mut rng);
            let mut b: Box<$b> = <$b as Parameters>::zeros();
            b.as_mut_slice().copy_from_slice(a.as_slice());
            let inputs: Vec<<$a as Layer>::Input> = random(13, &mut rng);
            let targets: Vec<<$a as Layer>::Output> = random(13, &mut rng);
            let same = |a: Vec<f64>, b: Vec<f64>, what: &str| {
                assert_eq!(a.len(), b.len());
                for (a, b) in a.iter().zip(&b) {
                    let what = format!("{what} of {}: {a} and {b}", stringify!($a));
                    assert!((a - b).abs() <= $tolerance * (1.0 + a.abs()), "{what}");
                }
            };
            let forward = |a: &$a, b: &$b, what: &str| {
                let of_a: Vec<_> = inputs.iter().map(|input| a.forward(input)).collect();
                let of_b: Vec<_> = inputs.iter().map(|input| b.forward(input)).collect();
                same(wide(&of_a), wide(&of_b), what);
                let (mut of_a, mut of_b) = (targets.clone(), targets.clone());
                a.forward_batch(&inputs, &mut of_a);
                b.forward_batch(&inputs, &mut of_b);
                same(wide(&of_a), wide(&of_b), what);
            };
            let numbers = |parameters: &[<$a as Parameters>::Scalar]| {
                parameters.iter().map(|it| it.as_f64()).collect()
            };
            forward(&a, &b, "outputs");
            let (_, of_a) = a.gradient(&inputs, &targets, &MeanSquaredError);
            let (_, of_b) = b.gradient(&inputs, &targets, &MeanSquaredError);
            same(numbers(of_a.as_slice()), numbers(of_b.as_slice()), "gradient");
            let (mut of_a, mut of_b) = (Adam::new(1e-3), Adam::new(1e-3));
            for _ in 0..3 {
                a.train_step(&inputs, &targets, &MeanSquaredError, &mut of_a);
                b.train_step(&inputs, &targets, &MeanSquaredError, &mut of_b);
            }
            same(numbers(a.as_slice()), numbers(b.as_slice()), "weights after three steps");
            forward(&a, &b, "outputs after three steps");
        });
    }};
}

network! {
    struct Stem<input 3x8x8 => conv 4 3x3 pad same relu>;
    struct Wider<input 4x8x8 => conv 6 3x3 stride 2 pad 1>;

    struct Windows<input 3x8x8 => Stem => conv 6 3x3 stride 2 pad 1 => maxpool 2 => flatten => dense 3>;
    struct WindowsFlat<
        input 3x8x8 => conv 4 3x3 pad same relu => conv 6 3x3 stride 2 pad 1 => maxpool 2 => flatten => dense 3
    >;

    struct Shapeless<
        input 3x8x8 => Stem => batchnorm relu => prelu => dropout 0 => layernorm => avgpool 2 => upsample 2 => pad 1
        => conv_transpose 2 2x2 stride 2
    >;
    struct ShapelessFlat<
        input 3x8x8 => conv 4 3x3 pad same relu => batchnorm relu => prelu => dropout 0 => layernorm => avgpool 2 => upsample 2
        => pad 1 => conv_transpose 2 2x2 stride 2
    >;

    // The input of a block, and its output; what stands at the end.
    struct Blocks<
        input 3x8x8 => Stem => residual { conv 4 3x3 pad same } => relu => concat { Wider } { maxpool 2 => conv 2 1x1 }
        => concat { identity } { identity } => residual { conv 16 1x1 } => global avgpool => dense 2
    >;
    struct BlocksFlat<
        input 3x8x8 => conv 4 3x3 pad same relu => residual { conv 4 3x3 pad same } => relu
        => concat { conv 6 3x3 stride 2 pad 1 } { maxpool 2 => conv 2 1x1 }
        => concat { identity } { identity } => residual { conv 16 1x1 } => global avgpool => dense 2
    >;
    struct Ends<input 3x8x8 => Stem => concat { Wider } { Wider } => tanh>;
    struct EndsFlat<
        input 3x8x8 => conv 4 3x3 pad same relu => concat { conv 6 3x3 stride 2 pad 1 } { conv 6 3x3 stride 2 pad 1 } => tanh
    >;
    struct Projected<input 3x8x8 => Stem => residual { Wider } project { conv 6 1x1 stride 2 } => relu => flatten => Head>;
    struct ProjectedFlat<
        input 3x8x8 => conv 4 3x3 pad same relu => residual { conv 6 3x3 stride 2 pad 1 } project { conv 6 1x1 stride 2 } => relu
        => flatten => dense 5 tanh
    >;
    struct Repeated<
        input 3x8x8 => conv 4 3x3 pad same
        => repeat 2 {
            batchnorm relu => repeat 2 { residual { repeat 2 { conv 4 3x3 pad same relu } } } => shrink: conv 4 2x2 stride 2 no_bias
        }
        => flatten => repeat 3 { dense 16 tanh } => dense 2
    >;
    struct ByHand<
        input 3x8x8 => conv 4 3x3 pad same
        => batchnorm relu
        => residual { conv 4 3x3 pad same relu => conv 4 3x3 pad same relu }
        => residual { conv 4 3x3 pad same relu => conv 4 3x3 pad same relu } => conv 4 2x2 stride 2 no_bias
        => batchnorm relu
        => residual { conv 4 3x3 pad same relu => conv 4 3x3 pad same relu }
        => residual { conv 4 3x3 pad same relu => conv 4 3x3 pad same relu } => conv 4 2x2 stride 2 no_bias
        => flatten => dense 16 tanh => dense 16 tanh => dense 16 tanh => dense 2
    >;
    struct Three<
        input 3x8x8 => concat { conv 4 3x3 pad same => batchnorm relu } { } { conv 2 1x1 tanh => dropout 0 } => maxpool 2
        => add { conv 5 3x3 pad same relu => conv 5 1x1 } { conv 5 1x1 } { conv 5 3x3 pad same => batchnorm } => relu
        => flatten => dense 4
    >;
    struct ThreeAsPairs<
        input 3x8x8
        => concat { conv 4 3x3 pad same => batchnorm relu } { concat { identity } { conv 2 1x1 tanh => dropout 0 } } => maxpool 2
        => add { add { conv 5 3x3 pad same relu => conv 5 1x1 } { conv 5 1x1 } } { conv 5 3x3 pad same => batchnorm } => relu
        => flatten => dense 4
    >;
    struct Sum<input 6 => add { } { dense 9 tanh => dense 6 } => dense 3 => add { dense 8 relu => dense 4 } { dense 4 }>;
    struct SumAsResidual<
        input 6 => residual { dense 9 tanh => dense 6 } => dense 3 => residual { dense 8 relu => dense 4 } project { dense 4 }
    >;
    struct Many<input 4 => add { } { dense 4 } { } { } { dense 4 } { relu } { } { } { tanh } { } { dense 4 } { dense 4 }>;
    struct ManyInTwo<
        input 4
        => add { add { } { dense 4 } { } { } { dense 4 } { relu } { } { } { tanh } { } { dense 4 } } { dense 4 }
    >;
    struct Unet<
        input 1x32x32 => fine: conv 8 3x3 pad same relu => maxpool 2x2 => middle: conv 6 3x3 pad same => batchnorm relu
        => maxpool 2 => conv 5 3x3 pad same relu => upsample 2 => concat { } { from middle } => conv 4 3x3 pad same relu => upsample 2
        => concat { } { from fine => conv 3 1x1 } { from input } => conv 1 1x1 sigmoid
    >;
    struct UnetNested<
        input 1x32x32 => concat {
            conv 8 3x3 pad same relu => concat {
                maxpool 2x2 => conv 6 3x3 pad same
                => concat {
                    batchnorm relu => maxpool 2 => conv 5 3x3 pad same relu => upsample 2
                } { identity }
                => conv 4 3x3 pad same relu => upsample 2
            } { conv 3 1x1 }
        } { identity } => conv 1 1x1 sigmoid
    >;
    struct From<
        input 6 => a: dense 6 tanh => dense 6 => add { } { from a } => b: dense 4 relu => repeat 2 { c: dense 4 tanh => dense 4 => add { } { from c } }
        => concat { } { from b } => dense 3
    >;
    struct FromNested<
        input 6 => dense 6 tanh => residual { dense 6 } => dense 4 relu
        => concat { repeat 2 { dense 4 tanh => residual { dense 4 } } } { identity } => dense 3
    >;
    struct AddedStems<input 3x8x8 => add { Stem } { conv 4 1x1 } { Stem => Square }>;
    struct AddedFlat<
        input 3x8x8 => add { conv 4 3x3 pad same relu } { conv 4 1x1 } { conv 4 3x3 pad same relu => conv 4 3x3 pad same }
    >;
    struct Square<input 4x8x8 => conv 4 3x3 pad same>;
    // LeNet-5, with its first layers in a block.
    struct LeNet<
        input 28x28 => conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu => maxpool 2x2 => flatten
        => dense 120 relu => dense 84 relu => dense 10
    >;
    struct LeNetRepeated<
        input 28x28 => repeat 1 { conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu } => maxpool 2x2 => flatten
        => dense 120 relu => dense 84 relu => dense 10
    >;
    struct LeNetAdded<
        input 28x28 => add { conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu } { conv 16 7x7 stride 3 } => maxpool 2x2 => flatten
        => dense 120 relu => dense 84 relu => dense 10
    >;
    struct LeNetProjected<
        input 28x28 => residual { conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu } project { conv 16 7x7 stride 3 }
        => maxpool 2x2 => flatten => dense 120 relu => dense 84 relu => dense 10
    >;
    // One type, written in two ways: before a network, and behind it.
    struct Around<input 4x8x8 => silu => batchnorm => Square => silu => batchnorm => flatten => dense 2>;
    struct AroundFlat<input 4x8x8 => silu => batchnorm => conv 4 3x3 pad same => silu => batchnorm => flatten => dense 2>;
    struct Head<input 96 => dense 5 tanh>;
    struct Vectors<input 96 => Head => batchnorm relu => residual { dense 5 } => concat { dense 2 } { identity } => dense 3>;
    struct VectorsFlat<
        input 96 => dense 5 tanh => batchnorm relu => residual { dense 5 } => concat { dense 2 } { identity } => dense 3
    >;
}

#[test]
fn a_network_that_gives_an_image_has_layers_of_images_behind_it() {
    check!(Windows<f64>, WindowsFlat<f64>, 1e-12);
    check!(Shapeless<f64>, ShapelessFlat<f64>, 1e-12);
    check!(Blocks<f64>, BlocksFlat<f64>, 1e-12);
    check!(Ends<f64>, EndsFlat<f64>, 1e-12);
    check!(Projected<f64>, ProjectedFlat<f64>, 1e-12);
    check!(Vectors<f64>, VectorsFlat<f64>, 1e-12);
    check!(Around<f64>, AroundFlat<f64>, 1e-12);
    let image: Image<12, 4, 4> = Ends::zeros().forward(&Image::default());
    assert_eq!(image, Image::default());
}

#[test]
fn what_is_repeated_has_the_bits_of_what_is_written_by_hand() {
    check!(Repeated<f64>, ByHand<f64>, 0.0);
    check!(Repeated<f32>, ByHand<f32>, 0.0);
    let net = Repeated::zeros();
    assert_eq!(net.dense4.bias.len(), 2);
    let bytes = net.to_bytes();
    let names = String::from_utf8_lossy(&bytes);
    for name in [
        "\"shrink1.weight\"",
        "\"shrink2.weight\"",
        "\"residual4.block.conv2.weight\"",
        "\"batchnorm2.bias\"",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn blocks_leave_the_bits_of_the_layers_in_them() {
    check!(LeNet<f32>, LeNetRepeated<f32>, 0.0);
    check!(LeNetAdded<f32>, LeNetProjected<f32>, 0.0);
    check!(Sum<f64>, SumAsResidual<f64>, 0.0);
}

#[test]
fn branches_are_as_pairs_of_branches() {
    check!(Three<f64>, ThreeAsPairs<f64>, 1e-12);
    check!(Many<f64>, ManyInTwo<f64>, 1e-12);
    check!(AddedStems<f64>, AddedFlat<f64>, 1e-12);
    let net = Three::random(&mut StdRng::seed_from_u64(1));
    assert_eq!(net.concat1.first.conv1.weight.nrows(), 4);
    assert_eq!(net.add1.third.conv1.bias.len(), 5);
    assert_eq!(Many::zeros().add1.branch11.dense1.bias.len(), 4);
    assert_eq!(format!("{:?}", net.add1).matches("conv").count(), 4);
    let summary = Three::summary().to_string();
    for row in ["concat1.first.conv1", "concat1.third.conv1", "add1.second.conv1", "add1 "] {
        assert!(summary.contains(row), "{row}: {summary}");
    }
    let names = net.to_bytes();
    let names = String::from_utf8_lossy(&names);
    for name in ["\"concat1.third.conv1.weight\"", "\"add1.first.conv2.bias\""] {
        assert!(names.contains(name), "{name}");
    }
    let copy = Three::from_bytes(&net.to_bytes()).expect("its own bytes");
    assert_eq!(copy.add1, net.add1);
}

#[test]
fn a_value_used_again_is_a_branch_of_its_own() {
    check!(Unet<f64>, UnetNested<f64>, 1e-12);
    check!(From<f64>, FromNested<f64>, 1e-12);
}
