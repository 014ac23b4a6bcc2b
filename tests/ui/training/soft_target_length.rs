use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10 softmax>;
}

fn main() {
    let mut net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [SVector::<f32, 11>::zeros()];
    net.train_step(&inputs, &targets, &CrossEntropy, &mut Adam::default());
}
