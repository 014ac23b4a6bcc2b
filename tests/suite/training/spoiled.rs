//! What would spoil weights or statistics is refused or said: inputs, steps, settings.

use std::panic::catch_unwind;

use axonal::Scalar;
use axonal::optimizers::{State, Update};
use axonal::prelude::*;

network! {
    struct Bounded<input 2 => dense 4 tanh => dense 1>;
    struct Line<input 1 => dense 1>;
    struct Norm<input 2 => norm: batchnorm => dense 1>;
    struct Clipped<input 2 => norm: batchnorm => relu => dense 3 tanh => dense 1>;
    struct Pixels<input 2x3x3 => norm: batchnorm => flatten => dense 1>;
}

/// Behind `tanh` the loss is finite, and the gradient of the first layer is not.
#[test]
fn an_infinite_input_is_no_step() {
    fn check<T: Scalar>() {
        for bad in [T::of(f64::INFINITY), T::of(f64::NEG_INFINITY), T::of(f64::NAN)] {
            // An outer product, one piece, several pieces.
            for count in [1, 9, 3000] {
                let mut net = Bounded::<T>::zeros();
                for (index, weight) in net.as_mut_slice().iter_mut().enumerate() {
                    *weight = T::of(0.1 * index as f64);
                }
                let before = net.clone();
                let mut inputs = vec![SVector::from([T::of(0.5), T::of(-1.0)]); count];
                inputs[count - 1][1] = bad;
                let targets = vec![SVector::from([T::of(1.0)]); count];
                let mut optimizer = Adam::<T>::new(0.1);
                let loss = &MeanSquaredError;
                assert!(net.train_step(&inputs, &targets, loss, &mut optimizer).as_f64().is_nan());
                assert!(net == before && optimizer.state().steps() == 0);
                let (_, gradient) = net.gradient(&inputs, &targets, loss);
                assert!(!gradient.norm().as_f64().is_finite());
                assert!(!optimizer.apply(&mut *net, &gradient));
                assert!(net == before);
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

/// The steps before it are kept.
#[test]
fn an_infinite_input_ends_a_run() {
    let mut data: Dataset<_, _> =
        (0..8).map(|index| ([index as f32, 1.0].into(), [0.5].into())).collect();
    let mut net = Bounded::random(&mut StdRng::seed_from_u64(1));
    let (mut by_hand, mut optimizer) = (net.clone(), Sgd::new(0.1));
    for (inputs, targets) in data.batches(2).take(3) {
        by_hand.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
    }
    data.inputs_mut()[7][1] = f32::INFINITY;
    let mut trainer = Trainer::new(MeanSquaredError, Sgd::new(0.1)).batch_size(2).shuffle(false);
    let error = trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(1)).unwrap_err();
    assert!(matches!(error, axonal::Error::Diverged { epoch: 1, step: 4, .. }), "{error}");
    assert_eq!(net, by_hand);
}

/// Its square is infinite: with that as the variance, the outputs would be 0.
#[test]
fn an_input_whose_square_is_infinite() {
    macro_rules! check {
        ($net:ident, $inputs:expr) => {{
            let mut net = $net::random(&mut StdRng::seed_from_u64(1));
            let before = net.clone();
            let (inputs, targets) = ($inputs, [[0.5].into(), [1.0].into(), [0.0].into()]);
            let loss = net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.1));
            assert!(loss.is_nan());
            (net, before)
        }};
    }
    let vectors = [[1e30, 1.0], [-1.0, 2.0], [0.5, 1.5]].map(SVector::from);
    let (net, before) = check!(Norm, vectors);
    assert_eq!(net, before);
    let mut image = Image::<2, 3, 3>::default();
    image[(1, 2, 2)] = 1e30;
    let (net, before) = check!(Pixels, [image; 3]);
    assert_eq!(net, before);
    // `relu` may make 0 of NaN; the statistics that are written say it.
    check!(Clipped, vectors);
}

/// Of the user's own, and wrong.
struct Zeroth(State<f32>);

impl Optimizer<f32> for Zeroth {
    fn moments(&self) -> &'static [&'static str] {
        &["zeroth"]
    }

    fn state(&self) -> &State<f32> {
        &self.0
    }

    fn state_mut(&mut self) -> &mut State<f32> {
        &mut self.0
    }

    fn update(&self, tensor: Update<'_, f32>) {
        let (_, _, [moment]) = tensor.slices();
        moment[0] = f32::NAN;
    }
}

