//! The tree of a description: items and chains of stages, as written, with the places of all words.

use std::fmt;

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::syntax::decimal::Decimal;
use crate::syntax::vocabulary::{ActivationRow, LayerGrammar, REPEAT, Role, activation_row};

/// The argument of `network!`.
pub(crate) enum Call {
    /// Definitions of types.
    Items(Vec<Item>),
    /// A chain alone: an expression.
    Expression(Box<Item>),
}

/// A definition: `pub struct Digits<input 784 => dense 10>;`.
pub(crate) struct Item {
    /// Doc comments and others, as written.
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) visibility: TokenStream,
    /// The place of the word `struct`, or of the one instead of it.
    pub(crate) keyword: Span,
    pub(crate) name: Ident,
    /// `<T, const N: usize>` before the layers: an error, which was reported. Sizes may name them.
    pub(crate) parameters: TokenStream,
    pub(crate) chain: Chain,
    /// Whether there were errors in it.
    pub(crate) broken: bool,
}

impl Item {
    /// The name of a network that is an expression.
    pub(crate) fn anonymous_name() -> Ident {
        Ident::new("Network", Span::mixed_site())
    }
}

/// `input 784 => dense 128 sigmoid => dense 10`.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    /// The sizes of the input; none if it is missing, has several with names, or the chain is a block of a layer.
    pub(crate) input: Vec<Size>,
    /// Several inputs that go into the first stage as they are: a type of the user's takes all of them.
    pub(crate) whole: Vec<Stage>,
    /// Where the input is described.
    pub(crate) input_tokens: TokenStream,
    /// The label in `from label`, with which a branch may begin.
    pub(crate) from: Option<Ident>,
    /// Of a block, the labels before it in the chains around it.
    pub(crate) around: Vec<Ident>,
    /// The one that was written, where what stands behind it was given other values with it.
    pub(crate) written: Option<Ident>,
    /// Without one, how many stages before the one in front of its layer: more than 0 where stages were added there.
    pub(crate) back: usize,
    pub(crate) stages: Vec<Stage>,
}

impl Chain {
    /// How many inputs with names it has: they are its first stages.
    pub(crate) fn inputs(&self) -> usize {
        self.stages.iter().take_while(|stage| matches!(stage.head, Head::Input(_))).count()
    }
}

/// One stage: `hidden: dense 128 init he_normal sigmoid`.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) label: Option<Ident>,
    pub(crate) head: Head,
    /// The first word of the layer: where errors about its shape go.
    pub(crate) word: TokenStream,
    pub(crate) arguments: Arguments,
    pub(crate) options: Options,
    pub(crate) activation: Option<Activation>,
    /// The whole stage without its label.
    pub(crate) tokens: TokenStream,
    /// Whether it is the activation that was written behind the layer before it.
    pub(crate) follows: bool,
    /// Of each `repeat` around it, from the outermost: which round it belongs to.
    pub(crate) rounds: Vec<Round>,
    /// Whether a block of it takes values from around it.
    pub(crate) captures: bool,
}

/// One round of a `repeat`.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    /// From 1 on.
    pub(crate) number: usize,
    /// How many stages a round has.
    pub(crate) length: usize,
}

