use axonal::prelude::*;

fn main() {
    let net = network!(input 784 => dense 128 sigmod => dense 10);
    let _: SVector<f32, 10> = net.forward(&SVector::zeros());
}
