//! The argument of `network!`: definitions of types, or one chain.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::syntax::errors::Errors;
use crate::syntax::parser::Parser;
use crate::syntax::parser::chain::{bracketed, chain, within};
use crate::syntax::parser::paths::is_name;
use crate::syntax::tokens::{Token, lex, mentions, written};
use crate::syntax::tree::{Call, Chain, Head, Item};
use crate::syntax::vocabulary::Vocabulary;

/// The whole argument of the macro.
pub(crate) fn call(tokens: TokenStream, vocabulary: &Vocabulary, errors: &mut Errors) -> Call {
    let lexed = lex(tokens);
    let mut parser = Parser::new(&lexed, vocabulary, errors, Span::call_site());
    if lexed.is_empty() {
        parser.errors.at(
            Span::call_site(),
            "`network!` is empty: describe a network, as in `struct Digits<input 784 => dense 128 sigmoid => dense 10>;`",
        );
        return Call::Items(Vec::new());
    }
    if let Some(first) = lexed.first()
        && !lexed.iter().any(|token| token.word().is_some() || token.is_arrow())
        && !first.is_punct('#')
        && !mentions(first.stream(), "input")
    {
        // JSON, a list of sizes, a sentence in quotes.
        parser.errors.over(
            first.stream(),
            "a network is described in words: `struct Digits<input 784 => dense 128 sigmoid => dense 10>;` defines a type, `input 784 => dense 10` is an expression",
        );
        return Call::Items(Vec::new());
    }
    if parser.peek_is(begins_item)
        || parser.peek_is(|token| OTHER_ITEMS.iter().any(|word| token.is_word(word)))
        || lexed.iter().any(|token| token.is_word("struct"))
        || parser.is_bare_name()
        || parser.is_bare_name_with_sign()
    {
        return Call::Items(items(&mut parser));
    }
    let chain = expression(&mut parser);
    Call::Expression(Box::new(Item {
        attributes: Vec::new(),
        visibility: TokenStream::new(),
        keyword: Span::mixed_site(),
        name: Item::anonymous_name(),
        parameters: TokenStream::new(),
        chain,
        broken: errors.count() > 0,
    }))
}

/// The words of other items of Rust, which the macro does not take.
const OTHER_ITEMS: &[&str] = &["const", "impl", "let", "static", "use"];

/// `struct`, or a word that people may write in its place.
fn is_keyword(token: &Token) -> bool {
    ["struct", "enum", "type", "union", "class", "fn", "mod"].iter().any(|word| token.is_word(word))
}

/// An attribute, a visibility or a `struct`.
fn begins_item(token: &Token) -> bool {
    token.is_punct('#') || token.is_word("pub") || is_keyword(token)
}

fn expression(parser: &mut Parser<'_>) -> Chain {
    let open = parser.next_if(|token| token.is_punct('<'));
    let chain = match open {
        Some(open) => bracketed(parser, open.span()),
        None => {
            let (all, end) = (std::mem::take(&mut parser.tokens), parser.end);
            chain(parser.of(all, end))
        }
    };
    parser.next_if(|token| token.is_punct(';'));
    if let Some(token) = parser.peek() {
        parser.errors.over(token.stream(), "nothing follows the closing `>` of a network");
    }
    chain
}

fn items(parser: &mut Parser<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    while parser.peek().is_some() {
        if let Some(item) = item(parser) {
            items.push(item);
        } else {
            while !parser.peek_is(begins_item) && parser.next().is_some() {}
        }
    }
    items
}

fn item(parser: &mut Parser<'_>) -> Option<Item> {
    let errors = parser.errors.count();
    let attributes = attributes(parser);
    let visibility = visibility(parser);
    let is_struct = keyword(parser)?;
    let keyword = parser.end;
    let name = name(parser)?;
    let (parameters, mut chain) = layers(parser, &name, is_struct);
    parser.next_if(|token| token.is_punct(';'));
    for stage in &mut chain.stages {
        if matches!(&stage.head, Head::User(path) if name == path.to_string()) {
            parser.errors.over(&stage.word, format!("`{name}` cannot be a layer of itself"));
            stage.head = Head::Unknown;
        }
    }
    let broken = parser.errors.count() > errors;
    Some(Item { attributes, visibility, keyword, name, parameters, chain, broken })
}

fn attributes(parser: &mut Parser<'_>) -> Vec<TokenStream> {
    let mut attributes = Vec::new();
    while parser.peek_is(|token| token.is_punct('#'))
        && parser.is_at(1, |token| token.is_group(Delimiter::Bracket))
    {
        let before = parser.tokens;
        parser.skip(2);
        attributes.push(parser.since(before));
    }
    attributes
}

fn visibility(parser: &mut Parser<'_>) -> TokenStream {
    let before = parser.tokens;
    if parser.next_if(|token| token.is_word("pub")).is_some() {
        parser.next_if(|token| token.is_group(Delimiter::Parenthesis));
    } else {
        // `$v:vis` of a `macro_rules!` macro.
        parser.next_if(|token| token.is_group(Delimiter::None));
    }
    let visibility = parser.since(before);
    if syn::parse2::<syn::Visibility>(visibility.clone()).is_ok() {
        return visibility;
    }
    let text = written(visibility.clone());
    parser.errors.over(visibility, format!("`{text}` is not a visibility, as `pub(crate)` is"));
    TokenStream::new()
}

