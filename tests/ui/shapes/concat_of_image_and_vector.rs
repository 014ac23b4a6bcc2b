use axonal::prelude::*;

network! {
    pub struct Digits<input 16x8x8 => concat { flatten } { conv 4 1x1 } => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
