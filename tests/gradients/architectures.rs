//! Random networks, made by tests/fixtures/architectures.py.

axonal::network! {
    pub(crate) struct Random0<input 20 => dense 34 softmax => dense 13 init lecun_uniform => softsign => dense 1 leaky_relu(0.01)>;
    pub(crate) struct Random1<input 42 => dense 22 init he_normal sigmoid => dense 4 no_bias => sigmoid => dense 53 elu(1.0) => dense 27 no_bias init glorot_normal hard_sigmoid>;
    pub(crate) struct Random2<input 5 => dense 7 no_bias init glorot_normal => gelu>;
    pub(crate) struct Random3<input 9 => dense 21>;
    pub(crate) struct Random4<input 31 => dense 38 no_bias identity => dense 29 sigmoid => dense 63 => softplus>;
    pub(crate) struct Random5<input 14 => dense 68 no_bias softsign => dense 59 no_bias silu => dense 41 gelu => dense 44 => sigmoid>;
    pub(crate) struct Random6<input 66 => dense 49 tanh => dense 1 no_bias init lecun_normal => silu>;
    pub(crate) struct Random7<input 28 => dense 6 => dense 51 softsign => dense 69 no_bias identity>;
    pub(crate) struct Random8<input 32 => dense 26 relu => dense 46 init he_uniform softplus => dense 54 no_bias softplus>;
    pub(crate) struct Random9<input 37 => dense 16 no_bias identity>;
    pub(crate) struct Random10<input 3 => dense 64 gelu => dense 61 hard_sigmoid => dense 45 softplus>;
    pub(crate) struct Random11<input 36 => dense 17>;
    pub(crate) struct Random12<input 23 => dense 25 init lecun_uniform gelu => dense 1 identity>;
    pub(crate) struct Random13<input 10 => dense 56 => softsign => dense 58 => elu(1.0)>;
    pub(crate) struct Random14<input 60 => dense 50 silu>;
    pub(crate) struct Random15<input 70 => dense 65 softplus => dense 1 no_bias init he_uniform softplus>;
    pub(crate) struct Random16<input 67 => dense 8 => sigmoid>;
    pub(crate) struct Random17<input 24 => dense 19 identity => dense 2 silu => dense 48 init glorot_normal => softplus>;
    pub(crate) struct Random18<input 33 => dense 11 gelu => dense 1 elu(1.0)>;
    pub(crate) struct Random19<input 47 => dense 62 => leaky_relu(0.01) => dense 12 init lecun_uniform identity>;
    pub(crate) struct Random20<input 39 => dense 30 selu => dense 18 sigmoid>;
    pub(crate) struct Random21<input 43 => dense 52 init lecun_normal softsign => dense 15 init he_normal gelu => dense 55 elu(1.0)>;
    pub(crate) struct Random22<input 57 => dense 40 no_bias init lecun_uniform softmax>;
    pub(crate) struct Random23<input 35 => dense 9 gelu>;
    pub(crate) struct Random24<input 32 => dense 33 silu => dense 58 => softplus => dense 1 relu>;
    pub(crate) struct Random25<input 60 => dense 64 init he_uniform leaky_relu(0.01)>;
    pub(crate) struct Random26<input 6 => dense 67 softsign => dense 3 => selu => dense 52 tanh>;
    pub(crate) struct Random27<input 56 => dense 61 sigmoid => dense 59 init he_uniform>;
    pub(crate) struct Random28<input 49 => dense 42 => dense 30 softmax => dense 65 leaky_relu(0.01) => dense 12 no_bias init lecun_uniform>;
    pub(crate) struct Random29<input 11 => dense 38 => silu => dense 34 no_bias tanh>;
    pub(crate) struct Random30<input 40 => dense 14 => dense 36 no_bias relu => dense 1 hard_sigmoid>;
    pub(crate) struct Random31<input 57 => dense 39 no_bias init glorot_uniform => sigmoid => dense 37 relu>;
    pub(crate) struct Random32<input 16 => dense 13 selu => dense 43 no_bias => dense 19 init glorot_uniform identity>;
    pub(crate) struct Random33<input 62 => dense 70 init lecun_normal hard_sigmoid => dense 23 no_bias selu => dense 55 hard_sigmoid => dense 21 init lecun_normal softsign>;
    pub(crate) struct Random34<input 29 => dense 69 softplus => dense 1 leaky_relu(0.01) => dense 47 init lecun_uniform selu>;
    pub(crate) struct Random35<input 10 => dense 20 no_bias gelu => dense 4 softmax => dense 53 elu(1.0)>;
    pub(crate) struct Random36<input 24 => dense 7 init lecun_normal selu => dense 1 init he_uniform softmax>;
    pub(crate) struct Random37<input 31 => dense 5 no_bias elu(1.0)>;
    pub(crate) struct Random38<input 50 => dense 46 no_bias init lecun_normal relu => dense 35 sigmoid>;
    pub(crate) struct Random39<input 17 => dense 54 init lecun_normal softmax => dense 2 sigmoid>;
}

/// Calls a macro with the name, the type, the loss and the kind of targets of each network.
macro_rules! for_each_architecture {
    ($run:ident) => {
        $run! {
            random0 Random0 Huber numbers;
            random1 Random1 MeanAbsoluteError numbers;
            random2 Random2 Hinge signs;
            random3 Random3 MeanSquaredError numbers;
            random4 Random4 Hinge classes;
            random5 Random5 BinaryCrossEntropy probabilities;
            random6 Random6 BinaryCrossEntropy halves;
            random7 Random7 CrossEntropy classes;
            random8 Random8 CrossEntropy distributions;
            random9 Random9 Hinge classes;
            random10 Random10 Hinge signs;
            random11 Random11 MeanAbsoluteError numbers;
            random12 Random12 Hinge halves;
            random13 Random13 CrossEntropy distributions;
            random14 Random14 MeanSquaredError numbers;
            random15 Random15 BinaryCrossEntropy answers;
            random16 Random16 CrossEntropy classes;
            random17 Random17 BinaryCrossEntropy probabilities;
            random18 Random18 BinaryCrossEntropy halves;
            random19 Random19 Huber numbers;
            random20 Random20 CrossEntropy distributions;
            random21 Random21 Hinge signs;
            random22 Random22 MeanAbsoluteError numbers;
            random23 Random23 MeanSquaredError numbers;
            random24 Random24 Hinge halves;
            random25 Random25 Hinge classes;
            random26 Random26 BinaryCrossEntropy probabilities;
            random27 Random27 Huber numbers;
            random28 Random28 CrossEntropy classes;
            random29 Random29 Hinge classes;
            random30 Random30 BinaryCrossEntropy answers;
            random31 Random31 BinaryCrossEntropy probabilities;
            random32 Random32 Huber numbers;
            random33 Random33 Hinge signs;
            random34 Random34 CrossEntropy classes;
            random35 Random35 MeanSquaredError numbers;
            random36 Random36 Hinge halves;
            random37 Random37 CrossEntropy distributions;
            random38 Random38 MeanAbsoluteError numbers;
            random39 Random39 Huber numbers;
        }
    };
}
pub(crate) use for_each_architecture;
