//! The `network!` macro of axonal. Use it through the `axonal` crate.
//!
//! A pipeline of plain functions: `parse` (what was written, with its places) → `shapes` (what it means) → `expand`
//! (the Rust it becomes). One table, `words`, has a row for each layer, activation, option and initializer.

mod arguments;
mod blocks;
mod constants;
mod document;
mod end;
mod errors;
mod expand;
mod forward;
mod geometry;
mod habits;
mod layer;
mod names;
mod network;
mod number;
mod options;
mod parameters;
mod parse;
mod plain;
mod quantity;
mod shapes;
mod sizes;
mod stage;
mod tokens;
mod training;
mod words;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

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
/// | `upsample 2` | each pixel so many times | |
/// | `pad 2` | zeros around | |
/// | `flatten`, `reshape 16x4x4` | the same numbers in another shape | |
/// | `dropout 0.5` | while training, drops so many | |
/// | `batchnorm`, `layernorm` | normalize over the batch, over a sample | |
/// | `residual { … }` | the input plus what the block makes of it | `project { … }` |
/// | `concat { … } { … }` | what both blocks make of the input, channels or numbers one after the other | |
///
/// An activation stands behind any layer, or alone: `=> relu`. Behind a layer that has none in its type, such as `batchnorm relu`, it becomes
/// a layer of its own, without a number: `batchnorm1_relu`.
///
/// # Options
///
/// | option | what it is |
/// |---|---|
/// | `stride 2`, `stride 2x1` | how far the kernel moves: rows, columns |
/// | `pad 1`, `pad 1x2` | zeros above and below, left and right |
/// | `pad same` | so many that the output is as large as the input, divided by the stride |
/// | `dilation 2` | the distance between the pixels under a kernel |
/// | `groups 3`, `depthwise` | parts of the channels that do not see each other; as many as there are channels |
/// | `floor` | rows and columns at the end, which the windows do not reach, are dropped |
/// | `no_bias`, `init he_normal` | for layers with weights |
/// | `project { … }` | layers that the input of `residual` goes through before it is added |
///
/// A window that leaves rows or columns of the image unread is an error, unless `floor` says that this is meant. Padding may be left
/// unread, and so may what a kernel smaller than its stride steps over.
///
/// # Blocks
///
/// The layers in the braces of `residual` and `concat` begin with what their layer is given. Each block becomes a type of its own next to the
/// network, named after both: in `Digits`, the block of `residual1` is `DigitsResidual1`, with its fields `conv1`, `batchnorm1` and so on;
/// a projection is `DigitsResidual1Projection`; those of `concat1` are `DigitsConcat1First` and `DigitsConcat1Second`.
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
#[proc_macro]
pub fn network(input: TokenStream) -> TokenStream {
    caught("network!", || network::network(input.into(), expand::Library::HERE))
}

/// Implements `axonal::Parameters`: the struct is a sequence of scalars in memory, and nothing else.
///
/// It must be `#[repr(C)]` (or `transparent`), and its fields `Parameters` of the same scalar, arrays of these, or `PhantomData`.
/// The scalar is the first type parameter, or that of `#[parameters(scalar = f32)]`.
#[proc_macro_derive(Parameters, attributes(parameters))]
pub fn parameters(input: TokenStream) -> TokenStream {
    caught("#[derive(Parameters)]", || parameters::derive(input.into()))
}

/// A panic is a mistake of this crate, and says so.
fn caught(
    name: &str,
    expand: impl FnOnce() -> proc_macro2::TokenStream + std::panic::UnwindSafe,
) -> TokenStream {
    std::panic::catch_unwind(expand).map_or_else(
        |_| {
            let place = match env!("CARGO_PKG_REPOSITORY") {
                "" => "to the authors of `axonal`".to_owned(),
                repository => format!("at {repository}/issues"),
            };
            let message = format!(
                "this is a mistake in `{name}` itself: please report the description {place}"
            );
            quote::quote!(::core::compile_error! { #message }).into()
        },
        Into::into,
    )
}
