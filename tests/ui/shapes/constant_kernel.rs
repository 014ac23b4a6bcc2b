use axonal::prelude::*;

const ROWS: usize = 4;

network! {
    pub struct Digits<input 1x{ROWS}x8 => conv 6 5x5 => flatten => dense 10>;
}

fn main() {
    let _: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
}
