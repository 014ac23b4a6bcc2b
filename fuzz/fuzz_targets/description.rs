//! Whatever text stands in `network!`, there is no panic, and what comes out is Rust.
//!
//! `cargo +nightly fuzz run description` (with `cargo install cargo-fuzz`) in the directory above.
#![no_main]

use axonal_codegen::{Features, network};
use libfuzzer_sys::fuzz_target;
use proc_macro2::TokenStream;

fuzz_target!(|text: &str| {
    // Text that is no tokens does not reach a macro.
    let Ok(tokens) = text.parse::<TokenStream>() else { return };
    let expanded = network(&quote::quote!(::axonal), tokens, Features::ALL);
    if !expanded.is_empty() {
        let file = syn::parse2::<syn::File>(expanded.clone());
        let expression = syn::parse2::<syn::Expr>(expanded);
        assert!(file.is_ok() || expression.is_ok(), "{text}: {:?}", file.err());
    }
});
