use axonal::prelude::*;

network! {
    pub struct Digits<input 64 => residual { a: dense 64 => a: dense 64 } => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
