//! Every stage, without the compiler.

mod expansion;
mod mistakes;
mod random;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::errors::Errors;
use crate::number::Decimal;
use crate::parse::{Call, Chain, call};
use crate::quantity::Count;
use crate::shapes;
use crate::tokens::written;
use crate::words::{Meaning, did_you_mean, distance};

/// The chain of an expression that has no mistake.
fn chain(tokens: TokenStream) -> Chain {
    let mut errors = Errors::default();
    let Call::Expression(item) = call(tokens, &mut errors) else { panic!("an item") };
    assert_eq!(errors.messages(), Vec::<String>::new());
    item.chain
}

/// Each layer: its field, what was written, its output, its parameters.
fn layers(tokens: TokenStream) -> Vec<[String; 4]> {
    let chain = chain(tokens);
    let mut errors = Errors::default();
    let network =
        shapes::network(&quote!(::axonal), &format_ident!("Net"), &chain, false, &mut errors);
    assert_eq!(errors.messages(), Vec::<String>::new());
    let layers = network.layers.iter().map(|layer| {
        [
            layer.field.to_string(),
            written(layer.stage.tokens.clone()),
            layer.output.to_string(),
            layer.parameters().to_string(),
        ]
    });
    layers.collect()
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
        let chain = chain(quote!(input #tokens => dense 1));
        let sizes: Vec<String> = chain.input.iter().map(ToString::to_string).collect();
        sizes.join("|")
    };
    assert_eq!(shape(quote!(784)), "784");
    assert_eq!(shape(quote!(1_000usize)), "1000");
    assert_eq!(shape(quote!(0x1C)), "28");
    assert_eq!(shape(quote!(28x28)), "28|28");
    assert_eq!(shape(quote!(3x32x32)), "3|32|32");
    assert_eq!(shape(quote!(3 x 32 x 32)), "3|32|32");
    assert_eq!(shape(quote!(3x32 x 32)), "3|32|32");
    assert_eq!(shape(quote!({C}x32x32)), "C|32|32");
    assert_eq!(shape(quote!({C}x{H}x{W})), "C|H|W");
    assert_eq!(shape(quote!(3x{H}x{W})), "3|H|W");
    assert_eq!(shape(quote!(28xWIDTH)), "28|WIDTH");
    assert_eq!(shape(quote!(CHANNELS x ROWS x COLUMNS)), "CHANNELS|ROWS|COLUMNS");
    assert_eq!(shape(quote!(crate::config::WIDTH)), "crate::config::WIDTH");
}

#[test]
fn decimals_are_exact_fractions() {
    let parse = |text: &str| Decimal::parse(text).map(|d| (d.numerator, d.denominator));
    assert_eq!(parse("0.01"), Some((1, 100)));
    assert_eq!(parse("1e-2"), Some((1, 100)));
    assert_eq!(parse("0.10"), Some((1, 10)));
    assert_eq!(parse("0.25f32"), Some((25, 100)));
    assert_eq!(parse("1"), Some((1, 1)));
    assert_eq!(parse("1."), Some((1, 1)));
    assert_eq!(parse("2e3"), Some((2000, 1)));
    assert_eq!(parse("0"), Some((0, 1)));
    assert_eq!(parse("0.0e9"), Some((0, 1)));
    assert_eq!(parse("1e99"), None);
    assert_eq!(parse("1e-99999999999"), None);
    assert_eq!(parse("\"1\""), None);
    assert_eq!(parse("99999999999999999999"), None);
    assert_eq!(parse(""), None);
}

#[test]
fn words_are_found_by_typing_errors_and_by_other_libraries_names() {
    use Meaning::{Activation, Layer, Option};
    let meant = |word, fits: &[Meaning]| did_you_mean(word, fits).map(|(word, _)| word);
    assert_eq!(meant("sigmod", &[Activation]), Some("sigmoid"));
    assert_eq!(meant("ReLU", &[Activation]), Some("relu"));
    assert_eq!(meant("LeakyReLU", &[Activation]), Some("leaky_relu"));
    assert_eq!(meant("swish", &[Activation]), Some("silu"));
    assert_eq!(meant("logistic", &[Activation]), Some("sigmoid"));
    assert_eq!(meant("Linear", &[Layer]), Some("dense"));
    assert_eq!(meant("linear", &[Activation]), Some("identity"));
    assert_eq!(meant("fc", &[Layer]), Some("dense"));
    assert_eq!(meant("Conv2D", &[Layer]), Some("conv"));
    assert_eq!(meant("MaxPooling2D", &[Layer]), Some("maxpool"));
    assert_eq!(meant("BatchNorm1d", &[Layer]), Some("batchnorm"));
    assert_eq!(meant("no_bais", &[Option]), Some("no_bias"));
    assert_eq!(meant("entirely_else", &[Layer, Activation, Option]), None);
}

#[test]
fn neighbours_that_changed_places_are_one_error() {
    assert_eq!(distance("desne", "dense"), 1);
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("kitten", "sitting"), 3);
}

#[test]
fn counts_are_numbers_or_formulas() {
    let n = || Count::Written("N".to_owned());
    assert_eq!(Count::Known(2).times(&Count::Known(3)), Count::Known(6));
    assert_eq!(Count::Known(2).times(&n()).plus(&n()).to_string(), "2 * N + N");
    assert_eq!(Count::Known(0).plus(&n()).to_string(), "N");
    assert_eq!(Count::Known(u128::MAX).plus(&Count::Known(1)), Count::Known(u128::MAX));
    assert_eq!(Count::Unknown.plus(&n()), Count::Unknown);
}
