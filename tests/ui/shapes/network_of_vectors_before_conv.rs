use axonal::prelude::*;

network! {
    pub struct Encoder<input 16 => dense 784 relu>;
    pub struct Net<input 16 => Encoder => conv 4 3x3 => flatten => dense 2>;
}

fn main() {
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let _ = net.forward(&SVector::zeros());
}
