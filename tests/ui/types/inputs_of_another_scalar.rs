use axonal::prelude::*;

network! {
    pub struct Fused<input image: 4x4, features: 12 => concat image { flatten } features { } => dense 3>;
}

fn main() {
    let net = Fused::zeros();
    net.forward(&FusedInputs { image: Image::<1, 4, 4, f64>::default(), features: SVector::<f64, 12>::zeros() });
}
