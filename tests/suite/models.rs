//! Structs of networks: `#[derive(Parameters)]` makes them models, which have a norm, a file and steps as a network has.

use axonal::layers::Context;
use axonal::prelude::*;

network! {
    struct Critic<input 3 => dense 8 tanh => dense 1>;
    struct Actor<input 2 => dense 4 relu => batchnorm => dense 1 tanh>;
}

#[repr(C)]
#[derive(Debug, PartialEq, Parameters)]
struct Twins<T: axonal::Scalar> {
    first: Critic<T>,
    second: Critic<T>,
}

/// Models in a model, an array, fields without names, a scalar that is known.
#[repr(C)]
#[derive(Debug, PartialEq, Parameters)]
#[parameters(scalar = f64)]
struct Agent {
    actor: Actor<f64>,
    critics: Twins<f64>,
    ensemble: [Critic<f64>; 3],
}

#[repr(C)]
#[derive(Debug, PartialEq, Parameters)]
#[parameters(scalar = f64)]
struct Pair<N, M>(N, M)
where
    N: Network<Scalar = f64>,
    M: Network<Scalar = f64>;

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f64)]
struct Generic<N> {
    online: N,
    target: N,
}

fn agent(seed: u64) -> Box<Agent> {
    Agent::random(&mut StdRng::seed_from_u64(seed))
}

#[test]
fn a_model_is_the_vector_of_its_networks() {
    let (mut a, b) = (agent(1), agent(2));
    let statistics = a.actor.batchnorm1.as_slice().len() / 2;
    assert_eq!(statistics, 8);
    // Running statistics begin with 1, and are not part of a norm.
    let parts = [a.actor.norm(), a.critics.norm(), a.ensemble.norm()];
    let whole = parts.iter().map(|norm| norm * norm).sum::<f64>().sqrt();
    assert!((a.norm() - whole).abs() < 1e-14 * whole);
    assert!((a.dot(&a) - whole * whole).abs() < 1e-13 * whole * whole);
    assert_eq!(a.dot(&b), b.dot(&a));

    let before = a.as_slice().to_vec();
    a.add_scaled(-2.0, &b);
    for ((now, before), b) in a.as_slice().iter().zip(&before).zip(b.as_slice()) {
        assert_eq!(*now, before - 2.0 * b);
    }
    a.lerp(&b, 1.0);
    assert_eq!(a, b);
    let c = agent(3);
    let mut infinite = agent(4);
    infinite.fill(f64::INFINITY);
    a.lerp(&infinite, 0.0);
    assert_eq!(a, b);
    a.lerp(&c, 0.25);
    for ((now, b), c) in a.as_slice().iter().zip(b.as_slice()).zip(c.as_slice()) {
        assert_eq!(*now, b + 0.25 * (c - b));
    }
    a.fill(3.0);
    assert!(a.as_slice().iter().all(|number| *number == 3.0));
    a.scale(0.5);
    assert!(a.as_slice().iter().all(|number| *number == 1.5));
    assert_eq!(a.clip_value(1.0), 1.5);
    let learned = Agent::PARAMETERS - 8;
    assert!((a.clip_norm(1.0) - (learned as f64).sqrt()).abs() < 1e-12);
    assert!((a.norm() - 1.0).abs() < 1e-12);
    assert_eq!(a.actor.batchnorm1.running_var[0], 1.5, "a statistic is not clipped");
    a.ensemble[2].dense1.bias[0] = f64::NAN;
    assert!(a.norm().is_nan() && a.dot(&b).is_nan() && a.clip_value(1.0).is_nan());
}

