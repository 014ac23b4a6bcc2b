use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => hidden: dense 128 relu => dense 10>;
}

fn main() {
    let mut net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [Class::<10>::new(3).unwrap()];
    net.train_step(&inputs, &[Class::<10>::new(3)], &CrossEntropy, &mut Adam::default());
}
