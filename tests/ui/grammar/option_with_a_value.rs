use axonal::prelude::*;

network! {
    pub struct Digits<input 28x28 => conv 8 5x5 => layernorm momentum 0.1 => flatten => dense 10>;
}

fn main() {
    let net = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", Digits::summary());
    net.save("digits.safetensors").unwrap();
}
