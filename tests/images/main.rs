//! Images, and the layers that take them.
#![cfg(feature = "std")]

mod blocks;
mod convolutions;
mod differences;
mod image;
mod layers;
mod passes;
mod pytorch;
