//! Whatever text stands in `network!`, there is no panic, and what comes out is Rust.
//!
//! `cargo +nightly fuzz run description` (with `cargo install cargo-fuzz`) in the directory above.
#![no_main]
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the macro's modules, compiled into a program"
)]

#[path = "../../nn-macros/src/arguments.rs"]
mod arguments;
#[path = "../../nn-macros/src/blocks.rs"]
mod blocks;
#[path = "../../nn-macros/src/constants.rs"]
mod constants;
#[path = "../../nn-macros/src/document.rs"]
mod document;
#[path = "../../nn-macros/src/end.rs"]
mod end;
#[path = "../../nn-macros/src/errors.rs"]
mod errors;
#[path = "../../nn-macros/src/expand.rs"]
mod expand;
#[path = "../../nn-macros/src/forward.rs"]
mod forward;
#[path = "../../nn-macros/src/geometry.rs"]
mod geometry;
#[path = "../../nn-macros/src/habits.rs"]
mod habits;
#[path = "../../nn-macros/src/layer.rs"]
mod layer;
#[path = "../../nn-macros/src/names.rs"]
mod names;
#[path = "../../nn-macros/src/network.rs"]
mod network;
#[path = "../../nn-macros/src/number.rs"]
mod number;
#[path = "../../nn-macros/src/options.rs"]
mod options;
#[path = "../../nn-macros/src/parameters.rs"]
mod parameters;
#[path = "../../nn-macros/src/parse.rs"]
mod parse;
#[path = "../../nn-macros/src/plain.rs"]
mod plain;
#[path = "../../nn-macros/src/quantity.rs"]
mod quantity;
#[path = "../../nn-macros/src/shapes.rs"]
mod shapes;
#[path = "../../nn-macros/src/sizes.rs"]
mod sizes;
#[path = "../../nn-macros/src/stage.rs"]
mod stage;
#[path = "../../nn-macros/src/tokens.rs"]
mod tokens;
#[path = "../../nn-macros/src/training.rs"]
mod training;
#[path = "../../nn-macros/src/words.rs"]
mod words;

use libfuzzer_sys::fuzz_target;
use proc_macro2::TokenStream;

fuzz_target!(|text: &str| {
    // Text that is no tokens does not reach a macro.
    let Ok(tokens) = text.parse::<TokenStream>() else { return };
    let expanded = network::network(&quote::quote!(::axonal), tokens, expand::Library::Std);
    if !expanded.is_empty() {
        let file = syn::parse2::<syn::File>(expanded.clone());
        let expression = syn::parse2::<syn::Expr>(expanded);
        assert!(file.is_ok() || expression.is_ok(), "{text}: {:?}", file.err());
    }
});
