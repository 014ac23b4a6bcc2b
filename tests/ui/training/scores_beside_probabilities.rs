use axonal::prelude::*;

network! {
    pub struct Boxes<input 8 => concat { dense 4 } { dense 1 sigmoid }>;
}

fn main() {
    let net = Boxes::zeros();
    let (inputs, targets) = ([SVector::zeros()], [SVector::<f32, 5>::zeros()]);
    net.gradient(&inputs, &targets, &MeanSquaredError);
    net.gradient(&inputs, &targets, &BinaryCrossEntropy);
}
