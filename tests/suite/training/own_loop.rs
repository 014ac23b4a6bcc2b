//! A loop of one's own does what `train_step` does: a table of networks, optimizers, precisions and batches.

use axonal::layers::{Context, Kind};
use axonal::optimizers::{State, Update};
use axonal::prelude::*;
use axonal::{Infer, Layer, Scalar, Trainable};

use super::{Line, curve};
use crate::common::differences;
use crate::common::samples::random;

network! {
    struct Dense<input 5 => first: dense 33 tanh => dense 7 relu => dense 3>;
    struct Drop<input 5 => first: dense 20 gelu => dropout 0.4 => dense 3>;
    struct Norm<input 5 => first: dense 20 => batchnorm => relu => layernorm => dense 3>;
    struct Images<input 2x7x6 => first: conv 3 3x3 pad 1 => batchnorm => relu => maxpool 2x2 floor => conv_transpose 2 2x2 => prelu => flatten => dropout 0.2 => dense 3>;
    struct Block<input 5 => first: dense 6 => residual { dense 4 tanh => dropout 0.3 => dense 6 => prelu } => residual { batchnorm => dense 3 } project { dense 3 => batchnorm }>;
    struct Fork<input 5 => first: dense 6 => concat { dense 4 => prelu => dropout 0.3 } { batchnorm => prelu => dense 2 } => dense 3>;
    struct Nested<input 5 => first: Drop => Inner => dense 3>;
    struct Inner<input 3 => dense 4 => batchnorm => dropout 0.1>;
    /// Large enough for several threads.
    struct Wide<input 5 => first: dense 512 tanh => dense 512 tanh => dense 3>;
}

/// Makes an optimizer.
type Make<T> = Box<dyn Fn() -> Box<dyn Optimizer<T>>>;

/// In boxes, so that a network has one pass for all of them.
fn optimizers<T: Scalar>() -> Vec<(&'static str, Make<T>)> {
    macro_rules! table {
        ($($optimizer:expr),+ $(,)?) => {
            vec![$((stringify!($optimizer), Box::new(|| Box::new($optimizer) as _))),+]
        };
    }
    table![
        Sgd::new(0.05),
        Sgd::new(0.05).momentum(0.9).nesterov().weight_decay(0.1),
        AdaGrad::new(0.05).learning_rate_decay(0.1).weight_decay(0.1),
        RmsProp::new(0.01).weight_decay(0.1),
        RmsProp::new(0.01).momentum(0.5),
        Adam::new(0.01).weight_decay(0.1),
        AdamW::new(0.01).decay_weights_only(),
        Adam::new(0.01).betas(0.9, 0.8).weight_decay(0.1).amsgrad(),
        NAdam::new(0.01).weight_decay(0.1),
        RAdam::new(0.01).betas(0.9, 0.9).weight_decay(0.1).decoupled_weight_decay(),
        Adadelta::new(1.0).weight_decay(0.1),
        Lion::new(0.01).weight_decay(0.1),
    ]
}

/// Steps of `train_step`, and the same by hand: the same bits.
fn check<N>(sizes: &[usize], set: impl Fn(&mut Box<dyn Optimizer<N::Scalar>>, &N))
where
    N: Trainable<MeanSquaredError, <N as Layer>::Output>,
{
    let bits = |net: &N| -> Vec<u64> {
        net.as_slice().iter().map(|number| number.as_f64().to_bits()).collect()
    };
    for (name, make) in optimizers::<N::Scalar>() {
        for (size, has_settings) in sizes.iter().flat_map(|size| [(*size, false), (*size, true)]) {
            let rng = &mut StdRng::seed_from_u64(size as u64);
            let (mut net, mut other, mut gradient) = (N::random(rng), N::zeros(), N::zeros());
            other.as_mut_slice().copy_from_slice(net.as_slice());
            let (mut optimizer, mut own) = (make(), make());
            for optimizer in [&mut optimizer, &mut own] {
                optimizer.state_mut().set_seed(11);
                if has_settings {
                    set(optimizer, &net);
                }
            }
            for step in 0..3 {
                let place = format!("{} {name} {size} samples, {has_settings}, {step}", N::NAME);
                let inputs: Vec<N::Input> = random(size, rng);
                let targets: Vec<N::Output> = random(size, rng);
                let loss = &MeanSquaredError;
                let expected = net.train_step(&inputs, &targets, loss, &mut optimizer);
                let context = own.context();
                let found = other.gradient_with(context, &inputs, &targets, loss, &mut gradient);
                assert!(own.apply(&mut *other, &gradient), "{place}");
                assert!(expected.as_f64().is_finite(), "{place}");
                assert_eq!(found.as_f64().to_bits(), expected.as_f64().to_bits(), "{place}");
                assert!(bits(&other) == bits(&net), "{place}");
            }
            assert_eq!((own.state().steps(), optimizer.state().steps()), (3, 3));
        }
    }
}

