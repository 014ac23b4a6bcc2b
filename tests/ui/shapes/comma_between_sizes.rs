use axonal::prelude::*;

network! {
    pub struct Digits<input 3,32,32 => conv 6 5x5 => flatten => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", net.dense1.bias);
}
