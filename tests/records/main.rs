//! Networks with several inputs or heads: one struct holds the values, the targets, the losses and the reports. Apart from `tests/suite` because that takes minutes to build.
#![cfg(all(feature = "train", feature = "files"))]

#[path = "../common/mod.rs"]
mod common;

mod passes;
mod training;
mod wide;