macro_rules! table {
    ($($test:ident: $net:ident, $sizes:expr;)+) => {$(
        #[test]
        fn $test() {
            fn of<T: Scalar>()
            where
                $net<T>: Trainable<MeanSquaredError, <$net<T> as Layer>::Output>,
                $net<T>: Parameters<Scalar = T>,
            {
                check::<$net<T>>($sizes, |optimizer, net| {
                    optimizer
                        .freeze(net, |net| &net.first)
                        .scale_learning_rate(net, |net| net, 0.5)
                        .set_weight_decay(net, |net| net, 0.01);
                });
            }
            of::<f32>();
            of::<f64>();
        }
    )+};
}

table! {
    dense_layers: Dense, &[1, 2, 17, 700];
    dropout: Drop, &[1, 2, 17, 500];
    normalization: Norm, &[1, 2, 17, 100];
    images: Images, &[1, 2, 17, 40];
    residual_blocks: Block, &[1, 2, 17, 300];
    branches: Fork, &[1, 2, 17, 300];
    networks_in_networks: Nested, &[1, 2, 17, 300];
}

/// Threads share the steps of a large network.
#[test]
fn on_several_threads() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Wide::random(&mut rng);
    let mut other = net.clone();
    let (mut optimizer, mut own) = (Adam::new(0.01), Adam::new(0.01));
    let mut gradient = Wide::zeros();
    for size in [1, 40, 600] {
        let inputs: Vec<SVector<f32, 5>> = random(size, &mut rng);
        let targets: Vec<SVector<f32, 3>> = random(size, &mut rng);
        let loss = net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
        let found = other.gradient_into(&inputs, &targets, &MeanSquaredError, &mut gradient);
        own.apply(&mut *other, &gradient);
        assert_eq!(loss, found, "{size} samples");
        assert!(net == other, "{size} samples");
    }
}

/// 1 for 1, on a network with dropout in it: what is dropped, and when it is something else.
#[test]
fn dropout_has_the_seed_that_it_is_given_or_one_of_weights_and_inputs() {
    network! { struct Ones<input 16 => dropout 0.5 => last: dense 1>; }
    let mut net = Ones::random(&mut StdRng::seed_from_u64(1));
    let (mut x, y) = ([SVector::repeat(1.0)], [SVector::from([3.0])]);
    let dropped = |net: &Ones, x: &[SVector<f32, 16>; 1]| {
        let (_, gradient) = net.gradient(x, &y, &MeanSquaredError);
        gradient.last.weight.map(|slope| slope == 0.0)
    };
    // The same call is the same; other weights, or other inputs, drop others.
    let first = dropped(&net, &x);
    assert_eq!(dropped(&net, &x), first);
    let mut were_kept = SVector::<bool, 16>::repeat(false);
    for _ in 0..20 {
        net.last.bias[0] += 0.01;
        were_kept.zip_apply(&dropped(&net, &x).transpose(), |kept, dropped| *kept |= !dropped);
    }
    assert!(were_kept.iter().all(|kept| *kept), "{were_kept}");
    let before = dropped(&net, &x);
    x[0][15] = 1.25;
    assert_ne!(dropped(&net, &x), before);

    // With a seed, neither weights nor inputs count.
    let with = |net: &Ones, x: &[SVector<f32, 16>; 1], context| {
        let mut gradient = Ones::zeros();
        net.gradient_with(context, x, &y, &MeanSquaredError, &mut gradient);
        gradient.last.weight.map(|slope| slope == 0.0)
    };
    let one = with(&net, &x, Context::training(1));
    net.last.bias[0] += 0.5;
    x[0][3] = 0.5;
    assert_eq!(with(&net, &x, Context::training(1)), one);
    assert_ne!(with(&net, &x, Context::training(2)), one);
    assert!(!with(&net, &x, Context::INFERENCE).iter().any(|dropped| *dropped));
}

