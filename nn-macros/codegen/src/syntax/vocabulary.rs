//! The words of a description: one row for each layer, activation, option and initializer.
//!
//! A new layer is a row here and a file in the library's `src/layers`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::shapes::infer::Shape;
use crate::shapes::layer::{Checks, Given};
use crate::shapes::layers::window::{self, Kind};
use crate::shapes::layers::{blocks, simple};
use crate::shapes::sizes::Count;
use crate::syntax::decimal::Decimal;
use crate::syntax::parser::arguments::{Argument, Role};
use crate::syntax::tokens::{elsewhere, library};

/// A layer that the library has.
pub(crate) struct LayerRow {
    pub(crate) word: &'static str,
    /// How it is written, for messages.
    pub(crate) example: &'static str,
    /// What follows the word.
    pub(crate) arguments: &'static [Argument],
    /// The same in words.
    pub(crate) takes: &'static str,
    pub(crate) options: &'static [&'static str],
    /// Whether its type holds an activation; if not, an activation behind it becomes a layer of its own.
    pub(crate) activation: bool,
    /// What becomes of probabilities that go in.
    pub(crate) passes: Passes,
    /// What comes out; the checks take what does not fit.
    pub(crate) output: fn(&Given<'_>, &mut Checks<'_>) -> Shape,
    /// How many parameters it has.
    pub(crate) parameters: fn(&Given<'_>) -> Count,
    /// The Rust type.
    pub(crate) rust: fn(&Given<'_>, &Settings<'_>) -> TokenStream,
}

/// `axonal::layers::Passes`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    Nothing,
    Numbers,
    Probabilities,
    Dropped,
}

/// What a row needs for its type, besides the shapes.
pub(crate) struct Settings<'a> {
    /// The path of the library: `::axonal`.
    pub(crate) root: &'a TokenStream,
    /// `T`, or `f32` where nothing may be generic.
    pub(crate) scalar: &'a TokenStream,
    pub(crate) output: &'a Shape,
    /// The activation's type, if there is one.
    pub(crate) activation: Option<TokenStream>,
    /// The user's word: rustc's messages about the type point there.
    pub(crate) place: Span,
}

