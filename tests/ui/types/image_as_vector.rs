use axonal::prelude::*;

network! {
    pub struct Digits<input 28x28 => conv 4 5x5 relu => flatten => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    net.forward(&SVector::<f32, 784>::zeros());
}
