//! The samples of each step of an epoch.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Beta, Distribution};

use super::training_loop::{Draws, TrainingLoop};
use crate::core::{Sample, Scalar};
use crate::data::Dataset;
use crate::data::augment::Augment;
use crate::memory::append;
use crate::optimizers::Optimizer;

/// How the samples of an epoch are put together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batches {
    pub(super) size: usize,
    /// How many of them a step takes.
    pub(super) accumulate: usize,
    pub(super) drop_last: bool,
    pub(super) shuffle: bool,
    /// The α of mixup.
    pub(super) mixup: Option<f64>,
}

impl Default for Batches {
    fn default() -> Self {
        Self { size: 32, accumulate: 1, drop_last: false, shuffle: true, mixup: None }
    }
}

impl Batches {
    /// How many samples of an epoch are used.
    pub(super) fn used(&self, samples: usize) -> usize {
        if self.drop_last { samples - samples % self.size } else { samples }
    }

    /// How many samples a step takes.
    pub(super) fn step(&self) -> usize {
        self.size.saturating_mul(self.accumulate)
    }
}

/// The samples of one step, side by side.
pub(super) struct Batch<X, Y> {
    pub(super) inputs: Vec<X>,
    pub(super) targets: Vec<Y>,
    /// Inputs before they are mixed.
    unmixed: Vec<X>,
}

impl<X: Sample, Y: Copy> Batch<X, Y> {
    pub(super) fn new(size: usize) -> Self {
        Self {
            inputs: Vec::with_capacity(size),
            targets: Vec::with_capacity(size),
            unmixed: Vec::new(),
        }
    }

    pub(super) fn gather(&mut self, data: &Dataset<X, Y>, places: impl Iterator<Item = usize>) {
        self.inputs.clear();
        self.targets.clear();
        for place in places {
            append(&mut self.inputs, &data.inputs()[place..=place]);
            append(&mut self.targets, &data.targets()[place..=place]);
        }
    }

    /// Changes the inputs at random. Each step has generators of its own: so a training that goes on in the middle of an epoch draws what it would have drawn.
    pub(super) fn change<A, O, C>(
        &mut self,
        batches: &Batches,
        augmentation: &A,
        run: &TrainingLoop<X::Scalar, C>,
        optimizer: &O,
    ) where
        A: Augment<X>,
        O: Optimizer<X::Scalar>,
    {
        let mut rng = run.augmentation_rng(optimizer);
        for input in &mut self.inputs {
            augmentation.augment(input, &mut rng);
        }
        if let Some(alpha) = batches.mixup {
            self.mix(alpha, &mut run.generator(Draws::Mixup, optimizer.state().steps()));
        }
    }

    fn mix(&mut self, alpha: f64, rng: &mut StdRng) {
        let Ok(beta) = Beta::new(alpha + 1.0, alpha) else { return };
        self.unmixed.clear();
        append(&mut self.unmixed, &self.inputs);
        let count = self.inputs.len();
        for input in &mut self.inputs {
            let other = &self.unmixed[rng.random_range(0..count)];
            let share = X::Scalar::of(beta.sample(rng));
            for (number, other) in input.as_mut_slice().iter_mut().zip(other.as_slice()) {
                *number = share * *number + (X::Scalar::of(1.0) - share) * *other;
            }
        }
    }
}
