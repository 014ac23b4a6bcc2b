//! The options behind a layer: `stride 2 pad same groups 4 no_bias init he_normal`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::syntax::decimal::{Decimal, numbers};
use crate::syntax::parser::Parser;
use crate::syntax::parser::sizes::ExpectedSizes;
use crate::syntax::tokens::{Token, written};
use crate::syntax::tree::{Options, Padding, Size};
use crate::syntax::vocabulary::{self, InitializerRow, Meaning};

impl Options {
    /// Reads the values of an option. Where the option is there for the second time, they are not kept.
    pub(super) fn parse(&mut self, parser: &mut Parser<'_>, word: &Ident) {
        // As in Python: `stride=2`.
        let mut quoted = false;
        if let Some(equals) = parser.next_if(|token| token.is_equals() || token.is_punct(':')) {
            let text = written(equals.stream());
            let message = format!("the value of `{word}` follows without `{text}`");
            parser.errors.over(equals.stream(), message);
            // As in Python, too: `pad="same"`.
            quoted = parser.next_if(|token| token.stream().to_string().starts_with('"')).is_some();
        }
        let mut read = Self::default();
        if !quoted {
            read.values(parser, word);
        }
        if !self.has(&word.to_string()) {
            self.words.push(word.clone());
            self.stride = self.stride.take().or(read.stride);
            self.pad = self.pad.take().or(read.pad);
            self.dilation = self.dilation.take().or(read.dilation);
            self.groups = self.groups.take().or(read.groups);
            self.output_padding = self.output_padding.take().or(read.output_padding);
            self.count_include_pad = self.count_include_pad.or(read.count_include_pad);
            self.eps = self.eps.or(read.eps);
            self.momentum = self.momentum.or(read.momentum);
            self.initializer = self.initializer.take().or(read.initializer);
        }
    }

    fn values(&mut self, parser: &mut Parser<'_>, word: &Ident) {
        match word.to_string().as_str() {
            "stride" => {
                self.stride = parser.pair(ExpectedSizes::new("stride", "a size", "stride 2"))
            }
            "dilation" => {
                let expected = ExpectedSizes::new("dilation", "a size", "dilation 2");
                self.dilation = parser.pair(expected);
            }
            "groups" => {
                let sizes = parser.sizes(ExpectedSizes::new("groups", "a number", "groups 2"));
                self.groups = sizes.map(|sizes| match <[Size; 1]>::try_from(sizes) {
                    Ok([size]) => size,
                    Err(_) => {
                        parser.errors.at(word.span(), "`groups` is one number: `groups 2`");
                        Size::Unknown
                    }
                });
            }
            "pad" => self.pad = padding(parser),
            "output_padding" => {
                let expected = ExpectedSizes::new("output_padding", "a size", "output_padding 1");
                self.output_padding = parser.pair(expected.or_zero());
            }
            "count_include_pad" => self.count_include_pad = answer(parser, word),
            "eps" => {
                let range = "a number above 0: `eps 1e-3`";
                self.eps = fraction(parser, word, range, |eps| eps > 0.0);
            }
            "momentum" => {
                let range = "a number from 0 to 1: `momentum 0.01`";
                self.momentum = fraction(parser, word, range, |momentum| momentum <= 1.0);
            }
            "init" => self.initializer = initializer(parser, word),
            _ => {}
        }
    }
}

/// Reads `true` or `false`, or `True` or `False`, as in Python.
fn answer(parser: &mut Parser<'_>, word: &Ident) -> Option<bool> {
    let is = |token: &Token, answers: [&str; 2]| answers.iter().any(|answer| token.is_word(answer));
    if parser.next_if(|token| is(token, ["true", "True"])).is_some() {
        return Some(true);
    }
    if parser.next_if(|token| is(token, ["false", "False"])).is_some() {
        return Some(false);
    }
    let message = format!("behind `{word}` stands `true` or `false`: `{word} false`");
    parser.errors.at(word.span(), message);
    None
}

/// A number that is not negative, in a range.
fn fraction(
    parser: &mut Parser<'_>,
    word: &Ident,
    range: &str,
    is_good: impl Fn(f64) -> bool,
) -> Option<Decimal> {
    let minus = parser.next_if(|token| token.is_punct('-'));
    let Some(token) = parser.next_if(Token::is_literal) else {
        parser.errors.at(word.span(), format!("`{word}` needs {range}"));
        return None;
    };
    let text = written(token.stream());
    let number = Decimal::parse(&text).filter(|number| minus.is_none() && is_good(number.value()));
    if number.is_none() {
        let sign = if minus.is_some() { "-" } else { "" };
        parser.errors.at(token.span(), format!("`{word}` is {range}, `{sign}{text}` is not"));
    }
    number
}

