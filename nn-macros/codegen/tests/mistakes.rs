//! One sentence for each mistake.

use axonal_codegen::{Features, network};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

/// What is said to a description; as text, since quotes do not nest.
fn messages(description: &str) -> Vec<String> {
    fn collect(tokens: TokenStream, messages: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else { continue };
            let is_error = index.checked_sub(2).is_some_and(
                |name| matches!(&tokens[name], TokenTree::Ident(name) if name == "compile_error"),
            );
            if is_error {
                let message = syn::parse2::<syn::LitStr>(group.stream()).expect("a message");
                messages.push(message.value());
            } else {
                collect(group.stream(), messages);
            }
        }
    }
    let tokens = description.parse().expect("tokens");
    let mut messages = Vec::new();
    collect(network(&quote!(::axonal), tokens, Features::ALL), &mut messages);
    messages
}

#[track_caller]
fn one(description: &str, message: &str) {
    assert_eq!(messages(description), [message], "{description}");
}

/// As [`one`], for a message that ends in a list of words.
#[track_caller]
fn begins(description: &str, message: &str) {
    let messages = messages(description);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].starts_with(message), "{messages:?}");
}

#[track_caller]
fn none(description: &str) {
    assert_eq!(messages(description), Vec::<String>::new(), "{description}");
}

#[test]
fn softmax_of_probabilities() {
    for description in [
        "input 4 => dense 3 sigmoid => softmax",
        "input 4 => dense 3 => sigmoid => softmax",
        "input 4 => sigmoid => identity => softmax => dense 2",
        "input 4 => dense 3 sigmoid => dropout 0.5 => softmax",
        "input 2x2x2 => conv 3 2x2 sigmoid => flatten => softmax",
        "input 2x2x2 => conv 3 1x1 sigmoid => maxpool 2x2 softmax",
        "input 4 => residual { dense 4 => sigmoid => softmax }",
        "input 4 => dense 4 sigmoid => residual { softmax => dense 4 }",
        "input 4 => dense 4 sigmoid => concat { dense 2 } { identity => softmax }",
        "input 4 => concat { dense 2 sigmoid } { dense 3 softmax => identity } => softmax",
        "input 4 => dense 4 sigmoid => concat { identity } { identity } softmax",
        "input 4 => a: dense 4 => sigmoid => dense 4 => concat { } { from a } { dense 2 } => b: dense 4 sigmoid => dense 4 => concat { } { from b => softmax }",
        "input 4 => a: batchnorm sigmoid => dense 4 => add { } { from a => softmax }",
        "input 4 => a: dense 2 sigmoid => dense 4 => concat { sigmoid } { from a } => softmax",
    ] {
        one(
            description,
            "`softmax` takes scores, but `sigmoid` before it gives probabilities: leave one of them out",
        );
    }
    one(
        "input 4 => dense 3 softmax => softmax",
        "`softmax` takes scores, but `softmax` before it gives probabilities: leave one of them out",
    );
    one(
        "input 4 => dense 3 hard_sigmoid => softmax",
        "`softmax` takes scores, but `hard_sigmoid` before it gives probabilities: leave one of them out",
    );
    none("input 4 => dense 3 sigmoid => dense 3 softmax");
    none("input 4 => a: dense 4 => sigmoid => dense 4 => concat { } { from a => softmax }");
    none("input 4 => a: dense 4 sigmoid => dense 4 => concat { } { from input => softmax }");
    none("input 4 => a: dense 4 sigmoid => dense 4 => add { } { from a } => softmax");
    none("input 4 => concat { dense 2 sigmoid } { dense 3 } => softmax");
    none(
        "input 4 => dense 4 sigmoid => concat { dense 3 softmax } { identity } => dense 3 softmax",
    );
    none("input 4 => dense 4 sigmoid => layernorm => softmax");
    none("input 4 => residual { dense 4 sigmoid } softmax");
    none("input 4 => dense 3 tanh => softmax");
    none("input 4 => dense 3 sigmoid => relu => softmax");
}

#[test]
fn words() {
    one("input 4 => desne 3", "unknown layer `desne`: did you mean `dense`?");
    one(
        "input 4 => Linear 3",
        "unknown layer `Linear`: did you mean `dense`? (a type of your own is written `self::Linear`)",
    );
    begins("input 4 => quux", "unknown layer `quux`: the layers are `dense`, `conv`, ");
    one("input 4 => relu7", "unknown layer `relu7`: did you mean `relu`?");
    one("input 4 => dense 3 sigmod", "unknown activation `sigmod`: did you mean `sigmoid`?");
    begins("input 4 => dense 3 bogus(1)", "unknown activation `bogus`: there are ");
    one("input 4 => dense 3 no_bais", "unknown option `no_bais`: did you mean `no_bias`?");
    one(
        "input 4 => dense 3 init hee_normal",
        "unknown initializer `hee_normal`: did you mean `he_normal`?",
    );
    one("input 4 => dense 3 he_normal", "`he_normal` follows the word `init`: `init he_normal`");
    one("input 4 => gru 3 => dense 2", "`gru` is not supported yet");
    one("inputs 4 => dense 3", "unknown word `inputs`: did you mean `input`?");
    one("input 4 => no_bias", "`no_bias` follows a layer: `dense 128 no_bias`");
    one("input 4 => dense 3 => input 4", "`input` stands once, at the beginning of a network");
}

