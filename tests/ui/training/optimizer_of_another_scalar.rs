use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let mut net = Digits::<f64>::zeros();
    let inputs = [SVector::zeros()];
    let targets = [Class::new(3).unwrap()];
    let mut optimizer: Sgd = Sgd::new(0.1);
    net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
}
