//! The Rust that a network becomes, in a file to read: `expansion.txt`.

use axonal_codegen::{Features, network};
use proc_macro2::TokenStream;
use quote::quote;

/// As a person would write it.
fn pretty(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("what is generated is Rust");
    prettyplease::unparse(&file)
}

#[test]
fn the_expansion_is_the_one_that_was_read() {
    let expanded = pretty(network(
        &quote!(::axonal),
        quote! {
            /// 28x28 grey pixels in, one score a digit out.
            pub struct Digits<input 784 => dense 128 sigmoid init he_normal => middle: dense { HIDDEN + 1 } no_bias => dense 10>;
        },
        Features::ALL,
    ));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expansion.txt");
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
    let none = Features { alloc: false, std: false, train: false, files: false };
    let expanded = pretty(network(&quote!(::axonal), quote!(struct A<input 2 => dense 3>;), none));
    assert!(!expanded.contains("Box"), "{expanded}");
    assert!(!expanded.contains("Differentiable"), "{expanded}");
}

#[test]
fn a_step_is_not_differentiable() {
    let expanded = pretty(network(
        &quote!(::axonal),
        quote!(struct A<input 2 => dense 3 step>;),
        Features::ALL,
    ));
    assert!(!expanded.contains("Differentiable"), "{expanded}");
}

#[test]
fn after_a_mistake_the_type_is_still_there() {
    let expanded = pretty(network(
        &quote!(::axonal),
        quote!(pub struct A<input 2 => dense 3 sigmod => desne 4>;),
        Features::ALL,
    ));
    assert_eq!(expanded.matches("compile_error").count(), 2, "{expanded}");
    assert!(
        expanded.contains("pub struct A<T: ::axonal::Scalar = ::core::primitive::f32>"),
        "{expanded}"
    );
    assert!(expanded.contains("pub dense1: ::axonal::layers::Dense<T, 2, 3>"), "{expanded}");
    assert!(expanded.contains("const __A_UNKNOWN: ::core::primitive::usize"), "{expanded}");
    assert!(expanded.matches("__A_UNKNOWN").count() > 2, "{expanded}");
}

/// All fields of all types, as `Type.field: type`.
fn fields(tokens: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(network(&quote!(::axonal), tokens, Features::ALL))
        .expect("what is generated is Rust");
    let structs = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Struct(item) => Some(item),
        _ => None,
    });
    let fields = structs.flat_map(|item| {
        let name = item.ident.clone();
        item.fields.into_iter().map(move |field| {
            let ty = quote::ToTokens::into_token_stream(field.ty).to_string().replace(' ', "");
            let short =
                ty.replace("::axonal::", "").replace("layers::", "").replace("__private::", "");
            let field = field.ident.expect("a name");
            format!(
                "{name}.{field}: {}",
                short.replace("nalgebra::", "").replace("activations::", "")
            )
        })
    });
    fields.collect()
}

