//! Layers that an optimizer moves in another way than the others.

use axonal::prelude::*;

use super::{Line, curve};

network! {
    struct Head<input 6 => dense 8 relu => dense 1>;
    struct Deep<input 2 => dense 8 tanh => norm: batchnorm => hidden: dense 6 tanh => head: Head>;
    struct Small<input 2 => dense 8 tanh => middle: dense 16 tanh => last: dense 1>;
    struct Pixels<input 1x6x6 => conv 8 3x3 relu => conv_transpose 2 2x2 => flatten => dense 1>;
    /// Large enough for several threads.
    struct Wide<input 2 => dense 512 tanh => middle: dense 512 tanh => last: dense 1>;
    struct Blocks<input 2 => residual { dense 4 tanh => dense 2 } => dense 1>;
    /// As many parameters as `Line`.
    struct AsLarge<input 2 => first: dense 4 relu => last: dense 1>;
}

macro_rules! for_each_optimizer {
    ($check:ident) => {
        $check("sgd", Sgd::new(0.05).weight_decay(0.1));
        $check("momentum", Sgd::new(0.05).momentum(0.9).nesterov().weight_decay(0.1));
        $check("adagrad", AdaGrad::new(0.05).weight_decay(0.1));
        $check("rmsprop", RmsProp::new(0.01).weight_decay(0.1));
        $check("rmsprop, momentum", RmsProp::new(0.01).momentum(0.5).weight_decay(0.1));
        $check("adam", Adam::new(0.01).weight_decay(0.1));
        $check("adamw", AdamW::new(0.01).weight_decay(0.1));
        $check("adam, amsgrad", Adam::new(0.01).weight_decay(0.1).amsgrad());
        $check("nadam", NAdam::new(0.01).weight_decay(0.1));
        $check("radam", RAdam::new(0.01).weight_decay(0.1).decoupled_weight_decay());
        $check("adadelta", Adadelta::new(1.0).weight_decay(0.1));
        $check("lion", Lion::new(0.01).weight_decay(0.1));
    };
}

fn bits<P: Parameters<Scalar = f32>>(part: &P) -> Vec<u32> {
    part.as_slice().iter().map(|value| value.to_bits()).collect()
}

/// A step over some samples of the curve.
macro_rules! step {
    ($net:expr, $samples:expr, $optimizer:expr) => {{
        let data = curve($samples);
        $net.train_step(data.inputs(), data.targets(), &MeanSquaredError, $optimizer)
    }};
}

/// One sample (an outer product), one piece, several pieces.
const SAMPLES: [usize; 3] = [1, 33, 3000];

#[test]
fn a_frozen_layer_keeps_its_bits_and_the_others_learn() {
    fn check(name: &str, optimizer: impl Optimizer<f32> + Clone) {
        for samples in SAMPLES {
            let mut net = Small::random(&mut StdRng::seed_from_u64(1));
            let start = net.clone();
            let mut optimizer = optimizer.clone();
            optimizer.freeze(&*net, |net| &net.middle);
            for _ in 0..5 {
                step!(net, samples, &mut optimizer);
            }
            assert_eq!(bits(&net.middle), bits(&start.middle), "{name}, {samples}");
            for (now, then) in [
                (&net.dense1.weight[3], &start.dense1.weight[3]),
                (&net.last.bias[0], &start.last.bias[0]),
            ] {
                assert_ne!(now, then, "{name}, {samples}");
            }
        }
    }
    for_each_optimizer!(check);
}

#[test]
fn a_layer_that_is_frozen_for_some_steps_goes_on_with_the_moments_that_it_had() {
    fn check(name: &str, mut optimizer: impl Optimizer<f32> + Clone) {
        let mut net = Small::random(&mut StdRng::seed_from_u64(1));
        step!(net, 20, &mut optimizer);
        let (mut other, mut untouched) = (net.clone(), optimizer.clone());
        optimizer.freeze(&*net, |net| net);
        for samples in SAMPLES {
            step!(net, samples, &mut optimizer);
        }
        assert_eq!(bits(&*net), bits(&*other), "{name}");
        optimizer.unfreeze(&*net, |net| net);
        // The number of the step counts in Adam: it goes on while layers are frozen.
        if !name.contains("adam") {
            step!(net, 20, &mut optimizer);
            step!(other, 20, &mut untouched);
            assert_eq!(bits(&*net), bits(&*other), "{name}");
        }
    }
    for_each_optimizer!(check);
}