impl Stage {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            label: None,
            head,
            word: TokenStream::new(),
            arguments: Arguments::default(),
            options: Options::default(),
            activation: None,
            tokens: TokenStream::new(),
            follows: false,
            rounds: Vec::new(),
            captures: false,
        }
    }

    /// What `{ }` is: its input as it is.
    pub(crate) fn identity(braces: &Group) -> Option<Self> {
        let tokens = quote_spanned!(braces.span_open()=> identity);
        let kind = ActivationKind::Known(activation_row("identity")?, TokenStream::new());
        Some(Self {
            word: tokens.clone(),
            tokens: tokens.clone(),
            activation: Some(Activation { kind, tokens }),
            ..Self::new(Head::Activation)
        })
    }

    /// The places in the chain where the same stage stands in the rounds before, given its own.
    pub(crate) fn earlier(&self, index: usize) -> impl Iterator<Item = usize> {
        self.rounds.iter().filter(|round| round.number > 1).map(move |round| index - round.length)
    }

    /// For the end of a message: ` (in round 2 of `repeat`)`.
    pub(crate) fn round(&self) -> String {
        let numbers = self.rounds.iter().rev().map(|round| format!("round {}", round.number));
        let numbers: Vec<String> = numbers.collect();
        if numbers.is_empty() {
            return String::new();
        }
        format!(" (in {} of `{REPEAT}`)", numbers.join(" of "))
    }

    /// Takes out the activation behind a layer whose type holds none: it becomes the next layer.
    pub(crate) fn split_activation(&mut self) -> Option<Self> {
        match &self.head {
            Head::Layer(grammar) if !grammar.activation => {}
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
}

/// What the stage is.
#[derive(Clone)]
pub(crate) enum Head {
    /// A layer of the library.
    Layer(&'static LayerGrammar),
    /// An activation alone.
    Activation,
    /// One of several inputs, by its name: a value of its own, from 0 on.
    Input(usize),
    /// One of the values that a block takes from around it, from 0 on: the block's own input is the first.
    Captured(usize),
    /// The user's own type.
    User(TokenStream),
    /// A mistake, already reported.
    Unknown,
}

/// An activation, as written.
#[derive(Clone)]
pub(crate) struct Activation {
    pub(crate) kind: ActivationKind,
    pub(crate) tokens: TokenStream,
}

#[derive(Clone)]
pub(crate) enum ActivationKind {
    /// Its row and the arguments of its type.
    Known(&'static ActivationRow, TokenStream),
    /// The user's own type.
    User(TokenStream),
}

/// The arguments of one layer, as written.
#[derive(Clone, Default)]
pub(crate) struct Arguments {
    /// All sizes, one after the other: of `conv 6 5x5`, three.
    pub(crate) sizes: Vec<Size>,
    pub(crate) probability: Option<Decimal>,
    pub(crate) blocks: Vec<Block>,
    /// Whether one is missing, which was reported.
    pub(crate) missing: bool,
}

/// Layers in braces, which begin with the input of the layer around them.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) role: Role,
    pub(crate) chain: Chain,
}

/// The options of one layer, as written.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Rows and columns.
    pub(crate) stride: Option<[Size; 2]>,
    pub(crate) pad: Option<Padding>,
    pub(crate) dilation: Option<[Size; 2]>,
    pub(crate) groups: Option<Size>,
    /// Rows and columns that a transposed convolution adds at the end of its output.
    pub(crate) output_padding: Option<[Size; 2]>,
    /// Whether the zeros around an image count in a mean.
    pub(crate) count_include_pad: Option<bool>,
    pub(crate) eps: Option<Decimal>,
    pub(crate) momentum: Option<Decimal>,
    /// A variant of `axonal::init::Initializer`, after its path.
    pub(crate) initializer: Option<TokenStream>,
    /// The words of all options that were written.
    pub(crate) words: Vec<Ident>,
}

impl Options {
    pub(crate) fn has(&self, option: &str) -> bool {
        self.place(option).is_some()
    }

    /// Where it was written.
    pub(crate) fn place(&self, option: &str) -> Option<Span> {
        self.words.iter().find(|word| *word == option).map(Ident::span)
    }
}

/// The rows and columns of zeros around an image.
#[derive(Clone)]
pub(crate) enum Padding {
    /// The padding with which an output is as large as its input divided by the stride.
    Same,
    /// The number of rows above and below, and of columns left and right.
    Zeros([Size; 2]),
}

/// One size of a shape.
#[derive(Clone)]
pub(crate) enum Size {
    /// A number.
    Number(u64, Span),
    /// A constant: an expression in braces, how it was written, and where.
    Constant { tokens: TokenStream, text: String, place: Span },
    /// A mistake, already reported.
    Unknown,
}

impl Size {
    /// A number that nobody wrote.
    pub(crate) fn of(value: u64) -> Self {
        Self::Number(value, Span::call_site())
    }

    /// A constant, of which the compiler knows the value, and the macro does not.
    pub(crate) fn constant(tokens: TokenStream, text: &str) -> Self {
        let place = first_word(&tokens);
        Self::Constant { tokens, text: text.to_owned(), place }
    }

    /// As the argument of a type.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Number(value, span) => {
                let mut literal = Literal::u64_unsuffixed(*value);
                // At the user's place, but not written by the user: lints about literals look the other way.
                literal.set_span(span.resolved_at(Span::mixed_site()));
                quote!(#literal)
            }
            Self::Constant { tokens, .. } => tokens.clone(),
            Self::Unknown => quote!(1),
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Number(_, span) => *span,
            Self::Constant { place, .. } => *place,
            Self::Unknown => Span::call_site(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value, _) => write!(formatter, "{value}"),
            Self::Constant { text, .. } if text.contains(' ') => write!(formatter, "{{ {text} }}"),
            Self::Constant { text, .. } => formatter.write_str(text),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// Where an expression in braces begins; the macro may have written the braces itself.
pub(crate) fn first_word(tokens: &TokenStream) -> Span {
    match tokens.clone().into_iter().next() {
        Some(TokenTree::Group(group)) => match group.stream().into_iter().next() {
            Some(_) => first_word(&group.stream()),
            None => group.span(),
        },
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}
