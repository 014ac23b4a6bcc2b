use axonal::prelude::*;

network! {
    pub struct Digits<input 16x8x8 => concat { conv 4 3x3 } { conv 4 1x1 } => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