/// The word `struct`: whether it is there, and not something else, which is an error. None where no definition begins.
fn keyword(parser: &mut Parser<'_>) -> Option<bool> {
    if parser.is_bare_name_with_sign() {
        if let Some(name) = parser.peek() {
            let what = written(name.stream());
            let message = format!(
                "a network is defined as a `struct`: `struct {what}<input 784 => dense 10>;`"
            );
            parser.errors.over(name.stream(), message);
        }
        // No more is said of this definition.
        return Some(false);
    }
    if let Some(keyword) = parser.next_if(is_keyword) {
        let is_struct = keyword.is_word("struct");
        if !is_struct {
            parser.errors.over(keyword.stream(), "a network is defined as a `struct`");
        }
        return Some(is_struct);
    }
    if parser.is_bare_name() {
        if let Some(name) = parser.peek() {
            let what = written(name.stream());
            parser.errors.over(name.stream(), format!("`struct` is missing before `{what}`"));
        }
        return Some(true);
    }
    let message = "a network is defined as `struct Name<input 784 => dense 10>;`";
    match parser.next() {
        Some(token) => parser.errors.over(token.stream(), message),
        None => parser.errors.at(parser.end, message),
    }
    None
}

fn name(parser: &mut Parser<'_>) -> Option<Ident> {
    let Some(name) = parser.peek_word() else {
        parser.errors.at(parser.end, "the network's name is missing after `struct`");
        return None;
    };
    parser.next();
    if !is_name(name) {
        let message = format!("`{name}` is a word of Rust and cannot be the name of a network");
        parser.errors.at(name.span(), message);
        return None;
    }
    Some(name.clone())
}

/// Reads parameters, which are an error, and the layers.
fn layers(parser: &mut Parser<'_>, name: &Ident, is_struct: bool) -> (TokenStream, Chain) {
    let before = parser.tokens;
    let open = parameters(parser, name);
    let parameters = parser.since(before);
    let open = open.or_else(|| parser.next_if(|token| token.is_punct('<')).map(Token::span));
    let chain = match (open, parser.peek()) {
        (Some(open), _) => bracketed(parser, open),
        (None, Some(Token::Tree(TokenTree::Group(group)))) => {
            parser.next();
            if is_struct {
                let message = format!(
                    "the layers of `{name}` stand in angle brackets: `{name}<input … => …>`"
                );
                parser.errors.at(group.span_open(), message);
            }
            // The group may be a module, or the fields of a struct: their errors as layers are not reported.
            within(group, parser.vocabulary, &mut Errors::default())
        }
        _ => {
            no_layers(parser, name, is_struct);
            Chain::default()
        }
    };
    (parameters, chain)
}

/// An error in the place of the layers.
fn no_layers(parser: &mut Parser<'_>, name: &Ident, is_struct: bool) {
    let sign = parser.next_if(|token| token.is_punct(':') || token.is_arrow());
    let message = if sign.is_some() {
        format!("the layers of `{name}` stand in angle brackets: `{name}<input … => …>`")
    } else {
        format!("the layers of `{name}` are missing: `struct {name}<input 784 => dense 10>;`")
    };
    if is_struct {
        parser.errors.over(sign.map_or_else(|| quote!(#name), Token::stream), message);
    }
    while sign.is_some() && parser.next_if(|token| !token.is_punct(';')).is_some() {}
}

/// `<T>` or `<T, ` before the layers: an error, and the bracket that is still open.
fn parameters(parser: &mut Parser<'_>, name: &Ident) -> Option<Span> {
    let before = parser.tokens;
    if !parser.peek_is(|token| token.is_punct('<')) {
        return None;
    }
    // The parameters end where the layers begin.
    let of_parameters =
        |token: &&Token| !token.is_arrow() && !token.is_word("input") && !token.is_punct(';');
    let count = before.iter().take_while(of_parameters).count();
    let is = |at: usize, wanted| before.get(at).is_some_and(|token| token.is_punct(wanted));
    let input = before.get(count).is_some_and(|token| token.is_word("input"));
    let among = input && count > 2 && is(count - 1, ',');
    let own = input && count > 2 && is(count - 1, '<') && is(count - 2, '>');
    if !own && !among {
        return None;
    }
    parser.skip(if own { count - 1 } else { count });
    let constant = before.iter().take(count).any(|token| token.is_word("const"));
    let message = if constant {
        format!(
            "the sizes of `{name}` are numbers and constants, not parameters: a `macro_rules!` macro defines a network for each size"
        )
    } else {
        format!(
            "`{name}` has its one parameter, the type of its numbers, by itself: leave this out"
        )
    };
    parser.errors.over(parser.since(before), message);
    // The bracket belongs to the layers.
    before.first().filter(|_| among).map(Token::span)
}
