//! Gradients against finite differences, in f64: every activation with every loss and kind of target, random networks, batches.
#![cfg(all(feature = "train", feature = "files"))]

#[path = "../common/mod.rs"]
mod common;

mod activations;
mod architectures;
mod batches;
mod image_architectures;
mod random_images;
mod random_networks;
