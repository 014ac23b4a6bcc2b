//! A chain of layers: its input, its stages, and what stands between them.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;

use crate::syntax::errors::Errors;
use crate::syntax::parser::Parser;
use crate::syntax::parser::paths::usable;
use crate::syntax::parser::repeat::repeat;
use crate::syntax::parser::sizes::ExpectedSizes;
use crate::syntax::parser::stage::stage;
use crate::syntax::spelling::distance;
use crate::syntax::tokens::{Token, lex, written};
use crate::syntax::tree::{Chain, Head, Size, Stage};
use crate::syntax::vocabulary::{FROM, Vocabulary};

impl Parser<'_> {
    /// The layers in a pair of braces, without an input.
    pub(super) fn block(&mut self, group: &Group, is_branch: bool) -> Chain {
        let inner = lex(group.stream());
        let mut parser = self.of(&inner, group.span_close());
        if let Some(arrow) = parser.next_if(Token::is_arrow) {
            parser.errors.over(arrow.stream(), "a layer is missing before this `=>`");
        }
        let mut chain = Chain::default();
        if is_branch {
            chain.from = from(&mut parser);
        }
        let arrow = chain.from.is_none() || separator(&mut parser);
        stages(&mut parser, &mut chain, arrow);
        chain
    }
}

/// Reads `from label`, where it is.
fn from(parser: &mut Parser<'_>) -> Option<Ident> {
    let label = parser.peek_at(1).and_then(Token::word).cloned();
    let word = parser.next_if(|token| token.is_word(FROM))?;
    if label.is_none() {
        let message = format!(
            "`{FROM}` is followed by the label of an earlier stage, or by `input`: `{{ {FROM} fine }}`"
        );
        parser.errors.at(word.span(), message);
        return None;
    }
    parser.next();
    label
}

/// A chain that stands in the wrong kind of brackets.
pub(super) fn within(group: &Group, vocabulary: &Vocabulary, errors: &mut Errors) -> Chain {
    let inner = lex(group.stream());
    chain(Parser::new(&inner, vocabulary, errors, group.span_close()))
}

/// A chain up to the `>` that closes it.
pub(super) fn bracketed(parser: &mut Parser<'_>, open: Span) -> Chain {
    let (length, closed) = length(parser);
    let (inside, rest) = parser.tokens.split_at(length);
    let end = inside.last().map_or(open, Token::span);
    let chain = chain(parser.of(inside, end));
    parser.tokens = rest;
    if closed {
        parser.next();
        while let Some(extra) = parser.next_if(|token| token.is_punct('>')) {
            parser.errors.over(extra.stream(), "this `>` closes nothing: leave it out");
        }
    } else {
        parser.errors.at(open, "this `<` is not closed: a `>` is missing after the last layer");
    }
    chain
}

/// The number of tokens before the `>` that closes the chain, and whether there is one.
fn length(parser: &Parser<'_>) -> (usize, bool) {
    let mut depth = 0_usize;
    let mut length = 0;
    while let Some(token) = parser.tokens.get(length) {
        // `>` and `>>` may be meant as arrows.
        let double = parser.is_double_angle_at(length);
        let goes_on = parser.starts_at(length + 1 + usize::from(double));
        if double && goes_on && depth == 0 {
            length += 2;
            continue;
        }
        if token.is_punct('<') {
            depth += 1;
        } else if token.is_punct('>') && (depth > 0 || !goes_on) {
            if depth == 0 {
                return (length, true);
            }
            depth -= 1;
        } else if token.is_punct(';')
            && !goes_on
            && !parser.is_at(length + 1, |next| next.is_punct('>'))
            || token.is_word("struct")
        {
            break;
        }
        length += 1;
    }
    (length, false)
}

pub(super) fn chain(mut parser: Parser<'_>) -> Chain {
    let mut chain = Chain::default();
    let input = input(&mut parser, &mut chain);
    if !input {
        let Some(place) = parser.peek() else {
            parser.errors.at(parser.end, "the layers are missing: `input 784 => dense 10`");
            return chain;
        };
        parser.errors.over(place.stream(), "a network begins with its input: `input 784 => …`");
        // `784, 128, 10`, `[784, 128, 10]`: no description at all.
        if parser.tokens.iter().all(|token| token.word().is_none()) {
            return chain;
        }
        // A number there is the input, without the word.
        if parser.next_if(Token::is_literal).is_some() {
            separator(&mut parser);
        }
    }
    let arrow = !input || separator(&mut parser);
    stages(&mut parser, &mut chain, arrow);
    chain
}

