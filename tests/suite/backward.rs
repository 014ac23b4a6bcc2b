//! Gradients from those of the outputs: batches of none, one and many, f32 and f64, both modes, what is not asked for, and the errors.
#![cfg(feature = "train")]

use std::sync::atomic::{AtomicUsize, Ordering};

use axonal::layers::{Batch, Context, Differentiable, End, GradientSink, ParameterPath, Part};
use axonal::prelude::*;
use axonal::{Layer, Scalar, Simd};
use rand::{Rng, RngExt};

network! {
    struct Net<input 3 => dense 5 tanh => dense 4 softmax>;
    struct Dropping<input 3 => dense 32 relu => dropout 0.5 => dense 2>;
    struct Normed<input 3 => dense 6 => batchnorm => relu => dense 2>;
    struct Conv<input 1x8x8 => conv 4 3x3 relu => maxpool 2x2 => flatten => dense 3>;
    struct Decoder<input 2 => dense 12 tanh => reshape 3x2x2 => conv_transpose 2 3x3 elu => layernorm => flatten>;
    struct Flat<input 4x4 => flatten => dense 2>;
}

fn samples<X: Sample>(count: usize, seed: u64) -> Vec<X> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut samples = X::zeros_vec(count);
    for number in samples.iter_mut().flat_map(Sample::as_mut_slice) {
        *number = X::Scalar::of(rng.random_range(-1.0..1.0));
    }
    samples
}

/// A large batch, which is taken in pieces by several threads, is the sum of its samples one by one.
fn one_by_one<N: Network + Differentiable>(context: Context, count: usize) {
    let net = N::random(&mut StdRng::seed_from_u64(1));
    let (inputs, weights) = (samples::<N::Input>(count, 2), samples::<N::Output>(count, 3));
    let (mut whole, mut to_inputs) = (N::zeros(), N::Input::zeros_vec(count));
    net.backward_with(context, &inputs, &weights, Some(&mut whole), Some(&mut to_inputs));
    let (mut sum, mut one, mut to_one) = (N::zeros(), N::zeros(), N::Input::zeros_vec(1));
    for (index, (input, weight)) in inputs.iter().zip(&weights).enumerate() {
        let (input, weight) = (std::slice::from_ref(input), std::slice::from_ref(weight));
        net.backward_with(context, input, weight, Some(&mut one), Some(&mut to_one));
        sum.add_scaled(N::Scalar::of(1.0), &one);
        for (found, expected) in to_inputs[index].as_slice().iter().zip(to_one[0].as_slice()) {
            assert!(
                (found.as_f64() - expected.as_f64()).abs() < 1e-5,
                "input {index} of {}",
                N::NAME
            );
        }
    }
    let norm = sum.norm().as_f64();
    sum.add_scaled(N::Scalar::of(-1.0), &whole);
    assert!(sum.norm().as_f64() <= 1e-5 * (1.0 + norm), "{} samples of {}", count, N::NAME);
}

#[test]
fn a_batch_is_the_sum_of_its_samples() {
    for count in [1, 2, 33, 5000] {
        one_by_one::<Net>(Context::INFERENCE, count);
        one_by_one::<Net<f64>>(Context::INFERENCE, count);
        one_by_one::<Dropping>(Context::INFERENCE, count);
        one_by_one::<Normed>(Context::INFERENCE, count);
    }
    for count in [1, 7, 300] {
        one_by_one::<Conv>(Context::INFERENCE, count);
        one_by_one::<Decoder<f64>>(Context::INFERENCE, count);
    }
}

#[test]
fn no_samples_have_a_gradient_of_zero() {
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let mut gradient = Net::random(&mut StdRng::seed_from_u64(2));
    net.backward(&[], &[], &mut gradient, Some(&mut []));
    assert_eq!(gradient.norm(), 0.0);
    net.backward_with(Context::training(1), &[], &[], None, Some(&mut []));
    net.forward_with(Context::training(1), &[], &mut []);
}

