//! What was written: items and chains of stages, with the places of all words.

pub(crate) mod arguments;
pub(crate) mod options;
pub(crate) mod sizes;
pub(crate) mod stage;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::shapes::constants;
use crate::shapes::sizes::Size;
use crate::syntax::errors::Errors;
use crate::syntax::parser::stage::{Head, Stage};
use crate::syntax::tokens::{Token, lex, written};
use crate::syntax::vocabulary;

/// The argument of `network!`.
pub(crate) enum Call {
    /// Definitions of types.
    Items(Vec<Item>),
    /// A chain alone: an expression.
    Expression(Item),
}

/// A definition: `pub struct Digits<input 784 => dense 10>;`.
pub(crate) struct Item {
    /// Doc comments and others, as written.
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) visibility: TokenStream,
    /// The word `struct`, or what stands in its place.
    pub(crate) keyword: Span,
    pub(crate) name: Ident,
    pub(crate) chain: Chain,
    /// Whether there were errors in it.
    pub(crate) broken: bool,
}

/// `input 784 => dense 128 sigmoid => dense 10`.
#[derive(Default)]
pub(crate) struct Chain {
    /// The sizes of the input; none if it is missing, or the chain is a block of a layer.
    pub(crate) input: Vec<Size>,
    /// Where the input is described.
    pub(crate) input_tokens: TokenStream,
    pub(crate) stages: Vec<Stage>,
}

/// Walks through the tokens, and collects what is wrong with them.
pub(crate) struct Parser<'a> {
    pub(crate) tokens: &'a [Token],
    pub(crate) errors: &'a mut Errors,
    /// Where something is missing if the tokens end too early.
    pub(crate) end: Span,
    /// Whether a size may be 0, as in `pad 0x1`.
    pub(crate) zeros: bool,
    /// Whether a comma after a size is no `x` that went wrong.
    pub(crate) apart: bool,
    /// Whether `0x1` is rows and columns, not a hexadecimal number.
    pub(crate) decimal: bool,
    /// Whether a mistake was just reported at which reading went on in the middle: a missing arrow is no second one.
    pub(crate) forgiven: bool,
}

impl<'a> Parser<'a> {
    fn new(tokens: &'a [Token], errors: &'a mut Errors, end: Span) -> Self {
        Self { tokens, errors, end, zeros: false, apart: false, decimal: false, forgiven: false }
    }

    pub(crate) fn peek(&self) -> Option<&'a Token> {
        self.tokens.first()
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(ahead)
    }

    pub(crate) fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        self.end = first.span();
        Some(first)
    }

    pub(crate) fn next_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> Option<&'a Token> {
        if wanted(self.peek()?) { self.next() } else { None }
    }

    pub(crate) fn peek_is(&self, wanted: impl FnOnce(&Token) -> bool) -> bool {
        self.peek().is_some_and(wanted)
    }

    /// `Digits<`, without a `struct` before it.
    fn is_bare_name(&self) -> bool {
        self.peek_is(|token| token.word().is_some())
            && self.peek_at(1).is_some_and(|token| token.is_punct('<'))
    }

    /// `Digits = input`, `Digits: <`.
    fn is_bare_name_with_sign(&self) -> bool {
        let sign = |token: &Token| {
            token.is_punct(':') || matches!(token, Token::Arrow { text, .. } if text == "=")
        };
        let name = |word: &Ident| word.to_string().starts_with(char::is_uppercase);
        self.peek().and_then(Token::word).is_some_and(name)
            && self.peek_at(1).is_some_and(sign)
            && self.peek_at(2).is_some_and(|token| token.is_punct('<') || token.is_word("input"))
    }

    /// To the end of a stage that cannot be read.
    pub(crate) fn skip_stage(&mut self) {
        while self
            .next_if(|token| !matches!(token, Token::Arrow { .. }) && !token.is_punct(','))
            .is_some()
        {}
    }

    /// The tokens that were walked over since there were `before` left.
    pub(crate) fn since(&self, before: &'a [Token]) -> TokenStream {
        let taken = before.len() - self.tokens.len();
        before.iter().take(taken).map(Token::stream).collect()
    }
}

