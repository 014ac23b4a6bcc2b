//! Neural networks whose every dimension is known at compile time.
//!
//! [`network!`] turns a description into a struct of nalgebra's static matrices, and [`Network`] is what every such struct can do.
//! A shape that does not fit is a compile error at the word that is wrong; a forward or backward pass is straight-line,
//! monomorphised code.
//!
//! ```
//! use axonal::prelude::*;
//!
//! network! {
//!     /// 28x28 grey pixels in, one score a digit out.
//!     pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
//! }
//!
//! let mut rng = StdRng::seed_from_u64(7);
//! let mut net: Box<Digits> = Digits::random(&mut rng);
//! let images = [SVector::from([0.5; 784])];
//! let labels = [Class::new(3)?];
//! let mut optimizer = Adam::new(1e-3);
//! let before = net.train_step(&images, &labels, &CrossEntropy, &mut optimizer);
//! let after = net.loss(&images, &labels, &CrossEntropy);
//! assert!(after < before);
//! # Ok::<(), axonal::Error>(())
//! ```
//!
//! # Where to find what
//!
//! | | |
//! |---|---|
//! | describe | [`network!`], [`layers`], [`activations`], [`init`] |
//! | train | [`training::Trainer`], or [`Network::train_step`] in a loop of one's own; [`losses`], [`optimizers`] |
//! | data | [`data`]: [`Dataset`](data::Dataset), [`Class`](data::Class), MNIST, EMNIST, CSV, PNG ([`Image`]), standardization |
//! | measure | [`evaluation::Evaluation`] |
//! | save, load | [`Network::save`], [`Network::load`]; a part of a network: [`Transfer`]; without files: [`guide::bytes`] |
//! | transfer | [`Transfer`], [`Optimizer::freeze`](optimizers::Optimizer::freeze), [`data::augment`] |
//! | one's own layers | [`guide::layers`] |
//! | one's own loops | [`guide::loops`] |
//! | speed | [`kernels`] |
//!
//! # Errors
//!
//! What can be seen in a description is a compile error. At run time there is one type, [`Error`], which names the place,
//! what was expected and what was found. [`guide::errors`] has an example of each, and the likely mistakes in descriptions.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(feature = "std"),
    allow(
        dead_code,
        unused_imports,
        reason = "what only training uses stands beside what inference does"
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
extern crate self as axonal;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod activations;
mod error;
mod formats;
mod image;
pub mod init;
#[allow(unsafe_code, reason = "the one place for it; every block states why it is sound")]
pub mod kernels;
pub mod layers;
mod network;
pub mod prelude;
mod room;
mod sample;
pub mod shapes;

#[cfg(feature = "std")]
pub mod data;
#[cfg(feature = "std")]
pub mod evaluation;
#[cfg(feature = "std")]
pub mod losses;
#[cfg(feature = "std")]
pub mod optimizers;
#[cfg(feature = "std")]
mod summary;
#[cfg(feature = "std")]
pub mod training;
#[cfg(feature = "std")]
mod transfer;
mod vector;

pub use axonal_macros::{Parameters, network};
pub use error::Error;
pub use formats::safetensors::WeightsError;
pub use image::Image;
pub use kernels::{Parameters, Scalar};
#[cfg(feature = "std")]
pub use layers::Differentiable;
pub use layers::Layer;
#[doc(hidden)]
pub use nalgebra;
pub use network::{Infer, Network};
pub use pulp::Simd;
#[doc(hidden)]
pub use pulp::WithSimd;
#[doc(hidden)]
pub use rand;
pub use sample::{ImageSample, Sample, Shape};
#[cfg(feature = "std")]
pub use summary::Summary;
#[cfg(feature = "std")]
pub use transfer::{Kept, Matching, Transfer};

/// The README's code, compiled and run as doc tests.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Pages that are longer than the documentation of one item.
pub mod guide {
    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/bytes.md")]
    pub mod bytes {}
    #[doc = include_str!("../docs/errors.md")]
    #[cfg(feature = "std")]
    pub mod errors {}
    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/layers.md")]
    pub mod layers {}
    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/loops.md")]
    pub mod loops {}
    #[doc = include_str!("../docs/speed.md")]
    pub mod speed {}
}
