use axonal::prelude::*;

network! {
    pub struct ActorCritic<input 8 => dense 16 tanh => heads action { dense 2 softmax => dropout 0.5 } value { dense 1 }>;
}

fn main() {
    let net = ActorCritic::zeros();
    let inputs = [SVector::zeros()];
    let targets = [ActorCriticHeads { action: Class::<2>::new(1).unwrap(), value: SVector::<f32, 1>::zeros() }];
    let loss = ActorCriticHeads { action: CrossEntropy, value: MeanSquaredError };
    net.gradient(&inputs, &targets, &loss);
}
