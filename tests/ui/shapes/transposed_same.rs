use axonal::prelude::*;

network! {
    pub struct Digits<input 6x2x2 => conv_transpose 3 2x2 stride 4 pad same => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
