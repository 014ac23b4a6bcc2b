//! The options behind a layer: `stride 2 pad same groups 4 no_bias init he_normal`.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};

use crate::shapes::sizes::Size;
use crate::syntax::decimal::{Decimal, numbers};
use crate::syntax::parser::Parser;
use crate::syntax::parser::stage::{begins_stage, hint_or_list};
use crate::syntax::tokens::{Token, written};
use crate::syntax::vocabulary::{self, Meaning};

/// The options of one layer, as written.
#[derive(Default)]
pub(crate) struct Options {
    /// Rows and columns.
    pub(crate) stride: Option<[Size; 2]>,
    pub(crate) pad: Option<Padding>,
    pub(crate) dilation: Option<[Size; 2]>,
    pub(crate) groups: Option<Size>,
    /// Rows and columns that a transposed convolution has besides.
    pub(crate) output_padding: Option<[Size; 2]>,
    /// Whether the zeros around an image count in a mean.
    pub(crate) count_include_pad: Option<bool>,
    pub(crate) eps: Option<Decimal>,
    pub(crate) momentum: Option<Decimal>,
    /// A variant of `axonal::init::Initializer`, after its path.
    pub(crate) initializer: Option<TokenStream>,
    /// All options that were given.
    given: Vec<Ident>,
}

/// What is around an image.
pub(crate) enum Padding {
    /// As much as makes the output as large as the input, divided by the stride.
    Same,
    /// So many rows above and below, and columns left and right.
    Zeros([Size; 2]),
}

impl Options {
    pub(crate) fn has(&self, option: &str) -> bool {
        self.place(option).is_some()
    }

    /// Where it was written.
    pub(crate) fn place(&self, option: &str) -> Option<Span> {
        self.given.iter().find(|given| *given == option).map(Ident::span)
    }

    /// What follows the word of an option. It is read the second time too, and then forgotten.
    pub(crate) fn parse(&mut self, parser: &mut Parser<'_>, word: &Ident) {
        // As in Python: `stride=2`.
        let mut quoted = false;
        let equals = |token: &Token| matches!(token, Token::Arrow { text, .. } if text == "=");
        let sign = |token: &Token| equals(token) || token.is_punct(':');
        if let Some(equals) = parser.next_if(sign) {
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
            self.given.push(word.clone());
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
            "stride" => self.stride = parser.pair("stride", "a size", "stride 2"),
            "dilation" => self.dilation = parser.pair("dilation", "a size", "dilation 2"),
            "groups" => {
                let pair = parser.sizes("groups", "a number", "groups 2");
                self.groups = pair.map(|sizes| match <[Size; 1]>::try_from(sizes) {
                    Ok([size]) => size,
                    Err(_) => {
                        parser.errors.at(word.span(), "`groups` is one number: `groups 2`");
                        Size::Unknown
                    }
                });
            }
            "pad" => self.pad = padding(parser),
            "output_padding" => {
                parser.zeros = true;
                self.output_padding = parser.pair("output_padding", "a size", "output_padding 1");
                parser.zeros = false;
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

/// `true` or `false`; in Python they begin with a capital.
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
    let literal = |token: &Token| matches!(token, Token::Tree(TokenTree::Literal(_)));
    let Some(token) = parser.next_if(literal) else {
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
    parser.zeros = true;
    let sizes = parser.pair("pad", "a size", "pad 1");
    parser.zeros = false;
    sizes.map(Padding::Zeros)
}

/// After `init`.
fn initializer(parser: &mut Parser<'_>, init: &Ident) -> Option<TokenStream> {
    let token = parser.peek();
    let Some(word) = token.and_then(Token::word) else {
        parser.errors.at(init.span(), "`init` needs an initializer: `init he_normal`");
        return None;
    };
    let text = word.to_string();
    let Some(row) = vocabulary::initializer(&text) else {
        if vocabulary::activation_row(&text).is_some() || begins_stage(parser) {
            parser.errors.at(init.span(), "`init` needs an initializer: `init he_normal`");
            return None;
        }
        parser.next();
        parser.next_if(|token| token.group(Delimiter::Parenthesis).is_some());
        let hint = hint_or_list(&text, &[Meaning::Initializer]);
        parser.errors.at(word.span(), format!("unknown initializer `{text}`{hint}"));
        return None;
    };
    parser.next();
    // An editor shows at the word what it is.
    let variant = Ident::new(row.rust, word.span().resolved_at(Span::mixed_site()));
    let group = parser.next_if(|token| token.group(Delimiter::Parenthesis).is_some());
    let place = group.map_or_else(|| quote!(#word), Token::stream);
    let inside = group.and_then(|token| token.group(Delimiter::Parenthesis));
    let found = numbers(inside.map(proc_macro2::Group::stream).unwrap_or_default());
    let wanted = row.numbers;
    let example = match row.word {
        "uniform" => "`uniform(-0.1, 0.1)`",
        "normal" => "`normal(0, 0.05)`",
        _ => "",
    };
    let complaint = match found {
        Ok(numbers) if numbers.len() == wanted.len() => {
            let (first, second) = (numbers.first(), numbers.get(1));
            match (row.word, first, second) {
                ("uniform", Some(low), Some(high)) if low.value() > high.value() => {
                    "the lower bound of `uniform` comes first".to_owned()
                }
                ("normal", _, Some(deviation)) if deviation.value() < 0.0 => {
                    "the standard deviation of `normal` cannot be negative".to_owned()
                }
                _ => {
                    let fields = wanted.iter().map(|name| format_ident!("{name}"));
                    let values = numbers.into_iter().map(Decimal::expression);
                    return Some(if wanted.is_empty() {
                        quote!(#variant)
                    } else {
                        quote!(#variant { #(#fields: #values),* })
                    });
                }
            }
        }
        _ if wanted.is_empty() => format!("`{text}` takes no numbers"),
        _ => {
            let names: Vec<&str> = wanted
                .iter()
                .map(|name| if *name == "std" { "standard deviation" } else { *name })
                .collect();
            format!("`{text}` takes two numbers, {}: {example}", names.join(" and "))
        }
    };
    parser.errors.over(place, complaint);
    None
}
