//! What stands between the word of a layer and its options: sizes, a probability, blocks of layers.

use proc_macro2::{Delimiter, Group, Span, TokenTree};

use crate::shapes::sizes::Size;
use crate::syntax::decimal::Decimal;
use crate::syntax::parser::{Chain, Parser, block};
use crate::syntax::tokens::{Token, written};
use crate::syntax::vocabulary::LayerRow;

/// One argument of a layer, with the words of a message about it.
#[derive(Clone, Copy)]
pub(crate) enum Argument {
    /// One size.
    Size(&'static str),
    /// Rows and columns; one number is both.
    Pair(&'static str),
    /// As [`Argument::Pair`], and may be zero.
    Margin,
    /// One, two or three sizes.
    Shape,
    /// A number from 0 to 1.
    Probability,
    /// Layers in braces.
    Block(Role),
}

/// What a block is to its layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The layers that `residual` adds to its input.
    Body,
    /// What `residual` does to its input before it adds.
    Projection,
    /// The branches of `concat`.
    First,
    Second,
}

impl Role {
    /// What is appended to the name of the block's type.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Body => "",
            Self::Projection => "Projection",
            Self::First => "First",
            Self::Second => "Second",
        }
    }

    /// What it is, for documentation and messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Body => "block",
            Self::Projection => "projection",
            Self::First => "first branch",
            Self::Second => "second branch",
        }
    }
}

/// Layers in braces: they begin with what the layer around them is given.
pub(crate) struct Block {
    pub(crate) role: Role,
    pub(crate) chain: Chain,
}

/// The arguments of one layer, as written.
#[derive(Default)]
pub(crate) struct Arguments {
    /// All sizes, one after the other: of `conv 6 5x5`, three.
    pub(crate) sizes: Vec<Size>,
    pub(crate) probability: Option<Decimal>,
    pub(crate) blocks: Vec<Block>,
    /// Whether one is missing, which was reported.
    pub(crate) missing: bool,
}

impl Arguments {
    /// All that the row asks for; after one that is missing, nothing is read.
    pub(crate) fn parse(parser: &mut Parser<'_>, row: &'static LayerRow) -> Self {
        let mut arguments = Self::default();
        let mut missing = called(parser, row);
        for argument in row.arguments {
            missing = missing || !arguments.argument(parser, row, *argument);
            if missing {
                arguments.unknown(*argument);
            }
        }
        arguments.missing = missing;
        arguments
    }

    /// In the place of one that is missing.
    fn unknown(&mut self, argument: Argument) {
        let count = match argument {
            Argument::Size(_) | Argument::Shape => 1,
            Argument::Pair(_) | Argument::Margin => 2,
            Argument::Probability | Argument::Block(_) => 0,
        };
        self.sizes.extend(vec![Size::Unknown; count]);
    }

    /// Whether it is there.
    fn argument(&mut self, parser: &mut Parser<'_>, row: &LayerRow, argument: Argument) -> bool {
        let LayerRow { word, example, takes, .. } = row;
        match argument {
            Argument::Size(what) => {
                let before = parser.tokens;
                let more = row.arguments.len() > 1;
                parser.apart = more;
                let sizes = parser.sizes(word, what, example);
                parser.apart = false;
                let Some(sizes) = sizes else { return false };
                if more && let Some(comma) = parser.next_if(|token| token.is_punct(',')) {
                    let message =
                        format!("what `{word}` takes stands behind it without `,`: `{example}`");
                    parser.errors.over(comma.stream(), message);
                }
                let Ok([size]) = <[Size; 1]>::try_from(sizes) else {
                    let message = format!("`{word}` takes {takes}: `{example}`");
                    parser.errors.over(parser.since(before), message);
                    return false;
                };
                self.sizes.push(size);
            }
            Argument::Pair(what) => {
                let Some(pair) = parser.pair(word, what, example) else { return false };
                self.sizes.extend(pair);
            }
            Argument::Margin => {
                parser.zeros = true;
                let pair = parser.pair(word, "a size", example);
                parser.zeros = false;
                let Some(pair) = pair else { return false };
                self.sizes.extend(pair);
            }
            Argument::Shape => {
                let Some(sizes) = parser.sizes(word, "a shape", example) else { return false };
                self.sizes.extend(sizes);
            }
            Argument::Probability => {
                self.probability = probability(parser, row);
            }
            Argument::Block(role) => return self.block(parser, row, role),
        }
        true
    }

