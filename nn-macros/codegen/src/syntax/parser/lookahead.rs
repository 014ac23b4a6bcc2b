//! What begins at a token: questions that read nothing.

use proc_macro2::{Ident, TokenTree};

use crate::syntax::parser::Parser;
use crate::syntax::tokens::Token;
use crate::syntax::vocabulary::is_option;

impl Parser<'_> {
    /// Whether a token is a `:` that is not half of `::`.
    pub(super) fn is_colon_at(&self, ahead: usize) -> bool {
        self.is_at(ahead, |token| token.is_punct(':'))
            && !self.is_at(ahead + 1, |token| token.is_punct(':'))
    }

    /// Whether `::` is there.
    pub(super) fn is_path_separator_at(&self, ahead: usize) -> bool {
        self.is_at(ahead, |token| token.is_punct(':'))
            && self.is_at(ahead + 1, |token| token.is_punct(':'))
    }

    /// Whether a layer begins at the token: only then an operator before it was meant as an arrow.
    pub(super) fn starts_at(&self, ahead: usize) -> bool {
        self.peek_at(ahead).and_then(Token::word).is_some_and(|word| {
            let text = word.to_string();
            self.vocabulary.is_layer_or_activation(&text)
                || text == "input"
                || self.is_colon_at(ahead + 1)
        })
    }

    /// An operator in the place of an arrow: `|`, `+`, `;`.
    pub(super) fn is_operator_for_arrow(&self) -> bool {
        if self.is_double_angle_at(0) {
            return self.starts_at(2);
        }
        let operator = |token: &Token| matches!(token, Token::Tree(TokenTree::Punct(it)) if "|+;./&>".contains(it.as_char()));
        self.peek_is(operator) && self.starts_at(1)
    }

    /// `>>`
    pub(super) fn is_double_angle_at(&self, ahead: usize) -> bool {
        self.is_at(ahead, |token| token.is_punct('>'))
            && self.is_at(ahead + 1, |token| token.is_punct('>'))
    }

    /// A word and a single colon.
    pub(super) fn is_label(&self) -> bool {
        self.peek_word().is_some() && self.is_colon_at(1)
    }

    /// An option with a colon behind it, as in `stride: 2`: no label.
    fn is_option_with_colon(&self) -> bool {
        self.peek_word().is_some_and(|word| is_option(&word.to_string())) && !self.starts_at(2)
    }

    /// Whether the next stage begins here, without the `=>` that belongs before it.
    pub(super) fn begins_stage(&self) -> bool {
        self.is_label() && !self.is_option_with_colon()
            || self.peek_word().is_some_and(|word| {
                let text = word.to_string();
                // `pad` is a layer and an option: behind a layer, the option.
                self.vocabulary.is_layer(&text) && !is_option(&text) || text == "input"
            })
    }

    /// `Digits<`, without a `struct` before it.
    pub(super) fn is_bare_name(&self) -> bool {
        self.peek_word().is_some() && self.is_at(1, |token| token.is_punct('<'))
    }

    /// `Digits = input`, `Digits: <`.
    pub(super) fn is_bare_name_with_sign(&self) -> bool {
        let name = |word: &Ident| word.to_string().starts_with(char::is_uppercase);
        self.peek_word().is_some_and(name)
            && self.is_at(1, |token| token.is_punct(':') || token.is_equals())
            && self.is_at(2, |token| token.is_punct('<') || token.is_word("input"))
    }

    /// Whether the token may be the value of something: not a layer.
    pub(super) fn is_value_at(&self, ahead: usize) -> bool {
        self.is_at(ahead, |token| match token {
            Token::Tree(TokenTree::Literal(_) | TokenTree::Group(_)) => true,
            Token::Tree(TokenTree::Ident(word)) => {
                !self.vocabulary.is_layer(&word.to_string()) && word != "input"
            }
            _ => false,
        })
    }
}
