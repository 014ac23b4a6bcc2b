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

/// `axonal::network!`, which is documented there: behind the path of the library in brackets, as `$crate` gives it, the description.
#[proc_macro]
pub fn network(input: TokenStream) -> TokenStream {
    let mut description = proc_macro2::TokenStream::from(input).into_iter();
    let root = match description.next() {
        Some(proc_macro2::TokenTree::Group(path)) => path.stream(),
        _ => quote::quote!(::axonal),
    };
    let description = description.collect();
    caught("network!", || network::network(&root, description, expand::Library::HERE))
}

/// Implements `axonal::Parameters`: the struct is a sequence of scalars in memory, and nothing else.
///
/// It must be `#[repr(C)]` (or `transparent`), and its fields `Parameters` of the same scalar, arrays of these, or `PhantomData`.
/// The scalar is the first type parameter, or that of `#[parameters(scalar = f32)]`. Where this crate has another name, or is re-exported,
/// its path is that of `#[parameters(crate = nn)]`.
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
