//! One stage of a chain: `hidden: dense 128 init he_normal sigmoid`.

use proc_macro2::{Delimiter, Ident};

use crate::syntax::parser::Parser;
use crate::syntax::parser::activation::activation;
use crate::syntax::parser::paths::{is_name, is_path, user_path};
use crate::syntax::tokens::{Token, written};
use crate::syntax::tree::{Activation, ActivationKind, Arguments, Head, Stage};
use crate::syntax::vocabulary::{self, LayerGrammar, Meaning, Role, activation_row, is_option};

/// Reads one stage; none, and no token is read, where an arrow or the end is instead.
pub(super) fn stage(parser: &mut Parser<'_>) -> Option<Stage> {
    let label = label(parser);
    let before = parser.tokens;
    if parser.peek().is_none_or(Token::is_arrow) {
        if let Some(label) = label {
            let message = format!("a layer is missing after the label `{label}`");
            parser.errors.at(label.span(), message);
        }
        return None;
    }
    let mut stage = Stage { label, ..Stage::new(Head::Unknown) };
    stage.head(parser);
    stage.tokens = parser.since(before);
    stage.rest(parser);
    Some(stage)
}

impl Stage {
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
            no_word(parser, token);
            return;
        };
        let mut text = word.to_string();
        // As in Python: `nn.Linear`. `dense 10 . relu` is an arrow that went wrong; `nn.relu` is not.
        while parser.peek_is(|token| token.is_punct('.'))
            && !(parser.vocabulary.is_layer_or_activation(&text) && parser.is_operator_for_arrow())
        {
            let Some(last) = parser.peek_at(1).and_then(Token::word) else { break };
            text = last.to_string();
            parser.skip(2);
            self.word = parser.since(before);
        }
        let plain = self.word.clone().into_iter().count() == 1;
        if let Some(layer) = plain.then(|| layer(parser, &text)).flatten() {
            self.word = parser.since(before);
            self.arguments = Arguments::parse(parser, layer);
            self.head = Head::Layer(layer);
        } else if let Some(row) = activation_row(&text).filter(|_| plain) {
            self.activation = Some(activation(parser, row, token.stream()));
            self.head = Head::Activation;
        } else {
            self.no_layer(parser, word, &text);
        }
    }

    /// An error at a word that begins no stage.
    fn no_layer(&self, parser: &mut Parser<'_>, word: &Ident, text: &str) {
        if text == "global" {
            parser.errors.at(word.span(), "`global` is followed by `avgpool`: `global avgpool`");
            parser.skip_stage();
            return;
        }
        if vocabulary::PLANNED.contains(&text) {
            parser.errors.at(word.span(), format!("`{text}` is not supported yet"));
        } else if is_option(text) || vocabulary::initializer(text).is_some() {
            parser.errors.at(word.span(), follows_a_layer(text));
        } else if text == vocabulary::FROM {
            parser.errors.at(
                word.span(),
                "`from` begins a branch of `concat` or `add`: `concat { } { from fine }`",
            );
        } else if text == "input" {
            parser.errors.at(word.span(), "`input` stands once, at the beginning of a network");
        } else {
            let name = written(self.word.clone());
            let hint = parser.named_by_its_place(text).unwrap_or_else(|| {
                parser.vocabulary.hint_or_list(text, &[Meaning::Layer, Meaning::Activation])
            });
            let own = of_own(text);
            parser.errors.over(&self.word, format!("unknown layer `{name}`{hint}{own}"));
        }
        parser.skip_to_next_stage();
    }

    /// Options and activation, in any order.
    fn rest(&mut self, parser: &mut Parser<'_>) {
        while let Some(token) = parser.peek() {
            if let Head::Layer(layer) = self.head
                && parser.comma_before_option(layer)
            {
                continue;
            }
            if token.is_arrow()
                || token.is_punct(',')
                || token.is_punct(';') && parser.peek_at(1).is_none()
                || parser.is_operator_for_arrow()
                || parser.begins_stage()
            {
                return;
            }
            if parser.attribute() {
                continue;
            }
            if let Head::Layer(layer) = self.head
                && parser.named_option(layer.word, layer.example)
            {
                continue;
            }
            let before = parser.tokens;
            let activation = self.one_of_rest(parser, token);
            // An activation that becomes a layer of its own is not part of this one.
            if !activation || !matches!(&self.head, Head::Layer(layer) if !layer.activation) {
                self.tokens.extend(parser.since(before));
            }
        }
    }

    /// Reads one option, or the activation; whether it was the activation.
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
        if let Some(row) = activation_row(&text) {
            let activation = activation(parser, row, token.stream());
            self.set_activation(parser, activation);
            return true;
        }
        if is_option(&text) {
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
        let meant = parser.vocabulary.did_you_mean(text, &fits);
        let layer = parser.vocabulary.in_another_case(text, &[Meaning::Layer]);
        let exact = parser.vocabulary.exact(text, &fits).is_some();
        let message = match (meant, layer) {
            (_, Some((layer, _))) if !exact => {
                format!(
                    "`{text}` is no activation but the layer `{layer}`: put `=>` before it{}",
                    of_own(text)
                )
            }
            (Some((word, Meaning::Initializer)), _) => {
                format!("`{text}` follows the word `init`: `init {word}`")
            }
            (Some((_, Meaning::Option)), _) => {
                format!(
                    "unknown option `{text}`{}",
                    parser.vocabulary.hint(text, &[Meaning::Option])
                )
            }
            _ if text == "same" => "`same` follows the word `pad`: `pad same`".to_owned(),
            _ if text == "no" && parser.next_if(|token| token.is_word("bias")).is_some() => {
                "unknown option `no bias`: did you mean `no_bias`?".to_owned()
            }
            // `momentum 0.1`
            (None, _) if parser.peek_is(Token::is_literal) => {
                parser.next();
                self.no_option(text)
            }
            _ if text == "as" => {
                parser.next_if(|token| token.word().is_some());
                "a label stands before its layer, with `:`: `hidden: dense 128`".to_owned()
            }
            _ => {
                let hint = parser.vocabulary.hint_or_list(text, &[Meaning::Activation]);
                format!("unknown activation `{text}`{hint}{}", of_own(text))
            }
        };
        parser.errors.at(word.span(), message);
        parser.next_if(|token| token.is_group(Delimiter::Parenthesis));
        if let Some((_, Meaning::Option)) = meant {
            parser.next_if(|token| {
                token.is_literal() || token.is_group(Delimiter::Brace) || token.is_word("same")
            });
        }
    }

    fn no_option(&self, option: &str) -> String {
        let name = written(self.word.clone());
        match &self.head {
            Head::Layer(layer) if !layer.options.is_empty() => {
                let options: Vec<String> =
                    layer.options.iter().map(|option| format!("`{option}`")).collect();
                format!("`{name}` has no option `{option}`: it has {}", options.join(", "))
            }
            _ => format!("`{name}` has no option `{option}`"),
        }
    }

    fn unexpected(&mut self, parser: &mut Parser<'_>, token: &Token) {
        // An argument is missing, which was reported: this may be it.
        if self.arguments.missing {
            return;
        }
        let name = written(self.word.clone());
        let before = parser.tokens;
        while parser.next_if(|next| token.is_literal() && next.is_literal()).is_some() {}
        let mut tokens = token.stream();
        tokens.extend(parser.since(before));
        let (are, one) =
            if before.len() > parser.tokens.len() { ("are", "") } else { ("is", "one ") };
        let what = written(tokens.clone());
        let message = match &self.head {
            Head::Unknown => return,
            Head::Layer(layer) if layer.arguments.is_empty() && token.is_literal() => {
                format!("`{name}` takes {}, `{what}` {are} too many", layer.takes)
            }
            Head::Layer(layer) if token.is_literal() || token.is_group(Delimiter::Brace) => {
                format!("`{name}` takes {}, `{what}` {are} {one}too many", layer.takes)
            }
            Head::User(_) if token.is_literal() => {
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
            parser.skip_to_next_stage();
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
            Head::Layer(layer) => layer.options.contains(&text),
            Head::Unknown => true,
            Head::Activation | Head::Input(_) | Head::Captured(_) | Head::User(_) => false,
        };
        let twice = self.options.has(text);
        if twice {
            parser.errors.at(word.span(), format!("`{text}` is there twice"));
        } else if !fits {
            let hint = match parser.vocabulary.layer(text) {
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
            Head::Layer(layer) if fits && !twice => {
                self.arguments.block(parser, layer, Role::Projection);
            }
            _ => {
                parser.next_if(|token| token.is_group(Delimiter::Brace));
            }
        }
    }
}

/// An error at a token that is no word, in the place of a layer.
fn no_word(parser: &mut Parser<'_>, token: &Token) {
    let text = written(token.stream());
    let message = match parser.peek_word() {
        Some(layer) if token.is_literal() && parser.vocabulary.is_layer(&layer.to_string()) => {
            format!("`{text}` stands behind its layer: `{layer} {text}`")
        }
        _ => format!("`{text}` is not a layer: a stage begins with a word such as `dense`"),
    };
    parser.errors.over(token.stream(), message);
    parser.skip_stage();
    parser.recovered = true;
}

/// The error for an option in the place of a layer.
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

/// The layer that the word names; a second word, as in `global avgpool`, is read.
fn layer(parser: &mut Parser<'_>, text: &str) -> Option<&'static LayerGrammar> {
    if text == "global" {
        parser.next_if(|token| token.is_word("avgpool"))?;
        return parser.vocabulary.layer("global avgpool");
    }
    parser.vocabulary.layer(text)
}

fn label(parser: &mut Parser<'_>) -> Option<Ident> {
    parser.no_label();
    let word = parser.peek_word()?;
    if !parser.vocabulary.is_layer(&word.to_string())
        && parser.is_at(1, Token::is_equals)
        && parser.starts_at(2)
    {
        parser.errors.at(word.span(), format!("a label is followed by `:`: `{word}: …`"));
    } else if !parser.is_label() {
        return None;
    }
    parser.skip(2);
    if !is_name(word) {
        parser.errors.at(word.span(), format!("`{word}` is a word of Rust and cannot be a label"));
        return None;
    }
    Some(word.clone())
}

/// For the end of a message about a word in upper case: it may be meant as a type, but also as another library's name of a layer.
fn of_own(word: &str) -> String {
    if word.starts_with(char::is_uppercase) {
        format!(" (a type of your own is written `self::{word}`)")
    } else {
        String::new()
    }
}
