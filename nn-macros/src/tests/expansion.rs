//! The Rust that a network becomes, in a file to read: `expansion.txt`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::network::network;

/// As a person would write it.
fn pretty(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("what is generated is Rust");
    prettyplease::unparse(&file)
}

#[test]
fn the_expansion_is_the_one_that_was_read() {
    let expanded = pretty(network(
        quote! {
            /// 28x28 grey pixels in, one score a digit out.
            pub struct Digits<input 784 => dense 128 sigmoid init he_normal => middle: dense { HIDDEN + 1 } no_bias => dense 10>;
        },
        true,
    ));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/expansion.txt");
    if std::env::var_os("UPDATE_EXPANSION").is_some() {
        std::fs::write(path, &expanded).expect("the file can be written");
    }
    let read = std::fs::read_to_string(path).expect("the file is there");
    assert!(
        read == expanded,
        "the expansion has changed: run with UPDATE_EXPANSION=1, and read the difference of {path}"
    );
}

#[test]
fn without_std_nothing_allocates() {
    let expanded = pretty(network(quote!(struct A<input 2 => dense 3>;), false));
    assert!(!expanded.contains("Box"), "{expanded}");
}

#[test]
fn a_step_is_not_differentiable() {
    let expanded = pretty(network(quote!(struct A<input 2 => dense 3 step>;), true));
    assert!(!expanded.contains("Differentiable"), "{expanded}");
}

#[test]
fn after_a_mistake_the_type_is_still_there() {
    let expanded =
        pretty(network(quote!(pub struct A<input 2 => dense 3 sigmod => desne 4>;), true));
    assert_eq!(expanded.matches("compile_error").count(), 2, "{expanded}");
    assert!(
        expanded.contains("pub struct A<T: ::axonal::Scalar = ::core::primitive::f32>"),
        "{expanded}"
    );
    assert!(expanded.contains("pub dense1: ::axonal::layers::Dense<T, 2, 3>"), "{expanded}");
    assert!(expanded.contains("type Output = ::axonal::nalgebra::SVector<T, 4>;"), "{expanded}");
}