#[test]
fn sizes() {
    one("input 4 => dense", "`dense` needs a size: `dense 128`");
    one("input 4 => dense relu", "`dense` needs a size: `dense 128`");
    one("input 4 => dense {}", "`dense` needs a size: `dense 128`");
    one("input => dense 3", "`input` needs a size: `input 784`");
    one("input 4x => dense 3", "`input` needs a size: `input 784`");
    one("input 0 => dense 3", "a size is at least 1, this one is 0");
    one("input 4 => dense -3", "a size is at least 1, `-3` is negative");
    one("input 4 => dense 3.5", "a size is a whole number, `3.5` is not");
    one("input 4 => dense 3u32", "a size is written without its type: `3`, not `3u32`");
    one("input 4 => dense \"3\"", "a size is a whole number, `\"3\"` is not");
    one("input 4 => dense 99999999999999999999", "`99999999999999999999` is too large for a size");
    one("input 4 => dense 3 4", "`dense` takes one size, `4` is one too many");
    one("input 4 => dense 3x4", "`dense` takes one size: `dense 128`");
    one(
        "input 4 => dense { conv 2 }",
        "a const expression stands in the braces of a size, `conv 2` is none",
    );
    one("input 4 => dense (2 * 3)", "a size that is computed stands in braces: `{ 2 * 3 }`");
    one("input (28, 28) => dense 3", "sizes are joined by `x`: `28x28`");
    one(
        "input 1x2x3x4 => dense 3",
        "a shape has one, two or three sizes: `784`, `28x28`, `3x32x32`",
    );
    one(
        "input 500000000000000000 => dense 500000000000000000",
        "`dense` has 250,000,000,000,000,000,500,000,000,000,000,000 parameters, more than memory can hold",
    );
    one(
        "input 9000000000x9000000000 => flatten",
        "the input 1x9000000000x9000000000 holds more numbers than memory can",
    );
    one(
        "input 28x28 => upsample 900000000000x900000000000",
        "`upsample` gives more numbers than memory can hold: 1x25200000000000x25200000000000",
    );
}

#[test]
fn images() {
    one(
        "input 28x28 => dense 10",
        "`dense` takes a vector, but the input is an image 1x28x28: put `flatten` before it",
    );
    one(
        "input 3x28x28 => relu => dense 4",
        "`dense` takes a vector, but `relu1` gives an image 3x28x28: put `flatten` before it",
    );
}

#[test]
fn images_in_the_place_of_vectors() {
    one(
        "input 784 => conv 6 5x5",
        "`conv` takes an image, but the input is a vector 784: put `reshape CxHxW` before it with C * H * W = 784",
    );
    one(
        "input 784 => dense 64 => maxpool 2x2",
        "`maxpool` takes an image, but `dense1` gives a vector 64: put `reshape CxHxW` before it with C * H * W = 64",
    );
    one(
        "input 4 => upsample 2",
        "`upsample` takes an image, but the input is a vector 4: put `reshape CxHxW` before it with C * H * W = 4",
    );
    one(
        "input 4 => pad 2",
        "`pad` takes an image, but the input is a vector 4: put `reshape CxHxW` before it with C * H * W = 4",
    );
    one(
        "input 8x4x4 => maxpool 2x2 => batchnorm relu => dense 4",
        "`dense` takes a vector, but `batchnorm1_relu` gives an image 8x2x2: put `flatten` before it",
    );
}

#[test]
fn kernels() {
    one(
        "input 4x4 => conv 6 5x5",
        "the kernel 5x5 of `conv` is larger than its image 1x4x4: take a smaller kernel, or more `pad`",
    );
    one(
        "input 3x4x9 => conv 6 3x3 dilation 3 pad 1",
        "the kernel 3x3 of `conv` (7x7 with its dilation) is larger than its image 3x4x9 (6x11 with its padding): take a smaller kernel, or more `pad`",
    );
    one(
        "input 3x4x4 => maxpool 5",
        "the kernel 5x5 of `maxpool` is larger than its image 3x4x4: take a smaller kernel, or more `pad`",
    );
    one(
        "input 28x28 => conv 6 5x5 stride 2",
        "`conv` with kernel 5x5 and stride 2x2 leaves 1 row and 1 column of its image 1x28x28 unread: write `floor` to drop them, or take another kernel, stride or `pad`",
    );
    one(
        "input 1x10x13 => conv 6 3x3 stride 1x4",
        "`conv` with kernel 3x3 and stride 1x4 leaves 1 column of its image 1x10x13 unread: write `floor` to drop them, or take another kernel, stride or `pad`",
    );
    one(
        "input 6x7x8 => maxpool 3x2",
        "`maxpool` with kernel 3x2 and stride 3x2 leaves 1 row of its image 6x7x8 unread: write `floor` to drop them, or take another kernel, stride or `pad`",
    );
    one(
        "input 6x8x8 => avgpool 2x2 pad 2",
        "the padding 2x2 of `avgpool` is more than half of its kernel 2x2: take less `pad`",
    );
    one(
        "input 6x2x2 => conv_transpose 3 2x2 pad 2",
        "the padding of `conv_transpose` takes away 4x4 of an output of 3x3, and leaves nothing: take less `pad`",
    );
    one(
        "input 6x2x2 => conv_transpose 3 2x2 stride 4 pad same",
        "`pad same` of `conv_transpose` needs a kernel as large as its stride, but the kernel is 2x2 and the stride 4x4",
    );
    none("input 6x7x7 => maxpool 2x2 floor");
    none("input 3x224x224 => conv 64 7x7 stride 2 pad 3 => maxpool 3x3 stride 2 pad 1");
    none("input 3x32x32 => conv 16 1x1 stride 2");
    none("input 3x32x32 => conv 16 3x3 stride 2 pad same => conv 4 3x3 pad 0x1");
}

