use axonal::prelude::*;

network! {
    pub struct Topics<input 300 => dense 20>;
}

fn main() -> Result<(), axonal::Error> {
    let net = Topics::zeros();
    let topics: Dataset<SVector<f32, 300>, SVector<f32, 21>> = Dataset::new(vec![], vec![])?;
    println!("{}", Evaluation::by(&*net, &topics, &BinaryCrossEntropy));
    Ok(())
}
