use axonal::prelude::*;

network! {
    pub struct Digits<input 28x28 => conv 8 4x4 stride: 2 relu => flatten => dense 10>;
}

fn main() {
    let net = Digits::random(&mut StdRng::seed_from_u64(1));
    println!("{}", Digits::summary());
    net.save("digits.safetensors").unwrap();
}
