//! The words of a description: one row for each layer, activation, option and initializer.
//!
//! A new layer is a row here and a file in the library's `src/layers`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::number::Decimal;
use crate::shapes::{Count, Input, Shape, Size};

/// A layer that the library has.
pub(crate) struct LayerRow {
    pub(crate) word: &'static str,
    /// How many sizes follow the word.
    pub(crate) sizes: usize,
    pub(crate) options: &'static [&'static str],
    /// What comes out, or the reason why this input does not fit.
    pub(crate) output: fn(&Input<'_>, &[Size]) -> Result<Shape, String>,
    /// How many parameters it has: from its input, its sizes, and whether it has a bias.
    pub(crate) parameters: fn(&Shape, &[Size], bool) -> Count,
    /// The Rust type.
    pub(crate) rust: fn(&Settings<'_>) -> TokenStream,
}

/// What a row needs to know of its place in the network.
pub(crate) struct Settings<'a> {
    /// The path of the library: `::axonal`.
    pub(crate) root: &'a TokenStream,
    /// `T`, or `f32` where nothing may be generic.
    pub(crate) scalar: &'a TokenStream,
    pub(crate) input: &'a Shape,
    pub(crate) sizes: &'a [Size],
    /// The activation's type, if there is one.
    pub(crate) activation: Option<TokenStream>,
    pub(crate) bias: bool,
    /// The user's word: rustc's messages about the type point there.
    pub(crate) place: Span,
}

pub(crate) const LAYERS: &[LayerRow] = &[LayerRow {
    word: "dense",
    sizes: 1,
    options: &["no_bias", "init"],
    output: |input, sizes| {
        input.vector("dense")?;
        Ok(sizes.first().cloned().map_or(Shape::Unknown, Shape::Vector))
    },
    parameters: |input, sizes, bias| {
        let outputs = sizes.first().map_or(Count::Unknown, Size::count);
        let weights = input.len().times(&outputs);
        if bias { weights.plus(&outputs) } else { weights }
    },
    rust: |settings| {
        let Settings { root, scalar, input, sizes, place, .. } = settings;
        let inputs = input.len_tokens(root);
        let outputs = sizes.first().map(Size::tokens);
        let place = *place;
        let identity = quote!(#root::activations::Identity);
        match (&settings.activation, settings.bias) {
            (None, true) => {
                quote_spanned!(place=> #root::layers::Dense<#scalar, #inputs, #outputs>)
            }
            (Some(activation), true) => {
                quote_spanned!(place=> #root::layers::Dense<#scalar, #inputs, #outputs, #activation>)
            }
            (activation, false) => {
                let activation = activation.as_ref().unwrap_or(&identity);
                quote_spanned!(place=> #root::layers::Dense<
                    #scalar, #inputs, #outputs, #activation, #root::layers::NoBias<#scalar>
                >)
            }
        }
    },
}];

/// Layers that the grammar has and the library does not have yet.
pub(crate) const PLANNED: &[&str] = &[
    "conv",
    "conv1d",
    "maxpool",
    "avgpool",
    "flatten",
    "reshape",
    "dropout",
    "batchnorm",
    "layernorm",
    "residual",
    "concat",
    "gru",
    "lstm",
];

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
pub(crate) const OPTIONS: &[&str] = &["no_bias", "init"];

/// Options that the grammar has and no layer takes yet.
pub(crate) const PLANNED_OPTIONS: &[&str] = &["stride", "pad"];

/// A way to draw the first weights.
pub(crate) struct InitializerRow {
    pub(crate) word: &'static str,
    /// The variant of `axonal::init::Initializer`.
    pub(crate) rust: &'static str,
    /// The names of its numbers.
    pub(crate) numbers: &'static [&'static str],
}

pub(crate) const INITIALIZERS: &[InitializerRow] = &[
    InitializerRow { word: "zeros", rust: "Zeros", numbers: &[] },
    InitializerRow { word: "uniform", rust: "Uniform", numbers: &["low", "high"] },
    InitializerRow { word: "normal", rust: "Normal", numbers: &["mean", "std"] },
    InitializerRow { word: "glorot_uniform", rust: "GlorotUniform", numbers: &[] },
    InitializerRow { word: "glorot_normal", rust: "GlorotNormal", numbers: &[] },
    InitializerRow { word: "he_uniform", rust: "HeUniform", numbers: &[] },
    InitializerRow { word: "he_normal", rust: "HeNormal", numbers: &[] },
    InitializerRow { word: "lecun_uniform", rust: "LecunUniform", numbers: &[] },
    InitializerRow { word: "lecun_normal", rust: "LecunNormal", numbers: &[] },
];

pub(crate) fn layer(word: &str) -> Option<&'static LayerRow> {
    LAYERS.iter().find(|row| row.word == word)
}

pub(crate) fn activation_row(word: &str) -> Option<&'static ActivationRow> {
    ACTIVATIONS.iter().find(|row| row.word == word)
}

pub(crate) fn initializer(word: &str) -> Option<&'static InitializerRow> {
    INITIALIZERS.iter().find(|row| row.word == word)
}

pub(crate) fn is_layer(word: &str) -> bool {
    layer(word).is_some() || PLANNED.contains(&word)
}