/// The loss before the step is finite; the weights or the moments after it are not.
#[test]
fn a_step_that_spoils_says_so() {
    let optimizers: Vec<(&str, Box<dyn Optimizer<f32>>)> = vec![
        ("weights", Box::new(Sgd::new(1e6))),
        ("momentum", Box::new(Sgd::new(1e6).momentum(0.9))),
        ("squares", Box::new(AdaGrad::new(0.1))),
        ("mean of squares", Box::new(RmsProp::new(0.1).alpha(0.5))),
        ("with momentum", Box::new(RmsProp::new(0.1).alpha(0.5).momentum(0.5))),
        ("second moment", Box::new(Adam::new(0.1).betas(0.9, 0.5))),
        ("decoupled", Box::new(AdamW::new(0.1).betas(0.9, 0.5))),
        ("largest second moment", Box::new(Adam::new(0.1).betas(0.9, 0.5).amsgrad())),
        ("with Nesterov's momentum", Box::new(NAdam::new(0.1).betas(0.9, 0.5))),
        ("rectified", Box::new(RAdam::new(0.1).betas(0.9, 0.5))),
        ("squares of steps", Box::new(Adadelta::new(0.1))),
        ("the user's own", Box::new(Zeroth(State::new(1.0)))),
    ];
    for (name, mut optimizer) in optimizers {
        let mut net = Line::zeros();
        let (input, target) = ([[1e17].into()], [[1e18].into()]);
        let loss = net.loss(&input, &target, &MeanSquaredError);
        assert!(loss.is_finite());
        let loss = net.train_step(&input, &target, &MeanSquaredError, &mut optimizer);
        assert!(loss.is_nan(), "{name}");
        // As by hand.
        let mut net = Line::zeros();
        let (_, gradient) = net.gradient(&input, &target, &MeanSquaredError);
        assert!(gradient.norm().is_finite());
        optimizer.reset();
        assert!(!optimizer.apply(&mut *net, &gradient), "{name}");

        // A trainer has the last good weights.
        optimizer.reset();
        let data = Dataset::new(input.to_vec(), target.to_vec()).unwrap();
        let mut net = Line::zeros();
        let mut rng = StdRng::seed_from_u64(1);
        let error = Trainer::new(MeanSquaredError, optimizer).fit(&mut *net, &data, &mut rng);
        assert!(matches!(error, Err(axonal::Error::Diverged { epoch: 1, step: 1, .. })), "{name}");
        assert_eq!(net, Line::zeros(), "{name}");
    }
}

/// What the first step does not show is found some steps later; steps in between are not looked at, but for those of a large loss.
#[test]
fn a_later_step_that_spoils_says_so() {
    let optimizer = || Adam::new(1e-3).betas(0.9, 0.5);
    // Behind `tanh` at 0 the loss is small, and the square of the gradient is infinite.
    let (good, bad) = ([[0.5, -1.0].into()], [[1e25, 0.0].into()]);
    let mut net = Bounded::zeros();
    net.dense2.weight.fill(1.0);
    let mut optimizer = optimizer();
    let mut train = |net: &mut Bounded, inputs| {
        net.train_step(inputs, &[[0.5].into()], &MeanSquaredError, &mut optimizer)
    };
    assert!(train(&mut net, &good).is_finite());
    net.dense1.weight.fill(0.0);
    let spoiled = train(&mut net, &bad);
    assert!(spoiled.is_finite());
    let said = (0..64).position(|_| !train(&mut net, &good).is_finite());
    assert!(said.is_some_and(|step| step < 64), "{said:?}");

    // A loss that is large is looked at at once.
    let mut net = Line::zeros();
    let mut optimizer = Adam::new(1e-3).betas(0.9, 0.5);
    let mut train = |x: f32, y: f32| {
        net.train_step(&[[x].into()], &[[y].into()], &MeanSquaredError, &mut optimizer)
    };
    assert!(train(1.0, 1.0).is_finite());
    assert!(train(1e17, 1e18).is_nan());
}

