//! What a panic within a step or a training run leaves, where it is caught.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axonal::data::augment::Augment;
use axonal::losses::Loss;
use axonal::optimizers::{Optimizer, State, Update};
use axonal::prelude::*;
use axonal::training::Schedule;

use super::curve;

network! {
    struct Net<input 2 => first: dense 8 tanh => middle: dense 16 tanh => last: dense 1>;
}

/// The mean squared error, or a panic.
#[derive(Default)]
struct Faulty(AtomicBool);

impl<O: axonal::Sample, Y, A> Loss<O, Y, A> for Faulty
where
    MeanSquaredError: Loss<O, Y, A>,
{
    type Size = <MeanSquaredError as Loss<O, Y, A>>::Size;

    fn evaluate(&self, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64 {
        assert!(!self.0.load(Ordering::Relaxed), "asked for");
        MeanSquaredError.evaluate(scores, targets, scale)
    }
}

/// Adam, which panics at a tensor.
struct Breaks {
    adam: Adam,
    /// How many tensors it still moves.
    left: AtomicUsize,
}

impl Optimizer<f32> for Breaks {
    fn moments(&self) -> &'static [&'static str] {
        Optimizer::<f32>::moments(&self.adam)
    }

    fn state(&self) -> &State<f32> {
        self.adam.state()
    }

    fn state_mut(&mut self) -> &mut State<f32> {
        self.adam.state_mut()
    }

    fn update(&self, tensor: Update<'_, f32>) {
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        assert!(left > 0, "asked for");
        self.adam.update(tensor);
    }
}

fn panics<R>(work: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

#[test]
fn after_a_panic_in_the_loss_training_goes_on_as_if_nothing_had_been() {
    // One piece, several, and so many that threads share them.
    for samples in [1, 33, 600, 6_000] {
        let data = curve(samples);
        let mut net = Net::random(&mut StdRng::seed_from_u64(1));
        let start = net.clone();
        let mut optimizer = Adam::new(0.01).weight_decay(0.1);
        optimizer.freeze(&*net, |net| &net.middle);
        let loss = Faulty::default();
        net.train_step(data.inputs(), data.targets(), &loss, &mut optimizer);
        let (mut other, mut untouched) = (net.clone(), optimizer.clone());

        loss.0.store(true, Ordering::Relaxed);
        assert!(panics(|| net.train_step(data.inputs(), data.targets(), &loss, &mut optimizer)));
        assert_eq!(net, other, "{samples}");
        assert_eq!(optimizer.state().steps(), 1, "{samples}");

        loss.0.store(false, Ordering::Relaxed);
        for _ in 0..3 {
            net.train_step(data.inputs(), data.targets(), &loss, &mut optimizer);
            other.train_step(data.inputs(), data.targets(), &loss, &mut untouched);
        }
        assert_eq!(net, other, "{samples}");
        assert_eq!(net.middle, start.middle, "{samples}");
        assert_ne!(net.first, start.first, "{samples}");
    }
}

#[test]
fn after_a_panic_in_an_update_what_is_frozen_stays_frozen() {
    for samples in [1, 33, 600] {
        for tensors in 0..4 {
            let data = curve(samples);
            let (inputs, targets) = (data.inputs(), data.targets());
            let mut net = Net::random(&mut StdRng::seed_from_u64(1));
            let start = net.clone();
            let left = AtomicUsize::new(usize::MAX);
            let mut optimizer = Breaks { adam: Adam::new(0.01), left };
            optimizer.freeze(&*net, |net| &net.middle).freeze(&*net, |net| &net.first.bias);
            net.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);

            optimizer.left.store(tensors, Ordering::Relaxed);
            let step = || net.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
            assert_eq!(panics(step), tensors < 3, "{samples} samples, {tensors} tensors");
            let steps = optimizer.state().steps();
            assert_eq!(steps, if tensors < 3 { 1 } else { 2 }, "{samples} samples");

            optimizer.left.store(usize::MAX, Ordering::Relaxed);
            net.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
            assert_eq!(optimizer.state().steps(), steps + 1);
            assert_eq!(net.middle, start.middle);
            assert_eq!(net.first.bias, start.first.bias);
            assert_ne!(net.last, start.last);
            assert!(net.as_slice().iter().all(|weight| weight.is_finite()));
        }
    }
}

/// Panics in the second epoch.
struct SecondEpoch(usize);

impl Augment<SVector<f32, 2>> for SecondEpoch {
    fn augment<R: rand::Rng + ?Sized>(&self, _: &mut SVector<f32, 2>, rng: &mut R) {
        static SEEN: AtomicUsize = AtomicUsize::new(0);
        rng.next_u32();
        assert!(SEEN.fetch_add(1, Ordering::Relaxed) < self.0, "asked for");
    }
}

#[test]
fn after_a_panic_in_a_training_run_the_learning_rate_is_that_of_the_optimizer() {
    let data = curve(20);
    let mut net = Net::random(&mut StdRng::seed_from_u64(1));
    let mut trainer = Trainer::new(MeanSquaredError, Adam::new(0.25))
        .schedule(Schedule::Exponential { factor: 0.1 })
        .augment(SecondEpoch(data.len() + 5))
        .epochs(3);
    assert!(panics(|| trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(1))));
    let optimizer: &Adam = trainer.optimizer();
    assert_eq!(optimizer.learning_rate(), 0.25);
    assert_eq!(optimizer.state().steps(), 1);
}
