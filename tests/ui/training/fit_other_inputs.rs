use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Digits::random(&mut rng);
    let small: Dataset<SVector<f32, 64>, Class<10>> = Dataset::new(vec![], vec![])?;
    Trainer::new(CrossEntropy, Adam::default()).fit(&mut *net, &small, &mut rng)?;
    Ok(())
}