/// The whole argument of the macro.
pub(crate) fn call(tokens: TokenStream, errors: &mut Errors) -> Call {
    let lexed = lex(tokens);
    let mut parser = Parser::new(&lexed, errors, Span::call_site());
    if lexed.is_empty() {
        parser.errors.at(
            Span::call_site(),
            "`network!` is empty: describe a network, as in `struct Digits<input 784 => dense 128 sigmoid => dense 10>;`",
        );
        return Call::Items(Vec::new());
    }
    let is_arrow = |token: &Token| matches!(token, Token::Arrow { .. });
    let words = lexed.iter().filter(|token| token.word().is_some()).count();
    if let Some(first) = lexed.first()
        && words == 0
        && !first.is_punct('#')
        && !lexed.iter().any(is_arrow)
        && !crate::mentions(first.stream(), "input")
    {
        // JSON, a list of sizes, a sentence in quotes.
        parser.errors.over(
            first.stream(),
            "a network is described in words: `struct Digits<input 784 => dense 128 sigmoid => dense 10>;` defines a type, `input 784 => dense 10` is an expression",
        );
        return Call::Items(Vec::new());
    }
    let defines = |token: &Token| token.is_punct('#') || token.is_word("pub") || is_keyword(token);
    let defined = |token: &Token| token.is_word("struct");
    let other = |token: &Token| ITEMS.iter().any(|word| token.is_word(word));
    if parser.peek_is(defines)
        || parser.peek_is(other)
        || lexed.iter().any(defined)
        || parser.is_bare_name()
        || parser.is_bare_name_with_sign()
    {
        Call::Items(items(&mut parser))
    } else {
        let chain = expression(&mut parser);
        Call::Expression(Item {
            attributes: Vec::new(),
            visibility: TokenStream::new(),
            keyword: Span::mixed_site(),
            name: crate::anonymous(),
            chain,
            broken: errors.count() > 0,
        })
    }
}

fn expression(parser: &mut Parser<'_>) -> Chain {
    let open = parser.next_if(|token| token.is_punct('<'));
    let chain = match open {
        Some(open) => bracketed(parser, open.span()),
        None => {
            let all = std::mem::take(&mut parser.tokens);
            chain(Parser::new(all, parser.errors, parser.end))
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
            // The next item begins at its attributes, its visibility or its `struct`.
            while !parser
                .peek_is(|token| token.is_punct('#') || token.is_word("pub") || is_keyword(token))
                && parser.next().is_some()
            {}
        }
    }
    items
}

