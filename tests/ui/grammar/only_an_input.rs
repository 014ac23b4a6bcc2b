use axonal::prelude::*;

network! {
    pub struct Digits<input 784 =>>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
