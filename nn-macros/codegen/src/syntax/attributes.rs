//! The attributes of a network: `#[axonal(crate = path)]`, `#[cfg(…)]`, documentation, and those that do not fit.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::syntax::errors::Errors;

/// Another path of the library, from `#[axonal(crate = path)]`, and the other attributes.
pub(crate) fn other_root(
    attributes: &[TokenStream],
    errors: &mut Errors,
) -> (Option<TokenStream>, Vec<TokenStream>) {
    let mut root = None;
    let mut others = Vec::new();
    for attribute in attributes {
        match argument(attribute) {
            None if !fits(attribute, errors) => {}
            None => others.push(attribute.clone()),
            Some(argument) => match argument.as_slice() {
                [TokenTree::Ident(key), TokenTree::Punct(equals), path @ ..]
                    if *key == "crate" && equals.as_char() == '=' && !path.is_empty() =>
                {
                    root = Some(path.iter().cloned().collect());
                }
                _ => errors.over(
                    attribute,
                    "`axonal` has one attribute, `#[axonal(crate = path::to::axonal)]`",
                ),
            },
        }
    }
    (root, others)
}

/// Whether the attribute may stand above a network; an error if not.
fn fits(attribute: &TokenStream, errors: &mut Errors) -> bool {
    let Some(TokenTree::Group(bracket)) = attribute.clone().into_iter().nth(1) else { return true };
    let mut inside = bracket.stream().into_iter();
    match inside.next() {
        Some(TokenTree::Ident(name)) if name == "repr" => {
            errors.over(attribute, "a network has its layout by itself: leave `repr` out");
            false
        }
        Some(TokenTree::Ident(name)) if name == "derive" => {
            let Some(TokenTree::Group(traits)) = inside.next() else { return true };
            let own = traits.stream().into_iter().find(|token| {
                let there = ["Clone", "Copy", "Debug", "Default", "Parameters", "PartialEq"];
                matches!(token, TokenTree::Ident(name) if there.iter().any(|own| name == own))
            });
            if let Some(own) = &own {
                let message = format!(
                    "`{own}` is not derived: a network has `Debug` and `PartialEq` by itself, its box has `Clone`, and `zeros()` is its default"
                );
                errors.over(own, message);
            }
            own.is_none()
        }
        _ => true,
    }
}

/// The tokens in the parentheses of `#[axonal(…)]`; none for other attributes.
fn argument(attribute: &TokenStream) -> Option<Vec<TokenTree>> {
    let Some(TokenTree::Group(bracket)) = attribute.clone().into_iter().nth(1) else { return None };
    let mut inside = bracket.stream().into_iter();
    let is_ours = |name: &Ident| *name == "axonal";
    if !matches!(inside.next(), Some(TokenTree::Ident(name)) if is_ours(&name)) {
        return None;
    }
    match inside.next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            Some(group.stream().into_iter().collect())
        }
        _ => Some(Vec::new()),
    }
}

/// Whether it is `#[cfg(…)]`.
pub(crate) fn is_condition(attribute: &TokenStream) -> bool {
    attribute.to_string().replace(' ', "").starts_with("#[cfg(")
}

pub(crate) fn is_documentation(attribute: &TokenStream) -> bool {
    attribute.to_string().replace(' ', "").starts_with("#[doc=")
}
