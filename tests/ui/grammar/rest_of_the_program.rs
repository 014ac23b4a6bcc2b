use axonal::prelude::*;

network! {
    pub struct Missing<input 784 => hidden: dense sigmoid => last: dense 10>;
    pub struct OnImage<input 28x28 => hidden: dense 128 sigmoid => last: dense 10>;
    pub struct Misspelt<input 784 => hidden: dense 128 sigmod => last: dense 10>;
}

// One mistake is one error: what uses the network keeps its fields and types.
fn main() {
    let mut rng = StdRng::seed_from_u64(1);
    let net = Missing::random(&mut rng);
    let (scores, bias) = (net.forward(&SVector::zeros()), net.last.bias[0]);
    let _: f32 = scores[0] + bias + net.hidden.weight[(0, 0)];
    let net = OnImage::random(&mut rng);
    let (scores, bias) = (net.forward(&Image::<1, 28, 28>::default()), net.last.bias[0]);
    let _: f32 = scores[0] + bias + net.hidden.weight[(0, 0)];
    let net = Misspelt::random(&mut rng);
    let scores = net.forward(&SVector::zeros());
    let _: f32 = scores[0] + net.hidden.weight[(0, 0)];
    net.save("net.safetensors").unwrap();
}
