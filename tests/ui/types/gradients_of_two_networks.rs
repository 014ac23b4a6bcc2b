use axonal::prelude::*;

network! {
    pub struct Small<input 784 => dense 32 relu => dense 10>;
    pub struct Large<input 784 => dense 128 relu => dense 10>;
}

fn main() {
    let net = Small::zeros();
    let inputs = [SVector::zeros()];
    let targets = [Class::new(3).unwrap()];
    let (_loss, gradient): (f32, Box<Large>) = net.gradient(&inputs, &targets, &CrossEntropy);
    drop(gradient);
}