pub(crate) fn is_option(word: &str) -> bool {
    OPTIONS.contains(&word) || PLANNED_OPTIONS.contains(&word)
}

/// What a word means in a description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    Layer,
    Activation,
    Option,
    Initializer,
}

/// Every word with its meaning.
fn all() -> impl Iterator<Item = (&'static str, Meaning)> {
    let layers = LAYERS.iter().map(|row| row.word).chain(PLANNED.iter().copied());
    let options = OPTIONS.iter().chain(PLANNED_OPTIONS).copied();
    layers
        .map(|word| (word, Meaning::Layer))
        .chain(ACTIVATIONS.iter().map(|row| (row.word, Meaning::Activation)))
        .chain(options.map(|word| (word, Meaning::Option)))
        .chain(INITIALIZERS.iter().map(|row| (row.word, Meaning::Initializer)))
}

/// What PyTorch, Keras, TensorFlow and scikit-learn call it, in lower case without underscores, and our word.
const FOREIGN: &[(&str, Meaning, &str)] = &[
    ("linear", Meaning::Layer, "dense"),
    ("fc", Meaning::Layer, "dense"),
    ("fullyconnected", Meaning::Layer, "dense"),
    ("affine", Meaning::Layer, "dense"),
    ("conv2d", Meaning::Layer, "conv"),
    ("convolution", Meaning::Layer, "conv"),
    ("convolution2d", Meaning::Layer, "conv"),
    ("convolution1d", Meaning::Layer, "conv1d"),
    ("maxpool2d", Meaning::Layer, "maxpool"),
    ("maxpooling2d", Meaning::Layer, "maxpool"),
    ("averagepooling2d", Meaning::Layer, "avgpool"),
    ("avgpool2d", Meaning::Layer, "avgpool"),
    ("batchnorm1d", Meaning::Layer, "batchnorm"),
    ("batchnorm2d", Meaning::Layer, "batchnorm"),
    ("batchnormalization", Meaning::Layer, "batchnorm"),
    ("layernormalization", Meaning::Layer, "layernorm"),
    ("view", Meaning::Layer, "reshape"),
    ("concatenate", Meaning::Layer, "concat"),
    ("cat", Meaning::Layer, "concat"),
    ("swish", Meaning::Activation, "silu"),
    ("logistic", Meaning::Activation, "sigmoid"),
    ("linear", Meaning::Activation, "identity"),
    ("none", Meaning::Activation, "identity"),
    ("lrelu", Meaning::Activation, "leaky_relu"),
    ("heaviside", Meaning::Activation, "step"),
    ("threshold", Meaning::Activation, "step"),
    ("hyperbolictangent", Meaning::Activation, "tanh"),
    ("nobias", Meaning::Option, "no_bias"),
    ("padding", Meaning::Option, "pad"),
    ("strides", Meaning::Option, "stride"),
    ("initializer", Meaning::Option, "init"),
    ("kernelinitializer", Meaning::Option, "init"),
    ("xavieruniform", Meaning::Initializer, "glorot_uniform"),
    ("xaviernormal", Meaning::Initializer, "glorot_normal"),
    ("xavier", Meaning::Initializer, "glorot_uniform"),
    ("glorot", Meaning::Initializer, "glorot_uniform"),
    ("he", Meaning::Initializer, "he_normal"),
    ("kaiming", Meaning::Initializer, "he_normal"),
    ("kaiminguniform", Meaning::Initializer, "he_uniform"),
    ("kaimingnormal", Meaning::Initializer, "he_normal"),
    ("lecun", Meaning::Initializer, "lecun_normal"),
    ("zero", Meaning::Initializer, "zeros"),
    ("randomnormal", Meaning::Initializer, "normal"),
    ("randomuniform", Meaning::Initializer, "uniform"),
];

/// The word that was meant, among those that fit the place.
pub(crate) fn did_you_mean(written: &str, fits: &[Meaning]) -> Option<(&'static str, Meaning)> {
    exact(written, fits).or_else(|| near(written, fits))
}

/// Another library's name for it, or ours in another case.
pub(crate) fn exact(written: &str, fits: &[Meaning]) -> Option<(&'static str, Meaning)> {
    let plain = plain(written);
    all().find(|(word, meaning)| fits.contains(meaning) && self::plain(word) == plain).or_else(
        || {
            let rows = FOREIGN.iter();
            let mut rows =
                rows.filter(|(foreign, meaning, _)| *foreign == plain && fits.contains(meaning));
            rows.next().map(|(_, meaning, word)| (*word, *meaning))
        },
    )
}

/// One or two typing errors away.
fn near(written: &str, fits: &[Meaning]) -> Option<(&'static str, Meaning)> {
    let plain = plain(written);
    all()
        .filter(|(_, meaning)| fits.contains(meaning))
        .map(|(word, meaning)| (distance(&plain, &self::plain(word)), word, meaning))
        .filter(|(distance, word, _)| *distance <= allowed(word))
        .min_by_key(|(distance, ..)| *distance)
        .map(|(_, word, meaning)| (word, meaning))
}

/// How many typing errors a word of this length may have.
pub(crate) fn allowed(word: &str) -> usize {
    if word.len() <= 4 { 1 } else { 2 }
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// The edits between two words: insertions, deletions, replacements, and neighbours that changed places.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
