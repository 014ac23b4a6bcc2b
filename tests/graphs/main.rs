//! Random graphs: gradients against finite differences, and the same results in each way to them. A process of its own: it chooses the instruction set and the number of threads.
//!
//! A thousand networks of these graphs, which takes many minutes: `cargo test --test graphs -- --ignored`. A thousand other graphs takes longer, since each is compiled:
//!
//! ```text
//! for seed in $(seq 40); do python tests/fixtures/graph_architectures.py 25 $seed && cargo test --test graphs || break; done
//! ```
//!
//! `python tests/fixtures/graph_architectures.py` brings back those of the repository.
#![cfg(all(feature = "train", feature = "files", feature = "threads"))]

#[path = "../common/mod.rs"]
mod common;

mod architectures;

use std::sync::{PoisonError, RwLock};

use axonal::layers::Context;
use axonal::prelude::*;
use axonal::{Differentiable, Layer, Sample, Trainable};
use rand::RngExt;

use common::differences::{check_inference, check_training};
use common::on_each_instruction_set;
use common::samples::{classes, distributions, probabilities, random};

/// Whoever chooses the instruction set or the number of threads is alone: the others compare bits.
static CHOSEN: RwLock<()> = RwLock::new(());

const BATCHES: [usize; 5] = [3, 1, 7, 13, 2];

/// A network with biases that are not zero, and variances that are positive.
fn network<N: Network<Scalar = f64>>(rng: &mut StdRng) -> Box<N> {
    let mut net = N::random(rng);
    for value in net.as_mut_slice() {
        *value += rng.random_range(-0.1..0.1);
    }
    net
}

fn numbers<X: Sample<Scalar = f64>>(samples: &[X]) -> Vec<f64> {
    samples.iter().flat_map(|sample| sample.as_slice()).copied().collect()
}

fn batch<N: Network<Scalar = f64>>(net: &N, inputs: &[N::Input]) -> Vec<f64> {
    let mut outputs = N::Output::zeros_vec(inputs.len());
    net.forward_batch(inputs, &mut outputs);
    numbers(&outputs)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// As near as the largest of the numbers allows, and of `others`, which they are the difference of.
fn assert_close(values: &[f64], expected: &[f64], others: &[f64], tolerance: f64, what: &str) {
    let all = expected.iter().chain(others);
    let largest = all.fold(1e-3_f64, |largest, value| largest.max(value.abs()));
    assert_eq!(values.len(), expected.len(), "{what}");
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        assert!(
            (value - expected).abs() <= tolerance * largest,
            "{what}, number {index}: {value}, expected {expected}"
        );
    }
}

/// Gradients of parameters and inputs, in training and in evaluation mode. How many parameters met a kink, and how many were looked at.
fn check_gradients<N, Y: Sync, L>(
    net: &mut N,
    (inputs, targets): (&[N::Input], &[Y]),
    loss: &L,
    rng: &mut StdRng,
) -> (usize, usize)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let training = check_training(net, inputs, targets, loss, rng);
    let inference = check_inference(net, inputs, targets, loss, rng);
    (training.0 + inference.0, training.1 + inference.1)
}

/// One sample, a batch, a pass in evaluation mode, and the same network from a file.
fn check_passes<N>(net: &N, inputs: &[N::Input])
where
    N: Network<Scalar = f64> + Differentiable,
{
    let outputs = batch(net, inputs);
    let one: Vec<N::Output> = inputs.iter().map(|input| net.forward(input)).collect();
    assert_close(&numbers(&one), &outputs, &[], 1e-11, "one sample");
    let mut evaluated = N::Output::zeros_vec(inputs.len());
    net.forward_with(Context::INFERENCE, inputs, &mut evaluated);
    assert_close(&numbers(&evaluated), &outputs, &[], 1e-11, "evaluation mode");

    let bytes = net.to_bytes();
    let loaded = N::from_bytes(&bytes).expect("its own bytes");
    assert_eq!(bits(loaded.as_slice()), bits(net.as_slice()));
    assert_eq!(bits(&batch(&*loaded, inputs)), bits(&outputs));
}

/// The loss, outputs, the gradient, and the network after a step.
fn results<N, Y: Sync, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> [Vec<f64>; 4]
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let mut gradient = N::zeros();
    let value = net.gradient_with(Context::training(1), inputs, targets, loss, &mut gradient);
    let mut stepped = N::zeros();
    stepped.as_mut_slice().copy_from_slice(net.as_slice());
    stepped.train_step(inputs, targets, loss, &mut Sgd::new(0.1));
    [vec![value], batch(net, inputs), gradient.as_slice().to_vec(), stepped.as_slice().to_vec()]
}

/// The same on each instruction set.
fn check_sets<N, Y: Sync, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let sets = on_each_instruction_set(|_| results(net, inputs, targets, loss));
    let first = &sets[0].1;
    for (set, results) in &sets {
        for (values, expected) in results.iter().zip(first) {
            // A gradient that cancels is as exact as the loss.
            assert_close(values, expected, &first[0], 1e-9, &format!("{} on {set}", N::NAME));
        }
    }
}

/// The same bits on any number of threads, for a batch that is worth more than one.
fn check_threads<N, Y: Sync, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    let [one, three] = [1, 3].map(|threads| {
        axonal::set_num_threads(threads);
        results(net, inputs, targets, loss).map(|values| bits(&values))
    });
    assert!(one == three, "{} on three threads", N::NAME);
}

/// How many samples are worth more than one thread: the passes of training over them are 3 million multiplications or more.
const fn worth_threads<N: Layer>() -> usize {
    8 + 1024 * 1024 / (N::MULTIPLY_ADDS + 1)
}

macro_rules! run {
    ($($name:ident $net:ident $loss:ident $targets:ident;)+) => {
        /// Checks networks of one architecture, each with weights, samples and a batch size of its own.
        mod check {
            use super::*;
            $(
                pub(super) fn $name(seeds: std::ops::Range<u64>) {
                    type Net = architectures::$net<f64>;
                    let (mut kinks, mut checks) = (0, 0);
                    for seed in seeds.clone() {
                        let mut rng = StdRng::seed_from_u64(seed);
                        let mut net = network::<Net>(&mut rng);
                        let samples = BATCHES[(Net::PARAMETERS + seed as usize) % BATCHES.len()];
                        let inputs = random(samples, &mut rng);
                        let targets = $targets(samples, &mut rng);
                        let _guard = CHOSEN.read().unwrap_or_else(PoisonError::into_inner);
                        let met =
                            check_gradients(&mut *net, (&inputs, &targets), &$loss, &mut rng);
                        kinks += met.0;
                        checks += met.1;
                        check_passes(&*net, &inputs);
                    }
                    assert!(3 * kinks <= checks, "{kinks} kinks in {checks} parameters");

                    let mut rng = StdRng::seed_from_u64(seeds.start);
                    let net = network::<Net>(&mut rng);
                    let samples = worth_threads::<Net>();
                    let inputs = random(samples, &mut rng);
                    let targets = $targets(samples, &mut rng);
                    let _guard = CHOSEN.write().unwrap_or_else(PoisonError::into_inner);
                    check_sets(&*net, &inputs[..7], &targets[..7], &$loss);
                    check_threads(&*net, &inputs, &targets, &$loss);
                }
            )+
        }

        $(
            #[test]
            fn $name() {
                check::$name(0..1);
            }
        )+

        #[test]
        #[ignore = "many minutes"]
        fn a_thousand_networks() {
            $(check::$name(1..33);)+
        }
    };
}

architectures::for_each_graph!(run);
