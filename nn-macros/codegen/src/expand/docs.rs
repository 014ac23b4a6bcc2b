//! The documentation of what is generated.

use proc_macro2::TokenStream;
use quote::quote;

use crate::shapes::sizes::Count;
use crate::shapes::typed::{TypedLayer, TypedNetwork};
use crate::syntax::tokens::written;

/// A table of the layers, after what the user wrote.
pub(crate) fn table(network: &TypedNetwork<'_>) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "| layer | description | output | parameters |".to_owned(),
        "|---|---|---|---|".to_owned(),
        format!("| | `input` | {} | |", code(&network.input.to_string())),
    ];
    let mut total = Count::Known(0);
    for layer in network.layers.iter().filter(|layer| !layer.is_hidden()) {
        lines.push(format!(
            "| `{}` | `{}` | {} | {} |",
            layer.field,
            description(layer),
            code(&layer.output.to_string()),
            code(&layer.parameters.to_string())
        ));
        total = total.plus(&layer.parameters);
    }
    let total = match total {
        Count::Known(_) => total.to_string(),
        _ => "`PARAMETERS`".to_owned(),
    };
    lines.push(format!("| | | total | {total} |"));
    lines
}

/// `dense 128 sigmoid`: 784 → 128, 100,480 parameters.
pub(crate) fn field(layer: &TypedLayer<'_>) -> String {
    let (input, output) = (layer.input.to_string(), layer.output.to_string());
    let parameters = match &layer.parameters {
        Count::Known(0) => "no parameters".to_owned(),
        Count::Known(1) => "1 parameter".to_owned(),
        count => format!("{} parameters", code(&count.to_string())),
    };
    format!("`{}`: {} → {}, {parameters}.", description(layer), code(&input), code(&output))
}

pub(crate) fn attributes(lines: &[String]) -> TokenStream {
    let lines = lines.iter().map(|line| format!(" {line}"));
    quote!(#(#[doc = #lines])*)
}

/// A bar would end the cell of a table, and a backtick the code.
fn description(layer: &TypedLayer<'_>) -> String {
    written(layer.stage.tokens.clone()).replace('|', "\\|").replace('`', "'")
}

/// Numbers stand as they are; what has names in it is code.
fn code(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | 'x')) {
        text.to_owned()
    } else {
        format!("`{}`", text.replace('|', "\\|").replace('`', "'"))
    }
}
