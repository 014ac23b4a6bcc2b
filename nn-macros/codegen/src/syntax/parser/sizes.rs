//! Sizes and shapes, as written: `784`, `28x28`, `3x32x32`, `HIDDEN`, `{ WIDTH * HEIGHT }`.
//!
//! Rust's lexer reads `28x28` as one integer with the suffix `x28`, and `WIDTHx28` as one name.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::syntax::parser::Parser;
use crate::syntax::parser::paths::{is_path, path};
use crate::syntax::tokens::{Token, written};
use crate::syntax::tree::Size;
use crate::syntax::vocabulary::{Meaning, Vocabulary};

/// The sizes that are expected at a place: how they are read, and the words of a message about them.
#[derive(Clone, Copy)]
pub(super) struct ExpectedSizes<'w> {
    /// The word before them: `pad`.
    word: &'w str,
    /// What the word needs: `a size`.
    what: &'w str,
    /// `pad 1`
    example: &'w str,
    /// Whether a size may be 0, as in `pad 0x1`.
    zero: bool,
    /// Whether a comma ends the sizes; if not, it was meant as an `x`.
    ends_at_comma: bool,
    /// Whether `0x1` is rows and columns; if not, it is a hexadecimal number.
    decimal: bool,
}

impl<'w> ExpectedSizes<'w> {
    pub(super) fn new(word: &'w str, what: &'w str, example: &'w str) -> Self {
        Self { word, what, example, zero: false, ends_at_comma: false, decimal: false }
    }

    pub(super) fn or_zero(self) -> Self {
        Self { zero: true, ..self }
    }

    pub(super) fn ends_at_comma(self, ends_at_comma: bool) -> Self {
        Self { ends_at_comma, ..self }
    }
}

