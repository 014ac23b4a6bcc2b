use axonal::prelude::*;

pub struct Doubling<T>(T);

network! {
    pub struct Digits<input 784 => Doubling => dense 10>;
}

fn main() {
    Digits::zeros();
}
