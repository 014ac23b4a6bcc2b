//! What stands between the word of a layer and its options: sizes, a probability, blocks of layers.

use proc_macro2::{Delimiter, Span, TokenTree};

use crate::syntax::decimal::Decimal;
use crate::syntax::errors::Errors;
use crate::syntax::parser::Parser;
use crate::syntax::parser::paths::usable;
use crate::syntax::parser::sizes::ExpectedSizes;
use crate::syntax::tokens::{Token, written};
use crate::syntax::tree::{Arguments, Block, Size, Stage};
use crate::syntax::vocabulary::{Argument, LayerGrammar, Role};

impl Arguments {
    /// The arguments of the layer; after one that is missing, nothing is read.
    pub(super) fn parse(parser: &mut Parser<'_>, layer: &LayerGrammar) -> Self {
        let mut arguments = Self::default();
        let mut missing = called(parser, layer);
        for argument in layer.arguments {
            missing = missing || arguments.argument(parser, layer, argument).is_none();
            if missing {
                arguments.unknown(argument);
            }
        }
        arguments.missing = missing;
        arguments
    }

    /// Unknown sizes for an argument that is missing.
    fn unknown(&mut self, argument: &Argument) {
        let count = match argument {
            Argument::Size(_) | Argument::Shape => 1,
            Argument::Pair(_) | Argument::Margin => 2,
            Argument::Probability | Argument::Block | Argument::Branches | Argument::Heads => 0,
        };
        self.sizes.extend(vec![Size::Unknown; count]);
    }

    /// Reads one argument; none if it is missing.
    fn argument(
        &mut self,
        parser: &mut Parser<'_>,
        layer: &LayerGrammar,
        argument: &Argument,
    ) -> Option<()> {
        let expected = |what| ExpectedSizes::new(layer.word, what, layer.example);
        match argument {
            Argument::Size(what) => self.sizes.push(size(parser, layer, what)?),
            Argument::Pair(what) => self.sizes.extend(parser.pair(expected(what))?),
            Argument::Margin => self.sizes.extend(parser.pair(expected("a size").or_zero())?),
            Argument::Shape => self.sizes.extend(parser.sizes(expected("a shape"))?),
            Argument::Probability => self.probability = probability(parser, layer),
            Argument::Block => self.block(parser, layer, Role::Body)?,
            Argument::Branches => self.branches(parser, layer)?,
            Argument::Heads => self.heads(parser, layer)?,
        }
        Some(())
    }

    /// All branches; none if there are fewer than two.
    fn branches(&mut self, parser: &mut Parser<'_>, layer: &LayerGrammar) -> Option<()> {
        let LayerGrammar { word, example, .. } = layer;
        let is_block = |token: &Token| token.is_group(Delimiter::Brace);
        let mut number = 0;
        loop {
            if number > 0
                && parser.is_at(1, is_block)
                && let Some(comma) = parser.next_if(|token| token.is_punct(','))
            {
                let message = format!("the blocks of `{word}` stand without `,`: `{example}`");
                parser.errors.over(comma.stream(), message);
            }
            let input = parser.peek_word().filter(|word| {
                parser.is_at(1, is_block) && !parser.vocabulary.is_layer(&word.to_string())
            });
            let input = input.cloned();
            if number >= 2 && input.is_none() && !parser.peek_is(is_block) {
                return Some(());
            }
            if let Some(name) = input {
                parser.next();
                self.named(parser, layer, Role::Input(name))?;
            } else {
                self.block(parser, layer, Role::Branch(number))?;
            }
            number += 1;
        }
    }

    /// All heads; none if there is none.
    fn heads(&mut self, parser: &mut Parser<'_>, layer: &LayerGrammar) -> Option<()> {
        let LayerGrammar { word, example, takes, .. } = layer;
        let is_block = |token: &Token| token.is_group(Delimiter::Brace);
        loop {
            if !self.blocks.is_empty()
                && let Some(comma) = parser.next_if(|token| token.is_punct(','))
            {
                let message = format!("the heads of `{word}` stand without `,`: `{example}`");
                parser.errors.over(comma.stream(), message);
            }
            // `action: { … }`, as a field.
            if parser.peek_word().is_some()
                && parser.is_at(2, is_block)
                && parser.is_at(1, |token| token.is_punct(':') || token.is_equals())
            {
                let name = parser.next()?.word().cloned();
                let sign = parser.next()?;
                let text = written(sign.stream());
                let message = format!("the name of a head stands without `{text}`: `{example}`");
                parser.errors.over(sign.stream(), message);
                self.named(parser, layer, Role::Head(name?))?;
                continue;
            }
            let name = parser.peek_word().filter(|_| parser.is_at(1, is_block)).cloned();
            match (name, parser.peek()) {
                (Some(name), _) => {
                    parser.next();
                    self.named(parser, layer, Role::Head(name))?;
                }
                (None, Some(token)) if is_block(token) => {
                    let message = format!("each head has a name: `{example}`");
                    parser.errors.at(token.span(), message);
                    parser.skip_stage();
                    return None;
                }
                _ if self.blocks.is_empty() => {
                    parser.errors.at(parser.end, format!("`{word}` takes {takes}: `{example}`"));
                    parser.skip_stage();
                    return None;
                }
                _ => return Some(()),
            }
        }
    }

