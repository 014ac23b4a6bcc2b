use axonal::prelude::*;

const HIDDEN: usize = 4;

network! {
    pub struct Digits<input 2x8x8 => concat { conv 4 3x3 pad same } { conv 4 {HIDDEN} } => flatten => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", net.dense1.bias);
}
