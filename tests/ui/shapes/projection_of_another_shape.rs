use axonal::prelude::*;

network! {
    pub struct Digits<input 16x8x8 => residual { conv 32 3x3 pad 1 } project { conv 16 1x1 } => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