#[test]
fn the_step_of_a_layer_is_scaled() {
    fn check(name: &str, optimizer: impl Optimizer<f32> + Clone) {
        for samples in SAMPLES {
            let start = Small::random(&mut StdRng::seed_from_u64(1));
            // Everything with a hundredth of the learning rate, and with all of it: each layer must be as in one of the two.
            let run = |rate: f64, scale: Option<f64>| {
                let (mut net, mut optimizer) = (start.clone(), optimizer.clone());
                optimizer.set_learning_rate(rate);
                if let Some(factor) = scale {
                    optimizer.scale_learning_rate(&*net, |net| &net.middle.weight, factor);
                }
                step!(net, samples, &mut optimizer);
                net
            };
            let (full, small, mixed) = (run(0.01, None), run(0.0025, None), run(0.01, Some(0.25)));
            assert_eq!(mixed.middle.weight, small.middle.weight, "{name}, {samples}");
            assert_eq!(mixed.middle.bias, full.middle.bias, "{name}, {samples}");
            assert_eq!(mixed.dense1, full.dense1, "{name}, {samples}");
            assert_eq!(mixed.last, full.last, "{name}, {samples}");
            assert_ne!(small.middle.weight, full.middle.weight, "{name}, {samples}");
        }
    }
    for_each_optimizer!(check);
}

#[test]
fn steps_of_sgd_by_hand() {
    let data = curve(20);
    let mut net = Small::random(&mut StdRng::seed_from_u64(1));
    let (_, gradient) = net.gradient(data.inputs(), data.targets(), &MeanSquaredError);
    let start = net.clone();
    let mut optimizer = Sgd::new(0.5).weight_decay(0.25);
    optimizer
        .scale_learning_rate(&*net, |net| &net.dense1, 0.125)
        .set_weight_decay(&*net, |net| &net.middle, 0.0)
        .set_weight_decay(&*net, |net| &net.last.weight, 2.0);
    step!(net, 20, &mut optimizer);
    let check = |now: &[f32], then: &[f32], gradient: &[f32], rate: f32, decay: f32| {
        for ((now, then), gradient) in now.iter().zip(then).zip(gradient) {
            let expected = then - rate * (gradient + decay * then);
            approx::assert_relative_eq!(*now, expected, max_relative = 1e-5, epsilon = 1e-7);
        }
    };
    macro_rules! check {
        ($($field:ident).+, $rate:expr, $decay:expr) => {
            check(
                net.$($field).+.as_slice(), start.$($field).+.as_slice(), gradient.$($field).+.as_slice(), $rate, $decay,
            );
        };
    }
    check!(dense1.weight, 0.5 * 0.125, 0.25);
    check!(dense1.bias, 0.5 * 0.125, 0.25);
    check!(middle.weight, 0.5, 0.0);
    check!(middle.bias, 0.5, 0.0);
    check!(last.weight, 0.5, 2.0);
    check!(last.bias, 0.5, 0.25);
}

#[test]
fn adamw_shrinks_by_the_decay_of_the_layer() {
    // Without a gradient, decay is all that is left: w ← w − γ f λ w.
    let mut net = Small::random(&mut StdRng::seed_from_u64(1));
    net.last.weight.fill(0.0);
    let start = net.clone();
    let mut optimizer = AdamW::new(0.1).weight_decay(0.5);
    optimizer.set_weight_decay(&*net, |net| &net.middle, 0.25);
    optimizer.scale_learning_rate(&*net, |net| &net.middle, 0.5);
    step!(net, 20, &mut optimizer);
    let shrunk = start.middle.weight * (1.0 - 0.1 * 0.5 * 0.25);
    approx::assert_relative_eq!(net.middle.weight, shrunk, max_relative = 1e-6);
    let shrunk = start.dense1.weight * (1.0 - 0.1 * 0.5);
    approx::assert_relative_eq!(net.dense1.weight, shrunk, max_relative = 1e-6);
}

