use axonal::prelude::*;

network! {
    pub struct Digits<input 8x8 => residual { dense 64 => reshape 1x8x8 } => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