/// One seed drops the same numbers in `forward_with`, `backward_with` and `gradient_with`, in a batch of many pieces too.
#[test]
fn a_seed_means_the_same_pass() {
    let net = Dropping::<f64>::random(&mut StdRng::seed_from_u64(1));
    for count in [1, 50, 3000] {
        let (inputs, targets) = (samples(count, 2), samples::<SVector<f64, 2>>(count, 3));
        let context = Context::training(9);
        let mut outputs = SVector::zeros_vec(count);
        net.forward_with(context, &inputs, &mut outputs);
        let mut output_gradients = outputs.clone();
        let loss = MeanSquaredError.gradient(&outputs, &targets, &mut output_gradients);
        let mut gradient = Dropping::<f64>::zeros();
        net.backward_with(context, &inputs, &output_gradients, Some(&mut gradient), None);
        let mut expected = Dropping::<f64>::zeros();
        let fused = net.gradient_with(context, &inputs, &targets, &MeanSquaredError, &mut expected);
        assert!((loss - fused).abs() < 1e-12);
        let norm = expected.norm();
        expected.add_scaled(-1.0, &gradient);
        assert!(expected.norm() < 1e-12 * norm);
        net.forward_with(Context::training(10), &inputs, &mut output_gradients);
        assert_ne!(outputs, output_gradients);
        net.forward_with(Context::INFERENCE, &inputs, &mut output_gradients);
        net.forward_batch(&inputs, &mut outputs);
        assert_eq!(outputs, output_gradients);
    }
}

#[test]
fn running_statistics_are_moved_or_not() {
    let net = Normed::<f64>::random(&mut StdRng::seed_from_u64(1));
    let (inputs, weights) = (samples(8, 2), samples(8, 3));
    let (mut moved, mut kept, mut inference) =
        (Normed::<f64>::zeros(), Normed::<f64>::zeros(), Normed::<f64>::zeros());
    let context = Context::training(1);
    net.backward_with(context, &inputs, &weights, Some(&mut moved), None);
    net.backward_with(context.without_statistics(), &inputs, &weights, Some(&mut kept), None);
    net.backward(&inputs, &weights, &mut inference, None);
    assert!(
        moved.batchnorm1.running_mean.norm() > 0.0 && moved.batchnorm1.running_var.norm() > 0.0
    );
    for gradient in [&kept, &inference] {
        assert_eq!(gradient.batchnorm1.running_mean.norm(), 0.0);
        assert_eq!(gradient.batchnorm1.running_var.norm(), 0.0);
    }
    assert_eq!(moved.dense1, kept.dense1);
    assert_ne!(moved.dense1, inference.dense1);
}

#[test]
fn an_output_loss_means_what_the_loss_of_the_network_means() {
    let net = Net::<f64>::random(&mut StdRng::seed_from_u64(1));
    let inputs = samples(6, 2);
    let classes: Vec<Class<4>> = (0..6).map(|index| Class::new(index % 4).unwrap()).collect();
    let mut outputs = SVector::zeros_vec(6);
    net.forward_batch(&inputs, &mut outputs);
    let mut output_gradients = SVector::zeros_vec(6);
    let loss = net.output_loss(&outputs, &classes, &CrossEntropy, &mut output_gradients);
    assert!((loss - net.loss(&inputs, &classes, &CrossEntropy)).abs() < 1e-14);
    let mut gradient = Net::<f64>::zeros();
    net.backward(&inputs, &output_gradients, &mut gradient, None);
    let (_, mut expected) = net.gradient(&inputs, &classes, &CrossEntropy);
    let norm = expected.norm();
    expected.add_scaled(-1.0, &gradient);
    assert!(expected.norm() < 1e-13 * norm);
}