#[test]
fn weights_alone_decay_where_the_optimizer_says_so() {
    let mut net = Small::random(&mut StdRng::seed_from_u64(1));
    net.last.weight.fill(0.0);
    net.middle.bias.fill(1.0);
    let start = net.clone();
    let mut optimizer = AdamW::new(0.1).decay_weights_only();
    optimizer.set_weight_decay(&*net, |net| &net.middle, 0.5);
    step!(net, 20, &mut optimizer);
    assert_eq!(net.middle.bias, start.middle.bias);
    assert_ne!(net.middle.weight, start.middle.weight);
}

/// Nor do slopes, though they are factors.
#[test]
fn slopes_decay_with_biases() {
    network! { struct Sloped<input 3 => dense 4 => prelu>; }
    let mut net = Sloped::random(&mut StdRng::seed_from_u64(1));
    let (inputs, targets) = ([SVector::<f32, 3>::zeros()], [SVector::<f32, 4>::zeros()]);
    assert_eq!(net.prelu1.weight.as_slice(), [0.25; 4]);
    // No gradient: decay alone moves.
    let mut optimizer = Sgd::new(0.5).weight_decay(0.5).decay_weights_only();
    net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    assert_eq!(net.prelu1.weight.as_slice(), [0.25; 4]);
    net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.5).weight_decay(0.5));
    assert_eq!(net.prelu1.weight.as_slice(), [0.1875; 4]);
}

#[test]
fn a_network_inside_a_network_and_statistics_are_frozen() {
    let mut net = Deep::random(&mut StdRng::seed_from_u64(1));
    let start = net.clone();
    let mut optimizer = Adam::new(0.01);
    optimizer.freeze(&*net, |net| &net.norm).freeze(&*net, |net| &net.head);
    step!(net, 33, &mut optimizer);
    assert_eq!(bits(&net.norm), bits(&start.norm));
    assert_eq!(bits(&net.head), bits(&start.head));
    assert_ne!(net.dense1, start.dense1);
    assert_ne!(net.hidden, start.hidden);

    // Of a layer whose factors alone are frozen, the statistics move.
    optimizer.unfreeze(&*net, |net| &net.norm);
    optimizer.freeze(&*net, |net| &net.norm.weight);
    step!(net, 33, &mut optimizer);
    assert_eq!(net.norm.weight, start.norm.weight);
    assert_ne!(net.norm.bias, start.norm.bias);
    assert_ne!(net.norm.running_mean, start.norm.running_mean);
}

#[test]
fn layers_that_threads_share_have_their_settings_too() {
    let start = Wide::random(&mut StdRng::seed_from_u64(1));
    let run = |rate: f64, change: fn(&mut Adam, &Wide)| {
        let (mut net, mut optimizer) = (start.clone(), Adam::new(rate));
        change(&mut optimizer, &net);
        step!(net, 100, &mut optimizer);
        net
    };
    let frozen = run(0.01, |optimizer, net| {
        optimizer.freeze(net, |net| &net.middle.weight);
    });
    let scaled = run(0.01, |optimizer, net| {
        optimizer.scale_learning_rate(net, |net| &net.middle.weight, 0.25);
    });
    let (full, small) = (run(0.01, |_, _| {}), run(0.0025, |_, _| {}));
    assert_eq!(bits(&frozen.middle.weight), bits(&start.middle.weight));
    assert_eq!(frozen.middle.bias, full.middle.bias);
    assert_eq!(frozen.dense1, full.dense1);
    assert!(scaled.middle.weight == small.middle.weight);
    assert_eq!(scaled.dense1, full.dense1);
    assert!(small.middle.weight != full.middle.weight);
}

#[test]
fn a_layer_of_a_block_is_frozen() {
    let mut net = Blocks::random(&mut StdRng::seed_from_u64(1));
    let start = net.clone();
    let mut optimizer = Adam::new(0.01);
    optimizer.freeze(&*net, |net| &net.residual1.block.dense1);
    step!(net, 20, &mut optimizer);
    assert_eq!(bits(&net.residual1.block.dense1), bits(&start.residual1.block.dense1));
    assert_ne!(net.residual1.block.dense2, start.residual1.block.dense2);
}

