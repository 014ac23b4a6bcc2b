use axonal::losses::Loss;
use axonal::prelude::*;

network! {
    pub struct ActorCritic<input 8 => dense 16 tanh => heads action { dense 2 } value { dense 1 }>;
}

struct Words;

impl<A> Loss<SVector<f32, 2>, String, A> for Words {
    type Size = <SVector<f32, 2> as axonal::Sample>::Size;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, _: &mut [SVector<f32, 2>], _: &[String], _: f32) -> f64 {
        0.0
    }
}

fn main() {
    let net = ActorCritic::zeros();
    let inputs = [SVector::zeros()];
    let targets = [ActorCriticHeads { action: String::new(), value: SVector::<f32, 1>::zeros() }];
    let loss = ActorCriticHeads { action: Words, value: MeanSquaredError };
    net.gradient(&inputs, &targets, &loss);
}
