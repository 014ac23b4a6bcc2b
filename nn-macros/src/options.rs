//! The options behind a layer: `stride 2 pad same groups 4 no_bias init he_normal`.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::number::{Decimal, numbers};
use crate::parse::Parser;
use crate::quantity::Size;
use crate::stage::{begins_stage, hint_or_list};
use crate::tokens::{Token, written};
use crate::words::{self, Meaning};

/// The options of one layer, as written.
#[derive(Default)]
pub(crate) struct Options {
    /// Rows and columns.
    pub(crate) stride: Option<[Size; 2]>,
    pub(crate) pad: Option<Padding>,
    pub(crate) dilation: Option<[Size; 2]>,
    pub(crate) groups: Option<Size>,
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
            "init" => self.initializer = initializer(parser, word),
            _ => {}
        }
    }
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
    let Some(row) = words::initializer(&text) else {
        if words::activation_row(&text).is_some() || begins_stage(parser) {
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
