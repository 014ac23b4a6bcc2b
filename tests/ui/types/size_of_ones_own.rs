use axonal::prelude::*;

network! {
    pub struct Encoder<input 784 => dense 32 relu>;
    pub struct Digits<input 784 => Encoder 32 => dense 10>;
}

fn main() {
    Digits::zeros();
}
