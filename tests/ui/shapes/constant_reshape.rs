use axonal::prelude::*;

const ROWS: usize = 29;

network! {
    pub struct Digits<input 784 => reshape 1x28x{ROWS} => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