fn padding(parser: &mut Parser<'_>) -> Option<Padding> {
    if parser.next_if(|token| token.is_word("same")).is_some() {
        return Some(Padding::Same);
    }
    if let Some(valid) = parser.next_if(|token| token.is_word("valid")) {
        parser
            .errors
            .over(valid.stream(), "`pad valid` is no padding, as without `pad`: leave it out");
        return None;
    }
    let expected = ExpectedSizes::new("pad", "a size", "pad 1").or_zero();
    parser.pair(expected).map(Padding::Zeros)
}

/// Reads the initializer after `init`.
fn initializer(parser: &mut Parser<'_>, init: &Ident) -> Option<TokenStream> {
    let word = parser.peek_word();
    let row = word.and_then(|word| vocabulary::initializer(&word.to_string()));
    let (Some(word), Some(row)) = (word, row) else {
        no_initializer(parser, init, word);
        return None;
    };
    parser.next();
    let group = parser.next_if(|token| token.is_group(Delimiter::Parenthesis));
    let inside = group.and_then(|token| token.group(Delimiter::Parenthesis));
    let read = match (row.usual, group) {
        (Some(usual), None) => Ok(usual.to_vec()),
        _ => parameters(row, numbers(inside.map(Group::stream).unwrap_or_default())),
    };
    match read {
        Ok(numbers) => {
            // An editor shows at the word what it is.
            let variant = Ident::new(row.rust, word.span().resolved_at(Span::mixed_site()));
            let fields = row.numbers.iter().map(|name| format_ident!("{name}"));
            let values = numbers.into_iter().map(Decimal::expression);
            Some(if row.numbers.is_empty() {
                quote!(#variant)
            } else {
                quote!(#variant { #(#fields: #values),* })
            })
        }
        Err(message) => {
            parser.errors.over(group.map_or_else(|| quote!(#word), Token::stream), message);
            None
        }
    }
}

/// An error behind an `init` that is followed by something else.
fn no_initializer(parser: &mut Parser<'_>, init: &Ident, word: Option<&Ident>) {
    let unknown = word.filter(|word| {
        vocabulary::activation_row(&word.to_string()).is_none() && !parser.begins_stage()
    });
    let Some(word) = unknown else {
        parser.errors.at(init.span(), "`init` needs an initializer: `init he_normal`");
        return;
    };
    parser.next();
    parser.next_if(|token| token.is_group(Delimiter::Parenthesis));
    let hint = parser.vocabulary.hint_or_list(&word.to_string(), &[Meaning::Initializer]);
    parser.errors.at(word.span(), format!("unknown initializer `{word}`{hint}"));
}

/// The numbers of an initializer, or what is wrong with them.
fn parameters(
    row: &InitializerRow,
    numbers: Result<Vec<Decimal>, TokenStream>,
) -> Result<Vec<Decimal>, String> {
    let InitializerRow { word, numbers: names, .. } = row;
    let numbers = numbers.ok().filter(|numbers| numbers.len() == names.len());
    let Some(numbers) = numbers else {
        if names.is_empty() {
            return Err(format!("`{word}` takes no numbers"));
        }
        let example = match *word {
            "uniform" => "`uniform(-0.1, 0.1)`",
            "normal" => "`normal(0, 0.05)`",
            "orthogonal" => "`orthogonal(1.41)`",
            _ => "",
        };
        let names: Vec<&str> = names
            .iter()
            .map(|name| if *name == "std" { "standard deviation" } else { *name })
            .collect();
        let count = if names.len() == 1 { "one number, its" } else { "two numbers," };
        return Err(format!("`{word}` takes {count} {}: {example}", names.join(" and ")));
    };
    match (*word, numbers.as_slice()) {
        ("uniform", [low, high]) if low.value() > high.value() => {
            Err("the lower bound of `uniform` comes first".to_owned())
        }
        ("normal", [_, deviation]) if deviation.value() < 0.0 => {
            Err("the standard deviation of `normal` cannot be negative".to_owned())
        }
        _ => Ok(numbers),
    }
}
