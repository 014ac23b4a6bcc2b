//! Images, and the layers that take them.
#![cfg(feature = "std")]

mod blocks;
mod convolutions;
mod differences;
mod image;
mod layers;
#[path = "../common/learned.rs"]
mod learned;
mod options;
mod passes;
mod pytorch;
