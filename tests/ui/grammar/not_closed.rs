use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 10;
}

fn main() {
    let _ = Digits::zeros();
}