#[test]
fn a_jacobian_has_a_row_an_output() {
    fn check<const IN: usize, const OUT: usize, N>(seed: u64)
    where
        N: Network<Scalar = f64, Input = SVector<f64, IN>, Output = SVector<f64, OUT>>
            + Differentiable,
    {
        let net = N::random(&mut StdRng::seed_from_u64(seed));
        let input = samples::<SVector<f64, IN>>(1, seed)[0];
        let jacobian: SMatrix<f64, OUT, IN> = net.jacobian(&input);
        for row in 0..OUT {
            let mut unit = SVector::zeros();
            unit[row] = 1.0;
            let expected = net.input_gradient(&input, &unit);
            let difference = (jacobian.row(row).transpose() - expected).norm();
            assert!(difference < 1e-13, "row {row} of {}: {difference}", N::NAME);
        }
        let step = 1e-6;
        for column in 0..IN {
            let mut moved = [input, input];
            moved[0][column] += step;
            moved[1][column] -= step;
            let slope = (net.forward(&moved[0]) - net.forward(&moved[1])) / (2.0 * step);
            let difference = (jacobian.column(column) - slope).norm();
            assert!(difference < 1e-8, "column {column} of {}: {difference}", N::NAME);
        }
        let mut into = SMatrix::<f64, OUT, IN>::repeat(f64::NAN);
        net.jacobian_into(&input, &mut into);
        assert_eq!(into, jacobian);
    }
    network! {
        struct Wide<input 150 => dense 20 gelu => dense 3>;
        struct Tall<input 3 => dense 20 silu => dense 150 sigmoid>;
        struct One<input 1 => dense 1>;
        struct Nested<input 3 => Tall => layernorm => prelu => residual { dense 150 softsign } => concat { dense 2 } { dense 9 softmax }>;
    }
    for seed in 0..4 {
        check::<150, 3, Wide<f64>>(seed);
        check::<3, 150, Tall<f64>>(seed);
        check::<1, 1, One<f64>>(seed);
        check::<3, 11, Nested<f64>>(seed);
        check::<3, 4, Net<f64>>(seed);
        check::<3, 2, Dropping<f64>>(seed);
        check::<3, 2, Normed<f64>>(seed);
        check::<2, 32, Decoder<f64>>(seed);
    }
}

/// 4 MB of inputs, on a thread with a stack of 2 MiB.
#[test]
fn inputs_that_no_stack_has_room_for() {
    network! { struct Long<input 1000000 => dense 2>; }
    let mut net = Long::zeros();
    net.dense1.weight.fill(0.5);
    let inputs = SVector::zeros_vec(1);
    let mut to_inputs = SVector::zeros_vec(1);
    net.input_gradients(&inputs, &[[1.0, 2.0].into()], &mut to_inputs);
    assert!(to_inputs[0].iter().all(|number| *number == 1.5));
    let mut jacobian: Box<SMatrix<f32, 2, 1_000_000>> = Parameters::zeros();
    net.jacobian_into(&inputs[0], &mut jacobian);
    assert!(jacobian.iter().all(|number| *number == 0.5));
}

#[test]
fn nan_goes_in_and_comes_out() {
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let inputs = [SVector::from([f32::NAN, 0.0, 0.0]), SVector::zeros()];
    let mut gradient = Net::zeros();
    let mut to_inputs = [SVector::zeros(); 2];
    net.backward(&inputs, &[SVector::repeat(1.0); 2], &mut gradient, Some(&mut to_inputs));
    assert!(gradient.norm().is_nan() && to_inputs[0].norm().is_nan());
    assert!(to_inputs[1].norm().is_finite());
    assert!(net.jacobian(&inputs[0]).norm().is_nan());
}

/// y = x, which counts its backward passes and those that are to give a gradient of the inputs.
#[repr(C)]
#[derive(Debug, PartialEq, Parameters)]
struct Counting<T>(std::marker::PhantomData<T>);

static PASSES: AtomicUsize = AtomicUsize::new(0);
static TO_INPUTS: AtomicUsize = AtomicUsize::new(0);

impl<T: Scalar> Layer for Counting<T> {
    type Input = SVector<T, 4>;
    type Output = SVector<T, 4>;
    type Activation = axonal::activations::Identity;