#[test]
fn groups() {
    one(
        "input 6x8x8 => conv 8 3x3 groups 3",
        "3 groups must divide the 6 channels that `conv` takes and the 8 that it gives",
    );
    one(
        "input 4x8x8 => conv 6 3x3 groups 3",
        "3 groups must divide the 4 channels that `conv` takes and the 6 that it gives",
    );
    one(
        "input 4x8x8 => conv 6 3x3 depthwise",
        "`depthwise` gives each of 4 channels as many outputs: the 6 channels of `conv` must be a multiple of 4",
    );
    one(
        "input 4x8x8 => conv 8 3x3 depthwise groups 4",
        "`depthwise` is as many `groups` as channels: keep one of the two options",
    );
    one("input 4x8x8 => conv 8 3x3 groups 2x2", "`groups` is one number: `groups 2`");
    none(
        "input 8x8 => conv CONV KERNEL stride STRIDE pad PAD groups GROUPS dilation DILATION relu",
    );
    none("input 4x8x8 => conv 8 3x3 groups 2 => conv 16 3x3 depthwise no_bias");
}

#[test]
fn blocks() {
    one(
        "input 64 => residual { dense 32 }",
        "`residual` adds its input (vector 64) to its block's output (vector 32): both must be the same shape, or `project { dense 32 }` must follow the block",
    );
    one(
        "input 16x8x8 => residual { conv 32 3x3 pad 1 stride 2 }",
        "`residual` adds its input (image 16x8x8) to its block's output (image 32x4x4): both must be the same shape, or `project { conv 32 1x1 stride 2 }` must follow the block",
    );
    one(
        "input 16x8x8 => residual { conv 16 3x3 }",
        "`residual` adds its input (image 16x8x8) to its block's output (image 16x6x6): both must be the same shape",
    );
    one(
        "input 16x8x8 => residual { conv 32 3x3 pad 1 } project { conv 16 1x1 }",
        "`residual` adds its projection's output (image 16x8x8) to its block's output (image 32x8x8): both must be the same shape",
    );
    one(
        "input 16x8x8 => residual { flatten }",
        "`residual` adds its input (image 16x8x8) to its block's output (vector 1024): both must be the same shape",
    );
    one(
        "input 16x8x8 => concat { conv 4 3x3 } { conv 4 1x1 }",
        "`concat` joins the channels of two images, but its branches give 4x6x6 and 4x8x8: both must have the same rows and columns",
    );
    one(
        "input 16x8x8 => concat { flatten } { conv 4 1x1 }",
        "`concat` joins two images or two vectors, but its branches give a vector 1024 and an image 4x8x8: put `flatten` at the end of the branch with the image",
    );
    one(
        "input 64 => residual => dense 3",
        "`residual` takes one block: `residual { dense 64 relu => dense 64 }`",
    );
    one(
        "input 64 => residual dense 64",
        "`residual` takes one block: `residual { dense 64 relu => dense 64 }`",
    );
    one(
        "input 64 => residual (dense 64)",
        "the layers of `residual` stand in braces: `residual { dense 64 relu => dense 64 }`",
    );
    one(
        "input 64 => residual {}",
        "a block of `residual` needs a layer: `residual { dense 64 relu => dense 64 }`",
    );
    none("input 64 => concat {} { dense 3 } => dense 2");
    one(
        "input 64 => concat { dense 3 }",
        "`concat` takes two blocks or more: `concat { conv 8 1x1 } { conv 8 3x3 pad same }`",
    );
    one(
        "input 64 => add {}",
        "`add` takes two blocks or more: `add { dense 64 } { dense 16 tanh => dense 64 }`",
    );
    none(
        "input 64 => concat { dense 3 } { dense 4 } {} { dense 5 } => add {} { dense 76 } { relu }",
    );
    one(
        "input 64 => add { dense 3 } { dense 4 }",
        "`add` adds what its branches give, but that is a vector 3 and a vector 4: both must be the same shape",
    );
    one(
        "input 3x8x8 => add {} { conv 3 3x3 pad same } { flatten }",
        "`add` adds what its branches give, but that is an image 3x8x8, an image 3x8x8 and a vector 192: all must be the same shape",
    );
    one(
        "input 3x8x8 => concat {} { maxpool 2 } { conv 2 1x1 }",
        "`concat` joins the channels of three images, but its branches give 3x8x8, 3x4x4 and 2x8x8: all must have the same rows and columns",
    );
    one(
        "input 3x8x8 => concat {} { flatten } {} {}",
        "`concat` joins 4 images or 4 vectors, but its branches give an image 3x8x8, a vector 192, an image 3x8x8 and an image 3x8x8: put `flatten` at the end of the branch with the image",
    );
    one(
        "input 64 => concat { dense 3 }, { dense 4 } { dense 5 }",
        "the blocks of `concat` stand without `,`: `concat { conv 8 1x1 } { conv 8 3x3 pad same }`",
    );
    one(
        "input 4 => concat { dense 3 sigmoid } { dense 2 softmax } { sigmoid } => softmax",
        "`softmax` takes scores, but `sigmoid` before it gives probabilities: leave one of them out",
    );
    one("input 64 => residual { dense 64 => }", "a layer is missing after this `=>`");
    one("input 64 => residual { => dense 64 }", "a layer is missing before this `=>`");
    one(
        "input 64 => residual { input 64 => dense 64 }",
        "`input` stands once, at the beginning of a network",
    );
    one(
        "struct A<input 4 => a: residual { b: residual { relu } } => a_b: residual { relu }>;",
        "the block of `a_b` would be the second type called `AAB`: choose another label",
    );
    one("input 64 => residual { desne 64 }", "unknown layer `desne`: did you mean `dense`?");
    one("input 64 => dense 64 project { dense 3 }", "`dense` has no option `project`");
    one("input 64 => residual { a: dense 64 => a: dense 64 }", "the label `a` is there twice");
    one(
        "input 8x8 => residual { identity } => dense 3",
        "`dense` takes a vector, but `residual1` gives an image 1x8x8: put `flatten` before it",
    );
    one(
        "input 8x8 => residual { dense 64 => reshape 1x8x8 }",
        "`dense` takes a vector, but the input is an image 1x8x8: put `flatten` before it",
    );
    none(
        "input 64 => residual { dense 32 => residual { dense 32 relu } } project { dense 32 } relu",
    );
    none("input 3x8x8 => concat { identity } { conv 4 3x3 pad same relu } relu => flatten");
}

