use axonal::prelude::*;

pub struct Doubling<T>(T);

network! {
    pub struct Digits<input 784 => residual { dense 64 => Doubling } => dense 10>;
}

fn main() {
    let mut net = Digits::zeros();
    let targets = [Class::new(3).unwrap()];
    net.train_step(&[SVector::zeros()], &targets, &CrossEntropy, &mut Adam::default());
    println!("{}", net.forward(&SVector::zeros()));
}