#[test]
fn images_and_blocks_become_types_of_the_library() {
    let fields = fields(quote! {
        struct Net<input 28x28
            => conv 6 5x5 relu
            => conv 6 3x3 stride 2 pad same no_bias
            => conv 12 3x2 dilation 2x1 depthwise pad 1x0 stride 2 floor
            => conv_transpose 8 4x4 stride 2 pad 1 groups 2 tanh
            => maxpool 2x2
            => avgpool 3x3 stride 1 pad 1
            => upsample 2x1 => pad 0x1
            => batchnorm relu
            => residual { layernorm => residual { identity } } project { conv 8 1x1 }
            => concat { dropout 0.25 } { global avgpool => reshape 8x1x1 => upsample 10x8 }
            => flatten => dense 10>;
    });
    assert_eq!(
        fields,
        [
            "Net.conv1: Conv<T,6,25,Image<1,28,28,T>,Image<6,24,24,T>,Window<5,5>,Relu>",
            "Net.conv2: Conv<T,6,54,Image<6,24,24,T>,Image<6,12,12,T>,Window<3,3,2,2,0,0,1,1>,Identity,NoBias<T>>",
            "Net.conv3: Conv<T,12,6,Image<6,12,12,T>,Image<12,5,6,T>,Window<3,2,2,2,1,0,1,0,2,1,6>>",
            "Net.conv_transpose1: ConvTranspose<T,12,64,Image<12,5,6,T>,Image<8,10,12,T>,Window<4,4,2,2,1,1,1,1,1,1,2>,Tanh,SVector<T,8>>",
            "Net.maxpool1: MaxPool<T,Image<8,10,12,T>,Image<8,5,6,T>,Window<2,2,2,2>>",
            "Net.avgpool1: AvgPool<T,Image<8,5,6,T>,Image<8,5,6,T>,Window<3,3,1,1,1,1,1,1>>",
            "Net.upsample1: Upsample<T,Image<8,5,6,T>,Image<8,10,6,T>,2,1>",
            "Net.pad1: Pad<T,Image<8,10,6,T>,Image<8,10,8,T>,0,1>",
            "Net.batchnorm1: BatchNorm<T,Image<8,10,8,T>,8>",
            "Net.batchnorm1_relu: Activate<T,Image<8,10,8,T>,Relu>",
            "Net.residual1: Residual<T,NetResidual1<T>,NetResidual1Projection<T>>",
            "Net.concat1: Concat<T,Image<8,10,8,T>,Image<16,10,8,T>,NetConcat1First<T>,NetConcat1Second<T>>",
            "Net.flatten1: Flatten<T,Image<16,10,8,T>,1280>",
            "Net.dense1: Dense<T,1280,10>",
            "NetResidual1.layernorm1: LayerNorm<T,Image<8,10,8,T>,640>",
            "NetResidual1.residual1: Residual<T,NetResidual1Residual1<T>>",
            "NetResidual1Residual1.identity1: Activate<T,Image<8,10,8,T>,Identity>",
            "NetResidual1Projection.conv1: Conv<T,8,8,Image<8,10,8,T>,Image<8,10,8,T>,Window<1,1>>",
            "NetConcat1First.dropout1: Dropout<T,Image<8,10,8,T>,25,100>",
            "NetConcat1Second.global_avgpool1: GlobalAvgPool<T,Image<8,10,8,T>,8>",
            "NetConcat1Second.reshape1: Reshape<T,SVector<T,8>,Image<8,1,1,T>>",
            "NetConcat1Second.upsample1: Upsample<T,Image<8,1,1,T>,Image<8,10,8,T>,10,8>",
        ]
    );
}

#[test]
fn after_a_mistake_every_layer_that_was_read_is_a_field() {
    let missing = quote!(struct A<input 784 => hidden: dense sigmoid => last: dense 10>;);
    assert_eq!(
        fields(missing),
        [
            "A.hidden: <Checked<Dense<T,784,1,Sigmoid>,__A_UNKNOWN>asOwn>::Type",
            "A.last: <Checked<Dense<T,1,10>,__A_UNKNOWN>asOwn>::Type",
        ]
    );
    let image = quote!(struct A<input 28x28 => hidden: dense 128 => residual => last: dense 10>;);
    assert_eq!(
        fields(image),
        [
            "A.hidden: <Checked<Dense<T,784,128>,__A_UNKNOWN>asOwn>::Type",
            "A.residual1: <Checked<Activate<T,SVector<T,128>,Identity>,__A_UNKNOWN>asOwn>::Type",
            "A.last: <Checked<Dense<T,1,10>,__A_UNKNOWN>asOwn>::Type",
        ]
    );
}

