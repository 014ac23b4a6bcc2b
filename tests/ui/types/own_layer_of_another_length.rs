use axonal::prelude::*;

network! {
    pub struct Encoder<input 784 => dense 32 relu>;
    pub struct Digits<input 28x28 => flatten => dense 64 => Encoder => dense 10>;
}

fn main() {
    Digits::zeros();
}
