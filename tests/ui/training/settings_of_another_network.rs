use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let (net, other) = (Digits::zeros(), Digits::zeros());
    let mut optimizer: Adam = Adam::default();
    optimizer.freeze(&*net, |_| &other.dense1);
}
