use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10 sigmoid>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros()];
    net.gradient(&inputs, &[true], &BinaryCrossEntropy);
}
