use axonal::prelude::*;

network! {
    pub struct Digits<input 4x8x8 => conv 6 3x3 depthwise => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
