//! The reference networks of MLPerf Tiny, described: as many parameters and multiply-adds as the benchmark's Keras models have.
//!
//! <https://github.com/mlcommons/tiny>, `benchmark/training`, for version 1.3 of the rules. Keras counts running means and variances among the parameters, as we do, and calls them
//! "non-trainable"; a converter folds each batch normalization into the layer before it, which leaves one bias an output. Multiply-adds are those of convolutions and dense layers, without
//! biases; ours add one a number that a batch normalization scales. Pools have none.
//!
//! To load Keras's weights, each `batchnorm` is one of `eps 1e-3 momentum 0.01`; counts do not depend on it.

use axonal::prelude::*;

network! {
    /// Keyword spotting: ten MFCC of each of 49 windows, twelve words. The pool is of half the input's size, and leaves the last of 25 rows.
    struct KeywordSpotting<
        input 1x49x10 => conv 64 10x4 stride 2 pad same => batchnorm relu => dropout 0.2
        => repeat 4 { conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu }
        => dropout 0.4 => avgpool 24x5 floor => flatten => dense 12 softmax
    >;

    /// Visual wake words: is there a person in the picture? MobileNet with a quarter of its channels.
    struct VisualWakeWords<
        input 3x96x96 => conv 8 3x3 stride 2 pad same => batchnorm relu
        => conv 8 3x3 depthwise pad same => batchnorm relu => conv 16 1x1 => batchnorm relu
        => conv 16 3x3 depthwise stride 2 pad same => batchnorm relu => conv 32 1x1 => batchnorm relu
        => conv 32 3x3 depthwise pad same => batchnorm relu => conv 32 1x1 => batchnorm relu
        => conv 32 3x3 depthwise stride 2 pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise stride 2 pad same => batchnorm relu => conv 128 1x1 => batchnorm relu
        => repeat 5 { conv 128 3x3 depthwise pad same => batchnorm relu => conv 128 1x1 => batchnorm relu }
        => conv 128 3x3 depthwise stride 2 pad same => batchnorm relu => conv 256 1x1 => batchnorm relu
        => conv 256 3x3 depthwise pad same => batchnorm relu => conv 256 1x1 => batchnorm relu
        => avgpool 3x3 => flatten => dense 2 softmax
    >;

    /// Image classification, CIFAR-10: ResNet-8. The shortcuts have biases, and no batch normalization.
    struct ImageClassification<
        input 3x32x32 => conv 16 3x3 pad same => batchnorm relu
        => residual { conv 16 3x3 pad same => batchnorm relu => conv 16 3x3 pad same => batchnorm } relu
        => residual { conv 32 3x3 stride 2 pad same => batchnorm relu => conv 32 3x3 pad same => batchnorm }
            project { conv 32 1x1 stride 2 pad same } relu
        => residual { conv 64 3x3 stride 2 pad same => batchnorm relu => conv 64 3x3 pad same => batchnorm }
            project { conv 64 1x1 stride 2 pad same } relu
        => avgpool 8x8 => flatten => dense 10 softmax
    >;

    /// Anomaly detection: five windows of 128 mel bands, and back.
    struct AnomalyDetection<
        input 640 => repeat 4 { dense 128 => batchnorm relu } => dense 8 => batchnorm relu
        => repeat 4 { dense 128 => batchnorm relu } => dense 640
    >;

    /// Streaming wake word: 40 mel bands of 30 windows. The bands are channels, as in Keras's input of 30x1x40.
    struct StreamingWakeWord<
        input 40x30x1
        => conv 40 3x1 depthwise no_bias => conv 128 1x1 no_bias => batchnorm relu => dropout 0.2
        => conv 128 5x1 depthwise no_bias => conv 128 1x1 no_bias => batchnorm relu => dropout 0.2
        => conv 128 10x1 depthwise no_bias => conv 128 1x1 no_bias => batchnorm relu => dropout 0.2
        => conv 128 15x1 depthwise no_bias => conv 32 1x1 no_bias => batchnorm relu => dropout 0.2
        => flatten => dense 3
    >;
}

/// What the documents of a network count.
struct Published {
    parameters: usize,
    trainable: usize,
    /// With each batch normalization folded.
    folded: usize,
    multiply_adds: usize,
}

/// The batch normalizations of a network.
struct Normalized {
    /// Channels of images or numbers of vectors: factors, shifts, means and variances each.
    channels: usize,
    /// Channels behind a layer that has no bias of its own.
    without_bias: usize,
    /// Numbers that are scaled.
    numbers: usize,
}

