use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 9999999999999999 => dense 10>;
}

fn main() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    let _: SVector<f32, 10> = net.forward(&SVector::<f32, 784>::zeros());
}
