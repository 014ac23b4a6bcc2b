use axonal::prelude::*;

pub struct Cube;

network! {
    pub struct Digits<input 784 => dense 128 Cube => dense 10>;
}

fn main() {
    Digits::zeros();
}
