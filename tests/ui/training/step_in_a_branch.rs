use axonal::prelude::*;

network! {
    pub struct Gate<input 8 => add { } { dense 8 step } { dense 8 } => dense 2>;
}

fn main() {
    let mut net = Gate::random(&mut StdRng::seed_from_u64(1));
    net.train_step(&[SVector::zeros()], &[SVector::zeros()], &MeanSquaredError, &mut Sgd::new(0.1));
}
