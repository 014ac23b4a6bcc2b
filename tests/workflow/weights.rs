//! Weights of samples and classes.

use axonal::Error;
use axonal::data::csv_from_bytes;
use axonal::pipeline::{Preprocessor, Regression};
use axonal::prelude::*;

/// The numbers of scikit-learn 1.9: `compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 0, 1, 2, 2])`.
#[test]
fn balanced_weights_are_those_of_scikit_learn() {
    let targets: Vec<Class<3>> = [0, 0, 0, 0, 1, 2, 2].map(|i| Class::new(i).unwrap()).to_vec();
    let data = Dataset::new(vec![(); 7], targets).unwrap();
    let expected = [0.583_333_333_333_333_4, 2.333_333_333_333_333_5, 1.166_666_666_666_666_7];
    assert_eq!(data.balanced_weights(), expected);
    let weighted: Dataset<(), (Class<3>, f64)> = data.balanced();
    let sum: f64 = weighted.targets().iter().map(|(_, weight)| weight).sum();
    assert!((sum - 7.0).abs() < 1e-12);
    // Weights that are there are not looked at.
    assert_eq!(weighted.balanced_weights(), expected);
}

#[test]
fn classes_that_are_not_there_have_the_weight_0() {
    let none: Dataset<(), Class<3>> = Dataset::default();
    assert_eq!(none.balanced_weights(), [0.0; 3]);
    assert!(none.balanced::<f32>().is_empty());
    let answers: Dataset<i32, bool> = (0..4).map(|i| (i, true)).collect();
    assert_eq!(answers.balanced_weights(), [0.0, 1.0]);
}

#[test]
fn weights_that_are_none_are_errors() {
    let data = || -> Dataset<i32, bool> { (0..3).map(|i| (i, true)).collect() };
    let error = data().with_weights(vec![1.0_f32; 2]).unwrap_err();
    assert!(matches!(error, Error::WeightCount { samples: 3, weights: 2 }));
    assert_eq!(error.to_string(), "expected one weight for each of the 3 samples, found 2 weights");
    for wrong in [-1.0, f32::NAN, f32::INFINITY] {
        let error = data().with_weights(vec![1.0, wrong, 1.0]).unwrap_err().to_string();
        assert!(
            error.starts_with("weight of sample 1: expected a finite number of at least 0"),
            "{error}"
        );
    }
    let weighted = data().weighted_by(|input, _| f64::from(*input)).unwrap();
    assert_eq!(weighted.targets(), [(true, 0.0), (true, 1.0), (true, 2.0)]);
    assert!(data().weighted_by(|input, _| -f64::from(*input)).is_err());
}

#[test]
fn a_column_of_weights_is_no_input() {
    let file = "a,w,y\n1,0.5,3\n2,0,4\n";
    let table = csv_from_bytes(file).weight("w");
    assert_eq!(table.input_names().unwrap(), ["a"]);
    let data = table.regression_weighted::<f64, 1, 1>().unwrap();
    assert_eq!(data.targets(), [(SVector::from([3.0]), 0.5), (SVector::from([4.0]), 0.0)]);
    assert_eq!(table.regression::<f64, 1, 1>().unwrap().inputs()[1][0], 2.0);
    let labels = csv_from_bytes("a,y,w\n1,no,0.5\n2,yes,1e2\n").target("y").weight("w");
    let data = labels.classification_weighted::<f32, 1, 2>().unwrap();
    assert_eq!(data.targets(), [(Class::new(0).unwrap(), 0.5), (Class::new(1).unwrap(), 100.0)]);

    let rows = table.table().unwrap();
    let preprocessor = Preprocessor::<Regression>::fit(&rows).unwrap();
    let data = preprocessor.weighted_dataset::<SVector<f32, 1>>(&rows.select([1, 0])).unwrap();
    assert_eq!(data.targets().iter().map(|(_, weight)| *weight).collect::<Vec<_>>(), [0.0, 0.5]);
    let error = preprocessor
        .weighted_dataset::<SVector<f32, 1>>(&csv_from_bytes("a,y\n1,2\n").table().unwrap())
        .unwrap_err();
    assert!(error.to_string().contains("a column of weights"), "{error}");
}

#[test]
fn a_weight_that_is_none_is_told_with_its_place() {
    for (cell, found) in
        [("-1", "`-1`"), ("nan", "`nan`"), ("", "an empty cell"), ("much", "`much`")]
    {
        let table = csv_from_bytes(format!("a,w,y\n1,1,0\n2,{cell},1\n")).weight("w");
        for error in [
            table.classification_weighted::<f32, 1, 2>().unwrap_err(),
            table.regression_weighted::<f32, 1, 1>().unwrap_err(),
            table.table().unwrap_err(),
        ] {
            assert_eq!(
                error.to_string(),
                format!(
                    "`bytes`, line 3, column `w`: expected a finite weight of at least 0, found {found}"
                )
            );
        }
    }
    let error = csv_from_bytes("a,y\n1,0\n").classification_weighted::<f32, 1, 1>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, description: expected a column of weights (`.weight(…)`), found none"
    );
    let error =
        csv_from_bytes("a,y\n1,0\n").weight("w").regression_weighted::<f32, 1, 1>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, header: expected a column `w`, found 2 columns: `a`, `y`"
    );
}