/// In inference mode, the gradient is that of `loss`, through layers that do something else while training.
#[test]
fn the_gradient_of_inference_against_differences() {
    fn check<N>()
    where
        N: Trainable<MeanSquaredError, <N as Layer>::Output> + Parameters<Scalar = f64>,
    {
        let mut rng = StdRng::seed_from_u64(5);
        let mut net = N::random(&mut rng);
        let mut optimizer = Sgd::<f64>::new(0.1);
        let (inputs, targets): (Vec<N::Input>, Vec<N::Output>) =
            (random(7, &mut rng), random(7, &mut rng));
        for _ in 0..5 {
            net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
        }
        differences::check_inference(&mut *net, &inputs, &targets, &MeanSquaredError, &mut rng);
        // No statistic is moved.
        let mut gradient = N::zeros();
        let context = Context::INFERENCE;
        net.gradient_with(context, &inputs, &targets, &MeanSquaredError, &mut gradient);
        let mut at = 0;
        N::describe(&axonal::layers::ParameterPath::ROOT, &mut |_, part| {
            if let axonal::layers::Part::Tensor { kind, shape, .. } = part {
                let count = shape.iter().product::<usize>();
                let gradient = &gradient.as_slice()[at..at + count];
                assert!(kind != Kind::Statistic || gradient.iter().all(|number| *number == 0.0));
                at += count;
            }
        });
    }
    check::<Drop<f64>>();
    check::<Norm<f64>>();
    check::<Images<f64>>();
    check::<Block<f64>>();
    check::<Fork<f64>>();
    check::<Nested<f64>>();
}

/// No learning rate, decay or clipping gets at what is counted.
#[test]
fn running_statistics_move_by_a_tenth_whatever_the_optimizer() {
    network! { struct Plain<input 2 => norm: batchnorm => dense 1>; }
    let inputs = [[50.0, -3.0], [70.0, -1.0], [60.0, -5.0]].map(SVector::from);
    let targets = [[1.0], [0.0], [2.0]].map(SVector::from);
    for (name, make) in optimizers::<f32>() {
        let mut net = Plain::random(&mut StdRng::seed_from_u64(1));
        let (_, mut gradient) = net.gradient(&inputs, &targets, &MeanSquaredError);
        let mean = gradient.norm.running_mean;
        approx::assert_relative_eq!(mean, SVector::from([-6.0, 0.3]), max_relative = 1e-6);
        let (scale, last) = (&gradient.norm, &gradient.dense1);
        let learned =
            [scale.weight.norm(), scale.bias.norm(), last.weight.norm(), last.bias.norm()];
        let expected = SVector::from(learned).norm();
        approx::assert_relative_eq!(gradient.clip_norm(1e-3), expected, max_relative = 1e-6);
        approx::assert_relative_eq!(gradient.norm(), 1e-3, max_relative = 1e-5);
        assert!(gradient.clip_value(1e-4) <= 1e-3);
        assert_eq!(gradient.norm.running_mean, mean);
        assert!(make().apply(&mut *net, &gradient), "{name}");
        let expected = SVector::from([6.0, -0.3]);
        approx::assert_relative_eq!(net.norm.running_mean, expected, max_relative = 1e-6);
        // The unbiased variance of 50, 70, 60 is 100.
        approx::assert_relative_eq!(net.norm.running_var[0], 10.9, max_relative = 1e-6);
    }
}

