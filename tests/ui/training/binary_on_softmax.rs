use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10 softmax>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [SVector::<f32, 10>::zeros()];
    net.gradient(&inputs, &targets, &BinaryCrossEntropy);
}