/// Where a setting is made, with what it should be.
#[test]
fn settings_are_checked_where_they_are_made() {
    macro_rules! check {
        ($($expected:literal: $($setting:expr),+;)+) => {$($(
            let panic = catch_unwind(|| {
                let _ = $setting;
            }).expect_err(stringify!($setting));
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| (*panic.downcast_ref::<&str>().unwrap()).to_owned());
            assert_eq!(text, $expected, "{}", stringify!($setting));
        )+)+};
    }
    let net = Bounded::zeros();
    let trainer = || Trainer::new(MeanSquaredError, Adam::<f32>::default());
    check! {
        "a learning rate is a finite number from 0 on, found NaN":
            Sgd::<f32>::new(f64::NAN), AdaGrad::<f64>::new(f64::NAN), RmsProp::<f32>::new(f64::NAN),
            Adam::<f32>::new(f64::NAN), AdamW::<f64>::new(f64::NAN), Adam::<f32>::default().set_learning_rate(f64::NAN);
        "a learning rate is a finite number from 0 on, found -0.1": Sgd::<f32>::new(-0.1), AdamW::<f32>::new(-0.1);
        "a learning rate is a finite number from 0 on, found inf": Adam::<f64>::new(f64::INFINITY);
        "β₂ is from 0 to 1, without 1, found 2": Adam::<f32>::default().betas(0.9, 2.0);
        "β₁ is from 0 to 1, without 1, found 1": AdamW::<f32>::default().betas(1.0, 0.9);
        "β₁ is from 0 to 1, without 1, found NaN": AdamW::<f32>::default().betas(f64::NAN, 0.9);
        "the smoothing α is from 0 to 1, without 1, found 1.5": RmsProp::<f32>::default().alpha(1.5);
        "a momentum is from 0 to 1, without 1, found -1": Sgd::<f32>::new(0.1).momentum(-1.0), RmsProp::<f32>::new(0.1).momentum(-1.0);
        "ε is a finite number above 0, found 0": Adam::<f32>::default().epsilon(0.0), AdaGrad::<f32>::default().epsilon(0.0), RmsProp::<f32>::default().epsilon(0.0);
        "a weight decay is a finite number from 0 on, found -1":
            Sgd::<f32>::new(0.1).weight_decay(-1.0), AdaGrad::<f32>::new(0.1).weight_decay(-1.0), RmsProp::<f32>::new(0.1).weight_decay(-1.0),
            AdamW::<f32>::new(0.1).weight_decay(-1.0), AdamW::<f32>::new(0.1).set_weight_decay(&*net, |net| net, -1.0);
        "a learning rate decay is a finite number from 0 on, found NaN": AdaGrad::<f32>::new(0.1).learning_rate_decay(f64::NAN);
        "a factor of the learning rate is a finite number from 0 on, found NaN": Sgd::<f32>::new(0.1).scale_learning_rate(&*net, |net| net, f64::NAN);
        "a batch takes one sample at least, found `batch_size(0)`": trainer().batch_size(0);
        "a schedule takes one epoch at least, found `epochs: 0`":
            trainer().schedule(Schedule::Step { epochs: 0, factor: 0.5 }), trainer().schedule(Schedule::CosineOver { epochs: 0 });
        "a schedule's factor is a finite number from 0 on, found NaN":
            trainer().schedule(Schedule::Exponential { factor: f64::NAN }), trainer().schedule(Schedule::Step { epochs: 1, factor: f64::NAN });
    }
    for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(catch_unwind(|| Huber::new(delta)).is_err(), "a Huber loss with δ = {delta}");
    }
    // A number that is good in `f64` may be none in `f32`.
    assert!(catch_unwind(|| Adam::<f32>::new(1e300)).is_err());
    assert!(catch_unwind(|| Adam::<f32>::default().epsilon(1e-300)).is_err());
    let _ = Adam::<f64>::new(1e300).epsilon(1e-300);
}
