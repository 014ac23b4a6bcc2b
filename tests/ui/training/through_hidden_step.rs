use axonal::prelude::*;

network! {
    pub struct Gates<input 2 => dense 3 step => dense 1 sigmoid>;
}

fn main() -> Result<(), axonal::Error> {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Gates::random(&mut rng);
    let data = Dataset::new(vec![SVector::from([1.0, 0.0])], vec![true])?;
    Trainer::new(BinaryCrossEntropy, Sgd::new(0.1)).fit(&mut *net, &data, &mut rng)?;
    Ok(())
}
