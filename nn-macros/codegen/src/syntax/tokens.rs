//! The tokens of a description, as the parser walks through them.

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

/// One token of the grammar.
#[derive(Clone, Debug)]
pub(crate) enum Token {
    /// `=>`, or what was written in its place: `->`, `=`, `|>`.
    Arrow { text: String, tokens: TokenStream, last: Span },
    /// Anything else.
    Tree(TokenTree),
}

impl Token {
    pub(crate) fn is_punct(&self, wanted: char) -> bool {
        matches!(self, Self::Tree(TokenTree::Punct(punct)) if punct.as_char() == wanted)
    }

    pub(crate) fn is_word(&self, wanted: &str) -> bool {
        self.word().is_some_and(|word| word == wanted)
    }

    pub(crate) fn word(&self) -> Option<&Ident> {
        match self {
            Self::Tree(TokenTree::Ident(word)) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn group(&self, delimiter: Delimiter) -> Option<&Group> {
        match self {
            Self::Tree(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
            _ => None,
        }
    }

    /// `=>`, or what was written in its place.
    pub(crate) fn is_arrow(&self) -> bool {
        matches!(self, Self::Arrow { .. })
    }

    /// A single `=`, as in Python.
    pub(crate) fn is_equals(&self) -> bool {
        matches!(self, Self::Arrow { text, .. } if text == "=")
    }

    pub(crate) fn is_literal(&self) -> bool {
        matches!(self, Self::Tree(TokenTree::Literal(_)))
    }

    pub(crate) fn is_group(&self, delimiter: Delimiter) -> bool {
        self.group(delimiter).is_some()
    }

    pub(crate) fn stream(&self) -> TokenStream {
        match self {
            Self::Arrow { tokens, .. } => tokens.clone(),
            Self::Tree(tree) => tree.clone().into(),
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Arrow { last, .. } => *last,
            Self::Tree(tree) => tree.span(),
        }
    }
}

/// Tokens without the invisible brackets around a single one, in which a `macro_rules!` macro passes on `$n:literal` or `$n:expr`.
pub(crate) fn unwrapped(tokens: TokenStream) -> Vec<TokenTree> {
    tokens
        .into_iter()
        .map(|token| {
            let TokenTree::Group(group) = &token else { return token };
            if group.delimiter() != Delimiter::None {
                return token;
            }
            let inner = unwrapped(group.stream());
            match <[TokenTree; 1]>::try_from(inner) {
                Ok([single]) => single,
                Err(_) => token,
            }
        })
        .collect()
}

/// Joins the characters of arrows.
pub(crate) fn lex(tokens: TokenStream) -> Vec<Token> {
    let mut trees = unwrapped(tokens).into_iter().peekable();
    let mut lexed = Vec::new();
    while let Some(first) = trees.next() {
        let mut run = String::new();
        let mut all = vec![first];
        // `<=` and `>=` may be meant as arrows.
        if let (Some(TokenTree::Punct(sign)), Some(TokenTree::Punct(equals))) =
            (all.last(), trees.peek())
            && "<>".contains(sign.as_char())
            && sign.spacing() == Spacing::Joint
            && equals.as_char() == '='
            && equals.spacing() == Spacing::Alone
        {
            let text = format!("{}=", sign.as_char());
            all.extend(trees.next());
            let last = all.last().map_or_else(Span::call_site, TokenTree::span);
            lexed.push(Token::Arrow { text, tokens: all.into_iter().collect(), last });
            continue;
        }
        // An arrow is a run of `=`, `-`, `|`, `~` that holds a `=` or ends in `>`.
        while let Some(TokenTree::Punct(punct)) = all.last() {
            let character = punct.as_char();
            let starts = matches!(character, '=' | '-' | '|' | '~');
            let ends = character == '>' && !run.is_empty();
            if !(starts || ends) {
                break;
            }
            run.push(character);
            if !starts || punct.spacing() == Spacing::Alone {
                break;
            }
            match trees.next_if(|next| {
                matches!(next, TokenTree::Punct(next) if matches!(next.as_char(), '=' | '-' | '|' | '~' | '>'))
            }) {
                Some(next) => all.push(next),
                None => break,
            }
        }
        let arrow = run.contains('=') || (run.len() > 1 && run.ends_with('>'));
        match all.last() {
            Some(last) if arrow => {
                let last = last.span();
                lexed.push(Token::Arrow { text: run, tokens: all.into_iter().collect(), last });
            }
            _ => lexed.extend(all.into_iter().map(Token::Tree)),
        }
    }
    lexed
}

/// Tokens as a person writes them, for documentation and messages.
pub(crate) fn written(tokens: TokenStream) -> String {
    let mut text = String::new();
    let mut glue = true;
    for token in tokens {
        let (piece, before, after) = match &token {
            TokenTree::Group(group) => {
                let inner = written(group.stream());
                match group.delimiter() {
                    Delimiter::Parenthesis => (format!("({inner})"), true, false),
                    Delimiter::Bracket => (format!("[{inner}]"), true, false),
                    Delimiter::Brace if inner.is_empty() => ("{}".to_owned(), false, false),
                    Delimiter::Brace => (format!("{{ {inner} }}"), false, false),
                    Delimiter::None => (inner, false, false),
                }
            }
            TokenTree::Punct(punct) => {
                let character = punct.as_char();
                let colon = character == ':';
                let joint = punct.spacing() == Spacing::Joint;
                let path = colon && (joint || text.ends_with(':'));
                (
                    character.to_string(),
                    colon
                        || matches!(character, ',' | '.' | ';' | '?')
                        || (glue && !text.is_empty()),
                    path || joint || matches!(character, '.' | '!' | '&'),
                )
            }
            token => (token.to_string(), false, false),
        };
        // `f(x)`, without a space: one stands before a parenthesis only behind an operator.
        let operator = text.ends_with(['+', '-', '*', '/', '%', '=', '<', '>']);
        let before = before && !(piece.starts_with('(') && operator);
        if !glue && !before {
            text.push(' ');
        }
        text.push_str(&piece);
        glue = after;
    }
    text
}

/// Whether a word is in the tokens.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), word),
        TokenTree::Ident(name) => name == word,
        _ => false,
    })
}
