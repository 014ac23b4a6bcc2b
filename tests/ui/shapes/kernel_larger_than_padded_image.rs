use axonal::prelude::*;

network! {
    pub struct Digits<input 3x4x9 => conv 6 3x3 dilation 3 pad 1 => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
