//! `repeat 4 { chain }`: the stages again and again, as if they were written so often.

use proc_macro2::Delimiter;

use crate::syntax::parser::Parser;
use crate::syntax::tokens::{Token, written};
use crate::syntax::tree::{Round, Stage};
use crate::syntax::vocabulary::REPEAT;

const EXAMPLE: &str = "`repeat 4 { dense 64 relu }`";

/// The most stages that it may become.
const MOST: usize = 10_000;

/// Reads a `repeat`: all its stages; none, and no token is read, where something else is.
pub(super) fn repeat(parser: &mut Parser<'_>) -> Option<Vec<Stage>> {
    let label = parser.is_label();
    if !parser.is_at(if label { 2 } else { 0 }, |token| token.is_word(REPEAT)) {
        return None;
    }
    if label && let Some(label) = parser.peek_word() {
        let message = format!("`{REPEAT}` has no label: those of its layers are numbered");
        parser.errors.at(label.span(), message);
        parser.skip(2);
    }
    parser.next();
    let rounds = rounds(parser);
    let Some(group) =
        parser.next_if(|token| matches!(token, Token::Tree(proc_macro2::TokenTree::Group(_))))
    else {
        if rounds.is_some() {
            let message = format!("`{REPEAT}` takes a number and a block: {EXAMPLE}");
            parser.errors.at(parser.end, message);
        }
        parser.skip_stage();
        return Some(Vec::new());
    };
    let Token::Tree(proc_macro2::TokenTree::Group(group)) = group else { return None };
    if group.delimiter() != Delimiter::Brace {
        let message = format!("the layers of `{REPEAT}` stand in braces: {EXAMPLE}");
        parser.errors.at(group.span_open(), message);
    }
    if group.stream().is_empty() {
        parser.errors.over(group, format!("the block of `{REPEAT}` needs a layer: {EXAMPLE}"));
    }
    let stages = parser.block(group, false).stages;
    behind(parser);
    let rounds = rounds.unwrap_or(1);
    if stages.len().saturating_mul(rounds) > MOST {
        let message = format!("so many rounds give more than {MOST} layers");
        parser.errors.over(group, message);
        return Some(stages);
    }
    Some(copies(&stages, rounds))
}

fn copies(stages: &[Stage], rounds: usize) -> Vec<Stage> {
    let length = stages.len();
    let all = (1..=rounds).flat_map(|number| stages.iter().map(move |stage| (number, stage)));
    all.map(|(number, stage)| {
        let mut copy = stage.clone();
        copy.rounds.insert(0, Round { number, length });
        copy
    })
    .collect()
}

/// Reads the number of rounds; none after a mistake.
fn rounds(parser: &mut Parser<'_>) -> Option<usize> {
    parser.named(REPEAT, "repeat 4 { dense 64 relu }");
    let before = parser.tokens;
    let is_block = |token: &Token| token.is_group(Delimiter::Brace);
    let constant = |token: &Token| token.word().is_some() || is_block(token);
    if let Some(token) = parser.next_if(Token::is_literal) {
        let text = written(token.stream());
        let digits: String = text.chars().filter(|digit| *digit != '_').collect();
        let number = digits.trim_end_matches("usize").parse().ok();
        if number.is_none_or(|number: usize| number == 0) {
            let message = format!("`{REPEAT}` takes a number of rounds, 1 or more: {EXAMPLE}");
            parser.errors.at(token.span(), message);
            return None;
        }
        return number;
    }
    if parser.peek_is(constant) && parser.is_at(1, is_block) {
        parser.next();
        let message = format!("the rounds of `{REPEAT}` are a number that stands here: {EXAMPLE}");
        parser.errors.over(parser.since(before), message);
        return None;
    }
    parser.errors.at(parser.end, format!("`{REPEAT}` needs the number of its rounds: {EXAMPLE}"));
    None
}

/// An error at an activation or an option behind the block.
fn behind(parser: &mut Parser<'_>) {
    let before = parser.tokens;
    while parser
        .peek()
        .is_some_and(|token| !token.is_arrow() && !token.is_punct(',') && !token.is_punct(';'))
        && !parser.is_operator_for_arrow()
        && !parser.begins_stage()
    {
        parser.next();
    }
    let rest = parser.since(before);
    if !rest.is_empty() {
        let what = written(rest.clone());
        let message = format!(
            "`{what}` cannot stand behind the block of `{REPEAT}`: put it behind a layer, or `=>` before it"
        );
        parser.errors.over(rest, message);
    }
}