    /// A block behind its name.
    fn named(&mut self, parser: &mut Parser<'_>, layer: &LayerGrammar, role: Role) -> Option<()> {
        let name = role.defined();
        let (role, is_input) = match role {
            // That it is no name was an error where the input is.
            Role::Input(_) => (Role::Input(usable(name.clone(), &mut Errors::default())), true),
            _ => (Role::Head(usable(name.clone(), parser.errors)), false),
        };
        if self.blocks.iter().any(|block| block.role == role) {
            let message = if is_input {
                format!("the branch `{name}` is there twice: another one begins with `from {name}`")
            } else {
                format!("the head `{name}` is there twice")
            };
            parser.errors.at(name.span(), message);
            // Read for its mistakes.
            self.block(parser, layer, role)?;
            self.blocks.pop();
            return Some(());
        }
        self.block(parser, layer, role)?;
        if let (true, Some(block)) = (is_input, self.blocks.last_mut())
            && let Some(from) = block.chain.from.replace(name.clone())
        {
            let message = format!(
                "the branch `{name}` takes the input of its name: leave `from {from}` out, or the name"
            );
            parser.errors.at(from.span(), message);
        }
        Some(())
    }

    /// Layers in braces; none if there is no group of tokens.
    pub(super) fn block(
        &mut self,
        parser: &mut Parser<'_>,
        layer: &LayerGrammar,
        role: Role,
    ) -> Option<()> {
        let LayerGrammar { word, example, takes, .. } = layer;
        let Some(Token::Tree(TokenTree::Group(group))) = parser.peek() else {
            parser.errors.at(parser.end, format!("`{word}` takes {takes}: `{example}`"));
            parser.skip_stage();
            return None;
        };
        parser.next();
        if group.delimiter() != Delimiter::Brace {
            let message = format!("the layers of `{word}` stand in braces: `{example}`");
            parser.errors.at(group.span_open(), message);
        }
        let is_branch = matches!(role, Role::Branch(_) | Role::Input(_) | Role::Head(_));
        let mut chain = parser.block(group, is_branch);
        let is_value = chain.from.is_some() && chain.stages.is_empty();
        if is_value || is_branch && group.stream().is_empty() {
            chain.stages.extend(Stage::identity(group));
        } else if group.stream().is_empty() {
            let message = format!("a block of `{word}` needs a layer: `{example}`");
            parser.errors.over(group, message);
        }
        self.blocks.push(Block { role, chain });
        Some(())
    }
}

/// One size.
fn size(parser: &mut Parser<'_>, layer: &LayerGrammar, what: &str) -> Option<Size> {
    let LayerGrammar { word, example, takes, .. } = layer;
    let before = parser.tokens;
    let more = layer.arguments.len() > 1;
    let sizes = parser.sizes(ExpectedSizes::new(word, what, example).ends_at_comma(more))?;
    if more && let Some(comma) = parser.next_if(|token| token.is_punct(',')) {
        let message = format!("what `{word}` takes stands behind it without `,`: `{example}`");
        parser.errors.over(comma.stream(), message);
    }
    let Ok([size]) = <[Size; 1]>::try_from(sizes) else {
        let message = format!("`{word}` takes {takes}: `{example}`");
        parser.errors.over(parser.since(before), message);
        return None;
    };
    Some(size)
}

/// An error at arguments that are written as in Python or Rust: `conv(6, 5)`, `dense(128, activation="relu")`. A computed size, `(64 * 2)`, has
/// an error of its own, in `sizes`.
fn called(parser: &mut Parser<'_>, layer: &LayerGrammar) -> bool {
    let Some(group) = parser.peek().and_then(|token| token.group(Delimiter::Parenthesis)) else {
        return false;
    };
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    let separates =
        |token: &TokenTree| matches!(token, TokenTree::Punct(it) if ",=".contains(it.as_char()));
    let sizes = matches!(layer.arguments, [Argument::Size(_) | Argument::Pair(_), ..]);
    if !sizes || !(inside.len() < 2 || inside.iter().any(separates)) {
        return false;
    }
    let LayerGrammar { word, example, .. } = layer;
    let message = format!("what `{word}` takes stands behind it without parentheses: `{example}`");
    parser.errors.over(group, message);
    parser.next();
    true
}

/// `0.5`: at least 0, and less than 1.
fn probability(parser: &mut Parser<'_>, layer: &LayerGrammar) -> Option<Decimal> {
    let LayerGrammar { word, example, .. } = layer;
    parser.named(word, example);
    let minus = parser.next_if(|token| token.is_punct('-'));
    let before = parser.tokens;
    let Some(token) = parser.next_if(Token::is_literal) else {
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
        token.is_group(Delimiter::Brace)
            || token.is_group(Delimiter::Parenthesis)
            || token.word().is_some_and(|word| word.to_string().starts_with(char::is_uppercase))
    };
    parser.next_if(is_value).map(Token::span)
}
