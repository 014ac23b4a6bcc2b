//! Tables: the prices of houses and the diagnosis of tumours, from CSV files to pipelines that take raw rows.
//!
//! `cargo run --release --example tabular`, and then `cargo run --release --example predict`; `examples/tabular.py` does the same with scikit-learn.
//! A number behind `--` is another seed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use axonal::data::{Table, csv};
use axonal::figures::Figure;
use axonal::pipeline::{Classification, Pipeline, Preprocessor, Regression};
use axonal::prelude::*;
use axonal::selection::{CrossValidation, KFold, StratifiedKFold};

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
    let mut rng = StdRng::seed_from_u64(seed);
    let (preprocessor, net, history) = fit_houses(&train, &mut rng)?;
    let seconds = start.elapsed().as_secs_f64();

    let tested = preprocessor.dataset(&test)?;
    let r2 = Evaluation::of(&*net, &tested).r2();
    println!("houses: {} districts to train on, {} to test on", train.len(), test.len());
    println!("  {} epochs, {seconds:.2} s", history.epochs.len());
    let residuals = Evaluation::predictions(&*net, &tested);
    save(&history.figure().above(residuals.figure()), "houses.svg")?;

    // In dollars, as the file has them.
    let model = Pipeline::new(preprocessor, net)?;
    let truth = test.numbers("median_house_value")?;
    let predicted = model.predict_table(&test)?;
    let errors = truth.iter().zip(&predicted).map(|(value, [predicted])| (value - predicted).abs());
    let error = errors.sum::<f64>() / truth.len() as f64;
    println!("  R² {r2:.3}, mean absolute error {error:.0} dollars");

    // How much of that is luck? Each fold learns its own means and deviations.
    let rows: Dataset<usize, ()> = (0..train.len()).map(|row| (row, ())).collect();
    let report = CrossValidation::new(KFold::new(5).shuffle(seed)).run(&rows, |fold| {
        let part = |rows: &Dataset<usize, ()>| train.select(rows.inputs().iter().copied());
        let (preprocessor, net, _) = fit_houses(&part(&fold.train), &mut fold.rng())?;
        Ok(Evaluation::of(&*net, &preprocessor.dataset(&part(&fold.test))?).score())
    })?;
    println!("{report}");
    model.save(target("houses.axonal"))
}

/// What is learned of rows: how columns are treated, and a network.
fn fit_houses(
    rows: &Table,
    rng: &mut StdRng,
) -> Result<(Preprocessor<Regression>, Box<Houses>, History), axonal::Error> {
    let preprocessor = Preprocessor::<Regression>::fit(rows)?;
    let mut net = Houses::random(rng);
    // A tenth of the rows says when to stop; the weights of the best epoch are kept.
    let history = Trainer::new(MeanSquaredError, Adam::new(1e-3))
        .epochs(200)
        .batch_size(64)
        .validation_fraction(0.1)
        .early_stopping(10)
        .fit(&mut *net, &preprocessor.dataset(rows)?, rng)?;
    Ok((preprocessor, net, history))
}

fn tumours(data: &Path, seed: u64) -> Result<(), axonal::Error> {
    let table = csv(data.join("breast_cancer.csv")).target("label").table()?;
    let (train, test) = parts(&table);
    let start = Instant::now();
    let mut rng = StdRng::seed_from_u64(seed);
    let (preprocessor, net, history) = fit_tumours(&train, &mut rng)?;
    let seconds = start.elapsed().as_secs_f64();

    let tested = preprocessor.dataset(&test)?;
    let evaluation = Evaluation::of(&*net, &tested);
    println!("tumours: {} to train on, {} to test on", train.len(), test.len());
    println!("  {} epochs, {seconds:.3} s", history.epochs.len());
    println!("  accuracy {:.3}\n{evaluation}", evaluation.accuracy());
    let predictions = Evaluation::predictions(&*net, &tested);
    println!(
        "  ROC AUC {:.4}, average precision {:.4}",
        predictions.roc_auc(),
        predictions.average_precision()
    );
    let confusion = (*evaluation).clone().with_names(NAMES);
    let curves = confusion.figure().beside(predictions.roc_curve().figure());
    save(&history.figure().above(curves), "tumours.svg")?;

    let samples: Dataset<SVector<f32, 30>, Class<2>> = preprocessor.dataset(&train)?;
    let rows = samples.targets().iter().copied().enumerate().collect();
    let report =
        CrossValidation::new(StratifiedKFold::new(5).shuffle(seed)).run(&rows, |fold| {
            let part =
                |rows: &Dataset<usize, Class<2>>| train.select(rows.inputs().iter().copied());
            let (preprocessor, net, _) = fit_tumours(&part(&fold.train), &mut fold.rng())?;
            Ok(Evaluation::of(&*net, &preprocessor.dataset(&part(&fold.test))?).score())
        })?;
    println!("{report}");
    Pipeline::new(preprocessor, net)?.save(target("tumours.axonal"))
}

/// The file has 0 and 1; people want words.
const NAMES: [&str; 2] = ["malignant", "benign"];

type OfTumours = (Preprocessor<Classification<2>>, Box<Tumours>, History);

fn fit_tumours(rows: &Table, rng: &mut StdRng) -> Result<OfTumours, axonal::Error> {
    let preprocessor = Preprocessor::<Classification<2>>::fit(rows)?.class_names(NAMES);
    let mut net = Tumours::random(rng);
    let history = Trainer::new(BinaryCrossEntropy, Adam::new(1e-2))
        .epochs(200)
        .batch_size(32)
        .validation_fraction(0.1)
        // Of 45 samples the accuracy is soon 1, and says no more.
        .monitor("loss")
        .early_stopping(10)
        .fit(&mut *net, &preprocessor.dataset(rows)?, rng)?;
    Ok((preprocessor, net, history))
}

/// Every fifth row is for the test: `tabular.py` has the same parts. Of a program of one's own, `split_shuffled` draws them.
fn parts(table: &Table) -> (Table, Table) {
    let is_test = |row: &usize| row % 5 == 4;
    let train = (0..table.len()).filter(|row| !is_test(row));
    (table.select(train), table.select((0..table.len()).filter(is_test)))
}

fn save(figure: &Figure, name: &str) -> Result<(), axonal::Error> {
    let path = target(name);
    figure.save(&path)?;
    println!("  pictures in {}", path.display());
    Ok(())
}

fn target(name: &str) -> PathBuf {
    PathBuf::from("target").join(name)
}
