//! What an editor shows at a word of a description: rust-analyzer looks up every word of the expansion that has its place.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::shapes::layers::table::LAYERS;
use crate::syntax::vocabulary::{ACTIVATIONS, INITIALIZERS};
use crate::{Features, network};

/// The words of the expansion that stand where `word` stands first in the description, each once.
fn shown(description: &str, word: &str) -> Vec<String> {
    shown_at(description, word, description.find(word))
}

/// The same where it stands last.
fn shown_last(description: &str, word: &str) -> Vec<String> {
    shown_at(description, word, description.rfind(word))
}

fn shown_at(description: &str, word: &str, place: Option<usize>) -> Vec<String> {
    fn collect(tokens: TokenStream, place: &std::ops::Range<usize>, found: &mut Vec<String>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => collect(group.stream(), place, found),
                TokenTree::Ident(word) => {
                    let name = word.to_string();
                    if word.span().byte_range() == *place && !found.contains(&name) {
                        found.push(name);
                    }
                }
                _ => {}
            }
        }
    }
    let start = place.expect("the word is in the description");
    let mut found = Vec::new();
    let tokens = description.parse().expect("a description is made of tokens");
    collect(
        network(&quote!(::axonal), tokens, Features::ALL),
        &(start..start + word.len()),
        &mut found,
    );
    found
}

#[test]
fn names_and_labels_are_what_they_name() {
    let description = "pub struct Digits<input 784 => hidden: dense 128 sigmoid => residual { dense 128 } => dense 10>;";
    assert_eq!(shown(description, "struct"), ["struct"]);
    assert_eq!(shown(description, "Digits"), ["Digits"]);
    assert_eq!(shown(description, "hidden"), ["hidden"]);
    assert_eq!(shown(description, "residual"), ["residual1", "Residual", "DigitsResidual1"]);
}

#[test]
fn inputs_heads_and_labels_behind_from_are_fields() {
    let inputs = "struct Net<input image: 4, numbers: 2 => concat image { dense 3 } numbers { } => dense 2>;";
    assert_eq!(shown(inputs, "image"), ["image", "NetInputs"]);
    assert_eq!(shown(inputs, "numbers"), ["numbers"]);
    assert_eq!(shown_last(inputs, "image"), ["image"]);
    let heads = "struct Net<input 8 => heads action { dense 2 } value { dense 1 }>;";
    let all = ["heads1", "NetHeads1Action", "NetHeads1Value", "NetHeads1", "NetHeads"];
    assert_eq!(shown(heads, "heads"), all);
    assert_eq!(shown(heads, "action"), ["action"]);
    let from =
        "struct Net<input 8 => fine: dense 8 => dense 8 => concat { } { from fine } => dense 2>;";
    assert_eq!(shown_last(from, "fine"), ["fine"]);
    let rounds =
        "struct Net<input 8 => repeat 2 { fine: dense 8 => concat { } { from fine } => dense 8 }>;";
    assert_eq!(shown_last(rounds, "fine"), ["fine1", "fine2"]);
    let block =
        "struct Net<input 8 => fine: dense 8 => residual { add { } { from fine } } => dense 2>;";
    assert_eq!(shown_last(block, "fine"), ["fine"]);
}

#[test]
fn layers_are_their_types() {
    for row in LAYERS {
        let layer = &row.grammar;
        let input = if matches!(layer.word, "dense" | "residual" | "add") { "64" } else { "4x8x8" };
        let description = format!("struct Net<input {input} => it: {}>;", layer.example);
        let first = layer.word.split(' ').next().unwrap_or_default();
        let shown = shown(&description, first);
        assert_eq!(shown.len(), 1, "{description} {shown:?}");
        // The branches of `add` are a type of the network.
        let is = match layer.word {
            "add" => "NetIt",
            "heads" => "NetHeads",
            _ => row.rust,
        };
        assert_eq!(shown[0], is);
    }
}

#[test]
fn activations_are_their_types() {
    for row in ACTIVATIONS {
        let in_a_layer = format!("struct Net<input 8 => it: dense 4 {}>;", row.word);
        assert_eq!(shown(&in_a_layer, row.word), [row.rust]);
        let alone = format!("struct Net<input 8 => it: {}>;", row.word);
        assert_eq!(shown(&alone, row.word), [row.rust]);
    }
}

#[test]
fn options_about_weights_are_what_they_become() {
    let description = "struct Net<input 8 => it: dense 4 no_bias init he_normal>;";
    assert_eq!(shown(description, "no_bias"), ["NoBias"]);
    assert_eq!(shown(description, "init"), ["Initializer"]);
    for row in INITIALIZERS {
        let numbers = ["", "(1)", "(0, 1)"][row.numbers.len()];
        let description = format!("struct Net<input 8 => it: dense 4 init {}{numbers}>;", row.word);
        assert_eq!(shown(&description, row.word), [row.rust]);
    }
}

#[test]
fn constants_are_themselves() {
    let description = "struct Net<input 8 => it: dense HIDDEN => dense 3>;";
    assert_eq!(shown(description, "HIDDEN"), ["HIDDEN", "require"]);
}

#[test]
fn types_of_the_users_own_are_themselves() {
    let description = "struct Net<input 8 => code: Encoder => it: dense 4 Bump => dense 3>;";
    assert_eq!(shown(description, "Encoder"), ["Encoder", "joint"]);
    assert_eq!(shown(description, "Bump"), ["Bump"]);
}

#[test]
fn a_word_that_is_wrong_is_still_what_it_is() {
    let description = "struct Net<input 8x8 => it: dense 4>;";
    assert_eq!(shown(description, "dense"), ["Dense", "compile_error"]);
}
