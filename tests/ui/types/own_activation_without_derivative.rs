use axonal::Simd;
use axonal::activations::Elementwise;
use axonal::{Scalar, simd::Vector};
use axonal::prelude::*;

pub struct Cube;

impl Elementwise for Cube {
    const NAME: &'static str = "cube";

    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x * x * x
    }
}

network! {
    pub struct Digits<input 784 => dense 128 Cube => dense 10>;
}

fn main() {
    let mut net = Digits::zeros();
    let inputs = [SVector::zeros()];
    let targets = [Class::new(3).unwrap()];
    net.train_step(&inputs, &targets, &CrossEntropy, &mut Sgd::new(0.1));
}
