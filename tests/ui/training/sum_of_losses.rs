use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10 softmax>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros()];
    // A size.
    let targets = [SVector::<f32, 9>::zeros()];
    net.gradient(&inputs, &targets, &MeanSquaredError.plus(MeanAbsoluteError.scaled(0.1)));
    // An activation.
    let targets = [SVector::<f32, 10>::zeros()];
    net.gradient(&inputs, &targets, &MeanSquaredError.plus(BinaryCrossEntropy));
    // The targets of one of the two.
    let labels = [Class::<10>::new(1).unwrap()];
    net.gradient(&inputs, &labels, &CrossEntropy.plus(MeanSquaredError));
}
