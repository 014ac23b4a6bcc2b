//! The macros of axonal: `network!` and `#[derive(Parameters)]`. Use them through the `axonal` crate.
//!
//! What they do is in the ordinary crate `axonal-codegen`, where tests and the fuzz target reach it too.

use axonal_codegen::{Features, caught};
use proc_macro::TokenStream;

/// `axonal::network!`, which is documented there: the path of the library in brackets, as `$crate` gives it, and the description.
#[proc_macro]
pub fn network(input: TokenStream) -> TokenStream {
    let features = Features {
        alloc: cfg!(feature = "alloc"),
        std: cfg!(feature = "std"),
        train: cfg!(feature = "train"),
        files: cfg!(feature = "files"),
    };
    caught("network!", || axonal_codegen::network_with_root(input.into(), features)).into()
}

/// Implements `axonal::Parameters`: the struct is a sequence of scalars in memory, and nothing else.
///
/// It must be `#[repr(C)]` (or `transparent`), and its fields `Parameters` of the same scalar, arrays of these, or `PhantomData`.
/// The scalar is the first type parameter, or that of `#[parameters(scalar = f32)]`. Where this crate has another name, or is re-exported,
/// its path is that of `#[parameters(crate = nn)]`.
#[proc_macro_derive(Parameters, attributes(parameters))]
pub fn parameters(input: TokenStream) -> TokenStream {
    caught("#[derive(Parameters)]", || axonal_codegen::derive_parameters(input.into())).into()
}
