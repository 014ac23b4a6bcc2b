//! The table of layers: one row for each.
//!
//! A new layer is a row here and a file in the library's `src/layers`. Most rows are a line or a few; a layer with one learned number a channel,
//! say, is `row("scale", "Scale", simple::channelwise).parameters(|operands| simple::channels(operands).count())`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::shapes::diagnostics::Diagnostics;
use crate::shapes::layers::operands::{Operands, TypeBuilder};
use crate::shapes::layers::window::{self, WindowKind};
use crate::shapes::layers::{blocks, simple};
use crate::shapes::shape::Shape;
use crate::shapes::sizes::Count;
use crate::syntax::vocabulary::{Argument, CAPTURED, HEADS, LayerGrammar, Vocabulary};

/// A layer of the library.
pub(crate) struct LayerRow {
    /// How it is written: the half of the row that the parser knows.
    pub(crate) grammar: LayerGrammar,
    /// Its type in `axonal::layers`.
    pub(crate) rust: &'static str,
    /// The arguments of its type, after the scalar.
    pub(crate) generics: fn(&Operands<'_>, &TypeBuilder<'_>) -> TokenStream,
    /// What it takes.
    pub(crate) takes: Takes,
    /// The shape of its output; the diagnostics take what does not fit.
    pub(crate) output: fn(&Operands<'_>, &mut Diagnostics<'_>) -> Shape,
    /// The number of its parameters.
    pub(crate) parameters: fn(&Operands<'_>) -> Count,
    /// What it does to probabilities in its input.
    pub(crate) passes: Passes,
}

/// Which samples a layer takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    All,
    Images,
    Vectors,
}

/// `axonal::layers::Passes`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    Nothing,
    Numbers,
    Probabilities,
    Dropped,
}

/// A layer that is a word alone: its output has the shape of its input, and it has no parameters.
const fn row(
    word: &'static str,
    rust: &'static str,
    generics: fn(&Operands<'_>, &TypeBuilder<'_>) -> TokenStream,
) -> LayerRow {
    LayerRow {
        grammar: LayerGrammar::of(word),
        rust,
        generics,
        takes: Takes::All,
        output: simple::unchanged,
        parameters: |_| Count::Known(0),
        passes: Passes::Nothing,
    }
}

impl LayerRow {
    /// What follows the word: for the parser, in words, and in an example.
    const fn takes(
        self,
        arguments: &'static [Argument],
        takes: &'static str,
        example: &'static str,
    ) -> Self {
        Self { grammar: LayerGrammar { arguments, takes, example, ..self.grammar }, ..self }
    }

    const fn options(self, options: &'static [&'static str]) -> Self {
        Self { grammar: LayerGrammar { options, ..self.grammar }, ..self }
    }

    /// It takes vectors only.
    const fn of_vectors(self) -> Self {
        Self { takes: Takes::Vectors, ..self }
    }

    /// It takes images only.
    const fn of_images(self) -> Self {
        Self { takes: Takes::Images, ..self }
    }

    /// Its type holds an activation.
    const fn activation(self) -> Self {
        Self { grammar: LayerGrammar { activation: true, ..self.grammar }, ..self }
    }

    const fn output(self, output: fn(&Operands<'_>, &mut Diagnostics<'_>) -> Shape) -> Self {
        Self { output, ..self }
    }

    const fn parameters(self, parameters: fn(&Operands<'_>) -> Count) -> Self {
        Self { parameters, ..self }
    }

    const fn passes(self, passes: Passes) -> Self {
        Self { passes, ..self }
    }
}

const CHANNELS_AND_KERNEL: &[Argument] =
    &[Argument::Size("its channels"), Argument::Pair("a kernel")];

