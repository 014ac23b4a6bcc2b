use axonal::prelude::*;

const HIDDEN: usize = 32;

network! {
    pub struct Digits<input 64 => dense { HIDDEN - 33 } => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", net.dense1.bias);
}
