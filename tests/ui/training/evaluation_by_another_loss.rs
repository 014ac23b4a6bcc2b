use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let net = Digits::zeros();
    let digits: Dataset<SVector<f32, 784>, Class<10>> = Dataset::new(vec![], vec![])?;
    println!("{}", Evaluation::by(&*net, &digits, &MeanSquaredError));
    Ok(())
}
