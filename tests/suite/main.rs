//! The library through its public API: one process for all tests that need none of their own.
//!
//! One of their own have those that count allocations, set the number of threads or the instruction set of the process, need an attribute of the
//! whole crate, start the compiler, or are built in a way of their own; each says which at its top. `gradients` stands alone since it takes as long
//! to build as all of this.

#![allow(unnameable_types, reason = "nobody names what is in a test")]

#[path = "../common/mod.rs"]
mod common;

mod activations;
mod arguments;
mod backward;
mod data;
mod deep_network;
mod errors;
mod hostile_weights;
mod initializers;
mod large_samples;
mod last_stages;
mod long_sums;
mod losses;
mod math;
mod models;
mod network_images;
mod network_macro;
mod pytorch;
mod safetensors;
mod saving;
mod soundness;
mod testing;
mod training;
mod weights;
