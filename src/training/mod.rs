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
    AsNetwork, AugmentationOf, Behind, Boxed, Equals, InputsOf, Itself, LossOf, Measures,
    Measuring, OptimizerOf, Parts, SizeOf, TrainingLoss,
};
pub use history::{Epoch, History, Validation};
pub use schedule::Schedule;
pub use trainer::{NoValidation, Trainer, ValidateOn};

#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
