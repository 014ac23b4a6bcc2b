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
//! | several inputs, several outputs, skips | [`guide::graphs`] |
//! | train | [`training::Trainer`], or [`Network::train_step`] in a loop of one's own; [`training::Lbfgs`] for small data; [`losses`], [all in a table](guide::losses); [`optimizers`] |
//! | data | [`guide::data`], [`data`]: [`Dataset`](data::Dataset), [`Class`](data::Class), MNIST, EMNIST, CSV, PNG ([`Image`]), standardization |
//! | raw rows in, names and units out | [`pipeline::Pipeline`], [`guide::pipeline`] |
//! | measure | [`evaluation::Evaluation`]; [which number is where](guide::evaluation) |
//! | draw | [`Network::diagram`], [`History::figure`](training::History::figure), [`figures`]; [`guide::pictures`] |
//! | choose | [`selection`]: cross-validation, searches over settings and shapes; [`training::LearningRateFinder`]; [how](guide::selection) |
//! | save, load | [`Network::save`], [`Network::load`]; a part of a network: [`Transfer`]; without files: [`guide::bytes`] |
//! | transfer | [`Transfer`], [`Optimizer::freeze`](optimizers::Optimizer::freeze), [`data::augment`] |
//! | one's own layers, losses, activations | [`guide::layers`], [`guide::losses`], [`activations`] |
//! | one's own optimizers | [`guide::optimizers`] |
//! | one's own loops | [`guide::loops`] |
//! | tests of all these | [`testing`]: gradients against finite differences, every instruction set |
//! | weights of PyTorch and Keras | [`guide::differences`] |
//! | speed | [`guide::speed`], [`simd::InstructionSet`], [`num_threads`] |
//!
//! # Errors
//!
//! What can be seen in a description is a compile error. At run time, one rule says what a wrong argument does:
//!
//! * What depends on data is a `Result`: files and their contents, numbers of samples and targets, classes, fractions of a data set, what is drawn
//!   with a probability. There is one type, [`Error`], which names the place, what was expected and what was found.
//! * What only a programmer can get wrong, and gets wrong in every run, panics with a sentence: slices of two lengths, a batch of 0 samples, the settings
//!   of a trainer, an optimizer, a loss or a reader. `# Panics` says when.
//! * Nothing is clamped in silence. NaN in a network's numbers is no wrong argument: NaN in gives NaN out, and a step along it is not taken.
//!
//! [`guide::errors`] has an example of each, and the likely mistakes in descriptions.
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;
extern crate self as axonal;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod activations;
mod core;
mod formats;
mod io;
#[allow(unsafe_code, reason = "every block states why it is sound")]
mod kernels;
pub mod layers;
#[allow(unsafe_code, reason = "every block states why it is sound")]
mod memory;
mod network;
mod networks;
#[allow(unsafe_code, reason = "every block states why it is sound")]
mod parallel;
pub mod prelude;
#[allow(unsafe_code, reason = "every block states why it is sound")]
pub mod simd;

#[cfg(feature = "std")]
pub mod data;
#[cfg(feature = "std")]
mod diagram;
#[cfg(feature = "train")]
pub mod evaluation;
#[cfg(feature = "std")]
mod execution_plan;
#[cfg(feature = "std")]
pub mod figures;
#[cfg(feature = "train")]
pub mod losses;
#[cfg(feature = "train")]
// Hidden from readers alone: of what is hidden from the compiler, its messages would say the whole path.
#[cfg_attr(doc, doc(hidden))]
pub mod messages;
#[cfg(feature = "train")]
mod metrics;
#[cfg(feature = "train")]
pub mod optimizers;
#[cfg(feature = "files")]
pub mod pipeline;
#[cfg(feature = "train")]
pub mod selection;
#[cfg(feature = "std")]
mod summary;
#[cfg(feature = "train")]
pub mod testing;
#[cfg(feature = "train")]
mod trainable;
#[cfg(feature = "train")]
pub mod training;
#[cfg(feature = "files")]
mod transfer;
mod vector;

