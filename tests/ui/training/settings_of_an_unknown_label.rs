use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => hidden: dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    let mut optimizer: Adam = Adam::default();
    optimizer.freeze(&*net, |net| &net.hiden);
}
