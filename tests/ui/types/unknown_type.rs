use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => Encoder => dense 10>;
}

fn main() {
    Digits::zeros();
}
