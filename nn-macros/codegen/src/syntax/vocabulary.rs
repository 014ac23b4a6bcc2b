//! The words of a description: layers, activations, options and initializers.
//!
//! What the parser knows of a layer, a [`LayerGrammar`], is half of its row in the table of layers, `shapes/layers/table.rs`.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

use crate::syntax::decimal::Decimal;
use crate::syntax::spans::elsewhere;

/// How a layer is written.
pub(crate) struct LayerGrammar {
    pub(crate) word: &'static str,
    /// An example, for messages.
    pub(crate) example: &'static str,
    /// What follows the word.
    pub(crate) arguments: &'static [Argument],
    /// The arguments in words, for messages.
    pub(crate) takes: &'static str,
    pub(crate) options: &'static [&'static str],
    /// Whether its type holds an activation; if not, an activation behind it becomes a layer of its own.
    pub(crate) activation: bool,
}

impl LayerGrammar {
    /// A word that stands alone.
    pub(crate) const fn of(word: &'static str) -> Self {
        Self {
            word,
            example: word,
            arguments: &[],
            takes: "no size",
            options: &[],
            activation: false,
        }
    }
}

/// One argument of a layer, with the words of a message about it.
#[derive(Clone, Copy)]
pub(crate) enum Argument {
    /// One size.
    Size(&'static str),
    /// Rows and columns; one number is both.
    Pair(&'static str),
    /// As [`Argument::Pair`], where 0 is a size too.
    Margin,
    /// One, two or three sizes.
    Shape,
    /// A number from 0 to 1.
    Probability,
    /// Layers in braces.
    Block,
    /// Two or more of them.
    Branches,
    /// One or more of them, each with a name.
    Heads,
}

/// The role of a block in its layer.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// The layers that `residual` adds to its input.
    Body,
    /// The layers that `residual` applies to its input before it adds.
    Projection,
    /// One of the branches of `concat` and `add`, from 0 on.
    Branch(usize),
    /// The branch that takes the input of this name.
    Input(Ident),
    /// The head of this name.
    Head(Ident),
}

const ORDINALS: [&str; 10] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

impl Role {
    /// The end of the name of the block's type.
    pub(crate) fn suffix(&self) -> String {
        match self {
            Self::Body => String::new(),
            Self::Projection => "Projection".to_owned(),
            Self::Branch(_) | Self::Input(_) | Self::Head(_) => camel(&self.field()),
        }
    }

    /// The name of the block's field.
    pub(crate) fn field(&self) -> Ident {
        let name = match self {
            Self::Input(name) | Self::Head(name) => return elsewhere(name),
            Self::Body => "block".to_owned(),
            Self::Projection => "projection".to_owned(),
            Self::Branch(index) => match ORDINALS.get(*index) {
                Some(ordinal) => (*ordinal).to_owned(),
                None => format!("branch{}", index + 1),
            },
        };
        Ident::new(&name, Span::mixed_site())
    }

    /// The same at the user's word, for its definition.
    pub(crate) fn defined(&self) -> Ident {
        match self {
            Self::Input(name) | Self::Head(name) => name.clone(),
            _ => self.field(),
        }
    }

    /// For documentation and messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Input(name) => format!("branch `{name}`"),
            Self::Head(name) => format!("head `{name}`"),
            Self::Body => "block".to_owned(),
            Self::Projection => "projection".to_owned(),
            Self::Branch(index) => match ORDINALS.get(*index) {
                Some(ordinal) => format!("{ordinal} branch"),
                None => format!("branch {}", index + 1),
            },
        }
    }
}

/// `Residual1` for `residual1`: a part of the name of a type.
pub(crate) fn camel(field: &Ident) -> String {
    let field = field.unraw().to_string();
    let words = field.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    });
    words.collect()
}

/// Layers that the grammar has and the library does not have yet.
pub(crate) const PLANNED: &[&str] = &["conv1d", "gru", "lstm"];

/// The word with which a branch begins that takes what an earlier stage gave.
pub(crate) const FROM: &str = "from";

/// The word with which a network ends that has several outputs.
pub(crate) const HEADS: &str = "heads";

/// The name of the layer that is not written: what blocks take from around them, put together.
pub(crate) const CAPTURED: &str = "captured";

/// The word that repeats stages.
pub(crate) const REPEAT: &str = "repeat";

/// An activation of the library.
pub(crate) struct ActivationRow {
    pub(crate) word: &'static str,
    /// Its type in `axonal::activations`.
    pub(crate) rust: &'static str,
    /// The value of its parameter where none is written, for one that has a parameter.
    pub(crate) parameter: Option<Decimal>,
    /// Whether backpropagation goes through it.
    pub(crate) differentiable: bool,
}

const fn activation(word: &'static str, rust: &'static str) -> ActivationRow {
    ActivationRow { word, rust, parameter: None, differentiable: true }
}