impl Parser<'_> {
    /// All sizes of a shape; none, and an error, if there is no size here.
    pub(super) fn sizes(&mut self, expected: ExpectedSizes<'_>) -> Option<Vec<Size>> {
        let ExpectedSizes { word, what, example, .. } = expected;
        let before = self.tokens;
        let mut sizes = Vec::new();
        let mut comma = false;
        self.named(word, example);
        loop {
            let start = self.tokens;
            let Some(more) = self.size(expected, &mut sizes) else {
                self.errors.at(self.end, format!("`{word}` needs {what}: `{example}`"));
                return if sizes.is_empty() { None } else { Some(vec![Size::Unknown]) };
            };
            if more || self.by(expected, &mut sizes) {
                continue;
            }
            if self.computed(start) {
                return Some(vec![Size::Unknown]);
            }
            if expected.ends_at_comma || !self.comma(word, comma) {
                break;
            }
            comma = true;
        }
        if comma {
            return Some(vec![Size::Unknown]);
        }
        if sizes.len() > 3 {
            self.errors.over(
                self.since(before),
                "a shape has one, two or three sizes: `784`, `28x28`, `3x32x32`",
            );
            return Some(vec![Size::Unknown]);
        }
        Some(sizes)
    }

    /// Rows and columns; one number is both.
    pub(super) fn pair(&mut self, expected: ExpectedSizes<'_>) -> Option<[Size; 2]> {
        let before = self.tokens;
        let sizes = self.sizes(ExpectedSizes { decimal: true, ..expected })?;
        Some(match sizes.as_slice() {
            [both] => [both.clone(), both.clone()],
            [rows, columns] => [rows.clone(), columns.clone()],
            _ => {
                let ExpectedSizes { word, example, .. } = expected;
                let message = format!("`{word}` has one number, or rows and columns: `{example}`");
                self.errors.over(self.since(before), message);
                [Size::Unknown, Size::Unknown]
            }
        })
    }

    /// One size, or several in one literal; whether another one must follow. None if there is no size here.
    fn size(&mut self, expected: ExpectedSizes<'_>, sizes: &mut Vec<Size>) -> Option<bool> {
        let token = self.peek()?;
        let Token::Tree(tree) = token else { return None };
        match tree {
            TokenTree::Literal(literal) => {
                self.next();
                Some(self.literal(expected, &literal.to_string(), literal.span(), sizes))
            }
            TokenTree::Punct(minus) if minus.as_char() == '-' => {
                let Some(Token::Tree(TokenTree::Literal(number))) = self.peek_at(1) else {
                    return None;
                };
                let stream = [tree.clone(), number.clone().into()].into_iter().collect();
                self.next();
                self.next();
                self.negative(expected, stream);
                sizes.push(Size::Unknown);
                Some(false)
            }
            TokenTree::Group(group) => {
                let inner = group.stream();
                match group.delimiter() {
                    Delimiter::Brace if inner.is_empty() => {
                        self.next();
                        return None;
                    }
                    Delimiter::Brace => sizes.push(self.expression(&inner)),
                    Delimiter::None => {
                        if inner
                            .clone()
                            .into_iter()
                            .next()
                            .is_some_and(|first| first.to_string() == "-")
                        {
                            self.negative(expected, inner);
                            sizes.push(Size::Unknown);
                        } else {
                            sizes.push(self.expression(&quote!(#group)));
                        }
                    }
                    Delimiter::Parenthesis | Delimiter::Bracket => {
                        self.parenthesized(group);
                        sizes.push(Size::Unknown);
                    }
                }
                self.next();
                Some(false)
            }
            TokenTree::Ident(word) => {
                let text = word.to_string();
                let followed = self.is_at(1, |next| next.is_punct(':'));
                if !followed && is_word(self.vocabulary, &text) {
                    return None;
                }
                self.path_size(sizes)
            }
            TokenTree::Punct(_) => self.path_size(sizes),
        }
    }

    /// `(28, 28)` or `(64 * 2)`.
    fn parenthesized(&mut self, group: &Group) {
        let inner = written(group.stream());
        let message = if inner.contains(',') {
            let joined = inner.trim_end_matches(',').replace(", ", "x").replace(',', "x");
            format!("sizes are joined by `x`: `{joined}`")
        } else if group.delimiter() == Delimiter::Bracket {
            format!(
                "`[{inner}]` is not a size: a size is a number or a constant, as in `784` or `28x28`"
            )
        } else if group.stream().into_iter().count() == 1 {
            format!("a size stands without parentheses: `{inner}`")
        } else {
            format!("a size that is computed stands in braces: `{{ {inner} }}`")
        };
        self.errors.over(group, message);
    }

    /// Reads a comma in the place of an `x`, before a number; whether it is there.
    fn comma(&mut self, word: &str, reported: bool) -> bool {
        if !self.peek_is(|token| token.is_punct(',')) || !self.is_at(1, Token::is_literal) {
            return false;
        }
        if let (Some(comma), false) = (self.next(), reported) {
            let inputs = if word == "input" {
                "; of several inputs, each has a name: `input image: 28x28, features: 12`"
            } else {
                ""
            };
            let message = format!("sizes are joined by `x`: `28x28`, `3x32x32`{inputs}");
            self.errors.over(comma.stream(), message);
        }
        true
    }

    /// An expression in braces. The expansion has braces of its own, for rustc would call the user's unnecessary.
    fn expression(&mut self, inner: &TokenStream) -> Size {
        let block = quote!({ #inner });
        let text = written(inner.clone());
        if syn::parse2::<syn::Block>(block.clone()).is_ok() {
            return Size::constant(block, &text);
        }
        let message =
            format!("a const expression stands in the braces of a size, `{text}` is none");
        self.errors.over(inner, message);
        Size::Unknown
    }

    fn path_size(&mut self, sizes: &mut Vec<Size>) -> Option<bool> {
        // A label of the next stage is no size: `dense hidden: dense 3`.
        if self.is_label() {
            return None;
        }
        let path = path(self);
        if path.is_empty() {
            return None;
        }
        if self.no_constant(&written(path.clone())) {
            sizes.push(Size::Unknown);
        } else if is_path(self, &path) {
            sizes.push(Size::constant(quote!({ #path }), &written(path)));
        } else {
            sizes.push(Size::Unknown);
        }
        Some(false)
    }

    /// The `x` between two sizes, which may have the next in the same word: `x32`, `xWIDTH`. Whether another size must follow.
    fn by(&mut self, expected: ExpectedSizes<'_>, sizes: &mut Vec<Size>) -> bool {
        let Some(word) = self.peek_word() else { return false };
        let text = word.to_string();
        if !matches!(text.strip_prefix('x'), Some(rest) if rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase()))
            || self.is_at(1, |next| next.is_punct(':'))
        {
            return false;
        }
        self.next();
        let rest = text.trim_start_matches('x');
        if rest.is_empty() {
            return true;
        }
        if self.literal(expected, rest, word.span(), sizes) {
            return true;
        }
        self.by(expected, sizes)
    }

    /// `784`, `28x28`, `28xWIDTH`; whether it ends in an `x`.
    fn literal(
        &mut self,
        expected: ExpectedSizes<'_>,
        text: &str,
        span: Span,
        sizes: &mut Vec<Size>,
    ) -> bool {
        let radix = !expected.decimal
            && ["0x", "0X", "0b", "0o"].iter().any(|prefix| text.starts_with(prefix));
        // `28X28` is two sizes too; in `28xMAX`, the `X` belongs to the name.
        let numbers = !text.contains(|c: char| !c.is_ascii_digit() && !"xX_".contains(c));
        let is_by = |c: char| c == 'x' || c == 'X' && numbers;
        let mut parts: Vec<&str> = if radix { vec![text] } else { text.split(is_by).collect() };
        let more = parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty());
        if more {
            parts.pop();
        }
        for part in parts {
            let size = self.integer(expected, part, span);
            sizes.push(size);
        }
        more
    }

    fn integer(&mut self, expected: ExpectedSizes<'_>, text: &str, span: Span) -> Size {
        if text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && let Ok(name) = syn::parse_str::<Ident>(text)
        {
            let name = Ident::new(&name.to_string(), span);
            return Size::constant(quote!({ #name }), text);
        }
        let plain = text.replace('_', "");
        let plain = plain.strip_suffix("usize").unwrap_or(&plain);
        let (digits, radix) = match plain.get(..2) {
            Some("0x" | "0X") => (plain.get(2..).unwrap_or_default(), 16),
            Some("0b") => (plain.get(2..).unwrap_or_default(), 2),
            Some("0o") => (plain.get(2..).unwrap_or_default(), 8),
            _ => (plain, 10),
        };
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
            let typed = ["8", "16", "32", "64", "128", "size"]
                .iter()
                .find_map(|end| text.strip_suffix(end)?.strip_suffix(['u', 'i']));
            let message = match typed {
                Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("a size is written without its type: `{number}`, not `{text}`")
                }
                _ => format!("a size is a whole number, `{text}` is not"),
            };
            self.errors.at(span, message);
            return Size::Unknown;
        }
        match u64::from_str_radix(digits, radix) {
            Ok(0) if !expected.zero => {
                self.errors.at(span, "a size is at least 1, this one is 0");
                Size::Unknown
            }
            Ok(value) if i64::try_from(value).is_ok() => Size::Number(value, span),
            _ => {
                self.errors.at(span, format!("`{text}` is too large for a size"));
                Size::Unknown
            }
        }
    }

    fn negative(&mut self, expected: ExpectedSizes<'_>, tokens: TokenStream) {
        let text = written(tokens.clone()).replace("- ", "-");
        let least = u8::from(!expected.zero);
        self.errors.over(tokens, format!("a size is at least {least}, `{text}` is negative"));
    }
}

/// Whether it is a word of the vocabulary, perhaps with a typing error, and so no size. `STRIDE` is a constant.
fn is_word(vocabulary: &Vocabulary, text: &str) -> bool {
    use Meaning::{Activation, Initializer, Layer, Option};
    if !text.contains(char::is_lowercase) {
        return false;
    }
    text == "input"
        || vocabulary.exact(text, &[Layer, Activation, Option, Initializer]).is_some()
        || text.starts_with(char::is_lowercase)
            && vocabulary.did_you_mean(text, &[Layer, Activation, Option]).is_some()
}
