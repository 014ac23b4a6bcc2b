use axonal::prelude::*;

network! {
    pub struct Price<input 8 => dense 16 relu => dense 1>;
}

fn main() {
    let net = Price::zeros();
    let inputs = [SVector::zeros()];
    let targets = [SVector::<f64, 1>::zeros()];
    net.gradient(&inputs, &targets, &MeanSquaredError);
}