#[test]
fn other_layers() {
    one(
        "input 784 => reshape 1x28x29",
        "`reshape 1x28x29` holds 812 numbers, but the input is a vector 784, which holds 784: its sizes must multiply to that",
    );
    one("input 4 => reshape", "`reshape` needs a shape: `reshape 16x4x4`");
    one(
        "input 4 => dropout 1",
        "the probability of `dropout` is at least 0 and less than 1, `1` is not: `dropout 0.5`",
    );
    one(
        "input 4 => dropout 1.5",
        "the probability of `dropout` is at least 0 and less than 1, `1.5` is not: `dropout 0.5`",
    );
    one(
        "input 4 => dropout -0.5",
        "the probability of `dropout` is at least 0 and less than 1, `-0.5` is not: `dropout 0.5`",
    );
    one(
        "input 4 => dropout",
        "`dropout` needs a probability, a number that stands here: `dropout 0.5`",
    );
    one(
        "input 4 => dropout RATE",
        "`dropout` needs a probability, a number that stands here: `dropout 0.5`",
    );
    one("input 4 => dropout \"a\"", "the probability of `dropout` is a number, `\"a\"` is not");
    one("input 4 => dropout 0.5 0.5", "`dropout` takes one probability, `0.5` is one too many");
    one("input 4 => batchnorm eps", "`eps` needs a number above 0: `eps 1e-3`");
    one("input 4 => batchnorm eps 0", "`eps` is a number above 0: `eps 1e-3`, `0` is not");
    one("input 4 => batchnorm eps -0.1", "`eps` is a number above 0: `eps 1e-3`, `-0.1` is not");
    one(
        "input 4 => batchnorm momentum 1.5",
        "`momentum` is a number from 0 to 1: `momentum 0.01`, `1.5` is not",
    );
    one("input 4 => layernorm momentum 0.1", "`layernorm` has no option `momentum`");
    one(
        "input 8x8 => avgpool 2 count_include_pad",
        "behind `count_include_pad` stands `true` or `false`: `count_include_pad false`",
    );
    one(
        "input 8x8 => maxpool 2 count_include_pad false",
        "`maxpool` has no option `count_include_pad`",
    );
    one(
        "input 8x8 => conv_transpose 2 3x3 stride 2 output_padding 2",
        "`output_padding` of `conv_transpose` must be less than its stride: 2x2 is not less than 2x2",
    );
    one(
        "input 8x8 => conv_transpose 2 3x3 output_padding 1",
        "`output_padding` of `conv_transpose` must be less than its stride: 1x1 is not less than 1x1",
    );
    one(
        "input 8x8 => conv_transpose 2 3x3 stride 2 pad same output_padding 1",
        "`pad same` of `conv_transpose` says how large the output is: leave out `output_padding`, or write `pad` as a number",
    );
    one("input 8x8 => flatten 64", "`flatten` takes no size, `64` is too many");
    one("input 8x8 => flatten stride 2", "`flatten` has no option `stride`");
    one("input 8x8 => maxpool 2 groups 2", "`maxpool` has no option `groups`");
    one("input 8x8 => batchnorm no_bias", "`batchnorm` has no option `no_bias`");
    one("input 8x8 => conv 3x3", "`conv` takes its channels and a kernel: `conv 16 3x3`");
    one("input 8x8 => conv 3", "`conv` needs a kernel: `conv 16 3x3`");
    one("input 8x8 => conv", "`conv` needs its channels: `conv 16 3x3`");
    one("input 8x8 => conv 3 3x3x3", "`conv` has one number, or rows and columns: `conv 16 3x3`");
    one("input 8x8 => conv 3 3x3 7", "`conv` takes its channels and a kernel, `7` is one too many");
    one("input 8x8 => conv 3 4x4 stride=2", "the value of `stride` follows without `=`");
    one("input 8x8 => conv 3 3x3 stride", "`stride` needs a size: `stride 2`");
    one("input 8x8 => conv 3 3x3 stride 0", "a size is at least 1, this one is 0");
    one("input 8x8 => conv 3 3x3 pad", "`pad` needs a size: `pad 1`");
    one("input 8x8 => conv 3 3x3 strde 2", "unknown option `strde`: did you mean `stride`?");
    one("input 8x8 => conv 3 3x3 stride 1 stride 1", "`stride` is there twice");
    one("input 8x8 => maxpool 0x2", "a size is at least 1, this one is 0");
    one("input 8x8 => global maxpool", "`global` is followed by `avgpool`: `global avgpool`");
    one("input 8x8 => stride 2", "`stride` follows a layer: `conv 16 3x3 stride 2`");
}

