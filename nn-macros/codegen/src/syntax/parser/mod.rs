//! From tokens to the tree, by recursive descent. The parser goes on after a mistake, so that two mistakes give two errors.
//!
//! `item` reads definitions, `chain` the layers of one network, `stage` one layer, which asks `arguments`, `options`, `sizes` and `paths`.
//! `lookahead` says what begins at a token, and `recovery` understands what people write by habit, from other languages and libraries.

mod activation;
mod arguments;
mod chain;
mod item;
mod lookahead;
mod options;
mod paths;
mod recovery;
mod repeat;
mod sizes;
mod stage;

use proc_macro2::{Span, TokenStream};

use crate::syntax::errors::Errors;
use crate::syntax::tokens::Token;
use crate::syntax::vocabulary::Vocabulary;

pub(crate) use item::call;

/// Walks through the tokens, and collects what is wrong with them.
pub(crate) struct Parser<'a> {
    tokens: &'a [Token],
    vocabulary: &'a Vocabulary,
    errors: &'a mut Errors,
    /// The place of an error about something missing: the last token that was read.
    end: Span,
    /// Whether a mistake was just reported, and reading went on in the middle of a stage: a missing arrow is no second mistake.
    recovered: bool,
}

impl<'a> Parser<'a> {
    fn new(
        tokens: &'a [Token],
        vocabulary: &'a Vocabulary,
        errors: &'a mut Errors,
        end: Span,
    ) -> Self {
        Self { tokens, vocabulary, errors, end, recovered: false }
    }

    /// A parser of other tokens, with the same words and errors.
    fn of<'b>(&'b mut self, tokens: &'b [Token], end: Span) -> Parser<'b> {
        Parser::new(tokens, self.vocabulary, self.errors, end)
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.first()
    }

    fn peek_at(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(ahead)
    }

    fn peek_is(&self, wanted: impl FnOnce(&Token) -> bool) -> bool {
        self.is_at(0, wanted)
    }

    fn is_at(&self, ahead: usize, wanted: impl FnOnce(&Token) -> bool) -> bool {
        self.peek_at(ahead).is_some_and(wanted)
    }

    fn peek_word(&self) -> Option<&'a proc_macro2::Ident> {
        self.peek().and_then(Token::word)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        self.end = first.span();
        Some(first)
    }

    fn next_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> Option<&'a Token> {
        if wanted(self.peek()?) { self.next() } else { None }
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }

    /// The tokens from `before` up to the next one.
    fn since(&self, before: &'a [Token]) -> TokenStream {
        let taken = before.len() - self.tokens.len();
        before.iter().take(taken).map(Token::stream).collect()
    }

    /// Skips the rest of a stage that cannot be read.
    fn skip_stage(&mut self) {
        while self.next_if(|token| !token.is_arrow() && !token.is_punct(',')).is_some() {}
    }

    /// Skips to the end of the stage, or to where another begins, after a mistake.
    fn skip_to_next_stage(&mut self) {
        self.recovered = true;
        while !self.peek_is(|token| token.is_arrow() || token.is_punct(','))
            && !self.begins_stage()
            && self.next().is_some()
        {}
    }
}
