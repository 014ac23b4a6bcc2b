use axonal::prelude::*;

const HIDDEN: usize = 0;

network! {
    pub struct Digits<input 784 => dense HIDDEN sigmoid => dense 10>;
}

fn main() {
    let _ = Digits::zeros();
}