#[test]
fn other_libraries_names() {
    let hints = [
        ("Conv2d", "conv"),
        ("Conv2D", "conv"),
        ("ConvTranspose2d", "conv_transpose"),
        ("Conv2DTranspose", "conv_transpose"),
        ("MaxPool2d", "maxpool"),
        ("MaxPooling2D", "maxpool"),
        ("AvgPool2d", "avgpool"),
        ("AveragePooling2D", "avgpool"),
        ("AdaptiveAvgPool2d", "global avgpool"),
        ("GlobalAveragePooling2D", "global avgpool"),
        ("UpSampling2D", "upsample"),
        ("ZeroPadding2D", "pad"),
        ("Flatten", "flatten"),
        ("Reshape", "reshape"),
        ("Dropout", "dropout"),
        ("Dropout2d", "dropout"),
        ("BatchNorm1d", "batchnorm"),
        ("BatchNorm2d", "batchnorm"),
        ("BatchNormalization", "batchnorm"),
        ("LayerNorm", "layernorm"),
        ("LayerNormalization", "layernorm"),
        ("PReLU", "prelu"),
        ("Concatenate", "concat"),
        ("Add", "add"),
    ];
    for (foreign, word) in hints {
        one(
            &format!("input 8x8 => {foreign}"),
            &format!(
                "unknown layer `{foreign}`: did you mean `{word}`? (a type of your own is written `self::{foreign}`)"
            ),
        );
    }
}

#[test]
fn joints() {
    one("input 4 -> dense 3", "layers are joined by `=>`, not by `->`");
    one("input 4 = dense 3", "layers are joined by `=>`, not by `=`");
    one("input 4 |> dense 3", "layers are joined by `=>`, not by `|>`");
    one("input 4, dense 3", "layers are joined by `=>`, not by `,`");
    one("input 4 dense 3", "`=>` is missing before `dense`");
    one("input 4 => dense 3 prelu", "`=>` is missing before `prelu`");
    one("input 4 => dense 3 dense 2", "`=>` is missing before `dense`");
    one("input 4 => dense 3 last: dense 2", "`=>` is missing before `last`");
    one("input 4 => => dense 3", "a layer is missing before this `=>`");
    one("input 4 => dense 3 =>", "a layer is missing after this `=>`");
    one("input 4 =>", "a layer is missing after this `=>`");
    one("dense 3", "a network begins with its input: `input 784 => …`");
    one("=> dense 3", "a network begins with its input: `input 784 => …`");
    one("input 4", "a network needs a layer after its input: `=> dense 10`");
    one("input 4 => hidden:", "a layer is missing after the label `hidden`");
}

#[test]
fn labels() {
    one("input 4 => a: dense 3 => a: dense 2", "the label `a` is there twice");
    one("input 4 => fn: dense 3", "`fn` is a word of Rust and cannot be a label");
    one(
        "input 4 => dense1: dense 3 => dense 2",
        "the label `dense1` is also the name of the layer `dense 2`, which has no label: choose another",
    );
}

#[test]
fn options() {
    one("input 4 => dense 3 no_bias no_bias", "`no_bias` is there twice");
    one("input 4 => dense 3 init zeros init zeros", "`init` is there twice");
    one(
        "input 4 => dense 3 pad same",
        "`dense` has no option `pad`: for the layer `pad`, put `=>` before it",
    );
    one("input 4 => relu no_bias", "`relu` has no option `no_bias`");
    one("input 4 => dense 3 init", "`init` needs an initializer: `init he_normal`");
    one("input 4 => dense 3 init relu", "`init` needs an initializer: `init he_normal`");
    one("input 4 => dense 3 init he_normal(2)", "`he_normal` takes no numbers");
    one(
        "input 4 => dense 3 init normal(0, -1)",
        "the standard deviation of `normal` cannot be negative",
    );
    one(
        "input 4 => dense 3 init orthogonal(1, 2)",
        "`orthogonal` takes one number, its gain: `orthogonal(1.41)`",
    );
    one("input 4 => dense 3 init uniform(1, -1)", "the lower bound of `uniform` comes first");
    one(
        "input 4 => dense 3 init uniform(1)",
        "`uniform` takes two numbers, low and high: `uniform(-0.1, 0.1)`",
    );
}

#[test]
fn activations() {
    one(
        "input 4 => dense 3 relu tanh",
        "`dense` has two activations, `relu` and `tanh`: keep one, or put `=>` between them",
    );
    one("input 4 => dense 3 relu(1)", "`relu` has no parameter");
    one("input 4 => dense 3 elu(1, 2)", "`elu` has one parameter: `elu(1)`");
    one("input 4 => dense 3 elu()", "`elu` has one parameter: `elu(1)`");
    one(
        "input 4 => dense 3 elu(ALPHA)",
        "the parameter of `elu` is a number that stands here, as in `elu(1)`: it becomes part of a type",
    );
    one(
        "input 4 => my::Layer relu",
        "`my::Layer` is a type of your own, which takes no activation: put `=>` before it",
    );
    one("input 4 => Own 3", "`Own` is a type of your own, which takes no size: `3` is too many");
}