impl Settings<'_> {
    /// `axonal::layers::Name<T, arguments>`
    pub(crate) fn layer(&self, name: &str, arguments: &TokenStream) -> TokenStream {
        let Self { root, scalar, place, .. } = self;
        let path = library(root, "layers", Ident::new(name, *place), *place);
        quote_spanned!(*place=> #path<#scalar, #arguments>)
    }

    /// The samples that go in and come out.
    pub(crate) fn samples(&self, given: &Given<'_>) -> [TokenStream; 2] {
        [given.input, self.output].map(|shape| shape.rust(self.root, self.scalar))
    }

    /// The type of a block.
    pub(crate) fn block(&self, given: &Given<'_>, role: Role) -> Option<TokenStream> {
        let scalar = self.scalar;
        let name = elsewhere(&given.block(role)?.network.name);
        Some(quote!(#name<#scalar>))
    }
}

const CONVOLUTION: &[&str] =
    &["stride", "pad", "dilation", "groups", "depthwise", "floor", "no_bias", "init"];
const TRANSPOSED: &[&str] =
    &["stride", "pad", "output_padding", "dilation", "groups", "depthwise", "no_bias", "init"];
const POOL: &[&str] = &["stride", "pad", "floor"];
const MEAN: &[&str] = &["stride", "pad", "count_include_pad", "floor"];

/// What most rows have in common.
const PLAIN: LayerRow = LayerRow {
    word: "",
    example: "",
    arguments: &[],
    takes: "no size",
    options: &[],
    activation: false,
    passes: Passes::Nothing,
    output: simple::unchanged,
    parameters: |_| Count::Known(0),
    rust: |_, _| TokenStream::new(),
};

pub(crate) const LAYERS: &[LayerRow] = &[
    LayerRow {
        word: "dense",
        example: "dense 128",
        arguments: &[Argument::Size("a size")],
        takes: "one size",
        options: &["no_bias", "init"],
        activation: true,
        passes: Passes::Nothing,
        output: simple::dense,
        parameters: |given| simple::weights(given, &given.input.len()),
        rust: simple::dense_type,
    },
    LayerRow {
        word: "conv",
        example: "conv 16 3x3",
        arguments: &[Argument::Size("its channels"), Argument::Pair("a kernel")],
        takes: "its channels and a kernel",
        options: CONVOLUTION,
        activation: true,
        passes: Passes::Nothing,
        output: window::convolution,
        parameters: |given| simple::weights(given, &window::patch(given, Kind::Convolution)),
        rust: window::convolution_type,
    },
    LayerRow {
        word: "conv_transpose",
        example: "conv_transpose 16 4x4 stride 2",
        arguments: &[Argument::Size("its channels"), Argument::Pair("a kernel")],
        takes: "its channels and a kernel",
        options: TRANSPOSED,
        activation: true,
        passes: Passes::Nothing,
        output: window::transposed,
        parameters: window::transposed_parameters,
        rust: window::transposed_type,
    },
    LayerRow {
        word: "maxpool",
        example: "maxpool 2x2",
        arguments: &[Argument::Pair("a kernel")],
        takes: "one kernel",
        options: POOL,
        passes: Passes::Probabilities,
        output: window::pool,
        rust: |given, settings| settings.layer("MaxPool", &window::pool_arguments(given, settings)),
        ..PLAIN
    },
    LayerRow {
        word: "avgpool",
        example: "avgpool 2x2",
        arguments: &[Argument::Pair("a kernel")],
        takes: "one kernel",
        options: MEAN,
        passes: Passes::Probabilities,
        output: window::pool,
        rust: window::mean_type,
        ..PLAIN
    },
    LayerRow {
        word: "global avgpool",
        example: "global avgpool",
        passes: Passes::Probabilities,
        output: simple::global_pool,
        rust: |given, settings| {
            let ([input, _], [channels, ..]) = (settings.samples(given), given.image());
            let channels = channels.tokens();
            settings.layer("GlobalAvgPool", &quote!(#input, #channels))
        },
        ..PLAIN
    },
    LayerRow {
        word: "upsample",
        example: "upsample 2",
        arguments: &[Argument::Pair("a factor")],
        takes: "one factor",
        passes: Passes::Probabilities,
        output: simple::upsample,
        rust: |given, settings| simple::resized("Upsample", given, settings),
        ..PLAIN
    },
    LayerRow {
        word: "pad",
        example: "pad 2",
        arguments: &[Argument::Margin],
        takes: "one size",
        passes: Passes::Probabilities,
        output: simple::pad,
        rust: |given, settings| simple::resized("Pad", given, settings),
        ..PLAIN
    },
    LayerRow {
        word: "flatten",
        example: "flatten",
        passes: Passes::Numbers,
        output: |given, _| Shape::Vector(given.input.len()),
        rust: |given, settings| {
            let ([input, _], length) = (settings.samples(given), given.input.len().tokens());
            settings.layer("Flatten", &quote!(#input, #length))
        },
        ..PLAIN
    },
    LayerRow {
        word: "reshape",
        example: "reshape 16x4x4",
        arguments: &[Argument::Shape],
        takes: "one shape",
        passes: Passes::Numbers,
        output: simple::reshape,
        rust: |given, settings| {
            let [input, output] = settings.samples(given);
            settings.layer("Reshape", &quote!(#input, #output))
        },
        ..PLAIN
    },
    LayerRow {
        word: "dropout",
        example: "dropout 0.5",
        arguments: &[Argument::Probability],
        takes: "one probability",
        passes: Passes::Dropped,
        rust: |given, settings| {
            let [input, _] = settings.samples(given);
            let probability = given.stage.arguments.probability.unwrap_or(Decimal::ZERO);
            let probability = probability.arguments();
            settings.layer("Dropout", &quote!(#input, #probability))
        },
        ..PLAIN
    },
    LayerRow {
        word: "batchnorm",
        example: "batchnorm",
        options: &["eps", "momentum"],
        parameters: |given| Count::Known(4).times(&simple::channels(given).count()),
        rust: |given, settings| {
            let ([input, _], channels) =
                (settings.samples(given), simple::channels(given).tokens());
            let options = simple::batch_norm_options(given, settings);
            settings.layer("BatchNorm", &quote!(#input, #channels #options))
        },
        ..PLAIN
    },
    LayerRow {
        word: "layernorm",
        example: "layernorm",
        options: &["eps"],
        parameters: |given| Count::Known(2).times(&given.input.len().count()),
        rust: |given, settings| {
            let ([input, _], length) = (settings.samples(given), given.input.len().tokens());
            let eps = simple::eps(given, settings);
            settings.layer("LayerNorm", &quote!(#input, #length #eps))
        },
        ..PLAIN
    },
    LayerRow {
        word: "residual",
        example: "residual { dense 64 relu => dense 64 }",
        arguments: &[Argument::Block(Role::Body)],
        takes: "one block",
        options: &["project"],
        output: blocks::residual,
        parameters: blocks::parameters,
        rust: |given, settings| {
            let block = settings.block(given, Role::Body);
            let projection = settings.block(given, Role::Projection);
            let projection = projection.map(|projection| quote!(, #projection));
            settings.layer("Residual", &quote!(#block #projection))
        },
        ..PLAIN
    },
    LayerRow {
        word: "concat",
        example: "concat { conv 8 1x1 } { conv 8 3x3 pad same }",
        arguments: &[Argument::Block(Role::First), Argument::Block(Role::Second)],
        takes: "two blocks",
        output: blocks::concat,
        parameters: blocks::parameters,
        rust: |given, settings| {
            let [input, output] = settings.samples(given);
            let first = settings.block(given, Role::First);
            let second = settings.block(given, Role::Second);
            settings.layer("Concat", &quote!(#input, #output, #first, #second))
        },
        ..PLAIN
    },
];

/// Layers that the grammar has and the library does not have yet.
pub(crate) const PLANNED: &[&str] = &["conv1d", "gru", "lstm"];

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
    layer(word).is_some() || PLANNED.contains(&word) || word == "global"
}

pub(crate) fn is_option(word: &str) -> bool {
    OPTIONS.contains(&word)
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
    let options = OPTIONS.iter().copied();
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
    ("depthwiseconv2d", Meaning::Layer, "conv"),
    ("convtranspose2d", Meaning::Layer, "conv_transpose"),
    ("conv2dtranspose", Meaning::Layer, "conv_transpose"),
    ("deconv", Meaning::Layer, "conv_transpose"),
    ("deconv2d", Meaning::Layer, "conv_transpose"),
    ("deconvolution", Meaning::Layer, "conv_transpose"),
    ("convolution1d", Meaning::Layer, "conv1d"),
    ("maxpool2d", Meaning::Layer, "maxpool"),
    ("maxpooling2d", Meaning::Layer, "maxpool"),
    ("averagepooling2d", Meaning::Layer, "avgpool"),
    ("avgpool2d", Meaning::Layer, "avgpool"),
    ("averagepool", Meaning::Layer, "avgpool"),
    ("globalaveragepooling2d", Meaning::Layer, "global avgpool"),
    ("globalaveragepool", Meaning::Layer, "global avgpool"),
    ("adaptiveavgpool2d", Meaning::Layer, "global avgpool"),
    ("upsampling2d", Meaning::Layer, "upsample"),
    ("upsamplingnearest2d", Meaning::Layer, "upsample"),
    ("zeropadding2d", Meaning::Layer, "pad"),
    ("zeropad2d", Meaning::Layer, "pad"),
    ("dropout1d", Meaning::Layer, "dropout"),
    ("dropout2d", Meaning::Layer, "dropout"),
    ("batchnorm1d", Meaning::Layer, "batchnorm"),
    ("batchnorm2d", Meaning::Layer, "batchnorm"),
    ("batchnormalization", Meaning::Layer, "batchnorm"),
    ("layernormalization", Meaning::Layer, "layernorm"),
    ("view", Meaning::Layer, "reshape"),
    ("unflatten", Meaning::Layer, "reshape"),
    ("concatenate", Meaning::Layer, "concat"),
    ("cat", Meaning::Layer, "concat"),
    ("add", Meaning::Layer, "residual"),
    ("skip", Meaning::Layer, "residual"),
    ("softmax2d", Meaning::Activation, "softmax"),
    ("swish", Meaning::Activation, "silu"),
    ("logistic", Meaning::Activation, "sigmoid"),
    ("linear", Meaning::Activation, "identity"),
    ("none", Meaning::Activation, "identity"),
    ("lrelu", Meaning::Activation, "leaky_relu"),
    ("prelu", Meaning::Activation, "leaky_relu"),
    ("relu6", Meaning::Activation, "relu"),
    ("heaviside", Meaning::Activation, "step"),
    ("threshold", Meaning::Activation, "step"),
    ("hyperbolictangent", Meaning::Activation, "tanh"),
    ("nobias", Meaning::Option, "no_bias"),
    ("padding", Meaning::Option, "pad"),
    ("outpadding", Meaning::Option, "output_padding"),
    ("epsilon", Meaning::Option, "eps"),
    ("strides", Meaning::Option, "stride"),
    ("dilationrate", Meaning::Option, "dilation"),
    ("group", Meaning::Option, "groups"),
    ("shortcut", Meaning::Option, "project"),
    ("projection", Meaning::Option, "project"),
    ("downsample", Meaning::Option, "project"),
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

/// All words with a meaning: `` `relu`, `tanh` ``.
pub(crate) fn list(meaning: Meaning) -> String {
    let words = all().filter(|(word, is)| *is == meaning && !PLANNED.contains(word));
    let words: Vec<String> = words.map(|(word, _)| format!("`{word}`")).collect();
    words.join(", ")
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
    word.chars().filter(|c| !matches!(c, '_' | ' ')).flat_map(char::to_lowercase).collect()
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
