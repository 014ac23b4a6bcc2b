//! Random networks of images, made by tests/fixtures/image_architectures.py.

axonal::network! {
    pub(crate) struct Images0<input 1x8x4 => dropout 0.25 sigmoid => residual { leaky_relu(0.01) } => conv 7 4x1 dilation 2 => conv 6 1x3 pad 0x1 => identity>;
    pub(crate) struct Images1<input 2x7x6 => maxpool 1x2 stride 3 => conv 7 2x3 pad same => conv_transpose 2 4x3 stride 2 pad same => pad 2 => maxpool 3x4 stride 1 pad same => avgpool 2x4 stride 1x1 => global avgpool => dense 2>;
    pub(crate) struct Images2<input 4x4x9 => pad 1 => residual { conv 4 3x1 pad same gelu => conv 3 3x3 pad 1 } project { conv 3 1x1 no_bias => batchnorm } => avgpool 1x3 stride 2 => global avgpool => dense 6>;
    pub(crate) struct Images3<input 1x6x5 => concat { conv 1 1x1 pad same } { identity } tanh => batchnorm selu => reshape 60 => dense 3>;
    pub(crate) struct Images4<input 2x7x5 => dropout 0.5 identity => concat { conv 2 2x1 pad same => conv 2 3x3 pad same } { identity } => reshape 140 => dense 4>;
    pub(crate) struct Images5<input 3x8x6 => conv 5 2x1 stride 3x3 pad 1 no_bias => upsample 2 => conv_transpose 1 2x1 dilation 2 => conv 6 3x4 stride 1x2 pad 2x1 => conv 6 2x2 softplus>;
    pub(crate) struct Images6<input 1x4x7 => upsample 2 silu => conv 4 3x3 stride 2 dilation 2 pad same sigmoid => conv 3 4x2 stride 3 dilation 2 pad same => upsample 2 => avgpool 2x4 stride 1x2 pad 0x1 => conv 1 1x3 pad same no_bias => global avgpool => dense 5>;
    pub(crate) struct Images7<input 1x5x3 => layernorm tanh => upsample 2 => maxpool 3x2 stride 2 pad 1 identity => layernorm elu(1.0) => conv 2 3x2 stride 2 pad 1x0 no_bias => batchnorm => global avgpool => dense 5>;
    pub(crate) struct Images8<input 1x5x7 => conv 4 3x3 pad 1x0 elu(1.0) => residual { softsign => residual { conv 4 1x1 pad same } } => conv 3 2x4 stride 3x3 pad 0x1 => maxpool 1x3 stride 2 pad 0x1 => global avgpool => dense 6>;
    pub(crate) struct Images9<input 3x5x8 => conv 5 3x2 pad 0x1 => batchnorm elu(1.0) => batchnorm leaky_relu(0.01) => residual { residual { identity => conv 6 3x3 pad 1 } project { conv 6 1x1 no_bias => batchnorm } softplus => conv 3 3x3 stride 2 pad 1 floor } project { conv 3 1x1 stride 2 floor no_bias => batchnorm } leaky_relu(0.01) => conv_transpose 5 4x2 pad same relu => global avgpool => dense 3>;
    pub(crate) struct Images10<input 1x3x4 => silu => avgpool 2x3 stride 3x2 pad 1x0 floor relu => upsample 2 => conv 2 2x2 pad same>;
    pub(crate) struct Images11<input 1x9x6 => relu => maxpool 4x3 stride 2x1 floor => conv 4 3x1 dilation 2x2 pad 1x1 => conv 6 2x2 stride 2 pad 1x0 sigmoid => batchnorm => reshape 18 => dense 5>;
    pub(crate) struct Images12<input 1x6x5 => conv 1 3x3 dilation 2 pad 2x2 identity => conv 6 3x4 stride 1x2 dilation 2x2 pad same => avgpool 3x2 stride 2 pad 1 => conv 1 3x3 stride 2x2 pad 1x1 no_bias leaky_relu(0.01) => global avgpool => dense 4>;
    pub(crate) struct Images13<input 1x4x5 => silu => conv 1 3x2 stride 1x3 pad 2x0 no_bias => avgpool 2x4 stride 2x3 pad same => upsample 2 leaky_relu(0.01) => flatten => dense 6>;
    pub(crate) struct Images14<input 4x6x4 => pad 2x2 => batchnorm softplus => flatten => dense 6>;
    pub(crate) struct Images15<input 1x9x6 => sigmoid => conv 4 4x2 stride 2x1 pad 1x0 tanh => conv 4 3x2 dilation 2 pad same => upsample 2>;
    pub(crate) struct Images16<input 1x8x9 => dropout 0.5 => dropout 0.25 => conv 7 4x3 stride 3 pad 1x2 no_bias elu(1.0) => residual { conv 7 1x3 pad same silu => conv 7 2x1 pad same no_bias softsign } gelu => elu(1.0) => flatten => dense 6>;
    pub(crate) struct Images17<input 4x4x9 => gelu => pad 1x1 => conv 3 3x2 stride 2 pad 0x1 floor relu => residual { residual { selu } } => maxpool 2x2 stride 3x3 pad 1 => dropout 0.5 => global avgpool => dense 4>;
    pub(crate) struct Images18<input 1x6x5 => upsample 2 leaky_relu(0.01) => concat { flatten } { global avgpool } selu => batchnorm => concat { dense 121 softsign } { identity } => dense 2>;
    pub(crate) struct Images19<input 3x5x7 => avgpool 3x2 stride 2x2 pad same => concat { batchnorm => conv 3 3x3 pad same no_bias sigmoid } { conv 1 3x3 pad 1 } relu => conv 6 3x4 stride 1x2 pad 2x1 => avgpool 2x2 stride 3 pad 1x1 => residual { conv 6 1x1 pad same no_bias relu => conv 5 3x3 stride 2 pad 1 floor } project { conv 5 1x1 stride 2 floor no_bias => batchnorm } elu(1.0) => dropout 0.25 => flatten => dense 4>;
    pub(crate) struct Images20<input 1x9x9 => residual { layernorm elu(1.0) } => maxpool 1x3 stride 3 => avgpool 3x3 stride 2 => conv 7 3x1 dilation 2 pad same no_bias>;
    pub(crate) struct Images21<input 1x3x8 => concat { conv 1 1x3 pad same leaky_relu(0.01) => softsign } { conv 3 3x3 pad 1 => batchnorm } => concat { conv 4 3x3 pad same no_bias => conv 4 2x2 pad same no_bias } { conv 4 3x3 pad 1 => batchnorm } => relu => concat { dropout 0.5 } { conv 2 3x3 pad 1 } => global avgpool => dense 5>;
    pub(crate) struct Images22<input 2x9x7 => residual { conv 2 1x1 pad same relu } => batchnorm sigmoid => concat { dropout 0.25 elu(1.0) => conv 2 3x3 pad same } { conv 2 3x3 pad 1 tanh } => conv 4 2x4 stride 3 dilation 2 pad 2x1 floor depthwise no_bias => global avgpool => dense 4>;
    pub(crate) struct Images23<input 2x5x8 => pad 1x2 => conv 4 2x3 stride 1x3 pad 0x1 floor depthwise => upsample 2 => residual { conv 4 2x2 pad same tanh => dropout 0.25 } => selu => flatten => dense 2>;
    pub(crate) struct Images24<input 4x3x6 => avgpool 3x3 pad same => conv 5 3x2 pad 2 no_bias softplus => dropout 0.5 softplus => conv 15 3x3 stride 3x1 pad same groups 5 no_bias => residual { elu(1.0) => identity } relu => flatten => dense 6>;
    pub(crate) struct Images25<input 1x3x8 => avgpool 3x1 stride 3 => conv 7 1x3 silu => residual { conv 7 3x2 pad same } softplus => conv 14 1x3 stride 3 pad 2x2 depthwise identity => avgpool 2x2 pad same => upsample 2>;
    pub(crate) struct Images26<input 4x8x7 => conv_transpose 4 2x2 softplus => residual { conv 4 1x3 pad same no_bias => conv 5 3x3 pad 1 } project { conv 5 1x1 no_bias => batchnorm } silu => conv 5 2x2 stride 3x3 dilation 2 pad 0x1 depthwise no_bias => pad 1x1 => conv 2 2x3 dilation 2x2 no_bias => maxpool 3x4 stride 1x2 pad same => global avgpool => dense 3>;
    pub(crate) struct Images27<input 2x4x7 => sigmoid => conv 6 4x2 pad same groups 2 softsign => flatten => dense 6>;
    pub(crate) struct Images28<input 4x4x8 => maxpool 3x3 stride 2x2 pad 1x0 floor => layernorm => upsample 2 => dropout 0.25 => gelu => conv 2 2x1 pad 0x2 => global avgpool => dense 2>;
    pub(crate) struct Images29<input 2x3x9 => conv 7 4x4 pad 1x0 => residual { conv 7 1x2 pad same => conv 1 3x3 pad 1 } project { conv 1 1x1 no_bias } elu(1.0) => concat { flatten } { global avgpool } => concat { dense 13 selu => dense 13 no_bias softmax } { dense 2 no_bias selu } => dense 6>;
    pub(crate) struct Images30<input 3x9x9 => maxpool 2x4 stride 3x2 pad 0x2 relu => layernorm gelu => upsample 2 identity => avgpool 4x2 stride 2 softsign => avgpool 3x2 stride 1 pad same => conv 2 2x3 stride 1x3 pad 0x1 no_bias>;
    pub(crate) struct Images31<input 4x4x5 => conv 4 2x3 pad 1x2 no_bias => residual { residual { conv 4 3x2 pad same no_bias => dropout 0.5 } relu => conv 4 2x3 pad same } => conv 2 3x3 pad 0x1 => global avgpool => dense 6>;
    pub(crate) struct Images32<input 2x7x6 => conv 4 3x2 stride 2 dilation 2x2 pad 2x1 => concat { identity } { conv 1 3x3 pad 1 => batchnorm } => conv_transpose 4 4x3 pad 1 no_bias gelu => conv 2 2x1 pad same => global avgpool => dense 4>;
    pub(crate) struct Images33<input 1x5x9 => conv 5 3x1 stride 2x2 pad 1x2 softsign => conv_transpose 3 1x3 stride 2 groups 1 no_bias identity => global avgpool => dense 4>;
    pub(crate) struct Images34<input 3x8x4 => upsample 2 => dropout 0.25 => concat { flatten } { global avgpool } => residual { dropout 0.25 softplus } => dense 3>;
    pub(crate) struct Images35<input 1x6x9 => upsample 2 => conv 4 2x4 stride 1x2 dilation 2x2 pad 0x1 sigmoid => conv 1 1x2 softsign => batchnorm selu => pad 1 => layernorm selu>;
    pub(crate) struct Images36<input 1x7x3 => batchnorm => dropout 0.5 tanh => residual { conv 1 3x1 pad same no_bias softplus => conv 2 3x3 pad 1 } project { conv 2 1x1 no_bias => batchnorm } softplus => maxpool 2x2 stride 2x1 floor => maxpool 2x2 pad 1x0 elu(1.0) => residual { conv 2 2x1 pad same => gelu } identity => reshape 4 => dense 6>;
    pub(crate) struct Images37<input 3x8x5 => avgpool 1x1 stride 3x2 selu => residual { conv 3 3x2 pad same elu(1.0) => dropout 0.25 } elu(1.0) => global avgpool => dense 2>;
    pub(crate) struct Images38<input 1x6x5 => layernorm => residual { dropout 0.5 => dropout 0.5 } => upsample 2 sigmoid => conv 3 3x2 stride 2x2 pad 2x0 => reshape 105 => dense 5>;
    pub(crate) struct Images39<input 3x7x7 => conv 4 2x2 stride 3 pad 0x2 floor sigmoid => conv 1 1x3 no_bias relu => concat { gelu => conv 1 1x2 pad same sigmoid } { conv 4 3x3 pad 1 => batchnorm } => identity => sigmoid => reshape 20 => dense 4>;
}