#[test]
fn items() {
    one("struct A;", "the layers of `A` are missing: `struct A<input 784 => dense 10>;`");
    one("struct A<>;", "the layers are missing: `input 784 => dense 10`");
    one(
        "struct A<input 4 => dense 3;",
        "this `<` is not closed: a `>` is missing after the last layer",
    );
    one(
        "struct A { input 4 => dense 3 }",
        "the layers of `A` stand in angle brackets: `A<input … => …>`",
    );
    one("enum A<input 4 => dense 3>;", "a network is defined as a `struct`");
    one("A<input 4 => dense 3>;", "`struct` is missing before `A`");
    one(
        "pub <input 4 => dense 3>;",
        "a network is defined as `struct Name<input 784 => dense 10>;`",
    );
    one("struct <input 4 => dense 3>;", "the network's name is missing after `struct`");
    one("<input 4 => dense 3> 5", "nothing follows the closing `>` of a network");
    assert!(messages("")[0].starts_with("`network!` is empty"));
}

#[test]
fn every_mistake_is_reported() {
    assert_eq!(
        messages(
            "struct A<input 4 -> dense 0 sigmod => desne 3 => dense -2 no_bais>; struct B<input 2>;"
        )
        .len(),
        7
    );
}

#[test]
fn habits() {
    one("input 4 | dense 3", "layers are joined by `=>`, not by `|`");
    one("input 4; dense 3", "layers are joined by `=>`, not by `;`");
    one("input 4 => dense 3 + dense 2", "layers are joined by `=>`, not by `+`");
    one("struct A<input 4 > dense 3>;", "layers are joined by `=>`, not by `>`");
    one("struct A<input 4 <= dense 3>;", "layers are joined by `=>`, not by `<=`");
    one("struct A<input 4 => dense 3>>;", "this `>` closes nothing: leave it out");
    one("4 => dense 3", "a network begins with its input: `input 784 => …`");
    one("x: input 4 => dense 3", "the input has no label");
    one("input=4 => dense 3", "the value of `input` follows without `=`: `input 784`");
    one("input: 4 => dense 3", "the value of `input` follows without `:`: `input 784`");
    one("input 4 => dense units=3", "`units=` is left out: `dense 128`");
    one("input 8x8 => conv 2 kernel 3", "`kernel` is left out: `conv 16 3x3`");
    one("input 8x8 => conv 2 kernel_size=3", "`kernel_size=` is left out: `conv 16 3x3`");
    one("input 4 => dropout p=0.5", "`p=` is left out: `dropout 0.5`");
    one(
        "input 4 => dense 3 bias=False relu",
        "`dense` has no option `bias`: `no_bias` leaves the bias out",
    );
    one("input 8x8 => conv 2 3x3 padding=1", "unknown option `padding`: did you mean `pad`?");
    one("input 8x8 => conv 2 3x3 pad=\"same\"", "the value of `pad` follows without `=`");
    one("input 8x8 => conv 2 3x3 same", "`same` follows the word `pad`: `pad same`");
    begins("input 4 => dense 3 activation=\"relu\"", "`activation = \"relu\"` is not written so: ");
    begins("input 4 => dense 3 activation relu", "`activation` is not written so: ");
    one(
        "input 4 => dense(3, 2)",
        "what `dense` takes stands behind it without parentheses: `dense 128`",
    );
    one("input 4 => dense relu 3", "`dense` needs a size: `dense 128`");
    one("input 4 => 3 dense relu", "`3` stands behind its layer: `dense 3`");
    one("input 8x8 => conv 3x3 2", "`conv` takes its channels and a kernel: `conv 16 3x3`");
    one("input 2*2 => dense 3", "a size that is computed stands in braces: `{ 2 * 2 }`");
    one("input 4 => dense 2 * 2 relu", "a size that is computed stands in braces: `{ 2 * 2 }`");
    one("input 4 => dense size()", "a size that is computed stands in braces: `{ size() }`");
    one(
        "input 4 => dense Self::SIZE",
        "`Self` means nothing in a description: write the name of the type",
    );
    one(
        "input 8,8 => conv 2 3x3",
        "sizes are joined by `x`: `28x28`, `3x32x32`; of several inputs, each has a name: `input image: 28x28, features: 12`",
    );
    begins("input SVector<f32, 4> => dense 3", "`SVector` is a type, not a size: ");
    begins("input 4 => nn.Linear 3", "unknown layer `nn.Linear`: did you mean `dense`?");
    begins("input 4 => Dense::<3> relu", "unknown layer `Dense`: did you mean `dense`?");
    begins("input 4 => nn::Own 3 relu", "`nn::Own` is a type of your own, which takes no size");
    one("input 4 => hidden = dense 3", "a label is followed by `:`: `hidden: …`");
    one(
        "input 4 => dense 3 as hidden",
        "a label stands before its layer, with `:`: `hidden: dense 128`",
    );
    one("input 4 => \"hidden\": dense 3", "a label is one name: `hidden: dense 128`");
    one(
        "input 4 => concat { dense 3 }, { dense 2 }",
        "the blocks of `concat` stand without `,`: `concat { conv 8 1x1 } { conv 8 3x3 pad same }`",
    );
}

