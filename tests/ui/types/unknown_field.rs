use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => hidden: dense 128 relu => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    println!("{}", net.dense2.bias);
}
