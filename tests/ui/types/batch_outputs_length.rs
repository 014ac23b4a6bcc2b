use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() {
    let net = Digits::zeros();
    let inputs = [SVector::zeros(); 3];
    let mut outputs = [SVector::<f32, 9>::zeros(); 3];
    net.forward_batch(&inputs, &mut outputs);
}