pub(crate) const ACTIVATIONS: &[ActivationRow] = &[
    activation("identity", "Identity"),
    activation("sigmoid", "Sigmoid"),
    activation("tanh", "Tanh"),
    activation("relu", "Relu"),
    activation("relu6", "Relu6"),
    ActivationRow {
        parameter: Some(Decimal { numerator: 1, denominator: 100 }),
        ..activation("leaky_relu", "LeakyRelu")
    },
    ActivationRow {
        parameter: Some(Decimal { numerator: 1, denominator: 1 }),
        ..activation("elu", "Elu")
    },
    activation("selu", "Selu"),
    activation("gelu", "Gelu"),
    activation("silu", "Silu"),
    activation("softplus", "Softplus"),
    activation("softsign", "Softsign"),
    activation("hard_sigmoid", "HardSigmoid"),
    activation("softmax", "Softmax"),
    ActivationRow { differentiable: false, ..activation("step", "Step") },
];

/// The options of all layers; those that a layer takes are in its row.
pub(crate) const OPTIONS: &[&str] = &[
    "stride",
    "pad",
    "output_padding",
    "count_include_pad",
    "dilation",
    "groups",
    "depthwise",
    "floor",
    "eps",
    "momentum",
    "project",
    "no_bias",
    "init",
];

/// A way to draw the first weights.
pub(crate) struct InitializerRow {
    pub(crate) word: &'static str,
    /// The variant of `axonal::init::Initializer`.
    pub(crate) rust: &'static str,
    /// The names of its numbers.
    pub(crate) numbers: &'static [&'static str],
    /// Their values where none are written, for one that may stand alone.
    pub(crate) usual: Option<&'static [Decimal]>,
}

const fn initial(
    word: &'static str,
    rust: &'static str,
    numbers: &'static [&'static str],
) -> InitializerRow {
    InitializerRow { word, rust, numbers, usual: None }
}

pub(crate) const INITIALIZERS: &[InitializerRow] = &[
    initial("zeros", "Zeros", &[]),
    initial("uniform", "Uniform", &["low", "high"]),
    initial("normal", "Normal", &["mean", "std"]),
    initial("glorot_uniform", "GlorotUniform", &[]),
    initial("glorot_normal", "GlorotNormal", &[]),
    initial("he_uniform", "HeUniform", &[]),
    initial("he_normal", "HeNormal", &[]),
    initial("lecun_uniform", "LecunUniform", &[]),
    initial("lecun_normal", "LecunNormal", &[]),
    InitializerRow {
        usual: Some(&[Decimal { numerator: 1, denominator: 1 }]),
        ..initial("orthogonal", "Orthogonal", &["gain"])
    },
];

/// What a word means in a description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    Layer,
    Activation,
    Option,
    Initializer,
}

pub(crate) fn activation_row(word: &str) -> Option<&'static ActivationRow> {
    ACTIVATIONS.iter().find(|row| row.word == word)
}

pub(crate) fn initializer(word: &str) -> Option<&'static InitializerRow> {
    INITIALIZERS.iter().find(|row| row.word == word)
}

pub(crate) fn is_option(word: &str) -> bool {
    OPTIONS.contains(&word)
}

/// All words: those of the layers, which are in a table of `shapes`, and those of the tables above.
pub(crate) struct Vocabulary {
    layers: Vec<&'static LayerGrammar>,
}

impl Vocabulary {
    pub(crate) fn new(layers: impl Iterator<Item = &'static LayerGrammar>) -> Self {
        Self { layers: layers.collect() }
    }

    pub(crate) fn layer(&self, word: &str) -> Option<&'static LayerGrammar> {
        self.layers.iter().copied().find(|grammar| grammar.word == word)
    }

    /// Whether a layer begins with the word.
    pub(crate) fn is_layer(&self, word: &str) -> bool {
        self.layer(word).is_some() || PLANNED.contains(&word) || word == "global" || word == REPEAT
    }

    pub(crate) fn is_layer_or_activation(&self, word: &str) -> bool {
        self.is_layer(word) || activation_row(word).is_some()
    }

    /// Every word with its meaning.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, Meaning)> {
        let layers = self.layers.iter().map(|grammar| grammar.word).chain(PLANNED.iter().copied());
        layers
            .chain([REPEAT])
            .map(|word| (word, Meaning::Layer))
            .chain(ACTIVATIONS.iter().map(|row| (row.word, Meaning::Activation)))
            .chain(OPTIONS.iter().map(|word| (*word, Meaning::Option)))
            .chain(INITIALIZERS.iter().map(|row| (row.word, Meaning::Initializer)))
    }

    /// All words with a meaning: `` `relu`, `tanh` ``.
    pub(crate) fn list(&self, meaning: Meaning) -> String {
        let words = self.all().filter(|(word, is)| *is == meaning && !PLANNED.contains(word));
        let words: Vec<String> = words.map(|(word, _)| format!("`{word}`")).collect();
        words.join(", ")
    }
}