    const MULTIPLY_ADDS: usize = 0;

    fn infer_one<S: Simd>(&self, _simd: S, input: &Self::Input, output: &mut Self::Output) {
        *output = *input;
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {}

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        visit(path, Part::layer::<Self>("counting"));
    }
}

impl<T: Scalar> Differentiable for Counting<T> {
    fn backward_pass(
        batch: Batch<'_, Self>,
        gradient: &mut [Self::Output],
        _end: End,
        _sink: GradientSink<'_, T>,
    ) {
        PASSES.fetch_add(1, Ordering::Relaxed);
        if let Some(input_gradient) = batch.input_gradient {
            TO_INPUTS.fetch_add(1, Ordering::Relaxed);
            input_gradient.copy_from_slice(gradient);
        }
    }
}

#[test]
fn behind_frozen_layers_nothing_is_computed() {
    network! {
        struct Behind<input 3 => first: dense 4 tanh => Counting => Counting => last: dense 1>;
    }
    let counted = |run: &mut dyn FnMut()| {
        PASSES.store(0, Ordering::Relaxed);
        TO_INPUTS.store(0, Ordering::Relaxed);
        run();
        (PASSES.load(Ordering::Relaxed), TO_INPUTS.load(Ordering::Relaxed))
    };
    let mut net = Behind::random(&mut StdRng::seed_from_u64(1));
    let mut optimizer = Sgd::new(0.1);
    let (inputs, targets) = ([[0.1, 0.2, 0.3].into()], [[1.0].into()]);
    let step = |net: &mut Behind, optimizer: &mut Sgd| {
        counted(&mut || {
            net.train_step(&inputs, &targets, &MeanSquaredError, optimizer);
        })
    };
    assert_eq!(step(&mut net, &mut optimizer), (2, 2));
    optimizer.freeze(&*net, |net| &net.first);
    let before = net.first.weight;
    assert_eq!(step(&mut net, &mut optimizer), (0, 0));
    assert_eq!(net.first.weight, before);
    optimizer.unfreeze(&*net, |net| &net.first).freeze(&*net, |net| &net.last);
    assert_eq!(step(&mut net, &mut optimizer), (2, 2));
    assert_ne!(net.first.weight, before);
}

#[test]
fn layers_without_parameters_at_the_beginning_are_not_passed() {
    let net = Flat::random(&mut StdRng::seed_from_u64(1));
    let inputs = samples(3, 2);
    let weights = samples(3, 3);
    let (mut gradient, mut to_inputs) = (Flat::zeros(), Sample::zeros_vec(3));
    net.backward(&inputs, &weights, &mut gradient, None);
    let alone = gradient.clone();
    net.backward(&inputs, &weights, &mut gradient, Some(&mut to_inputs));
    assert_eq!(alone, gradient);
    let mut inputs_alone = Sample::zeros_vec(3);
    net.input_gradients(&inputs, &weights, &mut inputs_alone);
    assert_eq!(to_inputs, inputs_alone);
    let expected = net.dense1.weight.transpose() * weights[0];
    assert!(
        (SVector::<f32, 16>::from_column_slice(to_inputs[0].as_slice()) - expected).norm() < 1e-6
    );
}

#[test]
#[should_panic(expected = "as many gradients of outputs as inputs, found 2 inputs and 1")]
fn a_gradient_for_each_output() {
    let net = Net::zeros();
    net.backward(&[SVector::zeros(); 2], &[SVector::zeros()], &mut Net::zeros(), None);
}

#[test]
#[should_panic(expected = "as many gradients of inputs as inputs, found 2 inputs and 1")]
fn a_gradient_for_each_input() {
    let net = Net::zeros();
    let (inputs, weights) = ([SVector::zeros(); 2], [SVector::zeros(); 2]);
    net.backward(&inputs, &weights, &mut Net::zeros(), Some(&mut [SVector::zeros()]));
}
