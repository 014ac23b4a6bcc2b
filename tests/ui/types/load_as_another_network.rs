use axonal::prelude::*;

network! {
    pub struct Small<input 784 => dense 32 relu => dense 10>;
    pub struct Large<input 784 => dense 128 relu => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let net: Box<Small> = Large::load("large.safetensors")?;
    net.save("small.safetensors")
}
