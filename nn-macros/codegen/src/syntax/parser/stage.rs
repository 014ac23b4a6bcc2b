//! One stage of a chain: `hidden: dense 128 init he_normal sigmoid`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::quote;

use crate::syntax::decimal::numbers;
use crate::syntax::parser::arguments::{Arguments, Role};
use crate::syntax::parser::options::Options;
use crate::syntax::parser::{Parser, is_name};
use crate::syntax::tokens::{Token, written};
use crate::syntax::vocabulary::{self, ActivationRow, LayerRow, Meaning};

/// One stage, as written.
pub(crate) struct Stage {
    pub(crate) label: Option<Ident>,
    pub(crate) head: Head,
    /// The first word of the layer: where errors about its shape go.
    pub(crate) word: TokenStream,
    pub(crate) arguments: Arguments,
    pub(crate) options: Options,
    pub(crate) activation: Option<Activation>,
    /// All of it, without the label.
    pub(crate) tokens: TokenStream,
    /// Whether it is the activation that was written behind the layer before it.
    pub(crate) follows: bool,
}

/// What the stage is.
pub(crate) enum Head {
    /// A layer of the library.
    Layer(&'static LayerRow),
    /// An activation alone.
    Activation,
    /// The user's own type.
    User(TokenStream),
    /// A mistake, already reported.
    Unknown,
}

/// An activation, as written.
pub(crate) struct Activation {
    pub(crate) kind: ActivationKind,
    pub(crate) tokens: TokenStream,
}

pub(crate) enum ActivationKind {
    /// Its row and the arguments of its type.
    Known(&'static ActivationRow, TokenStream),
    /// The user's own type.
    User(TokenStream),
}

impl Stage {
    /// Takes at least one token, or none and gives nothing.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Option<Self> {
        let label = label(parser);
        let before = parser.tokens;
        if parser.peek().is_none_or(|token| matches!(token, Token::Arrow { .. })) {
            if let Some(label) = label {
                parser
                    .errors
                    .at(label.span(), format!("a layer is missing after the label `{label}`"));
            }
            return None;
        }
        let mut stage = Self { label, ..Self::new(Head::Unknown) };
        stage.head(parser);
        stage.tokens = parser.since(before);
        stage.rest(parser);
        Some(stage)
    }

    fn new(head: Head) -> Self {
        Self {
            label: None,
            head,
            word: TokenStream::new(),
            arguments: Arguments::default(),
            options: Options::default(),
            activation: None,
            tokens: TokenStream::new(),
            follows: false,
        }
    }

    /// The activation behind a layer that has none in its type: a layer of its own.
    pub(crate) fn split_activation(&mut self) -> Option<Self> {
        match &self.head {
            Head::Layer(row) if !row.activation => {}
            _ => return None,
        }
        let activation = self.activation.take()?;
        let tokens = activation.tokens.clone();
        Some(Self {
            word: tokens.clone(),
            tokens,
            activation: Some(activation),
            follows: true,
            ..Self::new(Head::Activation)
        })
    }

    fn head(&mut self, parser: &mut Parser<'_>) {
        let before = parser.tokens;
        if let Some(path) = user_path(parser) {
            self.word.clone_from(&path);
            if is_path(parser, &path) {
                self.head = Head::User(path);
            }
            return;
        }
        let Some(token) = parser.next() else { return };
        self.word = token.stream();
        let Some(word) = token.word() else {
            let text = written(token.stream());
            let message = match parser.peek().and_then(Token::word) {
                Some(layer) if is_literal(token) && vocabulary::is_layer(&layer.to_string()) => {
                    format!("`{text}` stands behind its layer: `{layer} {text}`")
                }
                _ => format!("`{text}` is not a layer: a stage begins with a word such as `dense`"),
            };
            parser.errors.over(token.stream(), message);
            parser.skip_stage();
            parser.forgiven = true;
            return;
        };
        let mut text = word.to_string();
        // As in Python: `nn.Linear`.
        // `dense 10 . relu` is an arrow that went wrong; `nn.relu` is not.
        while parser.peek_is(|token| token.is_punct('.'))
            && !(is_known(&text) && parser.is_operator_for_arrow())
        {
            let Some(last) = parser.peek_at(1).and_then(Token::word) else { break };
            text = last.to_string();
            parser.next();
            parser.next();
            self.word = parser.since(before);
        }
        let plain = self.word.clone().into_iter().count() == 1;
        if let Some(row) = plain.then(|| layer_row(parser, &text)).flatten() {
            self.word = parser.since(before);
            self.arguments = Arguments::parse(parser, row);
            self.head = Head::Layer(row);
        } else if let Some(row) = vocabulary::activation_row(&text).filter(|_| plain) {
            self.activation = Some(known_activation(parser, row, token.stream()));
            self.head = Head::Activation;
        } else if text == "global" {
            parser.errors.at(word.span(), "`global` is followed by `avgpool`: `global avgpool`");
            parser.skip_stage();
        } else if vocabulary::PLANNED.contains(&text.as_str()) {
            parser.errors.at(word.span(), format!("`{text}` is not supported yet"));
            skip(parser);
        } else if vocabulary::is_option(&text) || vocabulary::initializer(&text).is_some() {
            parser.errors.at(word.span(), follows_a_layer(&text));
            skip(parser);
        } else if text == "input" {
            parser.errors.at(word.span(), "`input` stands once, at the beginning of a network");
            skip(parser);
        } else {
            let name = written(self.word.clone());
            let hint = parser
                .named_by_its_place(&text)
                .unwrap_or_else(|| hint_or_list(&text, &[Meaning::Layer, Meaning::Activation]));
            let own = of_own(&text);
            parser.errors.over(&self.word, format!("unknown layer `{name}`{hint}{own}"));
            skip(parser);
        }
    }

