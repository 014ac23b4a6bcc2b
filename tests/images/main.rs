//! Images, and the layers that take them. A process of its own: some tests choose the instruction set.
#![cfg(all(feature = "train", feature = "files"))]

#[path = "../common/mod.rs"]
mod common;

mod blocks;
mod captures;
mod convolutions;
mod differences;
mod equal;
mod graphs;
mod image;
mod layers;
mod mlperf_tiny;
mod nested_records;
mod normalized;
mod options;
mod passes;
mod pytorch;
mod records;
