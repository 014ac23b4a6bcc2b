use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128u32 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", Digits::summary());
    net.save("digits.safetensors").unwrap();
}
