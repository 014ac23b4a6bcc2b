use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let mut net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [3_usize];
    net.train_step(&inputs, &targets, &CrossEntropy, &mut Adam::default());
}
