use axonal::prelude::*;

network! {
    pub struct Spam<input 57 => dense 16 relu => dense 1 sigmoid>;
}

fn main() {
    let mut net = Spam::zeros();
    let inputs = [SVector::zeros()];
    let targets = [Class::<2>::new(1).unwrap()];
    net.train_step(&inputs, &targets, &CrossEntropy, &mut Adam::default());
}
