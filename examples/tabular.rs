//! Tables: the prices of houses and the diagnosis of tumours, from CSV files to pipelines that take raw rows.
//!
//! `cargo run --release --example tabular`, and then `cargo run --release --example predict`; `examples/tabular.py` does the same with scikit-learn.
//! A number behind `--` is another seed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use axonal::data::{Table, csv};
use axonal::pipeline::{Classification, Pipeline, Preprocessor, Regression};
use axonal::prelude::*;

network! {
    /// A district of California in, the median value of its houses out. Weights are drawn as scikit-learn draws them.
    pub struct Houses<input 8
        => dense 64 relu init glorot_uniform
        => dense 32 relu init glorot_uniform
        => dense 1>;
    /// Measurements of a tumour in, a score of it being benign out.
    pub struct Tumours<input 30 => dense 16 relu => dense 1>;
}

fn main() -> Result<(), axonal::Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(7);
    houses(&data, seed)?;
    tumours(&data, seed)
}

fn houses(data: &Path, seed: u64) -> Result<(), axonal::Error> {
    let table = csv(data.join("california_housing.csv.gz")).target("median_house_value").table()?;
    let (train, test) = parts(&table);

    let start = Instant::now();
    let preprocessor = Preprocessor::<Regression>::fit(&train)?;
    let samples = preprocessor.dataset(&train)?;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut net = Houses::random(&mut rng);
    // A tenth of the training part says when to stop; the weights of the best epoch are kept.
    let history = Trainer::new(MeanSquaredError, Adam::new(1e-3))
        .epochs(200)
        .batch_size(64)
        .validation_fraction(0.1)
        .early_stopping(10)
        .fit(&mut *net, &samples, &mut rng)?;
    let seconds = start.elapsed().as_secs_f64();

    let r2 = Evaluation::of(&*net, &preprocessor.dataset(&test)?).r2();
    let model = Pipeline::new(preprocessor, net)?;
    // In dollars, as the file has them.
    let truth = test.numbers("median_house_value")?;
    let predicted = model.predict_table(&test)?;
    let errors = truth.iter().zip(&predicted).map(|(value, [predicted])| (value - predicted).abs());
    let error = errors.sum::<f64>() / truth.len() as f64;
    println!("houses: {} districts to train on, {} to test on", train.len(), test.len());
    println!("  {} epochs, {seconds:.2} s", history.epochs.len());
    println!("  R² {r2:.3}, mean absolute error {error:.0} dollars");
    save(&model, "houses.axonal")
}

fn tumours(data: &Path, seed: u64) -> Result<(), axonal::Error> {
    let table = csv(data.join("breast_cancer.csv")).target("label").table()?;
    let (train, test) = parts(&table);

    let start = Instant::now();
    // The file has 0 and 1; people want words.
    let preprocessor =
        Preprocessor::<Classification<2>>::fit(&train)?.class_names(["malignant", "benign"]);
    let samples = preprocessor.dataset(&train)?;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut net = Tumours::random(&mut rng);
    let history = Trainer::new(BinaryCrossEntropy, Adam::new(1e-2))
        .epochs(200)
        .batch_size(32)
        .validation_fraction(0.1)
        // Of 45 samples the accuracy is soon 1, and says no more.
        .monitor("loss")
        .early_stopping(10)
        .fit(&mut *net, &samples, &mut rng)?;
    let seconds = start.elapsed().as_secs_f64();

    let evaluation = Evaluation::of(&*net, &preprocessor.dataset(&test)?);
    println!("tumours: {} to train on, {} to test on", train.len(), test.len());
    println!("  {} epochs, {seconds:.3} s", history.epochs.len());
    println!("  accuracy {:.3}\n{evaluation}", evaluation.accuracy());
    save(&Pipeline::new(preprocessor, net)?, "tumours.axonal")
}

/// Every fifth row is for the test: `tabular.py` has the same parts. Of a program of one's own, `split_shuffled` draws them.
fn parts(table: &Table) -> (Table, Table) {
    let is_test = |row: &usize| row % 5 == 4;
    let train = (0..table.len()).filter(|row| !is_test(row));
    (table.select(train), table.select((0..table.len()).filter(is_test)))
}

fn save<N, K>(model: &Pipeline<N, K>, name: &str) -> Result<(), axonal::Error>
where
    N: Network,
    K: axonal::pipeline::TaskOf<N::Output>,
{
    let path = PathBuf::from("target").join(name);
    model.save(&path)?;
    println!("  saved to {}", path.display());
    Ok(())
}
