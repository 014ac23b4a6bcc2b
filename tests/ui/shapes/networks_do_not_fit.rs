use axonal::prelude::*;

network! {
    pub struct Generator<input 16 => dense 64 relu => dense 783 sigmoid>;
    pub struct Discriminator<input 784 => dense 64 relu => dense 1>;
    pub struct Adversarial<input 16 => Generator => Discriminator>;
}

fn main() {
    let net = Adversarial::random(&mut StdRng::seed_from_u64(1));
    let _ = net.forward(&SVector::zeros());
}
