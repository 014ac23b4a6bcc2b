use axonal::prelude::*;

network! {
    pub struct ActorCritic<input 8 => dense 16 tanh => heads action { dense 2 } value { dense 1 }>;
}

fn main() {
    let net = ActorCritic::zeros();
    let inputs = [SVector::zeros()];
    let loss = ActorCriticHeads { action: CrossEntropy, value: MeanSquaredError };
    let targets = [Class::<2>::new(1).unwrap()];
    net.gradient(&inputs, &targets, &loss);
}
