//! The layers without windows and blocks: their shapes, their types.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::shapes::infer::Shape;
use crate::shapes::layer::{Checks, Given};
use crate::shapes::sizes::{Count, Size};
use crate::syntax::decimal::Decimal;
use crate::syntax::vocabulary::Settings;

/// What goes in comes out.
pub(crate) fn unchanged(given: &Given<'_>, _: &mut Checks<'_>) -> Shape {
    given.input.clone()
}

pub(crate) fn dense(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    given.check_vector(checks);
    Shape::Vector(given.size(0))
}

pub(crate) fn dense_type(given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let (inputs, outputs) = (given.input.len().tokens(), given.size(0).tokens());
    settings.layer("Dense", &with_activation(quote!(#inputs, #outputs), given, settings))
}

/// The activation and the bias of a type, where they are not the usual ones.
pub(crate) fn with_activation(
    arguments: TokenStream,
    given: &Given<'_>,
    settings: &Settings<'_>,
) -> TokenStream {
    match (&settings.activation, given.bias()) {
        (None, true) => arguments,
        (Some(activation), true) => quote!(#arguments, #activation),
        (_, false) => {
            let activation = activation(settings);
            let bias = no_bias(given, settings);
            quote!(#arguments, #activation, #bias)
        }
    }
}

/// What stands in the place of a bias.
pub(crate) fn no_bias(given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let Settings { root, scalar, .. } = settings;
    let word = given.stage.options.place("no_bias").unwrap_or(settings.place);
    let name = Ident::new("NoBias", word.resolved_at(settings.place));
    quote!(#root::layers::#name<#scalar>)
}

/// The type of the activation, written out.
pub(crate) fn activation(settings: &Settings<'_>) -> TokenStream {
    let root = settings.root;
    settings.activation.clone().unwrap_or_else(|| quote!(#root::activations::Identity))
}

/// For each output so many weights, and a bias.
pub(crate) fn weights(given: &Given<'_>, each: &Size) -> Count {
    let outputs = given.size(0).count();
    let weights = each.count().times(&outputs);
    if given.bias() { weights.plus(&outputs) } else { weights }
}

pub(crate) fn global_pool(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    given.check_image(checks);
    let [channels, ..] = given.image();
    Shape::Vector(channels)
}

pub(crate) fn upsample(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    if !given.check_image(checks) {
        return Shape::Unknown;
    }
    let [channels, rows, columns] = given.image();
    Shape::Image(Box::new([channels, rows.times(&given.size(0)), columns.times(&given.size(1))]))
}

pub(crate) fn pad(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    if !given.check_image(checks) {
        return Shape::Unknown;
    }
    let [channels, rows, columns] = given.image();
    let around = |size: Size, pad: &Size| size.plus(&pad.plus(pad));
    let (rows, columns) = (around(rows, &given.size(0)), around(columns, &given.size(1)));
    Shape::Image(Box::new([channels, rows, columns]))
}

/// The type of a layer that has two sizes besides its samples.
pub(crate) fn resized(name: &str, given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let [input, output] = settings.samples(given);
    let (rows, columns) = (given.size(0).tokens(), given.size(1).tokens());
    settings.layer(name, &quote!(#input, #output, #rows, #columns))
}

pub(crate) fn reshape(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    let sizes = &given.stage.arguments.sizes;
    let output = Shape::of_sizes(sizes);
    let (before, after) = (given.input.len(), output.len());
    let place = sizes.first().map_or(checks.place(), Size::span);
    checks.require(before.equals(&after), place, || {
        format!(
            "`reshape {output}` holds {after} numbers, but {} {}, which holds {before}: its sizes must multiply to that",
            given.source(),
            given.input.described_with_article(),
        )
    });
    output
}

/// What a batch normalization looks at together: the channels of an image, or the features of a vector.
pub(crate) fn channels(given: &Given<'_>) -> Size {
    match given.input {
        Shape::Image(sizes) => sizes[0].clone(),
        shape => shape.len(),
    }
}

/// ε, if it is written.
pub(crate) fn eps(given: &Given<'_>, settings: &Settings<'_>) -> Option<TokenStream> {
    let eps = ratio(given.stage.options.eps?, settings);
    Some(quote!(, #eps))
}

/// ε and the momentum, if one of them is written.
pub(crate) fn batch_norm_options(
    given: &Given<'_>,
    settings: &Settings<'_>,
) -> Option<TokenStream> {
    let options = &given.stage.options;
    let Some(momentum) = options.momentum else { return eps(given, settings) };
    let usual = Decimal { numerator: 1, denominator: 100_000 };
    let (eps, momentum) =
        (ratio(options.eps.unwrap_or(usual), settings), ratio(momentum, settings));
    Some(quote!(, #eps, #momentum))
}

/// A number as a type.
fn ratio(number: Decimal, Settings { root, .. }: &Settings<'_>) -> TokenStream {
    let arguments = number.arguments();
    quote!(#root::layers::Ratio<#arguments>)
}
