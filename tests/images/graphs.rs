//! Networks whose paths part and meet, against PyTorch: fixtures/graphs.py.

use std::path::{Path, PathBuf};

use axonal::prelude::*;
use axonal::{Layer, Network, Parameters, Sample};
use safetensors::SafeTensors;

use crate::common::on_each_instruction_set;
use crate::passes::{assert_close, wide};

pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphs.safetensors")
}

pub(crate) fn samples<X: Sample<Scalar = f64>>(name: &str) -> Vec<X> {
    let bytes = std::fs::read(path()).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let numbers = tensor.data().chunks_exact(8);
    let numbers: Vec<f64> =
        numbers.map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(numbers.len() % X::LEN, 0, "{name}");
    let samples = numbers.chunks_exact(X::LEN).map(|numbers| {
        let mut sample = X::zeroed();
        sample.as_mut_slice().copy_from_slice(numbers);
        sample
    });
    samples.collect()
}

/// Outputs, gradients, and the weights and statistics after a step.
macro_rules! check {
    ($name:literal, $net:ty) => {
        on_each_instruction_set(|set| {
            let load = |kind: &str| {
                let mut net: Box<$net> = <$net as Parameters>::zeros();
                net.load_from(path(), &format!("{}.{kind}", $name)).unwrap();
                net
            };
            let close = |values: &[f64], expected: &[f64], what: &str| {
                assert_close(values, expected, 1e-10, &format!("{what} of {} on {set:?}", $name));
            };
            let numbers = |key: &str| format!("{}.numbers.{key}", $name);
            let mut net = load("before");
            let inputs: Vec<<$net as Layer>::Input> = samples(&numbers("inputs"));
            let targets: Vec<<$net as Layer>::Output> = samples(&numbers("targets"));
            let expected: Vec<<$net as Layer>::Output> = samples(&numbers("outputs"));
            let mut outputs = targets.clone();
            net.forward_batch(&inputs, &mut outputs);
            close(&wide(&outputs), &wide(&expected), "outputs");
            let one: Vec<_> = inputs.iter().map(|input| net.forward(input)).collect();
            close(&wide(&one), &wide(&expected), "outputs, one by one");

            let mut output_gradients = outputs.clone();
            MeanSquaredError.gradient(&outputs, &targets, &mut output_gradients);
            let mut gradient: Box<$net> = <$net as Parameters>::zeros();
            let mut input_gradients = inputs.clone();
            net.backward(&inputs, &output_gradients, &mut gradient, Some(&mut input_gradients));
            let expected: Vec<<$net as Layer>::Input> = samples(&numbers("input_gradient"));
            close(&wide(&input_gradients), &wide(&expected), "gradient of the inputs");
            close(gradient.as_slice(), load("gradient").as_slice(), "gradient");

            net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.1));
            close(net.as_slice(), load("after").as_slice(), "weights after a step");
        });
    };
}

network! {
    struct Branches<
        input 3x6x6 => concat { conv 4 3x3 pad same relu6 } { } { conv 2 1x1 tanh }
        => add { conv 5 3x3 pad same => batchnorm } { conv 5 1x1 } { conv 5 3x3 pad same relu6 => conv 5 1x1 } => relu
        => repeat 2 { conv 5 2x2 => batchnorm } => flatten => dense 4
    >;
    struct Unet<
        input 1x8x8 => fine: conv 4 3x3 pad same relu => maxpool 2 => conv 5 3x3 pad same => middle: batchnorm relu => maxpool 2
        => conv 6 3x3 pad same relu => upsample 2 => concat { } { from middle } => conv 4 3x3 pad same relu => upsample 2
        => concat { } { from fine => conv 3 1x1 } { from input } => conv 1 1x1
    >;
    struct Ways<
        input 5 => a: dense 4 => relu => b: dense 4 tanh => dense 4
        => add { from b => dense 4 } { } { from a } { from a => tanh } { from input => dense 4 }
        => concat { } { from a => add { } { } } => dense 2
    >;
    struct Policy<
        input 6 => dense 8 tanh
        => concat { dense 2 } { log_std: parameter 2 init normal(0, 1) } { parameter 3 tanh => dense 2 }
    >;
}

#[test]
fn branches() {
    check!("branches", Branches<f64>);
}

#[test]
fn constants() {
    check!("policy", Policy<f64>);
    let net = Policy::random(&mut StdRng::seed_from_u64(1));
    assert!(net.concat1.second.log_std.value.norm() > 0.0);
    assert!(net.concat1.third.parameter1.value.norm() == 0.0);
    // Forward, column by column, and backward, row by row.
    let input = SVector::from([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    let jacobian = net.jacobian(&input);
    assert!(jacobian.fixed_rows::<4>(2).iter().all(|slope| *slope == 0.0));
    for row in 0..6 {
        let mut of_one = SVector::zeros();
        of_one[row] = 1.0;
        let slopes = net.input_gradient(&input, &of_one);
        assert!((jacobian.row(row).transpose() - slopes).norm() < 1e-6, "{row}");
    }
}

#[test]
fn values_used_again() {
    check!("unet", Unet<f64>);
    check!("ways", Ways<f64>);
}

/// A frozen beginning: the gradients behind it are the same, and those of it are nobody's.
#[test]
fn values_used_again_behind_frozen_layers() {
    let mut rng = StdRng::seed_from_u64(1);
    let start = Unet::random(&mut rng);
    let mut inputs = [Image::default()];
    for (index, pixel) in inputs[0].as_mut_slice().iter_mut().enumerate() {
        *pixel = (index as f32 * 0.7).sin();
    }
    let targets = [Image::default()];
    let (mut free, mut frozen) = (start.clone(), start.clone());
    free.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.1));
    let mut optimizer = Sgd::new(0.1);
    optimizer.freeze(&*frozen, |net| &net.fine);
    optimizer.freeze(&*frozen, |net| &net.conv1);
    optimizer.freeze(&*frozen, |net| &net.concat2.second);
    frozen.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    assert_eq!(frozen.fine, start.fine);
    assert_eq!(frozen.conv1, start.conv1);
    assert_eq!(frozen.concat2.second, start.concat2.second);
    assert_ne!(free.fine, start.fine);
    assert_eq!(frozen.conv3, free.conv3);
    assert_eq!(frozen.conv2, free.conv2);
    assert_eq!(frozen.conv4, free.conv4);
}

#[test]
fn jacobians_of_values_used_again() {
    let net = <Ways<f64> as Network>::random(&mut StdRng::seed_from_u64(1));
    let input = SVector::from([0.1, -0.2, 0.3, 0.4, -0.5]);
    let jacobian = net.jacobian(&input);
    for row in 0..2 {
        let mut of_one = SVector::zeros();
        of_one[row] = 1.0;
        let slopes = net.input_gradient(&input, &of_one);
        assert!((jacobian.row(row).transpose() - slopes).norm() < 1e-12, "{row}");
    }
}

#[test]
fn a_summary_and_a_picture_say_where_values_come_from() {
    let summary = Unet::summary().to_string();
    for row in ["from middle", "from fine", "from input", "concat2.second.conv1"] {
        assert!(summary.contains(row), "{row}: {summary}");
    }
    let picture = Unet::diagram().to_svg();
    assert!(!picture.contains("from "), "an edge, and no node: {picture}");
}