    /// Layers in braces.
    pub(crate) fn block(&mut self, parser: &mut Parser<'_>, row: &LayerRow, role: Role) -> bool {
        let LayerRow { word, example, takes, .. } = row;
        if role == Role::Second
            && parser.peek_at(1).is_some_and(|token| token.group(Delimiter::Brace).is_some())
            && let Some(comma) = parser.next_if(|token| token.is_punct(','))
        {
            let message = format!("the blocks of `{word}` stand without `,`: `{example}`");
            parser.errors.over(comma.stream(), message);
        }
        let group = match parser.peek() {
            Some(Token::Tree(TokenTree::Group(group))) => group,
            _ => {
                parser.errors.at(parser.end, format!("`{word}` takes {takes}: `{example}`"));
                parser.skip_stage();
                return false;
            }
        };
        parser.next();
        if group.delimiter() != Delimiter::Brace {
            parser.errors.at(
                group.span_open(),
                format!("the layers of `{word}` stand in braces: `{example}`"),
            );
        }
        let chain = filled(parser, row, group);
        self.blocks.push(Block { role, chain });
        true
    }
}

/// As a call in Python or Rust: `conv(6, 5)`, `dense(128, activation="relu")`. A size that is computed, `(64 * 2)`, is told by itself.
fn called(parser: &mut Parser<'_>, row: &LayerRow) -> bool {
    let Some(group) = parser.peek().and_then(|token| token.group(Delimiter::Parenthesis)) else {
        return false;
    };
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    let separates =
        |token: &TokenTree| matches!(token, TokenTree::Punct(it) if ",=".contains(it.as_char()));
    let sizes = matches!(row.arguments, [Argument::Size(_) | Argument::Pair(_), ..]);
    if !sizes || !(inside.len() < 2 || inside.iter().any(separates)) {
        return false;
    }
    let LayerRow { word, example, .. } = row;
    parser.errors.over(
        group,
        format!("what `{word}` takes stands behind it without parentheses: `{example}`"),
    );
    parser.next();
    true
}

/// A block is not empty.
fn filled(parser: &mut Parser<'_>, row: &LayerRow, group: &Group) -> Chain {
    if group.stream().is_empty() {
        let word = row.word;
        let hint = if word == "concat" { "; `{ identity }` is its input as it is" } else { "" };
        parser
            .errors
            .over(group, format!("a block of `{word}` needs a layer: `{}`{hint}", row.example));
    }
    block(group, parser.errors)
}

/// `0.5`: at least 0, and less than 1.
fn probability(parser: &mut Parser<'_>, row: &LayerRow) -> Option<Decimal> {
    let LayerRow { word, example, .. } = row;
    parser.named(word, example);
    let minus = parser.next_if(|token| token.is_punct('-'));
    let literal = |token: &Token| matches!(token, Token::Tree(TokenTree::Literal(_)));
    let before = parser.tokens;
    let Some(token) = parser.next_if(literal) else {
        let place = other_value(parser).unwrap_or(parser.end);
        let message =
            format!("`{word}` needs a probability, a number that stands here: `{example}`");
        parser.errors.at(place, message);
        return None;
    };
    let text = written(token.stream());
    if let Some(share) = parser.share(&text) {
        let message = format!(
            "the probability of `{word}` is one number, at least 0 and less than 1: `{word} {share}`"
        );
        parser.errors.over(parser.since(before), message);
        return None;
    }
    match Decimal::parse(&text) {
        Some(number) if minus.is_none() && number.value() < 1.0 => Some(number),
        Some(_) => {
            let sign = if minus.is_some() { "-" } else { "" };
            let message = format!(
                "the probability of `{word}` is at least 0 and less than 1, `{sign}{text}` is not: `{example}`"
            );
            parser.errors.at(token.span(), message);
            None
        }
        None => {
            let message = format!("the probability of `{word}` is a number, `{text}` is not");
            parser.errors.at(token.span(), message);
            None
        }
    }
}

/// A constant in the place of a number.
fn other_value(parser: &mut Parser<'_>) -> Option<Span> {
    let is_value = |token: &Token| {
        token.group(Delimiter::Brace).is_some()
            || token.group(Delimiter::Parenthesis).is_some()
            || token.word().is_some_and(|word| word.to_string().starts_with(char::is_uppercase))
    };
    parser.next_if(is_value).map(Token::span)
}
