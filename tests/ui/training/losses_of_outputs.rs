use axonal::losses;
use axonal::prelude::*;

fn main() {
    let scores = [SVector::<f32, 3>::zeros()];
    // Sizes.
    let short = [SVector::<f32, 2>::zeros()];
    MeanSquaredError.value(&scores, &short);
    losses::gradient(&Quantile::new(0.9), &scores, &short, &mut [SVector::zeros()]);
    // Kinds of targets.
    let yes = [true];
    BinaryCrossEntropy.value(&scores, &yes);
    let labels = [Class::<4>::new(1).unwrap()];
    CrossEntropy.value(&scores, &labels);
    // Scalars.
    let doubles = [SVector::<f64, 3>::zeros()];
    Huber.value(&scores, &doubles);
}
