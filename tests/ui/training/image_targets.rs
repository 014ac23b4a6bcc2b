use axonal::prelude::*;

network! {
    pub struct Denoiser<input 28x28 => conv 4 3x3 pad same relu => conv 1 3x3 pad same>;
}

fn main() {
    let net = Denoiser::zeros();
    let inputs = [Image::default()];
    let targets = [Image::<1, 14, 14>::default()];
    net.gradient(&inputs, &targets, &MeanSquaredError);
}
