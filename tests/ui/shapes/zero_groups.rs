use axonal::prelude::*;

network! {
    pub struct Digits<input 4x8x8 => conv 4 3x3 groups 0 => flatten => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", net.dense1.bias);
}
