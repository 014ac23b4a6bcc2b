//! Whatever is written, there is no panic, and what comes out is Rust.

use axonal_codegen::{Features, network};
use proc_macro2::TokenStream;
use proptest::prelude::*;

/// Words, numbers and punctuation of the grammar and near it.
fn token() -> impl Strategy<Value = String> {
    let words = [
        "input",
        "dense",
        "conv",
        "conv_transpose",
        "maxpool",
        "avgpool",
        "global",
        "global avgpool",
        "upsample",
        "flatten",
        "reshape",
        "pad",
        "same",
        "dropout",
        "batchnorm",
        "layernorm",
        "prelu",
        "parameter",
        "residual",
        "residual { dense 3 }",
        "{ conv 2 1x1 }",
        "{ => relu }",
        "project",
        "concat",
        "concat { identity } { relu }",
        "add {} { relu } {}",
        "from",
        "a: relu",
        "add {} { from a }",
        "concat { from input => relu } {}",
        "repeat",
        "repeat 2 { relu => batchnorm relu }",
        "stride",
        "dilation",
        "groups",
        "output_padding",
        "count_include_pad",
        "false",
        "eps",
        "momentum",
        "depthwise",
        "floor",
        "3x3",
        "0x1",
        "0.5",
        "relu",
        "leaky_relu",
        "sigmod",
        "Linear",
        "my::Layer",
        "no_bias",
        "init",
        "he_normal",
        "uniform",
        "struct",
        "pub",
        "Digits",
        "type",
        "hidden",
        "x",
        "x32",
        "SIZE",
        "_",
        "self",
        "crate",
        "r#type",
        "r#dense",
        "::",
        ":",
        "=>",
        "->",
        "=",
        "-",
        "<",
        ">",
        ",",
        ";",
        "|",
        "#",
        "#[doc = \"a\"]",
        "#[axonal(crate = a)]",
        "#[axonal]",
        "0",
        "1",
        "784",
        "28x28",
        "3x32x",
        "0x",
        "1e9",
        "1.5",
        "-1",
        "\"a\"",
        "'a'",
        "'a",
        "{ A * 2 }",
        "{}",
        "(0.1)",
        "(-0.1, 0.1)",
        "()",
        "(,)",
        "[1]",
        "99999999999999999999999999",
        "9223372036854775807",
    ];
    prop_oneof![
        20 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_tokens_panic(tokens in prop::collection::vec(token(), 0..16), prefix in 0_usize..6) {
        let prefix = [
            "",
            "struct A<input 4 => ",
            "input 4 => dense ",
            "input 3x8x8 => conv 6 3x3 ",
            "input {C}x8x{W} => residual { conv 6 3x3 pad same } relu ",
            "struct A<input 2x9x9 => concat { maxpool 3x3 } { conv 4 3x3 => ",
        ][prefix];
        let text = format!("{prefix} {}", tokens.join(" "));
        if let Ok(tokens) = text.parse::<TokenStream>() {
            let expanded = network(&quote::quote!(::axonal), tokens, Features::ALL);
            if !expanded.is_empty() {
                let file = syn::parse2::<syn::File>(expanded.clone());
                let expression = syn::parse2::<syn::Expr>(expanded);
                prop_assert!(file.is_ok() || expression.is_ok(), "{text}: {:?}", file.err());
            }
        }
    }
}