#[test]
fn layers_of_images_are_frozen() {
    let mut net = Pixels::random(&mut StdRng::seed_from_u64(1));
    let start = net.clone();
    let inputs: Vec<Image<1, 6, 6>> = (0..9)
        .map(|image| {
            let mut pixels = Image::default();
            for (index, pixel) in pixels.as_mut_slice().iter_mut().enumerate() {
                *pixel = ((image * 36 + index) as f32).sin();
            }
            pixels
        })
        .collect();
    let targets: Vec<SVector<f32, 1>> =
        inputs.iter().map(|image| [image.as_slice()[7]].into()).collect();
    let mut optimizer = Adam::new(0.01);
    optimizer.freeze(&*net, |net| &net.conv1).freeze(&*net, |net| &net.conv_transpose1.bias);
    net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    assert_eq!(bits(&net.conv1), bits(&start.conv1));
    assert_eq!(net.conv_transpose1.bias, start.conv_transpose1.bias);
    assert_ne!(net.conv_transpose1.weight, start.conv_transpose1.weight);
    optimizer.unfreeze(&*net, |net| net).freeze(&*net, |net| &net.conv_transpose1);
    let before = net.clone();
    net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    assert_eq!(bits(&net.conv_transpose1), bits(&before.conv_transpose1));
    assert_ne!(net.conv1, before.conv1);
}

#[test]
fn settings_outlive_a_reset_and_a_trainer() {
    let data = curve(40);
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Small::random(&mut rng);
    let start = net.clone();
    let mut optimizer = Adam::new(0.01);
    optimizer.freeze(&*net, |net| &net.dense1);
    optimizer.state_mut().reset();
    let mut trainer = Trainer::new(MeanSquaredError, optimizer).epochs(2);
    trainer.fit(&mut *net, &data, &mut rng).unwrap();
    assert_eq!(bits(&net.dense1), bits(&start.dense1));
    assert_ne!(net.middle, start.middle);
    trainer.optimizer_mut().unfreeze(&*net, |net| &net.dense1);
    trainer.fit(&mut *net, &data, &mut rng).unwrap();
    assert_ne!(net.dense1, start.dense1);
}

#[test]
fn an_anonymous_network_and_a_layer_without_parameters() {
    let mut net = network!(input 2 => dense 3 => rest: tanh => dense 1);
    let start = net.clone();
    let mut optimizer = Sgd::new(0.1);
    optimizer.freeze(&*net, |net| &net.rest).freeze(&*net, |net| &net.dense2);
    let data = curve(9);
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    assert_eq!(net.dense2, start.dense2);
    assert_ne!(net.dense1, start.dense1);
}

#[test]
#[should_panic(
    expected = "an optimizer belongs to the network that it stepped first: `suite::training::settings::AsLarge` is of another type"
)]
fn settings_of_another_network() {
    let mut optimizer: Sgd = Sgd::new(0.1);
    assert_eq!(Line::PARAMETERS, AsLarge::PARAMETERS);
    optimizer.freeze(&*Line::zeros(), |net| &net.dense1);
    optimizer.freeze(&*AsLarge::zeros(), |net| &net.first);
}

#[test]
#[should_panic(expected = "this is none of its parts")]
fn a_part_of_nothing() {
    static ELSEWHERE: SVector<f32, 4> = SVector::<f32, 4>::new(0.0, 0.0, 0.0, 0.0);
    Sgd::new(0.1).freeze(&*Line::zeros(), |_| &ELSEWHERE);
}

#[test]
#[should_panic(expected = "settings are for whole tensors")]
fn a_part_of_a_tensor() {
    Sgd::new(0.1)
        .freeze(&*Line::zeros(), |net| SVector::<f32, 2>::from_slice(&net.as_slice()[1..3]));
}

/// Of a network of millions of parameters, moments are millions of numbers.
#[test]
fn an_optimizer_prints_its_settings_and_the_names_of_its_moments() {
    network! { struct Tiny<input 1 => dense 1>; }
    let mut optimizer = Adam::new(0.5);
    Tiny::zeros().train_step(&[[1.0].into()], &[[1.0].into()], &MeanSquaredError, &mut optimizer);
    let state = format!("{:?}", optimizer.state());
    assert_eq!(
        state,
        r#"State { learning_rate: 0.5, steps: 1, seed: 0, moments: ["exp_avg", "exp_avg_sq"], .. }"#
    );
    assert!(format!("{optimizer:?}").ends_with(&format!("state: {state} }}")));
}