fn check<N: Network>(published: &Published, normalized: &Normalized) {
    let name = N::NAME;
    assert_eq!(N::PARAMETERS, published.parameters, "parameters of {name}");
    let statistics = N::summary().statistics();
    assert_eq!(statistics, 2 * normalized.channels, "statistics of {name}");
    assert_eq!(N::PARAMETERS - statistics, published.trainable, "trainable ones of {name}");
    let folded = N::PARAMETERS - 4 * normalized.channels + normalized.without_bias;
    assert_eq!(folded, published.folded, "parameters of {name}, folded");
    let multiply_adds = N::MULTIPLY_ADDS - normalized.numbers;
    assert_eq!(multiply_adds, published.multiply_adds, "multiply-adds of {name}");
}

#[test]
fn keyword_spotting() {
    let pixels = 25 * 5;
    let published = Published {
        parameters: 24_908,
        trainable: 23_756,
        folded: 22_604,
        // 2.66 million
        multiply_adds: pixels * 64 * (10 * 4 + 4 * (3 * 3 + 64)) + 64 * 12,
    };
    assert_eq!(published.multiply_adds, 2_656_768);
    let normalized = Normalized { channels: 9 * 64, without_bias: 0, numbers: 9 * 64 * pixels };
    check::<KeywordSpotting>(&published, &normalized);
}

#[test]
fn visual_wake_words() {
    // Rows, the channels of a depthwise layer, those of the layer behind it, and how often both stand there.
    let pairs = [
        (48, 8, 16, 1),
        (24, 16, 32, 1),
        (24, 32, 32, 1),
        (12, 32, 64, 1),
        (12, 64, 64, 1),
        (6, 64, 128, 1),
        (6, 128, 128, 5),
        (3, 128, 256, 1),
        (3, 256, 256, 1),
    ];
    let sum = |of: &dyn Fn(usize, usize, usize) -> usize| -> usize {
        pairs.iter().map(|(rows, from, to, times)| times * of(*rows, *from, *to)).sum()
    };
    let published = Published {
        parameters: 221_794,
        trainable: 216_322,
        folded: 210_850,
        // 7.49 million
        multiply_adds: 48 * 48 * 8 * 3 * 3 * 3
            + sum(&|rows, from, to| rows * rows * from * (3 * 3 + to))
            + 256 * 2,
    };
    assert_eq!(published.multiply_adds, 7_489_664);
    let normalized = Normalized {
        channels: 8 + sum(&|_, from, to| from + to),
        without_bias: 0,
        numbers: 48 * 48 * 8 + sum(&|rows, from, to| rows * rows * (from + to)),
    };
    check::<VisualWakeWords>(&published, &normalized);
}

#[test]
fn image_classification() {
    let (large, middle, small) = (32 * 32, 16 * 16, 8 * 8);
    let published = Published {
        parameters: 78_666,
        trainable: 78_186,
        folded: 77_706,
        // 12.5 million
        multiply_adds: large * 16 * 3 * 3 * (3 + 16 + 16)
            + middle * 32 * (3 * 3 * (16 + 32) + 16)
            + small * 64 * (3 * 3 * (32 + 64) + 32)
            + 64 * 10,
    };
    assert_eq!(published.multiply_adds, 12_501_632);
    let normalized = Normalized {
        channels: 3 * 16 + 2 * 32 + 2 * 64,
        without_bias: 0,
        numbers: 3 * 16 * large + 2 * 32 * middle + 2 * 64 * small,
    };
    check::<ImageClassification>(&published, &normalized);
}

#[test]
fn anomaly_detection() {
    let published = Published {
        parameters: 269_992,
        trainable: 267_928,
        folded: 265_864,
        // 0.264 million
        multiply_adds: 2 * (640 * 128 + 3 * 128 * 128 + 128 * 8),
    };
    assert_eq!(published.multiply_adds, 264_192);
    let normalized = Normalized { channels: 8 * 128 + 8, without_bias: 0, numbers: 8 * 128 + 8 };
    check::<AnomalyDetection>(&published, &normalized);
}

#[test]
fn streaming_wake_word() {
    let channels = 3 * 128 + 32;
    let published = Published {
        parameters: 47_707,
        trainable: 47_707 - 2 * channels,
        folded: 47_707 - 3 * channels,
        // Behind each depthwise layer of k windows, k - 1 fewer are left.
        multiply_adds: 28 * 40 * (3 + 128)
            + 24 * 128 * (5 + 128)
            + 15 * 128 * (10 + 128)
            + 128 * (15 + 32)
            + 32 * 3,
    };
    assert_eq!(published.multiply_adds, 826_368);
    let normalized =
        Normalized { channels, without_bias: channels, numbers: 128 * (28 + 24 + 15) + 32 };
    check::<StreamingWakeWord>(&published, &normalized);
}