    /// Options and activation, in any order.
    fn rest(&mut self, parser: &mut Parser<'_>) {
        while let Some(token) = parser.peek() {
            if let Head::Layer(row) = self.head
                && parser.comma_before_option(row)
            {
                continue;
            }
            if matches!(token, Token::Arrow { .. })
                || token.is_punct(',')
                || token.is_punct(';') && parser.peek_at(1).is_none()
                || parser.is_operator_for_arrow()
                || begins_stage(parser)
            {
                return;
            }
            if parser.attribute() {
                continue;
            }
            if let Head::Layer(row) = self.head
                && parser.named_option(row.word, row.example)
            {
                continue;
            }
            let before = parser.tokens;
            let activation = self.one_of_rest(parser, token);
            // An activation that becomes a layer of its own is not part of this one.
            if !activation || !matches!(&self.head, Head::Layer(row) if !row.activation) {
                self.tokens.extend(parser.since(before));
            }
        }
    }

    /// Whether it is the activation.
    fn one_of_rest(&mut self, parser: &mut Parser<'_>, token: &Token) -> bool {
        if let Some(path) = user_path(parser) {
            if is_path(parser, &path) {
                let activation =
                    Activation { tokens: path.clone(), kind: ActivationKind::User(path) };
                self.set_activation(parser, activation);
            }
            return true;
        }
        parser.next();
        let Some(word) = token.word() else {
            self.unexpected(parser, token);
            return false;
        };
        let text = word.to_string();
        if let Some(row) = vocabulary::activation_row(&text) {
            let activation = known_activation(parser, row, token.stream());
            self.set_activation(parser, activation);
            return true;
        }
        if vocabulary::is_option(&text) {
            self.option(parser, word, &text);
        } else {
            self.unknown_word(parser, word, &text);
        }
        false
    }

    fn unknown_word(&mut self, parser: &mut Parser<'_>, word: &Ident, text: &str) {
        if matches!(self.head, Head::Unknown) {
            return;
        }
        let fits = [Meaning::Activation, Meaning::Option, Meaning::Initializer];
        let meant = vocabulary::did_you_mean(text, &fits);
        let message = match meant {
            Some((word, Meaning::Initializer)) => {
                format!("`{text}` follows the word `init`: `init {word}`")
            }
            Some((_, Meaning::Option)) => {
                format!("unknown option `{text}`{}", hint(text, &[Meaning::Option]))
            }
            _ if text == "same" => "`same` follows the word `pad`: `pad same`".to_owned(),
            _ if text == "no" && parser.next_if(|token| token.is_word("bias")).is_some() => {
                "unknown option `no bias`: did you mean `no_bias`?".to_owned()
            }
            // `momentum 0.1`
            None if parser.peek_is(is_literal) => {
                let name = written(self.word.clone());
                parser.next();
                match &self.head {
                    Head::Layer(row) if !row.options.is_empty() => {
                        let options: Vec<String> =
                            row.options.iter().map(|option| format!("`{option}`")).collect();
                        format!("`{name}` has no option `{text}`: it has {}", options.join(", "))
                    }
                    _ => format!("`{name}` has no option `{text}`"),
                }
            }
            _ if text == "as" => {
                parser.next_if(|token| token.word().is_some());
                "a label stands before its layer, with `:`: `hidden: dense 128`".to_owned()
            }
            _ => {
                let hint = hint_or_list(text, &[Meaning::Activation]);
                format!("unknown activation `{text}`{hint}{}", of_own(text))
            }
        };
        parser.errors.at(word.span(), message);
        parser.next_if(|token| token.group(Delimiter::Parenthesis).is_some());
        if let Some((_, Meaning::Option)) = meant {
            parser.next_if(|token| is_literal(token) || is_block(token) || token.is_word("same"));
        }
    }

