use axonal::prelude::*;

network! {
    pub struct Stem<input 3x8x8 => conv 4 3x3 stride 5 pad 1 relu>;
    pub struct Net<input 3x8x8 => Stem => conv 4 3x3 => flatten => dense 2>;
    pub struct Sum<input 3x8x8 => residual { Stem } => flatten => dense 2>;
    pub struct Join<input 3x8x8 => concat { Stem } { conv 2 3x3 } => flatten => dense 2>;
}

fn main() {
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let _ = net.forward(&Image::default());
}
