use axonal::prelude::*;

network! {
    pub struct Stem<input 3x8x8 => conv 4 3x3 relu>;
    pub struct Net<input 3x8x8 => Stem => batchnorm relu => dense 2>;
}

fn main() {
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let _ = net.forward(&Image::default());
}
