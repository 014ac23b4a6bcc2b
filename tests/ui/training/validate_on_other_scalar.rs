use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Digits::random(&mut rng);
    let digits: Dataset<SVector<f32, 784>, Class<10>> = Dataset::new(vec![], vec![])?;
    let double: Dataset<SVector<f64, 784>, Class<10>> = Dataset::new(vec![], vec![])?;
    Trainer::new(CrossEntropy, Adam::default()).validate_on(&double).fit(&mut *net, &digits, &mut rng)?;
    Ok(())
}
