use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [SVector::<f32, 9>::zeros()];
    net.gradient(&inputs, &targets, &MeanSquaredError);
}
