use axonal::prelude::*;

network! {
    pub struct ActorCritic<input 8 => dense 16 tanh => heads action { dense 2 } value { dense 1 }>;
}

fn main() {
    let net = ActorCritic::zeros();
    let inputs = [SVector::zeros()];
    let targets = [ActorCriticHeads { action: SVector::<f32, 2>::zeros(), value: SVector::<f32, 1>::zeros() }];
    net.gradient(&inputs, &targets, &MeanSquaredError);
}
