//! Where generated tokens stand, and what their names mean there: rustc underlines places, and an editor shows what a name at a place is.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// The tokens with the meaning that they have, at another place. Rustc underlines from the first token to the last, and names the macro if both come
/// from it. Words behind the first keep their places: an editor would show their meanings at `place`.
pub(crate) fn located(tokens: &TokenStream, place: Span) -> TokenStream {
    let moved = tokens.clone().into_iter().enumerate().map(|(index, mut token)| {
        match &token {
            TokenTree::Ident(name) if index == 0 => token.set_span(name.span().located_at(place)),
            TokenTree::Ident(_) => {}
            _ => token.set_span(place),
        }
        token
    });
    moved.collect()
}

/// The path of a name in the library. Rustc underlines the user's word at `place`, and an editor shows there what the name means, but not what the
/// crate and the module mean.
pub(crate) fn library(root: &TokenStream, module: &str, name: Ident, place: Span) -> TokenStream {
    let root = located(root, place);
    let module = Ident::new(module, Span::mixed_site());
    quote_spanned!(place=> #root::#module::#name)
}

/// The name with the meaning that it has, but not at the user's word: an editor shows there what the name's definition is, and not each use.
pub(crate) fn elsewhere(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::mixed_site().resolved_at(name.span()));
    name
}

/// The place of the first word, without the macro: rustc would add to an error which macro it comes from.
pub(crate) fn word(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// The place of the first word, where generated names mean what they mean in this crate.
pub(crate) fn place(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::mixed_site, |token| token.span().resolved_at(Span::mixed_site()))
}