/// A network of so many layers of one type.
fn of_layers(count: usize) -> String {
    let stages = (0..count).map(|_| quote!(=> dense 16 relu));
    pretty(network(&quote!(::axonal), quote!(struct Deep<input 16 #(#stages)*>;), Features::ALL))
}

#[test]
fn one_sample_goes_through_a_small_network_inline_and_through_a_deep_one_in_functions() {
    let (small, deep) = (of_layers(8), of_layers(9));
    assert!(gives_instructions(&small), "{small}");
    assert!(!small.contains("OUTLINED"), "{small}");
    assert!(!gives_instructions(&deep), "{deep}");
    assert!(deep.contains("const OUTLINED: ::core::primitive::bool = true;"), "{deep}");
}

#[test]
fn blocks_of_a_deep_network_are_called_in_functions_too() {
    // Nine layers, of which no network has more than four of its own.
    let deep = pretty(network(
        &quote!(::axonal),
        quote! {
            struct A<input 4
                => residual { dense 4 relu => dense 4 relu => dense 4 }
                => concat { dense 2 relu => dense 2 } { dense 2 relu => dense 2 }
                => relu => dense 1>;
        },
        Features::ALL,
    ));
    assert_eq!(deep.matches("const OUTLINED").count(), 4, "{deep}");
    assert!(!gives_instructions(&deep), "{deep}");
}

#[test]
fn each_layer_more_is_as_much_more_code_as_the_one_before() {
    let lines = [20, 40, 60].map(|layers| of_layers(layers).lines().count());
    assert_eq!(lines[2] - lines[1], lines[1] - lines[0]);
}

/// Whether a layer is called with the instruction set of the pass: `&self.dense1, simd`.
fn gives_instructions(expanded: &str) -> bool {
    let words: Vec<&str> = expanded.split_whitespace().collect();
    words.join(" ").split("&self.").skip(1).any(|rest| {
        rest.split_once(", ").is_some_and(|(_field, argument)| argument.starts_with("simd"))
    })
}

#[test]
fn no_path_begins_with_the_name_of_the_crate() {
    let description = quote! {
        pub struct Name<input 1x8x8
            => conv 4 3x3 pad same => batchnorm relu
            => residual { conv 4 3x3 => batchnorm } project { conv 4 3x3 } leaky_relu(0.1)
            => conv_transpose 2 2x2 stride 2 => upsample 2 => pad 1 => avgpool 2x2 floor => maxpool 2x2 floor
            => layernorm => dropout 0.5 => flatten => concat { dense 3 tanh } { dense { SIZE } }
            => own::Layer => dense 2 own::Activation init he_normal => softmax>;
    };
    let expression = quote!(input 2 => dense 3 tanh => own::Layer => dense SIZE);
    for description in [description, expression] {
        let expanded = network(&quote!(other), description, Features::ALL).to_string();
        let code: Vec<&str> = expanded
            .split("doc =")
            .map(|code| code.split_once(']').map_or(code, |(_, code)| code))
            .collect();
        assert!(code.iter().any(|code| code.contains("other ::")));
        assert!(!code.iter().any(|code| code.contains("axonal")), "{expanded}");
    }
}

#[test]
fn repeated_stages_are_those_written_by_hand() {
    let same = |repeated: TokenStream, by_hand: TokenStream| {
        let expanded =
            |chain| network(&quote!(::axonal), quote!(struct Net<#chain>;), Features::ALL);
        // The documentation of a block says how it was written.
        let code = |chain| -> Vec<String> {
            let pretty = pretty(expanded(chain));
            let lines = pretty.lines().filter(|line| !line.trim_start().starts_with("///"));
            lines.map(str::to_owned).collect()
        };
        let [repeated, by_hand] = [repeated, by_hand].map(code);
        assert!(repeated == by_hand);
        let repeated = repeated.concat();
        assert!(!repeated.contains("compile_error"));
    };
    same(
        quote!(input 8 => repeat 3 { dense SIZE => batchnorm relu } => dense 8),
        quote!(input 8 => dense SIZE => batchnorm relu => dense SIZE => batchnorm relu => dense SIZE => batchnorm relu => dense 8),
    );
    same(quote!(input 8 => repeat 1 { dense 3 }), quote!(input 8 => dense 3));
    same(
        quote!(input 3x16x16 => repeat 2 { repeat 2 { residual { repeat 2 { conv 3 3x3 pad same relu } } } => down: maxpool 2 }),
        quote! {
            input 3x16x16
            => residual { conv 3 3x3 pad same relu => conv 3 3x3 pad same relu }
            => residual { conv 3 3x3 pad same relu => conv 3 3x3 pad same relu } => down1: maxpool 2
            => residual { conv 3 3x3 pad same relu => conv 3 3x3 pad same relu }
            => residual { conv 3 3x3 pad same relu => conv 3 3x3 pad same relu } => down2: maxpool 2
        },
    );
}