/// All layers; `arrow` is whether there was one before them, or none is needed.
fn stages(parser: &mut Parser<'_>, chain: &mut Chain, mut arrow: bool) {
    while let Some(token) = parser.peek() {
        if !std::mem::take(&mut parser.recovered) && !arrow {
            let next = written(token.stream());
            parser.errors.over(token.stream(), format!("`=>` is missing before `{next}`"));
        }
        let before = parser.tokens.len();
        while parser.attribute() {}
        if let Some(stages) = repeat(parser) {
            chain.stages.extend(stages);
        } else if let Some(mut stage) = stage(parser) {
            let activation = stage.split_activation();
            chain.stages.push(stage);
            chain.stages.extend(activation);
        }
        arrow = separator(parser);
        if parser.tokens.len() == before {
            parser.next();
        }
    }
}

/// Reads `input 784`; whether it is there.
fn input(parser: &mut Parser<'_>, chain: &mut Chain) -> bool {
    while let Some(label) = parser.peek_word()
        && parser.is_at(1, |token| token.is_punct(':'))
        && parser.is_at(2, |token| token.is_word("input"))
    {
        parser.errors.at(label.span(), "the input has no label");
        parser.skip(2);
    }
    let before = parser.tokens;
    if !input_word(parser) {
        return false;
    }
    let in_braces = inputs_in_braces(parser, chain).is_some();
    if in_braces || is_named_input(parser) {
        if !in_braces {
            named_inputs(parser, chain);
        }
        chain.input_tokens = parser.since(before);
        return true;
    }
    let sizes = parser.sizes(ExpectedSizes::new("input", "a size", "input 784"));
    let missing = sizes.is_none();
    chain.input = sizes.unwrap_or_else(|| vec![Size::Unknown]);
    chain.input_tokens = parser.since(before);
    let extra = extra_of_input(parser);
    if !missing && !extra.is_empty() {
        let what = written(extra.clone());
        parser.errors.over(
            extra,
            format!("`{what}` does not belong to the input, which is a shape: `784`, `28x28` or `3x32x32`"),
        );
    }
    true
}

/// Whether names of inputs begin here: `image: 28x28`, or `image, features: 12`, where a shape is missing.
fn is_named_input(parser: &Parser<'_>) -> bool {
    parser.is_label()
        || parser.peek_word().is_some()
            && parser.is_at(1, |token| token.is_punct(','))
            && parser.is_at(2, |token| token.word().is_some())
            && parser.is_colon_at(3)
}

/// The names of inputs in braces or parentheses, which is an error; none if something else is there.
fn inputs_in_braces(parser: &mut Parser<'_>, chain: &mut Chain) -> Option<()> {
    let Some(Token::Tree(TokenTree::Group(group))) = parser.peek() else { return None };
    let inner = lex(group.stream());
    let mut inside = parser.of(&inner, group.span_close());
    if !is_named_input(&inside) {
        return None;
    }
    let message = format!("the inputs stand behind the word alone: `{INPUTS}`");
    inside.errors.at(group.span_open(), message);
    named_inputs(&mut inside, chain);
    parser.next();
    Some(())
}

/// An example of several inputs.
const INPUTS: &str = "input image: 28x28, features: 12";

/// Reads `image: 28x28, features: 12`: each becomes a stage, whose value is that input.
fn named_inputs(parser: &mut Parser<'_>, chain: &mut Chain) {
    loop {
        let extra = named_input(parser, chain);
        let Some(comma) = parser.next_if(|token| token.is_punct(',')) else {
            if !parser.is_label() {
                return;
            }
            // What is too many was an error already.
            if let (Some(name), false) = (parser.peek_word(), extra) {
                let message = format!("`,` is missing before the input `{name}`: `{INPUTS}`");
                parser.errors.at(name.span(), message);
            }
            continue;
        };
        match parser.peek() {
            Some(token) if token.is_literal() => {
                let message = format!("each of several inputs has a name: `{INPUTS}`");
                parser.errors.over(token.stream(), message);
                parser.skip_stage();
                return;
            }
            Some(token) if token.word().is_some() => {}
            _ => {
                let message = format!("no `,` stands behind the last input: `{INPUTS}`");
                parser.errors.over(comma.stream(), message);
                return;
            }
        }
    }
}

