//! Names and paths of the user's.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::quote;

use crate::syntax::errors::Errors;
use crate::syntax::parser::Parser;
use crate::syntax::tokens::written;
use crate::syntax::vocabulary::Meaning;

/// Whether Rust takes it as a name.
pub(super) fn is_name(name: &Ident) -> bool {
    syn::parse2::<Ident>(TokenTree::Ident(name.clone()).into()).is_ok() && name != "_"
}

/// The name, or after an error one that Rust takes in its place: `r#type` for `type`.
pub(super) fn usable(name: Ident, errors: &mut Errors) -> Ident {
    if is_name(&name) {
        return name;
    }
    let message = format!("`{name}` is a word of Rust and cannot be a name");
    errors.at(name.span(), message);
    let text = name.to_string();
    match text.as_str() {
        "_" | "crate" | "self" | "super" | "Self" => Ident::new(&format!("{text}_"), name.span()),
        _ => Ident::new_raw(&text, name.span()),
    }
}

/// Reads a path to the user's own type: it has `::` in it, or begins in upper case and is no other spelling of a word of the vocabulary.
pub(super) fn user_path(parser: &mut Parser<'_>) -> Option<TokenStream> {
    if let Some(group) = parser.peek().and_then(|token| token.group(Delimiter::None)) {
        // `$p:path` or `$t:ty` of a `macro_rules!` macro.
        let path = syn::parse2::<syn::Path>(group.stream()).ok()?;
        parser.next();
        return Some(quote!(#path));
    }
    let vocabulary = parser.vocabulary;
    let word = parser.peek_word();
    let at = usize::from(word.is_some());
    // `Dense::<128>` is a word of another library with its arguments.
    let is_path = parser.is_path_separator_at(at)
        && !(word.is_some() && parser.is_at(at + 2, |token| token.is_punct('<')));
    // `F.relu` is Python.
    let dotted = parser.is_at(1, |token| token.is_punct('.'))
        && !parser.is_at(2, |token| {
            token.word().is_some_and(|word| vocabulary.is_layer(&word.to_string()))
        });
    let upper = !dotted
        && word.is_some_and(|word| {
            let text = word.to_string();
            text.starts_with(char::is_uppercase)
                && vocabulary.exact(&text, &[Meaning::Layer, Meaning::Activation]).is_none()
        });
    if !is_path && !upper {
        return None;
    }
    let tokens = path(parser);
    (!tokens.is_empty()).then_some(tokens)
}

/// Whether Rust takes it as a path; an error if not.
pub(super) fn is_path(parser: &mut Parser<'_>, tokens: &TokenStream) -> bool {
    let mut all = tokens.clone().into_iter();
    let (first, last) = (all.next(), tokens.clone().into_iter().last());
    if matches!(&first, Some(TokenTree::Ident(first)) if first == "Self") {
        let message = "`Self` means nothing in a description: write the name of the type";
        parser.errors.over(tokens, message);
        return false;
    }
    let is_path = syn::parse2::<syn::Path>(tokens.clone()).is_ok()
        && matches!(last, Some(TokenTree::Ident(last)) if is_name(&last));
    if !is_path {
        let text = written(tokens.clone());
        parser
            .errors
            .over(tokens, format!("`{text}` is not the path of anything: a word of Rust is in it"));
    }
    is_path
}

/// `a::b::C`, `::a::B`.
pub(super) fn path(parser: &mut Parser<'_>) -> TokenStream {
    let before = parser.tokens;
    parser.next_if(|token| token.word().is_some());
    while parser.is_path_separator_at(0) && parser.is_at(2, |token| token.word().is_some()) {
        parser.skip(3);
    }
    parser.since(before)
}
