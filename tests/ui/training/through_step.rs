use axonal::prelude::*;

network! {
    pub struct Gate<input 2 => dense 1 step>;
}

fn main() {
    let mut net = Gate::zeros();
    let inputs = [SVector::from([1.0, 0.0])];
    let targets = [true];
    net.train_step(&inputs, &targets, &BinaryCrossEntropy, &mut Sgd::new(0.1));
}