/// One of several inputs; whether there was something behind its shape, which is an error.
fn named_input(parser: &mut Parser<'_>, chain: &mut Chain) -> bool {
    let Some(name) = parser.peek_word().cloned() else { return false };
    let before = parser.tokens;
    parser.next();
    let mut stage = Stage::new(Head::Input(chain.stages.len()));
    let colon = parser.next_if(|token| token.is_punct(':')).is_some();
    let is_known = colon && {
        let expected = ExpectedSizes::new("input", "a size", INPUTS).ends_at_comma(true);
        let sizes = parser.sizes(expected);
        stage.arguments.sizes.extend(sizes.into_iter().flatten());
        !stage.arguments.sizes.is_empty()
    };
    if !is_known {
        stage.arguments.sizes.push(Size::Unknown);
    }
    if !colon {
        let message = format!("the shape of the input `{name}` is missing: `{INPUTS}`");
        parser.errors.at(name.span(), message);
    }
    stage.word = TokenTree::Ident(name.clone()).into();
    stage.tokens = parser.since(before);
    let extra = extra_of_input(parser);
    if is_known && !extra.is_empty() {
        let what = written(extra.clone());
        let message = format!("`{what}` does not belong to an input: `{INPUTS}`");
        parser.errors.over(extra.clone(), message);
    }
    let is_there =
        |stage: &Stage| stage.label.as_ref().is_some_and(|label| label.unraw() == name.unraw());
    if chain.stages.iter().any(is_there) {
        parser.errors.at(name.span(), format!("the input `{name}` is there twice"));
        return !extra.is_empty();
    }
    stage.label = Some(usable(name, parser.errors));
    chain.stages.push(stage);
    !extra.is_empty()
}

/// Reads the word `input`, perhaps misspelt; whether it is there.
fn input_word(parser: &mut Parser<'_>) -> bool {
    let Some(word) = parser.peek_word() else { return false };
    let text = word.to_string();
    if text != "input" {
        let near = distance(&text.to_lowercase(), "input") <= 2
            && parser.peek_at(1).is_some_and(|token| !token.is_punct(':'))
            && !parser.vocabulary.is_layer(&text);
        if !near {
            return false;
        }
        parser.errors.at(word.span(), format!("unknown word `{text}`: did you mean `input`?"));
    }
    parser.next();
    true
}

/// Reads the tokens between the input's shape and the next layer, which do not belong there.
fn extra_of_input(parser: &mut Parser<'_>) -> TokenStream {
    let mut start = parser.tokens;
    while let Some(token) = parser.peek() {
        if parser.attribute() {
            start = parser.tokens;
            continue;
        }
        if token.is_arrow()
            || token.is_punct(',')
            || parser.is_operator_for_arrow()
            || token.word().is_some_and(|word| parser.vocabulary.is_layer(&word.to_string()))
            || parser.is_at(1, |next| next.is_punct(':'))
        {
            break;
        }
        parser.next();
    }
    parser.since(start)
}

/// Reads an arrow, or the tokens in its place; whether there are any.
fn separator(parser: &mut Parser<'_>) -> bool {
    let mut found = None;
    while let Some(token) = parser.peek() {
        match token {
            Token::Arrow { text, .. } => {
                if found.is_some() {
                    parser.errors.over(token.stream(), "a layer is missing before this `=>`");
                } else if text != "=>" {
                    not_an_arrow(parser, token.stream());
                }
                parser.next();
            }
            // A second input is reported itself.
            token if token.is_punct(',') => {
                if !parser.is_at(1, |next| next.is_word("input")) {
                    not_an_arrow(parser, token.stream());
                }
                parser.next();
            }
            _ if parser.is_operator_for_arrow() => {
                let before = parser.tokens;
                parser.skip(1 + usize::from(parser.is_double_angle_at(0)));
                let operator = parser.since(before);
                not_an_arrow(parser, operator);
            }
            // A semicolon, as after a statement.
            token if token.is_punct(';') && parser.peek_at(1).is_none() => {
                let message = "no `;` stands behind the last layer: leave it out";
                parser.errors.over(token.stream(), message);
                parser.next();
            }
            _ => break,
        }
        found = Some(token);
    }
    if let (Some(arrow), None) = (found, parser.peek()) {
        let wrong = matches!(arrow, Token::Arrow { text, .. } if text != "=>");
        if !wrong && !arrow.is_punct(',') && !arrow.is_punct(';') {
            parser.errors.over(arrow.stream(), "a layer is missing after this `=>`");
        }
    }
    found.is_some()
}

/// An error at tokens in the place of an arrow.
fn not_an_arrow(parser: &mut Parser<'_>, tokens: TokenStream) {
    let text = written(tokens.clone());
    parser.errors.over(tokens, format!("layers are joined by `=>`, not by `{text}`"));
}
