use axonal::prelude::*;

const CHANNELS: u32 = 8;

network! {
    pub struct Digits<input 28x28 => conv CHANNELS 5x5 relu => maxpool 2x2 => flatten => dense 10>;
}

fn main() {
    let _ = Digits::zeros();
}
