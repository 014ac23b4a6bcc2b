use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    let scores: SVector<f32, 9> = net.forward(&SVector::zeros());
    println!("{scores}");
}