pub use crate::core::{
    Error, Image, ImageSample, Parameters, Sample, Scalar, Shape, WeightsError, init, shapes,
};
#[cfg(feature = "std")]
pub use execution_plan::{ExecutionPlan, LayerKernels};
#[cfg(feature = "train")]
pub use layers::Differentiable;
pub use layers::Layer;
/// The version of nalgebra whose matrices networks are made of.
pub use nalgebra;
pub use network::{Infer, Network};
pub use networks::Networks;
#[cfg(feature = "threads")]
pub use parallel::{num_threads, set_num_threads};
pub use pulp::Simd;
#[doc(hidden)]
pub use pulp::WithSimd;
/// The version of rand whose generators this crate takes.
pub use rand;
#[cfg(feature = "std")]
pub use summary::{Row as SummaryRow, Summary};
#[cfg(feature = "train")]
pub use trainable::Trainable;
#[cfg(feature = "train")]
pub use {crate::core::Differential, network::Jacobian};
#[cfg(feature = "files")]
pub use {
    formats::safetensors::{Kept, Matching},
    transfer::Transfer,
};

/// Defines neural networks, all of whose shapes are known to the compiler.
///
/// ```text
/// network! {
///     /// 28x28 grey pixels in, one score a digit out.
///     pub struct Digits<input 784 => hidden: dense 128 sigmoid => dense 10>;
/// }
///
/// let net = network!(input 784 => dense 128 sigmoid => dense 10);
/// ```
///
/// A stage is a layer with its sizes, options and activation. `hidden:` names its field; without a label it is `dense1`, `dense2` and so on.
/// Sizes are integers, constants, paths, or const expressions in braces. As an expression it is a `Box` of a new network of `f32`
/// with random weights, others at each call; in a browser (`wasm32-unknown-unknown`), which gives a program no randomness, they are the same in each run. A type of your own stands in the place of a layer or an activation by its path.
///
/// # Shapes
///
/// `input image: 28x28, features: 12` are several inputs with names: a record, of which each branch `image { … }` of a `concat` takes the one of its name.
/// [`guide::graphs`] is about networks with several inputs and outputs, and paths that meet again.
///
/// `784` is a vector; `28x28` is an image of one channel, `3x32x32` one of channels, rows and columns. What goes from layer to layer is
/// computed while the program compiles; for constants, the compiler computes and checks it. Each layer takes what it is made for:
/// `flatten` makes a vector of an image, `reshape 16x4x4` an image of a vector.
///
/// # Layers
///
/// | word | what it is | options |
/// |---|---|---|
/// | `dense 128` | all inputs to all outputs | `no_bias` `init` |
/// | `conv 16 3x3` | convolution: channels, kernel | `stride` `pad` `dilation` `groups` `depthwise` `floor` `no_bias` `init` |
/// | `conv_transpose 8 4x4` | transposed convolution | as `conv`, without `floor` |
/// | `maxpool 2x2`, `avgpool 2x2` | the largest, or the mean, under a kernel | `stride` (the kernel, if not written) `pad` `floor` |
/// | `global avgpool` | the mean of each channel, a vector | |
/// | `upsample 2` | each pixel twice, down and across | |
/// | `pad 2` | zeros around | |
/// | `flatten`, `reshape 16x4x4` | the same numbers in another shape | |
/// | `dropout 0.5` | while training, drops half of the numbers | |
/// | `batchnorm`, `layernorm` | normalize over the batch, over a sample | |
/// | `prelu` | a rectifier with one learned slope a channel | |
/// | `parameter 2` | a learned vector, whatever the input is: `concat { dense 2 } { parameter 2 }` | `init` |
/// | `residual { … }` | the input plus what the block makes of it | `project { … }` |
/// | `concat { … } { … } …` | what all blocks make of the input, channels or numbers one after the other; `{ }` is the input itself | |
/// | `add { … } { … } …` | the sum of what all blocks make of the input; `{ }` is the input itself | |
/// | `heads action { … } value { … }` | ends the network: what each block makes of the input, as a record with a field for each | |
/// | `repeat 4 { … }` | the layers in it again and again, as if they were written so often; numbered on, labels too: `hidden1`, `hidden2` … | |
///
/// An activation stands behind any layer, or alone: `=> relu`. The words are `sigmoid`, `tanh`, `relu`, `relu6`, `leaky_relu(0.01)`, `elu(1.0)`, `selu`, `gelu`, `silu`,
/// `softplus`, `softsign`, `hard_sigmoid`, `softmax`, `step` and `identity`; the types are in [`activations`]. Behind a layer that has none in its type, such as `batchnorm relu`, it becomes
/// a layer of its own, without a number: `batchnorm1_relu`.
///
/// # Options
///
/// | option | what it is |
/// |---|---|
/// | `stride 2`, `stride 2x1` | how far the kernel moves: rows, columns |
/// | `pad 1`, `pad 1x2` | zeros above and below, left and right |
/// | `pad same` | zeros all around, as many as make the output as large as the input, divided by the stride |
/// | `dilation 2` | the distance between the pixels under a kernel |
/// | `groups 3`, `depthwise` | parts of the channels that do not see each other; as many as there are channels |
/// | `floor` | rows and columns at the end, which the windows do not reach, are dropped |
/// | `no_bias`, `init he_normal`, `init orthogonal(1.41)` | for layers with weights: [`Initializer`](init::Initializer) |
/// | `project { … }` | layers that the input of `residual` goes through before it is added |
///
/// A window that leaves rows or columns of the image unread is an error, unless `floor` says that this is meant. Padding may be left
/// unread, and so may what a kernel smaller than its stride steps over.
///
/// # Blocks
///
/// The layers in the braces of `residual` and `concat` begin with what their layer is given. Each block becomes a type of its own next to the
/// network, named after both: in `Digits`, the block of `residual1` is `DigitsResidual1`, with its fields `conv1`, `batchnorm1` and so on;
/// a projection is `DigitsResidual1Projection`. Those of `concat1` and `add1` are `DigitsConcat1First`, `DigitsConcat1Second`, in the fields `first`, `second`, and so on to
/// `tenth`, `branch11`.
///
/// A branch of `concat` or `add` that begins with `from label` takes what an earlier stage gave, of the same chain or of one around the block, with the activation behind it, and `from input` the chain's input, which in a block is the block's. In a `repeat`, the
/// label is that of the same round. The value is kept once, whatever number of branches takes it; in training, the gradients of all its uses are added, from the last use to the first.
///
/// ```text
/// network! {
///     pub struct Mask<
///         input 1x32x32 => fine: conv 8 3x3 pad same relu
///         => maxpool 2 => conv 16 3x3 pad same relu => upsample 2
///         => concat { } { from fine } => conv 1 1x1
///     >;
/// }
/// ```
///
/// ```text
/// network! {
///     pub struct Digits<input 28x28
///         => conv 16 3x3 pad same => batchnorm relu
///         => residual { conv 16 3x3 pad same => batchnorm relu => conv 16 3x3 pad same => batchnorm } relu
///         => maxpool 2x2
///         => down: residual { conv 32 3x3 stride 2 pad 1 relu } project { conv 32 1x1 stride 2 }
///         => global avgpool => dense 10>;
/// }
/// ```
///
/// # Under another name
///
/// It needs no path to this crate: it works where the crate has another name in `Cargo.toml` (`nn = { package = "axonal", … }`), next to another version of it,
/// and through a re-export of one's own crate. `#[derive(Parameters)]` is told: `#[parameters(crate = nn)]` above the struct, and `#[parameters(crate = nn, networks)]` above a struct of [`Networks`].
#[macro_export]
macro_rules! network {
    ($($description:tt)*) => { $crate::__private::network! { [$crate] $($description)* } };
}

/// The README's code, compiled and run as doc tests.
#[cfg(all(doctest, feature = "train", feature = "files"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Pages that are longer than the documentation of one item.
pub mod guide {
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/bytes.md")]
    pub mod bytes {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/data.md")]
    pub mod data {}
    #[doc = include_str!("../docs/differences.md")]
    #[cfg(all(feature = "train", feature = "files"))]
    pub mod differences {}
    #[doc = include_str!("../docs/errors.md")]
    #[cfg(all(feature = "train", feature = "files"))]
    pub mod errors {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/evaluation.md")]
    pub mod evaluation {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/graphs.md")]
    pub mod graphs {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/layers.md")]
    pub mod layers {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/losses.md")]
    pub mod losses {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/loops.md")]
    pub mod loops {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/optimizers.md")]
    pub mod optimizers {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/pipeline.md")]
    pub mod pipeline {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/pictures.md")]
    pub mod pictures {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/selection.md")]
    pub mod selection {}
    #[doc = include_str!("../docs/speed.md")]
    pub mod speed {}
    #[cfg(all(feature = "train", feature = "files"))]
    #[doc = include_str!("../docs/training.md")]
    pub mod training {}
}
