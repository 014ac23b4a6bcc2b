//! The word that was meant: what other libraries call it, and words that are a typing error or two away.

use crate::syntax::vocabulary::{Meaning, Vocabulary};

/// The names of PyTorch, Keras, TensorFlow and scikit-learn, in lower case without underscores, and the words that mean the same here.
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
    ("skip", Meaning::Layer, "residual"),
    ("softmax2d", Meaning::Activation, "softmax"),
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

impl Vocabulary {
    /// The word that was meant, among those that fit the place.
    pub(crate) fn did_you_mean(
        &self,
        written: &str,
        fits: &[Meaning],
    ) -> Option<(&'static str, Meaning)> {
        self.exact(written, fits).or_else(|| self.near(written, fits))
    }

    /// The word in another case or with other underscores, or another library's name for it.
    pub(crate) fn exact(&self, written: &str, fits: &[Meaning]) -> Option<(&'static str, Meaning)> {
        let written = plain(written);
        self.in_another_case(&written, fits).or_else(|| {
            // A layer that is here has its name to itself.
            let mut rows = FOREIGN.iter().filter(|(foreign, meaning, _)| {
                *foreign == written && fits.contains(meaning) && !self.is_layer(foreign)
            });
            rows.next().map(|(_, meaning, word)| (*word, *meaning))
        })
    }

    /// The word in another case or with other underscores.
    pub(crate) fn in_another_case(
        &self,
        written: &str,
        fits: &[Meaning],
    ) -> Option<(&'static str, Meaning)> {
        let written = plain(written);
        self.all().find(|(word, meaning)| fits.contains(meaning) && plain(word) == written)
    }

    /// One or two typing errors away.
    fn near(&self, written: &str, fits: &[Meaning]) -> Option<(&'static str, Meaning)> {
        let written = plain(written);
        self.all()
            .filter(|(_, meaning)| fits.contains(meaning))
            .map(|(word, meaning)| (distance(&written, &plain(word)), word, meaning))
            .filter(|(distance, word, _)| *distance <= allowed(word))
            .min_by_key(|(distance, ..)| *distance)
            .map(|(_, word, meaning)| (word, meaning))
    }

    /// For the end of a message: the word that was meant.
    pub(crate) fn hint(&self, word: &str, fits: &[Meaning]) -> String {
        match self.did_you_mean(word, fits) {
            Some((word, _)) => format!(": did you mean `{word}`?"),
            None => String::new(),
        }
    }

    /// For the end of a message: the word that was meant, or the list of all words.
    pub(crate) fn hint_or_list(&self, word: &str, fits: &[Meaning]) -> String {
        let hint = self.hint(word, fits);
        if !hint.is_empty() || word.starts_with(char::is_uppercase) {
            return hint;
        }
        match fits {
            [Meaning::Layer, ..] => format!(": the layers are {}", self.list(Meaning::Layer)),
            [meaning, ..] => format!(": there are {}", self.list(*meaning)),
            [] => hint,
        }
    }
}

/// The largest number of typing errors with which a word is still recognized.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_that_changed_places_are_one_error() {
        assert_eq!(distance("desne", "dense"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
