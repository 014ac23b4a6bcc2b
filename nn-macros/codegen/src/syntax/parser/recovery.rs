//! Spellings of other languages and libraries: the parser understands them well enough to report one error that says how to write it here.

use proc_macro2::{Delimiter, Ident, TokenTree};

use crate::syntax::parser::Parser;
use crate::syntax::tokens::{Token, written};
use crate::syntax::vocabulary::{LayerGrammar, Meaning, activation_row, is_option};

/// Words that other libraries write before a value, and a description does not.
const NAMES: &[&str] = &[
    "activation",
    "and",
    "channels",
    "features",
    "filters",
    "in_channels",
    "in_features",
    "input_shape",
    "kernel",
    "kernel_size",
    "nonlinearity",
    "out_channels",
    "out_features",
    "p",
    "pool_size",
    "rate",
    "shape",
    "size",
    "units",
    "with",
];

impl Parser<'_> {
    /// Reads `units=` or `kernel` before a value, which is an error; whether it was there. The value is not read.
    pub(super) fn named(&mut self, of: &str, example: &str) -> bool {
        let before = self.tokens;
        if self.peek_is(|token| token.is_equals() || token.is_punct(':')) && self.is_value_at(1) {
            if let Some(sign) = self.next() {
                let text = written(sign.stream());
                let message = format!("the value of `{of}` follows without `{text}`: `{example}`");
                self.errors.over(sign.stream(), message);
            }
            return true;
        }
        let Some(word) = self.peek_word() else { return false };
        let name = word.to_string();
        let assigned = self.is_at(1, Token::is_equals) && self.is_value_at(2) && !is_option(&name);
        // A constant, a function or a label of that name.
        let own =
            self.is_at(1, |token| token.is_punct(':') || token.is_group(Delimiter::Parenthesis));
        if !assigned && (own || !NAMES.contains(&name.as_str())) {
            return false;
        }
        self.next();
        let equals = if assigned { "=" } else { "" };
        if assigned {
            self.next();
        }
        self.errors.over(self.since(before), format!("`{name}{equals}` is left out: `{example}`"));
        true
    }

    /// The same among the options of a layer: `activation="relu"`, `bias=False`, `padding=2`. The value is read too.
    pub(super) fn named_option(&mut self, layer: &str, example: &str) -> bool {
        let before = self.tokens;
        let Some(word) = self.peek_word() else { return false };
        let name = word.to_string();
        let assigned = self.is_at(1, Token::is_equals) && self.is_value_at(2);
        if !assigned && !NAMES.contains(&name.as_str()) || is_option(&name) {
            return false;
        }
        self.next();
        if assigned {
            self.next();
            // An activation without quotes is read as one.
            let activation = |word: &Ident| activation_row(&word.to_string()).is_some();
            if !self.peek_word().is_some_and(activation) {
                self.next();
            }
        }
        let written = written(self.since(before));
        let message = if name.contains("bias") {
            format!("`{layer}` has no option `{name}`: `no_bias` leaves the bias out")
        } else if let Some((option, _)) = self.vocabulary.did_you_mean(&name, &[Meaning::Option]) {
            format!("unknown option `{name}`: did you mean `{option}`?")
        } else if NAMES.contains(&name.as_str()) {
            format!(
                "`{written}` is not written so: options and an activation follow by their words, as in `{example} relu`"
            )
        } else {
            format!("`{layer}` has no option `{name}`")
        };
        self.errors.over(self.since(before), message);
        true
    }

    /// Reads the rest of `28 * 28` without braces, which is an error; whether it was there.
    pub(super) fn computed(&mut self, before: &[Token]) -> bool {
        let operator = |token: &Token| matches!(token, Token::Tree(TokenTree::Punct(it)) if "*+-/%".contains(it.as_char()));
        let mut found = false;
        while self.peek_is(operator) && !self.starts_at(1) && self.is_value_at(1) {
            self.skip(2);
            found = true;
        }
        if found {
            let taken = before.len() - self.tokens.len();
            let tokens = || before.iter().take(taken).map(Token::stream);
            let text = written(tokens().collect());
            self.errors.over(
                tokens().collect::<proc_macro2::TokenStream>(),
                format!("a size that is computed stands in braces: `{{ {text} }}`"),
            );
        }
        found
    }

    /// Reads the rest of a path that is no size, which is an error: `SVector<f32, 784>`, `size()`.
    pub(super) fn no_constant(&mut self, path: &str) -> bool {
        let before = self.tokens;
        let message = if self.peek_is(|token| token.is_group(Delimiter::Parenthesis)) {
            let group = self.next().map(Token::stream).unwrap_or_default();
            let call = format!("{path}{}", written(group));
            format!("a size that is computed stands in braces: `{{ {call} }}`")
        } else if self.peek_is(|token| token.is_punct('<')) {
            self.skip_angles();
            format!(
                "`{path}` is a type, not a size: a size is a number or a constant, as in `784` or `28x28`"
            )
        } else {
            return false;
        };
        self.errors.over(self.since(before), message);
        true
    }

    /// `/// text` or `#[attribute]` between the layers: an error, and whether it was there.
    pub(super) fn attribute(&mut self) -> bool {
        let before = self.tokens;
        if !self.peek_is(|token| token.is_punct('#')) {
            return false;
        }
        let Some(bracket) = self.peek_at(1).and_then(|token| token.group(Delimiter::Bracket))
        else {
            return false;
        };
        self.next();
        self.next();
        let is_comment = bracket.stream().to_string().starts_with("doc");
        let message = if is_comment {
            "a comment between layers begins with `//`: only the network has documentation of its own"
        } else {
            "an attribute stands before the `struct`: a layer has none"
        };
        self.errors.over(self.since(before), message);
        true
    }

    /// A comma before an option of the layer: an error, and whether it was there.
    pub(super) fn comma_before_option(&mut self, layer: &LayerGrammar) -> bool {
        let option = |word: &Ident| layer.options.iter().any(|option| word == option);
        if !self.peek_is(|token| token.is_punct(','))
            || !self.peek_at(1).and_then(Token::word).is_some_and(option)
        {
            return false;
        }
        if let Some(comma) = self.next() {
            let message = format!("the options of `{}` follow without `,`", layer.word);
            self.errors.over(comma.stream(), message);
        }
        true
    }

    /// Reads tokens before a colon that are no label, which is an error: `my-label:`, `my label:`, `"label":`, `pub label:`.
    pub(super) fn no_label(&mut self) {
        let part =
            |token: &&Token| token.word().is_some() || token.is_punct('-') || token.is_literal();
        let count = self.tokens.iter().take_while(part).count();
        let word = self.peek_word().map(ToString::to_string);
        if !self.is_colon_at(count)
            || count == 0
            || count == 1 && word.is_some()
            || word
                .as_ref()
                .is_some_and(|word| self.vocabulary.is_layer_or_activation(word) || word == "input")
        {
            return;
        }
        let before = self.tokens;
        if word.is_some_and(|word| word == "pub") && count == 2 {
            self.next();
            let message = "a field is as visible as its network: leave `pub` out";
            self.errors.over(self.since(before), message);
            return;
        }
        self.skip(count);
        let name: String = written(self.since(before))
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .collect();
        let name = name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
        let name = if name.starts_with(char::is_alphabetic) { name } else { "hidden".to_owned() };
        self.errors.over(self.since(before), format!("a label is one name: `{name}: dense 128`"));
        self.next();
    }

    /// For a message: the layer that was meant by its place in the network, as in `hidden 128`, `output 10`.
    pub(super) fn named_by_its_place(&self, word: &str) -> Option<String> {
        let named = ["head", "hidden", "layer", "out", "output"].contains(&word)
            || word
                .strip_prefix("fc")
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let token = self.peek().filter(|_| named && self.is_value_at(0))?;
        let size = written(token.stream());
        Some(format!(": did you mean `dense {size}`, or `{word}: dense {size}` with a label?"))
    }

    /// Reads the rest of `50%` or `1/2` behind the number: the decimal fraction that was meant.
    pub(super) fn share(&mut self, number: &str) -> Option<f64> {
        let number: f64 = number.parse().ok()?;
        if self.next_if(|token| token.is_punct('%')).is_some() {
            return Some(number / 100.0);
        }
        let divisor = self.peek_at(1)?;
        let by: f64 = divisor.stream().to_string().parse().ok()?;
        self.next_if(|token| token.is_punct('/'))?;
        self.next();
        Some(number / by)
    }

    /// Skips from `<` to its `>`.
    pub(super) fn skip_angles(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.next() {
            if token.is_punct('<') {
                depth += 1;
            } else if token.is_punct('>') {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 {
                break;
            }
        }
    }
}
