//! What a layer demands of its shapes.

use proc_macro2::{Span, TokenStream};

use crate::shapes::sizes::Condition;
use crate::syntax::errors::Errors;
use crate::syntax::spans::word;

/// Takes what a row demands: errors where it does not hold, assertions where the compiler has to find out.
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

    /// A mistake at `place` unless the condition holds.
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
                self.assertions.push(Assertion { condition, place, message: message() });
            }
        }
    }
}