#[test]
fn more_habits() {
    for label in ["my-label", "my label", "\"my label\"", "my - label"] {
        let description = format!("input 4 => {label}: dense 3 => dense 2");
        one(&description, "a label is one name: `my_label: dense 128`");
    }
    one("input 4 => 1: dense 3", "a label is one name: `hidden: dense 128`");
    one("input 4 => pub hidden: dense 3", "a field is as visible as its network: leave `pub` out");
    one(
        "input 4 => output 3",
        "unknown layer `output`: did you mean `dense 3`, or `output: dense 3` with a label?",
    );
    one("input 4 => nn.relu => dense 2", "unknown layer `nn.relu`: did you mean `relu`?");
    begins("input 4 => F.relu => dense 2", "unknown layer `F.relu`: did you mean `relu`?");
    one("input 4 => dense 3 . dense 2", "layers are joined by `=>`, not by `.`");
    one("struct A<input 4 => dense 3 >> dense 2>;", "layers are joined by `=>`, not by `>>`");
    one("struct A<input 4 => dense 3;>;", "no `;` stands behind the last layer: leave it out");
    one(
        "input 8x8 => conv 2, 3x3 relu",
        "what `conv` takes stands behind it without `,`: `conv 16 3x3`",
    );
    one("input 8x8 => conv 2 3x3, pad 1 relu", "the options of `conv` follow without `,`");
    one("input 8x8 => conv 2 2x2 stride: 2", "the value of `stride` follows without `:`");
    one("input 4 => dense 3 init: he_normal", "the value of `init` follows without `:`");
    one("input 4 => dense 3 no bias", "unknown option `no bias`: did you mean `no_bias`?");
    begins("input 4 => dense 3 axis 1", "`dense` has no option `axis`: it has `no_bias`, `init`");
    one("input 4 => dropout 0.1 momentum 0.1", "`dropout` has no option `momentum`");
    one(
        "input 4 => he_normal => dense 2",
        "`he_normal` follows a layer: `dense 128 init he_normal`",
    );
    for share in ["50%", "1/2"] {
        let description = format!("input 4 => dropout {share} => dense 2");
        one(
            &description,
            "the probability of `dropout` is one number, at least 0 and less than 1: `dropout 0.5`",
        );
    }
    for parameter in ["0.1", "[0.1]"] {
        let description = format!("input 4 => dense 2 leaky_relu {parameter}");
        one(&description, "the parameter of `leaky_relu` stands in parentheses: `leaky_relu(0.1)`");
    }
    one("input 8x8 => pad 1 1 1 => flatten", "`pad` takes one size, `1 1` are too many");
    one("input 8x8 => pad -1 => flatten", "a size is at least 0, `-1` is negative");
    begins("input 4 => pad 2 => dense 3", "`pad` takes an image, but the input is a vector 4: ");
    begins("input 4 => upsample 2 => dense 3", "`upsample` takes an image, but the input is ");
    one("input None x 784 => dense 3", "`input` needs a size: `input 784`");
    begins("input 784 float 32 => dense 3", "`float 32` does not belong to the input, ");
    for numbers in ["784, 128, 10", "[784, 128, 10]", "\"784-128-10\""] {
        begins(numbers, "a network is described in words: `struct Digits<input 784 => ");
    }
    one("784 => 128", "a network begins with its input: `input 784 => …`");
    for sign in ["=", ":"] {
        let description = format!("Net {sign} input 4 => dense 3");
        one(
            &description,
            "a network is defined as a `struct`: `struct Net<input 784 => dense 10>;`",
        );
    }
    begins(
        "struct Net<const N: usize, input 4 => dense N>;",
        "the sizes of `Net` are numbers and constants, not parameters: ",
    );
    begins(
        "struct Net<T: Float><input 4 => dense 3>;",
        "`Net` has its one parameter, the type of its numbers, by itself",
    );
    begins("input 4 /// text\n => dense 3", "a comment between layers begins with `//`: ");
    begins("input 4 => /// text\n dense 3", "a comment between layers begins with `//`: ");
    begins("input 4 => #[cfg(any())] dense 3", "an attribute stands before the `struct`: ");
}

#[test]
fn layers_in_another_case_behind_a_layer() {
    for (layer, word) in
        [("BatchNorm", "batchnorm"), ("Flatten", "flatten"), ("LAYERNORM", "layernorm")]
    {
        begins(
            &format!("input 4 => dense 3 {layer}"),
            &format!("`{layer}` is no activation but the layer `{word}`: put `=>` before it"),
        );
    }
    begins("input 4 => dense 3 Linear", "unknown activation `Linear`: did you mean `identity`?");
}

#[test]
fn one_name_under_two_conditions() {
    let description =
        "#[cfg(a)] struct A<input 4 => dense 3>; #[cfg(b)] struct A<input 4 => dense 2>;";
    none(description);
}

