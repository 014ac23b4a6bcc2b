//! Gradients against finite differences, in f64: every activation with every loss and kind of target, random networks, batches.
#![cfg(feature = "std")]

#[path = "../common/architectures.rs"]
mod architectures;
#[path = "../common/differences.rs"]
mod differences;
#[path = "../common/image_architectures.rs"]
mod image_architectures;
#[path = "../common/learned.rs"]
mod learned;
#[path = "../common/samples.rs"]
mod samples;

mod activations;
mod batches;
mod random_images;
mod random_networks;
