//! What a layer demands of its shapes: an error where a demand does not hold, an assertion where the compiler has to find out.

use proc_macro2::{Span, TokenStream};

use crate::shapes::sizes::Condition;
use crate::syntax::errors::Errors;
use crate::syntax::spans::word;

/// Collects the demands of one layer.
pub(crate) struct Diagnostics<'e> {
    pub(crate) errors: &'e mut Errors,
    pub(crate) assertions: &'e mut Vec<Assertion>,
    /// The word of the layer.
    pub(crate) word: &'e TokenStream,
}

/// A condition on constants.
pub(crate) struct Assertion {
    pub(crate) condition: TokenStream,
    pub(crate) place: Span,
    pub(crate) message: String,
}

impl Diagnostics<'_> {
    /// Where the word of the layer was written.
    pub(crate) fn place(&self) -> Span {
        word(self.word)
    }

    /// A mistake at the word of the layer.
    pub(crate) fn error(&mut self, message: String) {
        self.errors.over(self.word, message);
    }

    pub(crate) fn error_at(&mut self, place: Span, message: &str) {
        self.errors.at(place, message);
    }

    /// A mistake at `place` if the condition is false, an assertion if it is an expression.
    pub(crate) fn require(
        &mut self,
        condition: Condition,
        place: Span,
        message: impl FnOnce() -> String,
    ) {
        match condition {
            Condition::Known(true) => {}
            Condition::Known(false) => self.errors.at(place, message()),
            Condition::Written(condition) => {
                let message = self.errors.in_round(message());
                self.assertions.push(Assertion { condition, place, message });
            }
        }
    }
}
