use axonal::prelude::*;

network! {
    pub struct Digits<input 784>;
}

fn main() {
    let _ = Digits::zeros();
}
