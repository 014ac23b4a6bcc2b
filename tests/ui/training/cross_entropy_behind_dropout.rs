use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 10 softmax => dropout 0.5>;
}

fn main() {
    let net = Digits::zeros();
    let targets = [Class::<10>::new(1).unwrap()];
    net.gradient(&[SVector::zeros()], &targets, &CrossEntropy);
}
