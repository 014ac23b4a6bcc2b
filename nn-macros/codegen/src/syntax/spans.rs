//! Where generated tokens stand, and what their names mean there: rustc underlines places, and an editor shows what a name at a place is.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// The same tokens with the same meaning, as if they had been written at `place`: rustc underlines from the first token to the last,
/// and names the macro where both are the macro's. The meaning is that of the names.
/// Words behind the first stay away, or an editor would show at `place` what they mean.
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

/// A path in the library, of which the word at `place` is the name: rustc underlines that word, and an editor shows what the name
/// is, but not the crate and the modules that it is in.
pub(crate) fn library(root: &TokenStream, module: &str, name: Ident, place: Span) -> TokenStream {
    let root = located(root, place);
    let module = Ident::new(module, Span::mixed_site());
    quote_spanned!(place=> #root::#module::#name)
}

/// The same name with the same meaning, but not where the user wrote it: an editor shows once what it is, and not at each use.
pub(crate) fn elsewhere(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::mixed_site().resolved_at(name.span()));
    name
}

/// Where the words were written. Rustc says of an error at tokens of a macro which macro it is, which a person can see.
pub(crate) fn word(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// The words are the user's, the names mean what they mean in the macro.
pub(crate) fn place(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::mixed_site, |token| token.span().resolved_at(Span::mixed_site()))
}