#[test]
fn a_step_of_a_model_is_that_of_each_of_its_networks() {
    fn steps<O: Optimizer<f64>>(optimizer: impl Fn() -> O) {
        let mut whole = agent(1);
        let (mut actor, mut critic) = (Actor::<f64>::zeros(), Critic::<f64>::zeros());
        actor.lerp(&whole.actor, 1.0);
        critic.lerp(&whole.ensemble[1], 1.0);
        let (mut of_whole, mut of_actor, mut of_critic) = (optimizer(), optimizer(), optimizer());
        let mut gradient = Agent::zeros();
        for step in 0..5 {
            let x = f64::from(step) * 0.3;
            let states = [SVector::from([x, -1.0]), SVector::from([1.0, x])];
            let inputs = [SVector::from([x, -1.0, 0.5])];
            gradient.fill(0.0);
            let context = Context::training(step as u64);
            let targets = [SVector::from([0.3]), SVector::from([-0.3])];
            let loss = &MeanSquaredError;
            whole.actor.gradient_with(context, &states, &targets, loss, &mut gradient.actor);
            whole.ensemble[1].gradient_into(
                &inputs,
                &targets[..1],
                loss,
                &mut gradient.ensemble[1],
            );
            assert!(of_whole.apply(&mut *whole, &gradient));
            assert!(of_actor.apply(&mut *actor, &gradient.actor));
            assert!(of_critic.apply(&mut *critic, &gradient.ensemble[1]));
        }
        assert_eq!(whole.actor, *actor);
        assert_eq!(whole.ensemble[1], *critic);
        assert_eq!(whole.critics, agent(1).critics, "a gradient of zeros");
    }
    steps(|| Sgd::new(0.1));
    steps(|| Sgd::new(0.1).momentum(0.9).nesterov());
    steps(|| AdaGrad::new(0.1));
    steps(|| RmsProp::new(0.01));
    steps(|| Adam::new(0.01));
}

#[test]
fn a_network_of_a_model_is_frozen_by_its_field() {
    let mut net = agent(1);
    let mut optimizer = Adam::new(0.01);
    optimizer
        .freeze(&*net, |agent| &agent.actor)
        .freeze(&*net, |agent| &agent.ensemble[0])
        .scale_learning_rate(&*net, |agent| &agent.critics.second.dense1.weight, 0.0);
    let mut gradient = Agent::zeros();
    gradient.fill(1.0);
    optimizer.apply(&mut *net, &gradient);
    let before = agent(1);
    assert_eq!(net.actor, before.actor);
    assert_eq!(net.ensemble[0], before.ensemble[0]);
    assert_ne!(net.ensemble[1], before.ensemble[1]);
    assert_eq!(net.critics.second.dense1.weight, before.critics.second.dense1.weight);
    assert_ne!(net.critics.second.dense1.bias, before.critics.second.dense1.bias);
}

#[test]
fn a_file_of_a_model_names_its_fields() -> Result<(), axonal::Error> {
    let net = agent(1);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.safetensors");
    net.save(&path)?;
    assert_eq!(Agent::load(&path)?, net);
    assert_eq!(Agent::from_bytes(&net.to_bytes())?, net);
    let mut critic = Critic::<f64>::zeros();
    critic.load_from(&path, "ensemble.2")?;
    assert_eq!(*critic, net.ensemble[2]);
    critic.load_from(&path, "critics.first")?;
    assert_eq!(*critic, net.critics.first);

    let error = Critic::<f64>::load(&path).unwrap_err().to_string();
    assert!(error.contains("dense1.weight"), "{error}");
    net.critics.save(&path)?;
    let error = Agent::load(&path).unwrap_err().to_string();
    assert!(
        error.contains("`actor.dense1.weight`") && error.contains("first.dense1.weight"),
        "{error}"
    );
    Ok(())
}

#[test]
fn models_of_type_parameters_and_without_names() {
    let mut rng = StdRng::seed_from_u64(1);
    let pair = Pair::<Critic<f64>, Actor<f64>>::random(&mut rng);
    let mut names = Vec::new();
    <Pair<Critic<f64>, Actor<f64>> as axonal::layers::ParameterTree<_>>::describe(
        &axonal::layers::ParameterPath::ROOT,
        &mut |path, part| {
            if let axonal::layers::Part::Tensor { .. } = part {
                names.push(path.to_string());
            }
        },
    );
    assert_eq!(names[..2], ["0.dense1.weight", "0.dense1.bias"]);
    assert_eq!(names[names.len() - 1], "1.dense2.bias");
    assert!(pair.0.norm() > 0.0);

    let mut both = Generic::<Critic<f64>>::random(&mut rng);
    let norm = both.online.norm();
    let Generic { online, target } = &mut *both;
    target.lerp(online, 1.0);
    assert!((both.norm() - norm * 2.0_f64.sqrt()).abs() < 1e-12);
}

#[test]
#[should_panic(expected = "an optimizer belongs to the network that it stepped first")]
fn an_optimizer_of_a_model_is_none_of_a_network_in_it() {
    let mut net = agent(1);
    let mut optimizer = Adam::new(0.01);
    let gradient = Agent::zeros();
    optimizer.apply(&mut *net, &gradient);
    optimizer.apply(&mut net.actor, &gradient.actor);
}