#[test]
fn norms_sums_and_clipping() {
    let mut gradient = Line::<f64>::zeros();
    gradient.dense1.weight[(1, 0)] = 3.0;
    gradient.dense2.bias[0] = -4.0;
    assert_eq!((gradient.norm(), gradient.clip_norm(6.0), gradient.norm()), (5.0, 5.0, 5.0));
    assert_eq!(gradient.clip_norm(2.5), 5.0);
    assert_eq!((gradient.dense1.weight[(1, 0)], gradient.dense2.bias[0]), (1.5, -2.0));
    assert_eq!(gradient.clip_value(1.75), 2.0);
    assert_eq!((gradient.dense1.weight[(1, 0)], gradient.dense2.bias[0]), (1.5, -1.75));
    let mut sum = gradient.clone();
    sum.scale(2.0);
    sum.add_scaled(-1.0, &gradient);
    assert_eq!(sum, gradient);
    assert_eq!(gradient.clip_norm(0.0), gradient_norm(1.5, -1.75));
    assert_eq!(gradient.norm(), 0.0);

    // Squares that are too large or too small for the type.
    for size in [1e-160, 1e160] {
        gradient.dense1.weight[(1, 0)] = 3.0 * size;
        gradient.dense2.bias[0] = -4.0 * size;
        approx::assert_relative_eq!(
            gradient.norm(),
            5.0 * size,
            max_relative = 1e-14,
            epsilon = 0.0
        );
    }
    let mut small = Line::<f32>::zeros();
    for size in [1e-30_f32, 1e-12, 1e30] {
        small.dense1.weight[(1, 0)] = 3.0 * size;
        small.dense2.bias[0] = -4.0 * size;
        approx::assert_relative_eq!(small.norm(), 5.0 * size, max_relative = 1e-6, epsilon = 0.0);
        approx::assert_relative_eq!(
            small.clip_norm(size),
            5.0 * size,
            max_relative = 1e-6,
            epsilon = 0.0
        );
        approx::assert_relative_eq!(small.norm(), size, max_relative = 1e-6, epsilon = 0.0);
    }

    // NaN and infinity are said, and left to be found.
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for place in [0, Line::PARAMETERS - 1] {
            let mut gradient = Line::<f64>::zeros();
            gradient.as_mut_slice().fill(2.0);
            gradient.as_mut_slice()[place] = bad;
            assert!(!gradient.norm().is_finite() && !gradient.clip_norm(1.0).is_finite());
            assert_eq!(gradient.as_slice()[1], 2.0);
            assert!(!gradient.clip_value(1.0).is_finite());
        }
    }
}

fn gradient_norm(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}

#[test]
#[should_panic(expected = "a gradient is clipped to a number from 0 on, found NaN")]
fn clipping_to_nan() {
    Line::zeros().clip_norm(f32::NAN);
}

/// Not taken, as `train_step` does not take a step whose loss is not finite.
#[test]
fn a_gradient_that_is_not_finite_is_not_applied() {
    let data = curve(9);
    for bad in [f32::NAN, f32::INFINITY] {
        for place in [0, Line::PARAMETERS - 1] {
            let mut net = Line::random(&mut StdRng::seed_from_u64(1));
            let mut optimizer = Adam::new(0.1);
            let (_, mut gradient) = net.gradient(data.inputs(), data.targets(), &MeanSquaredError);
            optimizer.apply(&mut *net, &gradient);
            let before = (net.clone(), optimizer.state().steps());
            let good = gradient.as_slice()[place];
            gradient.as_mut_slice()[place] = bad;
            assert!(!optimizer.apply(&mut *net, &gradient));
            assert!((net.clone(), optimizer.state().steps()) == before);
            // The moments are as they were, too.
            gradient.as_mut_slice()[place] = good;
            let mut other = Line::random(&mut StdRng::seed_from_u64(1));
            let mut again = Adam::new(0.1);
            for _ in 0..2 {
                again.apply(&mut *other, &gradient);
            }
            assert!(optimizer.apply(&mut *net, &gradient));
            assert!(net == other);
            // A part that is frozen is not looked at.
            gradient.as_mut_slice().fill(bad);
            optimizer.freeze(&*net, |net| net);
            assert!(optimizer.apply(&mut *net, &gradient));
            assert!(net == other);
        }
    }
}

