// The networks of the workloads `networks/`, once for all programs: axonal's macro reads this file as Rust, the others read it as text.
//
// The name of a network is what stands before the colon.
use axonal::prelude::*;

network! {
    /// DS-CNN: keyword spotting of MLPerf Tiny.
    pub struct DsCnn<input 1x49x10
        => conv 64 10x4 stride 2 pad same => batchnorm relu
        => conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => global avgpool => dense 12>;

    /// MobileNet: visual wake words of MLPerf Tiny, MobileNetV1 with a quarter of its channels.
    pub struct MobileNet<input 3x96x96
        => conv 8 3x3 stride 2 pad 1 floor => batchnorm relu
        => conv 8 3x3 depthwise pad same => batchnorm relu => conv 16 1x1 => batchnorm relu
        => conv 16 3x3 depthwise stride 2 pad 1 floor => batchnorm relu => conv 32 1x1 => batchnorm relu
        => conv 32 3x3 depthwise pad same => batchnorm relu => conv 32 1x1 => batchnorm relu
        => conv 32 3x3 depthwise stride 2 pad 1 floor => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu
        => conv 64 3x3 depthwise stride 2 pad 1 floor => batchnorm relu => conv 128 1x1 => batchnorm relu
        => conv 128 3x3 depthwise pad same => batchnorm relu => conv 128 1x1 => batchnorm relu
        => conv 128 3x3 depthwise pad same => batchnorm relu => conv 128 1x1 => batchnorm relu
        => conv 128 3x3 depthwise pad same => batchnorm relu => conv 128 1x1 => batchnorm relu
        => conv 128 3x3 depthwise pad same => batchnorm relu => conv 128 1x1 => batchnorm relu
        => conv 128 3x3 depthwise pad same => batchnorm relu => conv 128 1x1 => batchnorm relu
        => conv 128 3x3 depthwise stride 2 pad 1 floor => batchnorm relu => conv 256 1x1 => batchnorm relu
        => conv 256 3x3 depthwise pad same => batchnorm relu => conv 256 1x1 => batchnorm relu
        => global avgpool => dense 2>;

    /// ResNet-8: image classification of MLPerf Tiny.
    pub struct ResNet<input 3x32x32
        => conv 16 3x3 pad same => batchnorm relu
        => residual { conv 16 3x3 pad same => batchnorm relu => conv 16 3x3 pad same => batchnorm } relu
        => residual { conv 32 3x3 stride 2 pad 1 floor => batchnorm relu => conv 32 3x3 pad same => batchnorm }
            project { conv 32 1x1 stride 2 floor } relu
        => residual { conv 64 3x3 stride 2 pad 1 floor => batchnorm relu => conv 64 3x3 pad same => batchnorm }
            project { conv 64 1x1 stride 2 floor } relu
        => global avgpool => dense 10>;

    /// U-Net: two levels of it, whose last number is a probability for each pixel.
    pub struct UNet<input 1x64x64
        => conv 16 3x3 pad same relu
        => concat { identity } {
            maxpool 2x2 => conv 32 3x3 pad same relu
            => concat { identity } { maxpool 2x2 => conv 64 3x3 pad same relu => upsample 2 }
            => conv 32 3x3 pad same relu => upsample 2
        }
        => conv 16 3x3 pad same relu
        => conv 1 1x1 sigmoid>;

    /// VGG: plain convolutions of 3x3, and a large dense layer.
    pub struct Vgg<input 3x32x32
        => conv 64 3x3 pad same relu => conv 64 3x3 pad same relu => maxpool 2x2
        => conv 128 3x3 pad same relu => conv 128 3x3 pad same relu => maxpool 2x2
        => flatten => dense 256 relu => dense 10>;

    /// 1024-2048-2048-1000: dense layers, whose weights fit into no cache but the last.
    pub struct Dense<input 1024
        => dense 2048 relu => dense 2048 relu => dense 1000>;
}
