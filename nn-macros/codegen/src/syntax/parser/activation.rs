//! An activation with its parameter: `leaky_relu(0.01)`.

use proc_macro2::{Delimiter, Group, TokenStream};

use crate::syntax::decimal::{Decimal, numbers};
use crate::syntax::parser::Parser;
use crate::syntax::tokens::{Token, written};
use crate::syntax::tree::{Activation, ActivationKind};
use crate::syntax::vocabulary::ActivationRow;

/// Reads the parameter behind the word of an activation.
pub(super) fn activation(
    parser: &mut Parser<'_>,
    row: &'static ActivationRow,
    word: TokenStream,
) -> Activation {
    let mut arguments = row.parameter.map(Decimal::arguments).unwrap_or_default();
    let mut tokens = word;
    let word = row.word;
    if let Some(token) = parser.next_if(|token| token.is_group(Delimiter::Parenthesis)) {
        tokens.extend(token.stream());
        match parameter(row, token) {
            Ok(number) => arguments = number.arguments(),
            Err((place, message)) => parser.errors.over(place, message),
        }
    }
    let value = |token: &Token| token.is_literal() || token.is_group(Delimiter::Bracket);
    if row.parameter.is_some()
        && let Some(token) = parser.next_if(value)
    {
        let number = written(token.stream());
        let number = number.trim_matches(['[', ']']);
        let message =
            format!("the parameter of `{word}` stands in parentheses: `{word}({number})`");
        parser.errors.over(token.stream(), message);
    }
    Activation { kind: ActivationKind::Known(row, arguments), tokens }
}

/// The number in the parentheses, or what is wrong with them, and where.
fn parameter(row: &ActivationRow, token: &Token) -> Result<Decimal, (TokenStream, String)> {
    let ActivationRow { word, parameter, .. } = row;
    let Some(usual) = parameter else {
        return Err((token.stream(), format!("`{word}` has no parameter")));
    };
    let example = format!("`{word}({})`", usual.value());
    let inside = token.group(Delimiter::Parenthesis).map(Group::stream).unwrap_or_default();
    match numbers(inside).as_deref() {
        Ok([number]) => Ok(*number),
        Ok(_) => Err((token.stream(), format!("`{word}` has one parameter: {example}"))),
        Err(wrong) => {
            let place = if wrong.is_empty() { token.stream() } else { wrong.clone() };
            let message = format!(
                "the parameter of `{word}` is a number that stands here, as in {example}: it becomes part of a type"
            );
            Err((place, message))
        }
    }
}