fn item(parser: &mut Parser<'_>) -> Option<Item> {
    let before = parser.errors.count();
    let attributes = attributes(parser);
    let visibility = visibility(parser);
    let mut is_struct = true;
    if parser.is_bare_name_with_sign() {
        // All that is said of it.
        is_struct = false;
        if let Some(name) = parser.peek() {
            let what = written(name.stream());
            let message = format!(
                "a network is defined as a `struct`: `struct {what}<input 784 => dense 10>;`"
            );
            parser.errors.over(name.stream(), message);
        }
    } else if let Some(keyword) = parser.next_if(is_keyword) {
        is_struct = keyword.is_word("struct");
        if !is_struct {
            parser.errors.over(keyword.stream(), "a network is defined as a `struct`");
        }
    } else if parser.is_bare_name() {
        if let Some(name) = parser.peek() {
            let what = written(name.stream());
            parser.errors.over(name.stream(), format!("`struct` is missing before `{what}`"));
        }
    } else {
        let message = "a network is defined as `struct Name<input 784 => dense 10>;`";
        match parser.next() {
            Some(token) => parser.errors.over(token.stream(), message),
            None => parser.errors.at(parser.end, message),
        }
        return None;
    }
    let keyword = parser.end;
    let Some(name) = parser.next_if(|token| token.word().is_some()).and_then(Token::word) else {
        parser.errors.at(keyword, "the network's name is missing after `struct`");
        return None;
    };
    if !is_name(name) {
        parser.errors.at(
            name.span(),
            format!("`{name}` is a word of Rust and cannot be the name of a network"),
        );
        return None;
    }
    let before_parameters = parser.tokens;
    let open = parameters(parser, name);
    let parameters = parser.since(before_parameters);
    let open = open.or_else(|| parser.next_if(|token| token.is_punct('<')).map(Token::span));
    let mut chain = if let Some(open) = open {
        let mut chain = bracketed(parser, open);
        constants::forget(&parameters, &mut chain);
        chain
    } else if let Some(TokenTree::Group(group)) = parser.peek().and_then(as_tree) {
        parser.next();
        if is_struct {
            parser.errors.at(
                group.span_open(),
                format!("the layers of `{name}` stand in angle brackets: `{name}<input … => …>`"),
            );
        }
        // What is in it may be anything: a module, fields.
        within(group, &mut Errors::default())
    } else {
        let sign =
            parser.next_if(|token| token.is_punct(':') || matches!(token, Token::Arrow { .. }));
        let message = if sign.is_some() {
            format!("the layers of `{name}` stand in angle brackets: `{name}<input … => …>`")
        } else {
            format!("the layers of `{name}` are missing: `struct {name}<input 784 => dense 10>;`")
        };
        let place = sign.map_or_else(|| quote::quote!(#name), Token::stream);
        if is_struct {
            parser.errors.over(place, message);
        }
        while sign.is_some() && parser.next_if(|token| !token.is_punct(';')).is_some() {}
        Chain::default()
    };
    parser.next_if(|token| token.is_punct(';'));
    for stage in &mut chain.stages {
        if matches!(&stage.head, Head::User(path) if *name == path.to_string()) {
            parser.errors.over(&stage.word, format!("`{name}` cannot be a layer of itself"));
            stage.head = Head::Unknown;
        }
    }
    let broken = parser.errors.count() > before;
    Some(Item { attributes, visibility, keyword, name: name.clone(), chain, broken })
}

/// `<T>` or `<T, ` before the layers: an error, and the bracket that is still open.
fn parameters(parser: &mut Parser<'_>, name: &Ident) -> Option<Span> {
    let before = parser.tokens;
    if !parser.peek_is(|token| token.is_punct('<')) {
        return None;
    }
    // To the layers, before which no arrow stands.
    let of_parameters = |token: &&Token| {
        !matches!(token, Token::Arrow { .. }) && !token.is_word("input") && !token.is_punct(';')
    };
    let count = before.iter().take_while(of_parameters).count();
    let is = |at: usize, wanted| before.get(at).is_some_and(|token| token.is_punct(wanted));
    let input = before.get(count).is_some_and(|token| token.is_word("input"));
    let among = input && count > 2 && is(count - 1, ',');
    let own = input && count > 2 && is(count - 1, '<') && is(count - 2, '>');
    if !own && !among {
        return None;
    }
    for _ in 0..if own { count - 1 } else { count } {
        parser.next();
    }
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

/// What else stands in a module, but not in the macro.
const ITEMS: &[&str] = &["const", "impl", "let", "static", "use"];

/// `struct`, or what might be thought to stand there.
fn is_keyword(token: &Token) -> bool {
    ["struct", "enum", "type", "union", "class", "fn", "mod"].iter().any(|word| token.is_word(word))
}

fn as_tree(token: &Token) -> Option<&TokenTree> {
    match token {
        Token::Tree(tree) => Some(tree),
        Token::Arrow { .. } => None,
    }
}

fn within(group: &Group, errors: &mut Errors) -> Chain {
    let inner = lex(group.stream());
    chain(Parser::new(&inner, errors, group.span_close()))
}

/// The layers in a pair of braces, without an input.
pub(crate) fn block(group: &Group, errors: &mut Errors) -> Chain {
    let inner = lex(group.stream());
    let mut parser = Parser::new(&inner, errors, group.span_close());
    if let Some(arrow @ Token::Arrow { .. }) = parser.peek() {
        parser.errors.over(arrow.stream(), "a layer is missing before this `=>`");
        parser.next();
    }
    let mut chain = Chain::default();
    stages(&mut parser, &mut chain, true);
    chain
}

fn attributes(parser: &mut Parser<'_>) -> Vec<TokenStream> {
    let mut attributes = Vec::new();
    while let (Some(hash), Some(bracket)) = (parser.peek(), parser.peek_at(1)) {
        if !hash.is_punct('#') || bracket.group(Delimiter::Bracket).is_none() {
            break;
        }
        attributes.push([hash.stream(), bracket.stream()].into_iter().collect());
        parser.next();
        parser.next();
    }
    attributes
}

fn visibility(parser: &mut Parser<'_>) -> TokenStream {
    let before = parser.tokens;
    if parser.next_if(|token| token.is_word("pub")).is_some() {
        parser.next_if(|token| token.group(Delimiter::Parenthesis).is_some());
    } else if let Some(token) = parser.peek()
        && let Token::Tree(TokenTree::Group(group)) = token
        && group.delimiter() == Delimiter::None
    {
        // `$v:vis` of a `macro_rules!` macro.
        parser.next();
    }
    let visibility = parser.since(before);
    if syn::parse2::<syn::Visibility>(visibility.clone()).is_ok() {
        return visibility;
    }
    let text = written(visibility.clone());
    parser.errors.over(visibility, format!("`{text}` is not a visibility, as `pub(crate)` is"));
    TokenStream::new()
}

/// A chain up to the `>` that closes it.
fn bracketed(parser: &mut Parser<'_>, open: Span) -> Chain {
    let mut depth = 0_usize;
    let mut length = 0;
    let mut closed = false;
    while let Some(token) = parser.tokens.get(length) {
        // `>` and `>>` may be meant as arrows.
        let double = token.is_punct('>')
            && parser.peek_at(length + 1).is_some_and(|next| next.is_punct('>'));
        let goes_on = parser.starts_at(length + 1 + usize::from(double));
        if double && goes_on && depth == 0 {
            length += 2;
            continue;
        }
        if token.is_punct('<') {
            depth += 1;
        } else if token.is_punct('>') && (depth > 0 || !goes_on) {
            if depth == 0 {
                closed = true;
                break;
            }
            depth -= 1;
        } else if token.is_punct(';')
            && !goes_on
            && !parser.peek_at(length + 1).is_some_and(|next| next.is_punct('>'))
            || token.is_word("struct")
        {
            break;
        }
        length += 1;
    }
    let (inside, rest) = parser.tokens.split_at(length);
    let end = inside.last().map_or(open, Token::span);
    let chain = chain(Parser::new(inside, parser.errors, end));
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

fn chain(mut parser: Parser<'_>) -> Chain {
    let mut chain = Chain::default();
    let input = input(&mut parser, &mut chain);
    if !input {
        let place = match parser.peek() {
            Some(token) => token.stream(),
            None => TokenStream::new(),
        };
        if place.is_empty() {
            parser.errors.at(parser.end, "the layers are missing: `input 784 => dense 10`");
            return chain;
        }
        parser.errors.over(place, "a network begins with its input: `input 784 => …`");
        // `784, 128, 10`, `[784, 128, 10]`: no description at all.
        if parser.tokens.iter().all(|token| token.word().is_none()) {
            chain.stages.clear();
            return chain;
        }
        // A number there is the input, without the word.
        if parser.peek_is(|token| matches!(token, Token::Tree(TokenTree::Literal(_)))) {
            parser.next();
            separator(&mut parser);
        }
    }
    let arrow = !input || separator(&mut parser);
    stages(&mut parser, &mut chain, arrow);
    chain
}

/// All layers; `arrow` is whether there was one before them, or none is needed.
fn stages(parser: &mut Parser<'_>, chain: &mut Chain, mut arrow: bool) {
    while parser.peek().is_some() {
        if !std::mem::take(&mut parser.forgiven) && !arrow {
            missing_arrow(parser);
        }
        let before = parser.tokens.len();
        while parser.attribute() {}
        if let Some(mut stage) = Stage::parse(parser) {
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

/// `input 784`; whether it is there.
fn input(parser: &mut Parser<'_>, chain: &mut Chain) -> bool {
    let before = parser.tokens;
    let Some(word) = parser.peek().and_then(Token::word) else { return false };
    let text = word.to_string();
    if parser.peek_at(1).is_some_and(|token| token.is_punct(':'))
        && parser.peek_at(2).is_some_and(|token| token.is_word("input"))
    {
        parser.errors.at(word.span(), "the input has no label");
        parser.next();
        parser.next();
        return input(parser, chain);
    }
    if text != "input" {
        let near = vocabulary::distance(&text.to_lowercase(), "input") <= 2
            && parser.peek_at(1).is_some_and(|token| !token.is_punct(':'))
            && !vocabulary::is_layer(&text);
        if !near {
            return false;
        }
        parser.errors.at(word.span(), format!("unknown word `{text}`: did you mean `input`?"));
    }
    parser.next();
    let sizes = parser.sizes("input", "a size", "input 784");
    let missing = sizes.is_none();
    chain.input = sizes.unwrap_or_else(|| vec![Size::Unknown]);
    chain.input_tokens = parser.since(before);
    // What a person might add to it.
    let before = parser.tokens;
    let mut extra = parser.tokens.len();
    while let Some(token) = parser.peek() {
        if parser.attribute() {
            extra = parser.tokens.len();
            continue;
        }
        if matches!(token, Token::Arrow { .. })
            || token.is_punct(',')
            || parser.is_operator_for_arrow()
            || token.word().is_some_and(|word| vocabulary::is_layer(&word.to_string()))
            || parser.peek_at(1).is_some_and(|next| next.is_punct(':'))
        {
            break;
        }
        parser.next();
    }
    let extra = &before[before.len() - extra..];
    let tokens = parser.since(extra);
    if !missing && !tokens.is_empty() {
        let what = written(tokens.clone());
        parser.errors.over(
            tokens,
            format!("`{what}` does not belong to the input, which is a shape: `784`, `28x28` or `3x32x32`"),
        );
    }
    true
}

/// What stands between two stages; false if there is nothing.
fn separator(parser: &mut Parser<'_>) -> bool {
    let mut found = None;
    while let Some(token) = parser.peek() {
        match token {
            Token::Arrow { text, .. } => {
                if found.is_some() {
                    parser.errors.over(token.stream(), "a layer is missing before this `=>`");
                } else if text != "=>" {
                    parser.errors.over(
                        token.stream(),
                        format!("layers are joined by `=>`, not by `{text}`"),
                    );
                }
            }
            // A second input is reported itself.
            token if token.is_punct(',') => {
                if !parser.peek_at(1).is_some_and(|next| next.is_word("input")) {
                    parser.errors.over(token.stream(), "layers are joined by `=>`, not by `,`");
                }
            }
            token if parser.is_operator_for_arrow() => {
                let before = parser.tokens;
                if token.is_punct('>') && parser.peek_at(1).is_some_and(|next| next.is_punct('>')) {
                    parser.next();
                }
                parser.next();
                let text = written(parser.since(before));
                let message = format!("layers are joined by `=>`, not by `{text}`");
                parser.errors.over(parser.since(before), message);
                found = Some(token);
                continue;
            }
            // As after a statement.
            token if token.is_punct(';') && parser.peek_at(1).is_none() => {
                parser
                    .errors
                    .over(token.stream(), "no `;` stands behind the last layer: leave it out");
            }
            _ => break,
        }
        found = Some(token);
        parser.next();
    }
    if let (Some(arrow), None) = (found, parser.peek()) {
        let wrong = matches!(arrow, Token::Arrow { text, .. } if text != "=>");
        if !wrong && !arrow.is_punct(',') && !arrow.is_punct(';') {
            parser.errors.over(arrow.stream(), "a layer is missing after this `=>`");
        }
    }
    found.is_some()
}

fn missing_arrow(parser: &mut Parser<'_>) {
    if let Some(token) = parser.peek() {
        let next = written(token.stream());
        parser.errors.over(token.stream(), format!("`=>` is missing before `{next}`"));
    }
}

/// Whether Rust takes it as a name.
pub(crate) fn is_name(name: &Ident) -> bool {
    syn::parse2::<Ident>(TokenTree::Ident(name.clone()).into()).is_ok() && name != "_"
}