#[test]
#[should_panic(expected = "an optimizer belongs to the network that it stepped first")]
fn a_gradient_of_another_network() {
    let mut optimizer = Adam::default();
    optimizer.apply(&mut *Line::zeros(), &*Line::zeros());
    optimizer.apply(&mut *Dense::zeros(), &*Dense::zeros());
}

#[test]
fn an_optimizer_that_is_reset_begins_anew() {
    let data = curve(9);
    let mut optimizer = Adam::new(0.1);
    let mut train = || {
        let mut net = Line::random(&mut StdRng::seed_from_u64(1));
        for _ in 0..3 {
            net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
        }
        optimizer.reset();
        net
    };
    assert!(train() == train());
}

/// The sign of the gradient; a rule of the user's own.
struct Signs(State<f32>);

impl Default for Signs {
    fn default() -> Self {
        Self(State::new(0.01))
    }
}

impl Optimizer<f32> for Signs {
    fn moments(&self) -> &'static [&'static str] {
        &[]
    }

    fn state(&self) -> &State<f32> {
        &self.0
    }

    fn state_mut(&mut self) -> &mut State<f32> {
        &mut self.0
    }

    fn update(&self, tensor: Update<'_, f32>) {
        let rate = tensor.learning_rate as f32;
        let (parameters, gradient, []) = tensor.slices();
        for (parameter, slope) in parameters.iter_mut().zip(&*gradient) {
            *parameter -= rate * slope.signum();
        }
    }
}

/// The same, whether the type of the optimizer is known or not.
#[test]
fn optimizers_that_are_chosen_at_run_time() {
    let data = curve(40);
    let fit = |optimizer: Box<dyn Optimizer<f32>>| {
        let mut net = Line::random(&mut StdRng::seed_from_u64(1));
        let mut rng = StdRng::seed_from_u64(2);
        let mut trainer = Trainer::new(MeanSquaredError, optimizer).epochs(2);
        trainer.optimizer_mut().freeze(&*net, |net| &net.dense1);
        trainer.fit(&mut *net, &data, &mut rng).unwrap();
        trainer.optimizer_mut().unfreeze(&*net, |net| net);
        let optimizer: &mut dyn Optimizer<f32> = &mut **trainer.optimizer_mut();
        by_reference(&mut net, optimizer);
        net
    };
    fn by_reference(net: &mut Line, mut optimizer: &mut dyn Optimizer<f32>) {
        let data = curve(5);
        net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
        assert_eq!(optimizer.state().steps(), 5);
    }
    macro_rules! check {
        ($($optimizer:expr),+) => {$({
            let mut net = Line::random(&mut StdRng::seed_from_u64(1));
            let mut rng = StdRng::seed_from_u64(2);
            let mut trainer = Trainer::new(MeanSquaredError, $optimizer).epochs(2);
            trainer.optimizer_mut().freeze(&*net, |net| &net.dense1);
            trainer.fit(&mut *net, &data, &mut rng).unwrap();
            trainer.optimizer_mut().unfreeze(&*net, |net| net);
            by_reference(&mut net, trainer.optimizer_mut());
            assert!(net == fit(Box::new($optimizer)), stringify!($optimizer));
        })+};
    }
    check!(Sgd::new(0.1).momentum(0.5), Adam::new(0.1), Signs::default());
}

#[test]
fn networks_of_several_types_in_one_list() {
    let mut rng = StdRng::seed_from_u64(1);
    let (dense, drop) = (Dense::random(&mut rng), Drop::random(&mut rng));
    let inputs: Vec<SVector<f32, 5>> = random(9, &mut rng);
    let expected = [dense.forward(&inputs[2]), drop.forward(&inputs[2])];
    let nets: [Box<dyn Infer<SVector<f32, 5>, SVector<f32, 3>>>; 2] = [dense, drop];
    for (net, expected) in nets.iter().zip(expected) {
        let mut outputs = [SVector::zeros(); 9];
        net.forward_batch(&inputs, &mut outputs);
        assert_eq!(net.forward(&inputs[2]), expected);
        approx::assert_relative_eq!(outputs[2], expected, max_relative = 1e-5);
    }
    assert_eq!((nets[0].name(), nets[1].parameters()), ("Dense", Drop::PARAMETERS));
}
