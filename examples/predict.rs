//! A program that answers: it loads the pipelines of the example `tabular`, and is given raw rows.
//!
//! `cargo run --release --example tabular`, and then `cargo run --release --example predict`

use std::path::Path;

use axonal::data::csv;
use axonal::pipeline::{Classification, Pipeline, Regression};
use axonal::prelude::*;

// The same layers as in the program that trained them: a file of others is refused.
network! {
    pub struct Houses<input 8 => dense 64 relu => dense 32 relu => dense 1>;
    pub struct Tumours<input 30 => dense 16 relu => dense 1>;
}

fn main() -> Result<(), axonal::Error> {
    let models = Path::new("target");
    let houses = Pipeline::<Houses, Regression>::load(models.join("houses.axonal"))?;
    // By name, in any order: texts as in a file, or numbers.
    let district = [
        ("median_income", "8.3252"),
        ("housing_median_age", "41"),
        ("total_rooms", "880"),
        ("total_bedrooms", "129"),
        ("population", "322"),
        ("households", "126"),
        ("latitude", "37.88"),
        ("longitude", "-122.23"),
    ];
    let [value] = houses.predict(district)?;
    println!("a house in this district: {value:.0} dollars");

    // What is wrong with a row is said with its column.
    let mut misspelt = district;
    misspelt[1].1 = "forty";
    if let Err(error) = houses.predict(misspelt) {
        println!("{error}");
    }

    // All rows of a file. Columns are found by their names; the label is not looked at.
    let tumours = Pipeline::<Tumours, Classification<2>>::load(models.join("tumours.axonal"))?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/breast_cancer.csv");
    let predictions = tumours.predict_csv(&csv(file))?;
    for (row, prediction) in predictions.iter().take(3).enumerate() {
        println!("row {row}: {prediction}");
    }
    let doubtful = predictions.iter().filter(|prediction| prediction.probability < 0.9).count();
    println!("{doubtful} of {} are less than 90 % sure", predictions.len());
    Ok(())
}
