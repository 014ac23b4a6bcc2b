use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    net.forward(&SVector::<f32, 783>::zeros());
}
