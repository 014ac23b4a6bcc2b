use axonal::prelude::*;

network! {
    pub struct Digits<input 64 => residual { input 64 => dense 64 } => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
