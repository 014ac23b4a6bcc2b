//! Gradients, steps, and the training loop.

mod backpropagation;
mod bounds;
mod history;
mod pass;
mod progress;
mod schedule;
mod trainer;

pub use backpropagation::{Backpropagation, Through};
pub use bounds::{
    AsNetwork, AugmentationOf, Behind, Boxed, Compared, Compares, Equals, InputsOf, Itself, LossOf,
    Means, MeansThem, Measures, Measuring, OptimizerOf, Parts, SizeOf, Trainable, TrainingLoss,
};
pub use history::{Epoch, History, Validation};
pub use schedule::Schedule;
pub use trainer::{NoValidation, Trainer, ValidateOn};

/// A number that is another one for other numbers, but for one case in 2⁶⁴: FNV-1a of their bits, eight bytes at a time.
fn fingerprint<'a, T: crate::Scalar>(numbers: impl Iterator<Item = &'a T>) -> u64 {
    numbers.fold(0, |hash, number| {
        let hash = (hash ^ number.as_f64().to_bits()).wrapping_mul(0x0000_0100_0000_01b3);
        hash.rotate_left(23)
    })
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
