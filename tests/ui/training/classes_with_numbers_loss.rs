use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [Class::<10>::new(3).unwrap()];
    net.gradient(&inputs, &targets, &MeanSquaredError);
}
