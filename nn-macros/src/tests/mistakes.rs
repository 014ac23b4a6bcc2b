//! One sentence for each mistake.

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::parse::{Call, call};
use crate::shapes;

/// What is said to a description; as text, since quotes do not nest.
fn messages(description: &str) -> Vec<String> {
    let tokens: TokenStream = description.parse().expect("tokens");
    let mut errors = Errors::default();
    let call = call(tokens, &mut errors);
    let items = match call {
        Call::Items(items) => items,
        Call::Expression(item) => vec![item],
    };
    for item in items {
        shapes::network(&item.chain, item.broken, &mut errors);
    }
    errors.messages()
}

#[track_caller]
fn one(description: &str, message: &str) {
    assert_eq!(messages(description), [message], "{description}");
}

#[test]
fn words() {
    one("input 4 => desne 3", "unknown layer `desne`: did you mean `dense`?");
    one("input 4 => Linear 3", "unknown layer `Linear`: did you mean `dense`?");
    one("input 4 => quux", "unknown layer `quux`");
    one("input 4 => relu6", "unknown layer `relu6`: did you mean `relu`?");
    one("input 4 => dense 3 sigmod", "unknown activation `sigmod`: did you mean `sigmoid`?");
    one("input 4 => dense 3 bogus(1)", "unknown activation `bogus`");
    one("input 4 => dense 3 no_bais", "unknown option `no_bais`: did you mean `no_bias`?");
    one(
        "input 4 => dense 3 init hee_normal",
        "unknown initializer `hee_normal`: did you mean `he_normal`?",
    );
    one("input 4 => dense 3 he_normal", "`he_normal` follows the word `init`: `init he_normal`");
    one("input 4 => conv 3 stride 2 => dense 2", "`conv` is not supported yet");
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
    one("input 4 => dense 3u32", "a size is a whole number, `3u32` is not");
    one("input 4 => dense \"3\"", "a size is a whole number, `\"3\"` is not");
    one("input 4 => dense 99999999999999999999", "`99999999999999999999` is too large for a size");
    one("input 4 => dense 3 4", "`dense` takes one size, `4` is one too many");
    one("input 4 => dense 3x4", "`dense` takes one size: `dense 128`");
    one("input 4 => dense (2 * 3)", "a size that is computed stands in braces: `{ 2 * 3 }`");
    one("input (28, 28) => dense 3", "sizes are joined by `x`: `28x28`");
    one(
        "input 1x2x3x4 => dense 3",
        "a shape has one, two or three sizes: `784`, `28x28`, `3x32x32`",
    );
    one(
        "input 9223372036854775807 => dense 9223372036854775807",
        "`dense` has 85,070,591,730,234,615,856,620,279,821,087,277,056 parameters, more than memory can hold",
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
        "`relu` takes a vector, but the input is an image 3x28x28: put `flatten` before it",
    );
}

#[test]
fn joints() {
    one("input 4 -> dense 3", "layers are joined by `=>`, not by `->`");
    one("input 4 = dense 3", "layers are joined by `=>`, not by `=`");
    one("input 4 |> dense 3", "layers are joined by `=>`, not by `|>`");
    one("input 4, dense 3", "layers are joined by `=>`, not by `,`");
    one("input 4 dense 3", "`=>` is missing before `dense`");
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
    one("input 4 => dense 3 pad same", "`dense` has no option `pad`");
    one("input 4 => relu no_bias", "`relu` has no option `no_bias`");
    one("input 4 => dense 3 init", "`init` needs an initializer: `init he_normal`");
    one("input 4 => dense 3 init relu", "`init` needs an initializer: `init he_normal`");
    one("input 4 => dense 3 init he_normal(2)", "`he_normal` takes no numbers");
    one(
        "input 4 => dense 3 init normal(0, -1)",
        "the standard deviation of `normal` cannot be negative",
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
