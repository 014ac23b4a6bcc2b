//! All mistakes of one description, reported together.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::syntax::spans::elsewhere;

/// The mistakes that were found. Every step goes on after a mistake, so that two mistakes give two errors.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// A mistake at one token.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.add(syn::Error::new(span, message));
    }

    /// A mistake that covers several tokens.
    pub(crate) fn over(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// One `compile_error!` for each mistake, where no type can be defined.
    pub(crate) fn alone(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }

    /// A `compile_error!` for the first mistake: a single one can be an item and an expression.
    pub(crate) fn first(self) -> TokenStream {
        let first = self.0.and_then(|errors| errors.into_iter().next());
        first.map(|error| error.into_compile_error()).unwrap_or_default()
    }

    /// One `compile_error!` for each mistake. The first is the value of a constant: rustc cannot compute it, and says nothing more about types that name
    /// the constant. It stands in a block, because rust-analyzer has no value for it as an expression.
    pub(crate) fn into_tokens(self, unknown: &Ident) -> TokenStream {
        let mut errors = self.0.into_iter().flatten().map(|error| {
            let error = error.into_compile_error().into_iter().map(|token| match token {
                // At its place, the word that is wrong, an editor would show the documentation of `core`.
                TokenTree::Ident(word) if word == "core" => elsewhere(&word).into(),
                token => token,
            });
            error.collect::<TokenStream>()
        });
        let Some(first) = errors.next() else { return TokenStream::new() };
        quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #unknown: ::core::primitive::usize = { #first 0 };
            #(#errors)*
        }
    }
}