    fn unexpected(&mut self, parser: &mut Parser<'_>, token: &Token) {
        // What is missing was reported: this may be it.
        if self.arguments.missing {
            return;
        }
        let name = written(self.word.clone());
        let before = parser.tokens;
        while parser.next_if(|next| is_literal(token) && is_literal(next)).is_some() {}
        let mut tokens = token.stream();
        tokens.extend(parser.since(before));
        let (are, one) =
            if before.len() > parser.tokens.len() { ("are", "") } else { ("is", "one ") };
        let what = written(tokens.clone());
        let message = match &self.head {
            Head::Unknown => return,
            Head::Layer(row) if row.arguments.is_empty() && is_literal(token) => {
                format!("`{name}` takes {}, `{what}` {are} too many", row.takes)
            }
            Head::Layer(row) if is_literal(token) || is_block(token) => {
                format!("`{name}` takes {}, `{what}` {are} {one}too many", row.takes)
            }
            Head::User(_) if is_literal(token) => {
                format!("`{name}` is a type of your own, which takes no size: `{what}` is too many")
            }
            Head::User(_) => {
                format!(
                    "`{name}` is a type of your own, which stands alone: an alias, `type Own<T> = …;`, gives it arguments"
                )
            }
            _ => format!("`{what}` is not an option or activation of `{name}`"),
        };
        parser.errors.over(tokens, message);
        if let Head::User(_) = self.head {
            self.head = Head::Unknown;
            skip(parser);
        }
    }

    fn set_activation(&mut self, parser: &mut Parser<'_>, activation: Activation) {
        let name = written(self.word.clone());
        let tokens = activation.tokens.clone();
        match (&self.head, &self.activation) {
            (Head::Unknown, _) => {}
            (Head::User(_), _) => parser.errors.over(
                tokens,
                format!(
                    "`{name}` is a type of your own, which takes no activation: put `=>` before it"
                ),
            ),
            (_, Some(first)) => {
                let first = written(first.tokens.clone());
                let second = written(tokens.clone());
                parser.errors.over(
                    tokens,
                    format!("`{name}` has two activations, `{first}` and `{second}`: keep one, or put `=>` between them"),
                );
            }
            (_, None) => self.activation = Some(activation),
        }
    }

