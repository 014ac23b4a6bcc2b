use axonal::prelude::*;

network! {
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let net = Digits::zeros();
    let letters: Dataset<SVector<f32, 784>, Class<26>> = Dataset::new(vec![], vec![])?;
    println!("{}", Evaluation::of(&*net, &letters));
    Ok(())
}
