//! The names, shapes and parameters of layers, as the documentation of a network says them.

use axonal_codegen::{Features, network};
use proc_macro2::TokenStream;
use quote::quote;

/// Each layer: its field, what was written, its output, its parameters.
fn layers(tokens: TokenStream) -> Vec<[String; 4]> {
    let expanded = network(&quote!(::axonal), quote!(struct Net<#tokens>;), Features::ALL);
    assert!(!expanded.to_string().contains("compile_error"), "{expanded}");
    let file: syn::File = syn::parse2(expanded).expect("what is generated is Rust");
    let network = file.items.iter().find_map(|item| match item {
        syn::Item::Struct(item) if item.ident == "Net" => Some(item),
        _ => None,
    });
    let lines = network.expect("the network").attrs.iter().filter_map(|attribute| {
        let syn::Meta::NameValue(doc) = &attribute.meta else { return None };
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &doc.value else {
            return None;
        };
        Some(text.value())
    });
    let rows = lines.filter_map(|line| {
        let cells = line.trim().strip_prefix("| ")?.strip_suffix(" |")?;
        let cells = cells.split(" | ").map(|cell| cell.trim_matches(['`', ' ', '|']).to_owned());
        <[String; 4]>::try_from(cells.collect::<Vec<_>>()).ok()
    });
    rows.filter(|[field, ..]| !field.is_empty() && field != "layer").collect()
}

#[test]
fn layers_have_names_shapes_and_parameters() {
    assert_eq!(
        layers(quote!(input 784 => hidden: dense 128 sigmoid => dense 10 => softmax)),
        [
            ["hidden", "dense 128 sigmoid", "128", "100,480"],
            ["dense1", "dense 10", "10", "1,290"],
            ["softmax1", "softmax", "10", "0"],
        ]
    );
}

#[test]
fn images_go_through_windows() {
    assert_eq!(
        layers(
            quote!(input 28x28 => conv 6 5x5 relu => maxpool 2 => conv 16 5 no_bias => avgpool 2x2 => flatten => dense 10)
        ),
        [
            ["conv1", "conv 6 5x5 relu", "6x24x24", "156"],
            ["maxpool1", "maxpool 2", "6x12x12", "0"],
            ["conv2", "conv 16 5 no_bias", "16x8x8", "2,400"],
            ["avgpool1", "avgpool 2x2", "16x4x4", "0"],
            ["flatten1", "flatten", "256", "0"],
            ["dense1", "dense 10", "10", "2,570"],
        ]
    );
}

#[test]
fn windows_have_the_shapes_of_pytorch() {
    let output = |tokens: TokenStream| {
        let [_, _, output, parameters] = layers(tokens).pop().expect("a layer");
        format!("{output}, {parameters}")
    };
    assert_eq!(output(quote!(input 3x224x224 => conv 64 7x7 stride 2 pad 3)), "64x112x112, 9,472");
    assert_eq!(output(quote!(input 64x112x112 => maxpool 3x3 stride 2 pad 1)), "64x56x56, 0");
    assert_eq!(output(quote!(input 3x32x30 => conv 8 3x5 pad 1x2)), "8x32x30, 368");
    assert_eq!(output(quote!(input 3x32x30 => conv 8 4x4 pad same)), "8x32x30, 392");
    assert_eq!(output(quote!(input 3x33x30 => conv 8 3x3 stride 2 pad same)), "8x17x15, 224");
    assert_eq!(output(quote!(input 1x9x9 => conv 2 3x3 dilation 2)), "2x5x5, 20");
    assert_eq!(output(quote!(input 1x9x9 => conv 2 2x2 stride 3 floor)), "2x3x3, 10");
    assert_eq!(output(quote!(input 1x10x10 => conv 2 5x5 stride 3 floor)), "2x2x2, 52");
    assert_eq!(output(quote!(input 6x8x8 => conv 9 3x3 groups 3)), "9x6x6, 171");
    assert_eq!(output(quote!(input 6x8x8 => conv 12 3x3 depthwise no_bias)), "12x6x6, 108");
    assert_eq!(output(quote!(input 6x8x8 => conv_transpose 4 4x4 stride 2 pad 1)), "4x16x16, 388");
    assert_eq!(output(quote!(input 6x8x8 => conv_transpose 4 3x3 dilation 2)), "4x12x12, 220");
    assert_eq!(
        output(quote!(input 6x8x8 => conv_transpose 4 5x5 stride 3 pad same)),
        "4x24x24, 604"
    );
    assert_eq!(output(quote!(input 6x8x8 => conv_transpose 4 2x2 groups 2)), "4x9x9, 52");
    assert_eq!(output(quote!(input 6x8x8 => pad 0x2)), "6x8x12, 0");
    assert_eq!(output(quote!(input 6x8x8 => upsample 2x3)), "6x16x24, 0");
    assert_eq!(output(quote!(input 6x8x8 => global avgpool)), "6, 0");
    assert_eq!(output(quote!(input 6x8x8 => reshape 24x16)), "1x24x16, 0");
    assert_eq!(output(quote!(input 6x8x8 => batchnorm)), "6x8x8, 24");
    assert_eq!(output(quote!(input 6x8x8 => layernorm)), "6x8x8, 768");
    assert_eq!(output(quote!(input 6x8x8 => prelu)), "6x8x8, 6");
    assert_eq!(output(quote!(input 10 => batchnorm)), "10, 40");
    assert_eq!(output(quote!(input 10 => prelu)), "10, 10");
    assert_eq!(output(quote!(input 10 => dropout 0.25)), "10, 0");
}

#[test]
fn blocks_begin_with_what_their_layer_is_given() {
    assert_eq!(
        layers(quote! {
            input 16x8x8
                => residual { conv 16 3x3 pad same => batchnorm relu => conv 16 3x3 pad same } relu
                => down: residual { conv 32 3x3 stride 2 pad 1 } project { conv 32 1x1 stride 2 no_bias }
                => concat { identity } { conv 8 1x1 } relu
        }),
        [
            [
                "residual1",
                "residual { conv 16 3x3 pad same => batchnorm relu => conv 16 3x3 pad same }",
                "16x8x8",
                "4,704"
            ],
            ["residual1_relu", "relu", "16x8x8", "0"],
            [
                "down",
                "residual { conv 32 3x3 stride 2 pad 1 } project { conv 32 1x1 stride 2 no_bias }",
                "32x4x4",
                "5,152"
            ],
            ["concat1", "concat { identity } { conv 8 1x1 }", "40x4x4", "264"],
            ["concat1_relu", "relu", "40x4x4", "0"],
        ]
    );
}

#[test]
fn constants_go_through_windows() {
    assert_eq!(
        layers(
            quote!(input {C}x{H}x8 => conv {N} 3x3 pad same => conv 4 3x3 stride 2 pad 1 => flatten)
        ),
        [
            ["conv1", "conv { N } 3x3 pad same", "NxHx8", "(C * 3 * 3) * N + N"],
            [
                "conv2",
                "conv 4 3x3 stride 2 pad 1",
                "4x{ (H + 2 - 3) / 2 + 1 }x4",
                "(N * 3 * 3) * 4 + 4"
            ],
            ["flatten1", "flatten", "{ 4 * ((H + 2 - 3) / 2 + 1) * 4 }", "0"],
        ]
    );
}

#[test]
fn options_and_activation_stand_in_any_order() {
    assert_eq!(
        layers(
            quote!(input 4 => dense 3 no_bias relu init normal(0, 0.05) => dense 2 init zeros tanh no_bias)
        ),
        [
            ["dense1", "dense 3 no_bias relu init normal(0, 0.05)", "3", "12"],
            ["dense2", "dense 2 init zeros tanh no_bias", "2", "6"],
        ]
    );
}

#[test]
fn sizes_that_are_not_numbers_stay_as_written() {
    assert_eq!(
        layers(quote!(input { WIDTH * 2 } => dense config::HIDDEN => dense 5)),
        [
            [
                "dense1",
                "dense config::HIDDEN",
                "config::HIDDEN",
                "(WIDTH * 2) * config::HIDDEN + config::HIDDEN"
            ],
            ["dense2", "dense 5", "5", "config::HIDDEN * 5 + 5"],
        ]
    );
}

#[test]
fn shapes_are_read_in_every_spelling() {
    let shape = |tokens: TokenStream| {
        let [_, _, output, _] = layers(quote!(input #tokens => relu)).pop().expect("a layer");
        output
    };
    assert_eq!(shape(quote!(784)), "784");
    assert_eq!(shape(quote!(1_000usize)), "1000");
    assert_eq!(shape(quote!(0x1C)), "28");
    assert_eq!(shape(quote!(28x28)), "1x28x28");
    assert_eq!(shape(quote!(3x32x32)), "3x32x32");
    assert_eq!(shape(quote!(3 x 32 x 32)), "3x32x32");
    assert_eq!(shape(quote!(3x32 x 32)), "3x32x32");
    assert_eq!(shape(quote!({C}x32x32)), "Cx32x32");
    assert_eq!(shape(quote!({C}x{H}x{W})), "CxHxW");
    assert_eq!(shape(quote!(3x{H}x{W})), "3xHxW");
    assert_eq!(shape(quote!(28xWIDTH)), "1x28xWIDTH");
    assert_eq!(shape(quote!({C}xMAX_X x 3)), "CxMAX_Xx3");
    assert_eq!(shape(quote!(28xMAX)), "1x28xMAX");
    assert_eq!(shape(quote!(28X28)), "1x28x28");
    assert_eq!(shape(quote!(CHANNELS x ROWS x COLUMNS)), "CHANNELSxROWSxCOLUMNS");
    assert_eq!(shape(quote!(crate::config::WIDTH)), "crate::config::WIDTH");
    assert_eq!(shape(quote!(INPUT)), "INPUT");
    assert_eq!(shape(quote!(STRIDE x PAD)), "1xSTRIDExPAD");
}