#[test]
fn repeat() {
    const EXAMPLE: &str = "`repeat 4 { dense 64 relu }`";
    none("input 4 => repeat 2 { dense 4 => hidden: dense 4 } => dense 3");
    one("input 4 => repeat", &format!("`repeat` needs the number of its rounds: {EXAMPLE}"));
    one(
        "input 4 => repeat { dense 4 }",
        &format!("`repeat` needs the number of its rounds: {EXAMPLE}"),
    );
    one("input 4 => repeat 3", &format!("`repeat` takes a number and a block: {EXAMPLE}"));
    one("input 4 => repeat 3 => relu", &format!("`repeat` takes a number and a block: {EXAMPLE}"));
    one(
        "input 4 => repeat 0 { relu }",
        &format!("`repeat` takes a number of rounds, 1 or more: {EXAMPLE}"),
    );
    one(
        "input 4 => repeat 1.5 { relu }",
        &format!("`repeat` takes a number of rounds, 1 or more: {EXAMPLE}"),
    );
    one(
        "input 4 => repeat N { relu }",
        &format!("the rounds of `repeat` are a number that stands here: {EXAMPLE}"),
    );
    one(
        "input 4 => repeat { N + 1 } { relu }",
        &format!("the rounds of `repeat` are a number that stands here: {EXAMPLE}"),
    );
    one("input 4 => repeat 2 {}", &format!("the block of `repeat` needs a layer: {EXAMPLE}"));
    one(
        "input 4 => repeat 2 (relu)",
        &format!("the layers of `repeat` stand in braces: {EXAMPLE}"),
    );
    one("input 4 => repeat 10001 { relu }", "so many rounds give more than 10000 layers");
    one(
        "input 4 => repeat 2 { dense 4 } relu",
        "`relu` cannot stand behind the block of `repeat`: put it behind a layer, or `=>` before it",
    );
    one(
        "input 4 => block: repeat 2 { dense 4 }",
        "`repeat` has no label: those of its layers are numbered",
    );
    begins("input 4 => repaet 2 { dense 4 }", "unknown layer `repaet`: did you mean `repeat`?");
    one("input 4 => h2: relu => repeat 2 { h: relu }", "the label `h2` is there twice");
    one(
        "input 4 => repeat 2 { dense: dense 4 } => dense 3",
        "the label `dense1` is also the name of the layer `dense 3`, which has no label: choose another",
    );
    // One error for a mistake, with the round in which it is first.
    one(
        "input 4 => repeat 9 { dense 4 sigmod }",
        "unknown activation `sigmod`: did you mean `sigmoid`?",
    );
    one(
        "input 4x4 => repeat 3 { dense 4 }",
        "`dense` takes a vector, but the input is an image 1x4x4: put `flatten` before it (in round 1 of `repeat`)",
    );
    one(
        "input 1x8x8 => repeat 9 { conv 4 3x3 => relu }",
        "the kernel 3x3 of `conv` is larger than its image 4x2x2: take a smaller kernel, or more `pad` (in round 4 of `repeat`)",
    );
    one(
        "input 4 => repeat 2 { repeat 2 { residual { dense 4 } => relu } => dense 3 }",
        "`residual` adds its input (vector 3) to its block's output (vector 4): both must be the same shape, or `project { dense 4 }` must follow the block (in round 1 of round 2 of `repeat`)",
    );
    one(
        "input 4 => repeat 3 { dense 4 => repeat 3 { softmax } }",
        "`softmax` takes scores, but `softmax` before it gives probabilities: leave one of them out (in round 2 of round 1 of `repeat`)",
    );
}

#[test]
fn parameter() {
    none("input 4 => concat { dense 2 } { parameter 2 init zeros tanh }");
    one("input 4 => parameter", "`parameter` needs a size: `parameter 2`");
    one("input 4 => parameter 2 no_bias", "`parameter` has no option `no_bias`");
    one(
        "input 4 => dense 3 => parameter 2",
        "`parameter` gives the same whatever `dense1` before it gives: it begins a branch, as in `concat { dense 2 } { parameter 2 }`",
    );
}

#[test]
fn from() {
    none("input 4 => a: dense 4 => relu => add { } { from a } { from input => relu } => dense 2");
    none(
        "input 4 => repeat 3 { a: dense 4 => relu => add { } { from a } } => concat { } { from a2 }",
    );
    none("input 4 => a: batchnorm relu => concat { from a } { dense 2 }");
    one(
        "input 4 => first: dense 4 => relu => add { } { from frist }",
        "unknown label `frist`: did you mean `first`?",
    );
    one(
        "input 4 => first: dense 4 => relu => add { } { from hidden }",
        "unknown label `hidden`: before it in this chain stand `first`, and `input`",
    );
    one(
        "input 4 => dense 4 => relu => add { } { from dense1 }",
        "unknown label `dense1`: a stage of this chain gets it, as in `dense1: dense 64`, or `input`",
    );
    one(
        "input 4 => dense 4 => add { } { from late } => late: dense 4",
        "`late` stands behind this branch, which takes what an earlier stage gave",
    );
    one(
        "input 4 => fine: dense 3 => dense 4 => add { } { from fine }",
        "`add` adds what its branches give, but that is a vector 4 and a vector 3: both must be the same shape",
    );
    one(
        "input 4 => a: dense 4 => dense 4 => add { from a } { from input }",
        "no branch takes what `dense1` gives: one begins without `from`, as `{ }` does",
    );
    one(
        "input 4 => concat { } { from }",
        "`from` is followed by the label of an earlier stage, or by `input`: `{ from fine }`",
    );
    one(
        "input 4 => a: dense 4 => relu => add { } { from a dense 4 }",
        "`=>` is missing before `dense`",
    );
    for description in [
        "input 4 => a: dense 4 => from a => relu",
        "input 4 => a: dense 4 => residual { from a => relu }",
    ] {
        one(description, "`from` begins a branch of `concat` or `add`: `concat { } { from fine }`");
    }
}
