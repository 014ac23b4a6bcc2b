//! The layers without windows and blocks: their shapes, their types.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::shapes::diagnostics::Diagnostics;
use crate::shapes::layers::operands::{Operands, TypeBuilder};
use crate::shapes::shape::Shape;
use crate::shapes::sizes::Count;
use crate::syntax::decimal::Decimal;
use crate::syntax::tree::Size;

/// The output has the shape of the input.
pub(crate) fn unchanged(operands: &Operands<'_>, _: &mut Diagnostics<'_>) -> Shape {
    operands.input.clone()
}

pub(crate) fn dense(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    operands.check_vector(diagnostics);
    Shape::Vector(operands.size(0))
}

pub(crate) fn dense_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let (inputs, outputs) = (operands.input.len().tokens(), operands.size(0).tokens());
    with_activation(quote!(#inputs, #outputs), operands, types)
}

/// The arguments with activation and bias, where these are not the defaults of the type.
pub(crate) fn with_activation(
    arguments: TokenStream,
    operands: &Operands<'_>,
    types: &TypeBuilder<'_>,
) -> TokenStream {
    match (&types.activation, operands.bias()) {
        (None, true) => arguments,
        (Some(activation), true) => quote!(#arguments, #activation),
        (_, false) => {
            let activation = activation(types);
            let bias = no_bias(operands, types);
            quote!(#arguments, #activation, #bias)
        }
    }
}

/// The type of a bias that is not there.
pub(crate) fn no_bias(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let TypeBuilder { root, scalar, .. } = types;
    let word = operands.stage.options.place("no_bias").unwrap_or(types.place);
    let name = Ident::new("NoBias", word.resolved_at(types.place));
    quote!(#root::layers::#name<#scalar>)
}

/// The type of the activation: `Identity` where none is written.
pub(crate) fn activation(types: &TypeBuilder<'_>) -> TokenStream {
    let root = types.root;
    types.activation.clone().unwrap_or_else(|| quote!(#root::activations::Identity))
}

/// `inputs` weights for each output, and a bias.
pub(crate) fn weights(operands: &Operands<'_>, inputs: &Size) -> Count {
    let outputs = operands.size(0).count();
    let weights = inputs.count().times(&outputs);
    if operands.bias() { weights.plus(&outputs) } else { weights }
}

pub(crate) fn global_pool(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    operands.check_image(diagnostics);
    let [channels, ..] = operands.image();
    Shape::Vector(channels)
}

pub(crate) fn global_pool_generics(
    operands: &Operands<'_>,
    types: &TypeBuilder<'_>,
) -> TokenStream {
    let ([input, _], [channels, ..]) = (types.samples(operands), operands.image());
    let channels = channels.tokens();
    quote!(#input, #channels)
}

pub(crate) fn upsample(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    if !operands.check_image(diagnostics) {
        return Shape::Unknown;
    }
    let [channels, rows, columns] = operands.image();
    Shape::Image(Box::new([
        channels,
        rows.times(&operands.size(0)),
        columns.times(&operands.size(1)),
    ]))
}

pub(crate) fn pad(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    if !operands.check_image(diagnostics) {
        return Shape::Unknown;
    }
    let [channels, rows, columns] = operands.image();
    let around = |size: Size, pad: &Size| size.plus(&pad.plus(pad));
    let (rows, columns) = (around(rows, &operands.size(0)), around(columns, &operands.size(1)));
    Shape::Image(Box::new([channels, rows, columns]))
}

/// The samples, and two sizes.
pub(crate) fn resized(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let [input, output] = types.samples(operands);
    let (rows, columns) = (operands.size(0).tokens(), operands.size(1).tokens());
    quote!(#input, #output, #rows, #columns)
}

/// The input, and its length.
pub(crate) fn lengthwise(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let ([input, _], length) = (types.samples(operands), operands.input.len().tokens());
    quote!(#input, #length)
}

/// The input, and its channels.
pub(crate) fn channelwise(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let ([input, _], channels) = (types.samples(operands), channels(operands).tokens());
    quote!(#input, #channels)
}

pub(crate) fn dropout_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let [input, _] = types.samples(operands);
    let probability = operands.stage.arguments.probability.unwrap_or(Decimal::ZERO);
    let probability = probability.arguments();
    quote!(#input, #probability)
}

pub(crate) fn reshape(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    let sizes = &operands.stage.arguments.sizes;
    let output = Shape::of_sizes(sizes);
    let (before, after) = (operands.input.len(), output.len());
    let place = sizes.first().map_or(diagnostics.place(), Size::span);
    diagnostics.require(before.equals(&after), place, || {
        format!(
            "`reshape {output}` holds {after} numbers, but {} {}, which holds {before}: its sizes must multiply to that",
            operands.source(),
            operands.input.described_with_article(),
        )
    });
    output
}

/// The channels of an image, or the features of a vector.
pub(crate) fn channels(operands: &Operands<'_>) -> Size {
    match operands.input.dimensions() {
        Some((_, [channels, ..])) => channels,
        None => Size::Unknown,
    }
}

/// ε and the momentum, if one of them is written.
pub(crate) fn batch_norm_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let input_and_channels = channelwise(operands, types);
    let options = &operands.stage.options;
    let Some(momentum) = options.momentum else {
        let eps = eps(operands, types);
        return quote!(#input_and_channels #eps);
    };
    let usual = Decimal { numerator: 1, denominator: 100_000 };
    let (eps, momentum) = (ratio(options.eps.unwrap_or(usual), types), ratio(momentum, types));
    quote!(#input_and_channels, #eps, #momentum)
}

pub(crate) fn layer_norm_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let (input_and_length, eps) = (lengthwise(operands, types), eps(operands, types));
    quote!(#input_and_length #eps)
}

/// ε, if it is written.
fn eps(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> Option<TokenStream> {
    let eps = ratio(operands.stage.options.eps?, types);
    Some(quote!(, #eps))
}

/// A number as a type.
fn ratio(number: Decimal, types: &TypeBuilder<'_>) -> TokenStream {
    let (root, arguments) = (types.root, number.arguments());
    quote!(#root::layers::Ratio<#arguments>)
}
