//! All mistakes of one description, reported together.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::syntax::spans::elsewhere;

/// The mistakes that were found. Every step goes on after a mistake, so that two mistakes give two errors.
#[derive(Default)]
pub(crate) struct Errors {
    errors: Option<syn::Error>,
    /// How many there were, with those that were left out.
    found: usize,
    round: String,
    repeated: bool,
}

impl Errors {
    /// A mistake at one token.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.add(syn::Error::new(span, self.in_round(message)));
    }

    /// A mistake that covers several tokens.
    pub(crate) fn over(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, self.in_round(message)));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        self.found += 1;
        match &mut self.errors {
            _ if self.repeated => {}
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Runs a check of one stage: its messages say which round of a `repeat` they are about. Of a stage with mistakes in a round before, nothing more is said.
    pub(crate) fn within<R>(
        &mut self,
        round: &str,
        repeated: bool,
        check: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let outer = (self.round.clone(), self.repeated);
        self.round.push_str(round);
        self.repeated |= repeated;
        let result = check(self);
        (self.round, self.repeated) = outer;
        result
    }

    /// The message with the round of a `repeat` that it is about.
    pub(crate) fn in_round(&self, message: impl Display) -> String {
        format!("{message}{}", self.round)
    }

    /// How many mistakes there are.
    pub(crate) fn count(&self) -> usize {
        self.found
    }

    /// One `compile_error!` for each mistake, where no type can be defined.
    pub(crate) fn alone(self) -> TokenStream {
        self.errors.map(syn::Error::into_compile_error).unwrap_or_default()
    }

    /// A `compile_error!` for the first mistake: a single one can be an item and an expression.
    pub(crate) fn first(self) -> TokenStream {
        let first = self.errors.and_then(|errors| errors.into_iter().next());
        first.map(|error| error.into_compile_error()).unwrap_or_default()
    }

    /// One `compile_error!` for each mistake. The first is the value of a constant: rustc cannot compute it, and says nothing more about types that name
    /// the constant. It stands in a block, because rust-analyzer has no value for it as an expression.
    pub(crate) fn into_tokens(self, unknown: &Ident) -> TokenStream {
        let mut errors = self.errors.into_iter().flatten().map(|error| {
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
