use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros()];
    // Without weights.
    let labels = [Class::<10>::new(1).unwrap()];
    net.gradient(&inputs, &labels, &CrossEntropy.weighted());
    // Weights of another kind of numbers.
    net.gradient(&inputs, &[(labels[0], 1.0_f64)], &CrossEntropy.weighted());
    // Weights where none are asked for.
    net.gradient(&inputs, &[(labels[0], 1.0)], &CrossEntropy);
    // Labels of another number of classes.
    let labels = [(Class::<9>::new(1).unwrap(), 1.0)];
    net.gradient(&inputs, &labels, &CrossEntropy.weighted());
}
