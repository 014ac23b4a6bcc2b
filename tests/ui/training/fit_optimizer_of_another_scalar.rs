use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Digits::random(&mut rng);
    let data: Dataset<SVector<f32, 784>, Class<10>> = Dataset::new(vec![], vec![])?;
    Trainer::new(CrossEntropy, Adam::<f64>::default()).fit(&mut *net, &data, &mut rng)?;
    Ok(())
}
