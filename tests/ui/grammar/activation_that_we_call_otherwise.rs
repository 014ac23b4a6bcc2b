use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 lrelu => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", net.dense1.bias);
}
