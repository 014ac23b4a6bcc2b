use axonal::prelude::*;

network! {
    pub struct Digits { hidden: dense 128, output: dense 10 }
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
