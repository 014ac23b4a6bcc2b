use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => Dense 128 relu => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    let _: SVector<f32, 10> = net.forward(&SVector::<f32, 784>::zeros());
}
