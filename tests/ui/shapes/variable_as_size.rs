use axonal::prelude::*;

fn main() {
    let _hidden = 128;
    let net = network!(input 784 => dense _hidden sigmoid => dense 10);
    println!("{}", net.forward(&SVector::zeros()));
}
