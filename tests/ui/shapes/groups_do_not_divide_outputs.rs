use axonal::prelude::*;

network! {
    pub struct Digits<input 6x8x8 => conv 8 3x3 groups 3 => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
