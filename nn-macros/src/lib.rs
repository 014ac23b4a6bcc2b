//! The `network!` macro of axonal. Use it through the `axonal` crate.
//!
//! A pipeline of plain functions: `parse` (what was written, with its places) → `shapes` (what it means) → `expand`
//! (the Rust it becomes). One table, `words`, has a row for each layer, activation, option and initializer.

mod arguments;
mod blocks;
mod document;
mod errors;
mod expand;
mod forward;
mod geometry;
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
/// with random weights. A type of your own stands in the place of a layer or an activation by its path.
#[proc_macro]
pub fn network(input: TokenStream) -> TokenStream {
    caught("network!", || network::network(input.into(), cfg!(feature = "std")))
}

/// Implements `axonal::Parameters`: the struct is a sequence of scalars in memory, and nothing else.
///
/// It must be `#[repr(C)]` (or `transparent`), and its fields `Parameters` of the same scalar, or `PhantomData`.
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
            let message = format!(
                "a mistake in `{name}` itself: please report this description at {}/issues",
                env!("CARGO_PKG_REPOSITORY")
            );
            quote::quote!(::core::compile_error! { #message }).into()
        },
        Into::into,
    )
}