    fn option(&mut self, parser: &mut Parser<'_>, word: &Ident, text: &str) {
        let name = written(self.word.clone());
        let fits = match &self.head {
            Head::Layer(row) => row.options.contains(&text),
            Head::Unknown => true,
            Head::Activation | Head::User(_) => false,
        };
        let twice = self.options.has(text);
        if twice {
            parser.errors.at(word.span(), format!("`{text}` is there twice"));
        } else if !fits {
            let hint = match vocabulary::layer(text) {
                Some(_) => format!(": for the layer `{text}`, put `=>` before it"),
                None => String::new(),
            };
            parser.errors.at(word.span(), format!("`{name}` has no option `{text}`{hint}"));
        }
        self.options.parse(parser, word);
        if text != "project" {
            return;
        }
        match &self.head {
            Head::Layer(row) if fits && !twice => {
                self.arguments.block(parser, row, Role::Projection);
            }
            _ => {
                parser.next_if(is_block);
            }
        }
    }
}

/// The word that was meant, or all that there are.
pub(crate) fn hint_or_list(word: &str, fits: &[Meaning]) -> String {
    let hint = hint(word, fits);
    if !hint.is_empty() || word.starts_with(char::is_uppercase) {
        return hint;
    }
    match fits {
        [Meaning::Layer, ..] => format!(": the layers are {}", vocabulary::list(Meaning::Layer)),
        [meaning, ..] => format!(": there are {}", vocabulary::list(*meaning)),
        [] => hint,
    }
}

/// To an option in the place of a layer.
fn follows_a_layer(option: &str) -> String {
    let example = match option {
        "project" => "residual { … } project { … }".to_owned(),
        _ if vocabulary::initializer(option).is_some() => format!("dense 128 init {option}"),
        "stride" | "dilation" | "groups" => format!("conv 16 3x3 {option} 2"),
        "output_padding" => "conv_transpose 16 3x3 stride 2 pad 1 output_padding 1".to_owned(),
        "count_include_pad" => "avgpool 3x3 pad 1 count_include_pad false".to_owned(),
        "eps" | "momentum" => format!("batchnorm {option} 0.01"),
        "depthwise" | "floor" => format!("conv 16 3x3 {option}"),
        _ => format!("dense 128 {option}"),
    };
    format!("`{option}` follows a layer: `{example}`")
}

fn is_known(word: &str) -> bool {
    vocabulary::is_layer(word) || vocabulary::activation_row(word).is_some()
}

/// The row of a layer of one or two words.
fn layer_row(parser: &mut Parser<'_>, text: &str) -> Option<&'static LayerRow> {
    if text == "global" {
        parser.next_if(|token| token.is_word("avgpool"))?;
        return vocabulary::layer("global avgpool");
    }
    vocabulary::layer(text)
}

fn label(parser: &mut Parser<'_>) -> Option<Ident> {
    parser.no_label();
    let word = parser.peek()?.word()?;
    let equals = |token: &Token| matches!(token, Token::Arrow { text, .. } if text == "=");
    if !vocabulary::is_layer(&word.to_string())
        && parser.peek_at(1).is_some_and(equals)
        && parser.starts_at(2)
    {
        parser.errors.at(word.span(), format!("a label is followed by `:`: `{word}: …`"));
    } else if !is_label(parser) {
        return None;
    }
    parser.next();
    parser.next();
    if !is_name(word) {
        parser.errors.at(word.span(), format!("`{word}` is a word of Rust and cannot be a label"));
        return None;
    }
    Some(word.clone())
}

/// A word and a single colon.
fn is_label(parser: &Parser<'_>) -> bool {
    parser.peek_is(|token| token.word().is_some())
        && parser.peek_at(1).is_some_and(|token| token.is_punct(':'))
        && !parser.peek_at(2).is_some_and(|token| token.is_punct(':'))
}

/// An option with a colon behind it, as in `stride: 2`: no label.
fn is_option_with_colon(parser: &Parser<'_>) -> bool {
    parser.peek().and_then(Token::word).is_some_and(|word| vocabulary::is_option(&word.to_string()))
        && !parser.starts_at(2)
}

/// Whether the next stage begins here, without the `=>` that belongs before it.
pub(crate) fn begins_stage(parser: &Parser<'_>) -> bool {
    is_label(parser) && !is_option_with_colon(parser)
        || parser.peek().and_then(Token::word).is_some_and(|word| {
            let text = word.to_string();
            // `pad` is both, and an option here.
            vocabulary::is_layer(&text) && !vocabulary::is_option(&text) || text == "input"
        })
}

/// To the end of the stage, after a mistake.
fn skip(parser: &mut Parser<'_>) {
    parser.forgiven = true;
    while !parser.peek_is(|token| matches!(token, Token::Arrow { .. }) || token.is_punct(','))
        && !begins_stage(parser)
        && parser.next().is_some()
    {}
}

fn is_literal(token: &Token) -> bool {
    matches!(token, Token::Tree(TokenTree::Literal(_)))
}

fn is_block(token: &Token) -> bool {
    token.group(Delimiter::Brace).is_some()
}

pub(crate) fn hint(word: &str, fits: &[Meaning]) -> String {
    match vocabulary::did_you_mean(word, fits) {
        Some((word, _)) => format!(": did you mean `{word}`?"),
        None => String::new(),
    }
}

/// A macro cannot see whether the user has a type that is called as another library calls a layer of ours.
fn of_own(word: &str) -> String {
    if word.starts_with(char::is_uppercase) {
        format!(" (a type of your own is written `self::{word}`)")
    } else {
        String::new()
    }
}

/// A path to a type of the user's: with `::` in it, or in upper case and not a misspelt word of ours.
fn user_path(parser: &mut Parser<'_>) -> Option<TokenStream> {
    if let Some(group) = parser.peek().and_then(|token| token.group(Delimiter::None)) {
        // `$p:path` or `$t:ty` of a `macro_rules!` macro.
        let path = syn::parse2::<syn::Path>(group.stream()).ok()?;
        parser.next();
        return Some(quote!(#path));
    }
    let word = parser.peek().and_then(Token::word);
    let path_follows = |parser: &Parser<'_>, at: usize| {
        parser.peek_at(at).is_some_and(|token| token.is_punct(':'))
            && parser.peek_at(at + 1).is_some_and(|token| token.is_punct(':'))
    };
    let at = usize::from(word.is_some());
    // `Dense::<128>` is a word of another library with its arguments.
    let is_path = path_follows(parser, at)
        && !(word.is_some() && parser.peek_at(at + 2).is_some_and(|token| token.is_punct('<')));
    // `F.relu` is Python.
    let dotted = parser.peek_at(1).is_some_and(|token| token.is_punct('.'))
        && !parser.peek_at(2).is_some_and(|token| {
            token.word().is_some_and(|word| vocabulary::is_layer(&word.to_string()))
        });
    let upper = !dotted
        && word.is_some_and(|word| {
            let text = word.to_string();
            text.starts_with(char::is_uppercase)
                && vocabulary::exact(&text, &[Meaning::Layer, Meaning::Activation]).is_none()
        });
    if !is_path && !upper {
        return None;
    }
    let tokens = path(parser);
    (!tokens.is_empty()).then_some(tokens)
}

/// Whether Rust takes it as a path; an error if not.
pub(crate) fn is_path(parser: &mut Parser<'_>, tokens: &TokenStream) -> bool {
    let mut all = tokens.clone().into_iter();
    let (first, last) = (all.next(), tokens.clone().into_iter().last());
    if matches!(&first, Some(TokenTree::Ident(first)) if first == "Self") {
        let message = "`Self` means nothing in a description: write the name of the type";
        parser.errors.over(tokens, message);
        return false;
    }
    let is_path = syn::parse2::<syn::Path>(tokens.clone()).is_ok()
        && matches!(last, Some(TokenTree::Ident(last)) if is_name(&last));
    if !is_path {
        let text = written(tokens.clone());
        parser
            .errors
            .over(tokens, format!("`{text}` is not the path of anything: a word of Rust is in it"));
    }
    is_path
}

/// `a::b::C`, `::a::B`.
pub(crate) fn path(parser: &mut Parser<'_>) -> TokenStream {
    let before = parser.tokens;
    let colons = |parser: &Parser<'_>| {
        parser.peek_is(|token| token.is_punct(':'))
            && parser.peek_at(1).is_some_and(|token| token.is_punct(':'))
            && parser.peek_at(2).is_some_and(|token| token.word().is_some())
    };
    parser.next_if(|token| token.word().is_some());
    while colons(parser) {
        parser.next();
        parser.next();
        parser.next();
    }
    parser.since(before)
}

fn known_activation(
    parser: &mut Parser<'_>,
    row: &'static ActivationRow,
    word: TokenStream,
) -> Activation {
    let mut arguments =
        row.parameter.map(crate::syntax::decimal::Decimal::arguments).unwrap_or_default();
    let mut tokens = word;
    let word = row.word;
    if let Some(token) = parser.next_if(|token| token.group(Delimiter::Parenthesis).is_some()) {
        let inside =
            token.group(Delimiter::Parenthesis).map(proc_macro2::Group::stream).unwrap_or_default();
        tokens.extend(token.stream());
        let example = format!(
            "`{word}({})`",
            row.parameter.map_or(0.0, crate::syntax::decimal::Decimal::value)
        );
        match (row.parameter, numbers(inside).as_deref()) {
            (None, _) => parser.errors.over(token.stream(), format!("`{word}` has no parameter")),
            (Some(_), Ok([number])) => arguments = number.arguments(),
            (Some(_), Ok(_)) => {
                parser
                    .errors
                    .over(token.stream(), format!("`{word}` has one parameter: {example}"));
            }
            (Some(_), Err(wrong)) => {
                let place = if wrong.is_empty() { token.stream() } else { wrong.clone() };
                parser.errors.over(
                    place,
                    format!("the parameter of `{word}` is a number that stands here, as in {example}: it becomes part of a type"),
                );
            }
        }
    }
    let value = |token: &Token| is_literal(token) || token.group(Delimiter::Bracket).is_some();
    if row.parameter.is_some()
        && let Some(token) = parser.next_if(value)
    {
        let number = written(token.stream());
        let number = number.trim_matches(['[', ']']);
        let message =
            format!("the parameter of `{word}` stands in parentheses: `{word}({number})`");
        parser.errors.over(token.stream(), message);
    }
    Activation { kind: ActivationKind::Known(row, arguments), tokens }
}
