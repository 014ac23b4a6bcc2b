use axonal::prelude::*;

network! {
    pub struct Digits<input 28x28 => conv 6 4x4 strde 2 => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