pub(crate) static LAYERS: &[LayerRow] = &[
    row("dense", "Dense", simple::dense_generics)
        .takes(&[Argument::Size("a size")], "one size", "dense 128")
        .options(&["no_bias", "init"])
        .activation()
        .of_vectors()
        .output(simple::dense)
        .parameters(|operands| simple::weights(operands, &operands.input.len())),
    row("conv", "Conv", window::convolution_generics)
        .takes(CHANNELS_AND_KERNEL, "its channels and a kernel", "conv 16 3x3")
        .options(&["stride", "pad", "dilation", "groups", "depthwise", "floor", "no_bias", "init"])
        .activation()
        .of_images()
        .output(window::convolution)
        .parameters(|operands| {
            simple::weights(operands, &window::patch(operands, WindowKind::Convolution))
        }),
    row("conv_transpose", "ConvTranspose", window::transposed_generics)
        .takes(CHANNELS_AND_KERNEL, "its channels and a kernel", "conv_transpose 16 4x4 stride 2")
        .options(&[
            "stride",
            "pad",
            "output_padding",
            "dilation",
            "groups",
            "depthwise",
            "no_bias",
            "init",
        ])
        .activation()
        .of_images()
        .output(window::transposed)
        .parameters(window::transposed_parameters),
    row("maxpool", "MaxPool", window::pool_generics)
        .takes(&[Argument::Pair("a kernel")], "one kernel", "maxpool 2x2")
        .options(&["stride", "pad", "floor"])
        .of_images()
        .output(window::pool)
        .passes(Passes::Probabilities),
    row("avgpool", "AvgPool", window::mean_generics)
        .takes(&[Argument::Pair("a kernel")], "one kernel", "avgpool 2x2")
        .options(&["stride", "pad", "count_include_pad", "floor"])
        .of_images()
        .output(window::pool)
        .passes(Passes::Probabilities),
    row("global avgpool", "GlobalAvgPool", simple::global_pool_generics)
        .of_images()
        .output(simple::global_pool)
        .passes(Passes::Probabilities),
    row("upsample", "Upsample", simple::resized)
        .takes(&[Argument::Pair("a factor")], "one factor", "upsample 2")
        .of_images()
        .output(simple::upsample)
        .passes(Passes::Probabilities),
    row("pad", "Pad", simple::resized)
        .takes(&[Argument::Margin], "one size", "pad 2")
        .of_images()
        .output(simple::pad)
        .passes(Passes::Probabilities),
    row("flatten", "Flatten", simple::lengthwise)
        .output(|operands, _| Shape::Vector(operands.input.len()))
        .passes(Passes::Numbers),
    row("reshape", "Reshape", |operands, types| {
        let [input, output] = types.samples(operands);
        quote!(#input, #output)
    })
    .takes(&[Argument::Shape], "one shape", "reshape 16x4x4")
    .output(simple::reshape)
    .passes(Passes::Numbers),
    row("dropout", "Dropout", simple::dropout_generics)
        .takes(&[Argument::Probability], "one probability", "dropout 0.5")
        .passes(Passes::Dropped),
    row("batchnorm", "BatchNorm", simple::batch_norm_generics)
        .options(&["eps", "momentum"])
        .parameters(|operands| Count::Known(4).times(&simple::channels(operands).count())),
    row("layernorm", "LayerNorm", simple::layer_norm_generics)
        .options(&["eps"])
        .parameters(|operands| Count::Known(2).times(&operands.input.len().count())),
    row("prelu", "PRelu", simple::channelwise)
        .parameters(|operands| simple::channels(operands).count()),
    row("parameter", "Parameter", |operands, types| {
        let ([input, _], size) = (types.samples(operands), operands.size(0).tokens());
        quote!(#input, #size)
    })
    .takes(&[Argument::Size("a size")], "one size", "parameter 2")
    .options(&["init"])
    .output(|operands, _| Shape::Vector(operands.size(0)))
    .parameters(|operands| operands.size(0).count()),
    row("residual", "Residual", blocks::residual_generics)
        .takes(&[Argument::Block], "one block", "residual { dense 64 relu => dense 64 }")
        .options(&["project"])
        .output(blocks::residual)
        .parameters(blocks::parameters),
    row("concat", "Concat", blocks::concat_generics)
        .takes(
            &[Argument::Branches],
            "two blocks or more",
            "concat { conv 8 1x1 } { conv 8 3x3 pad same }",
        )
        .output(blocks::concat)
        .parameters(blocks::parameters),
    row("add", "Concat", blocks::concat_generics)
        .takes(
            &[Argument::Branches],
            "two blocks or more",
            "add { dense 64 } { dense 16 tanh => dense 64 }",
        )
        .output(blocks::add)
        .parameters(blocks::parameters),
    row(HEADS, "Concat", blocks::concat_generics)
        .takes(
            &[Argument::Heads],
            "one block or more, each with a name",
            "heads action { dense 2 } value { dense 1 }",
        )
        .output(blocks::heads)
        .parameters(blocks::parameters),
];

/// Not written: what the blocks of the next layer take from around them, put together.
pub(crate) static CAPTURED_ROW: LayerRow = row(CAPTURED, "Concat", blocks::concat_generics)
    .takes(&[Argument::Branches], "two blocks or more", "")
    .output(blocks::captured);

/// The words of a description, with those of the table.
pub(crate) fn vocabulary() -> Vocabulary {
    Vocabulary::new(LAYERS.iter().map(|row| &row.grammar))
}

/// The row of a layer that the parser has read.
pub(crate) fn row_of(layer: &LayerGrammar) -> &'static LayerRow {
    let rows = LAYERS.iter().chain([&CAPTURED_ROW]);
    let row = rows.into_iter().find(|row| row.grammar.word == layer.word);
    row.expect("the parser knows the layers of this table alone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::vocabulary::Meaning;

    #[test]
    fn words_are_found_by_typing_errors_and_by_other_libraries_names() {
        use Meaning::{Activation, Layer, Option};
        let vocabulary = vocabulary();
        let meant =
            |word, fits: &[Meaning]| vocabulary.did_you_mean(word, fits).map(|(word, _)| word);
        assert_eq!(meant("sigmod", &[Activation]), Some("sigmoid"));
        assert_eq!(meant("ReLU", &[Activation]), Some("relu"));
        assert_eq!(meant("LeakyReLU", &[Activation]), Some("leaky_relu"));
        assert_eq!(meant("swish", &[Activation]), Some("silu"));
        assert_eq!(meant("logistic", &[Activation]), Some("sigmoid"));
        assert_eq!(meant("Linear", &[Layer]), Some("dense"));
        assert_eq!(meant("linear", &[Activation]), Some("identity"));
        assert_eq!(meant("fc", &[Layer]), Some("dense"));
        assert_eq!(meant("Conv2D", &[Layer]), Some("conv"));
        assert_eq!(meant("MaxPooling2D", &[Layer]), Some("maxpool"));
        assert_eq!(meant("BatchNorm1d", &[Layer]), Some("batchnorm"));
        assert_eq!(meant("no_bais", &[Option]), Some("no_bias"));
        assert_eq!(meant("entirely_else", &[Layer, Activation, Option]), None);
    }
}