/// Calls a macro with the name, the type, the loss and the kind of targets of each network.
macro_rules! for_each_image_architecture {
    ($run:ident) => {
        $run! {
            images0 Images0 Huber random;
            images1 Images1 BinaryCrossEntropy probabilities;
            images2 Images2 BinaryCrossEntropy probabilities;
            images3 Images3 CrossEntropy classes;
            images4 Images4 CrossEntropy distributions;
            images5 Images5 MeanSquaredError random;
            images6 Images6 Hinge classes;
            images7 Images7 BinaryCrossEntropy probabilities;
            images8 Images8 BinaryCrossEntropy probabilities;
            images9 Images9 CrossEntropy distributions;
            images10 Images10 Huber random;
            images11 Images11 BinaryCrossEntropy probabilities;
            images12 Images12 CrossEntropy distributions;
            images13 Images13 MeanSquaredError random;
            images14 Images14 MeanSquaredError random;
            images15 Images15 Huber random;
            images16 Images16 Huber random;
            images17 Images17 CrossEntropy classes;
            images18 Images18 Huber random;
            images19 Images19 CrossEntropy distributions;
            images20 Images20 Huber random;
            images21 Images21 CrossEntropy distributions;
            images22 Images22 CrossEntropy distributions;
            images23 Images23 Hinge classes;
            images24 Images24 CrossEntropy classes;
            images25 Images25 MeanSquaredError random;
            images26 Images26 BinaryCrossEntropy probabilities;
            images27 Images27 CrossEntropy classes;
            images28 Images28 MeanSquaredError random;
            images29 Images29 CrossEntropy distributions;
            images30 Images30 MeanSquaredError random;
            images31 Images31 MeanSquaredError random;
            images32 Images32 CrossEntropy distributions;
            images33 Images33 CrossEntropy classes;
            images34 Images34 CrossEntropy distributions;
            images35 Images35 Huber random;
            images36 Images36 CrossEntropy distributions;
            images37 Images37 BinaryCrossEntropy probabilities;
            images38 Images38 Hinge classes;
            images39 Images39 BinaryCrossEntropy probabilities;
        }
    };
}
pub(crate) use for_each_image_architecture;
