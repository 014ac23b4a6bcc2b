use axonal::prelude::*;

network! {
    pub struct Digits<>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
