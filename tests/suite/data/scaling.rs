use approx::assert_relative_eq;
use axonal::data::{Standardizer, csv};
use nalgebra::SVector;
use proptest::prelude::*;

use super::{examples, reference};

#[test]
fn the_values_of_scikit_learn() {
    let reference = reference();
    let path = examples().join("diabetes.csv");

    let diabetes = csv(&path).regression::<f64, 10, 1>().unwrap();
    let (mut samples, _) = diabetes.into_parts();
    let scaler = Standardizer::fit(&samples).unwrap();
    assert_relative_eq!(
        scaler.mean().as_slice(),
        &reference["diabetes.mean"][..],
        max_relative = 1e-14
    );
    assert_relative_eq!(
        scaler.std().as_slice(),
        &reference["diabetes.scale"][..],
        max_relative = 1e-14
    );
    scaler.transform(&mut samples);
    assert_relative_eq!(
        samples[0].as_slice(),
        &reference["diabetes.first"][..],
        max_relative = 1e-12
    );
    assert_relative_eq!(
        samples[441].as_slice(),
        &reference["diabetes.last"][..],
        max_relative = 1e-12
    );

    let single = csv(&path).regression::<f32, 10, 1>().unwrap();
    let scaler = Standardizer::fit(single.inputs()).unwrap();
    for (mean, expected) in scaler.mean().iter().zip(&reference["diabetes.mean"]) {
        assert_relative_eq!(f64::from(*mean), expected, max_relative = 1e-7);
    }
}

#[test]
fn a_constant_column_is_only_shifted() {
    let samples: Vec<SVector<f64, 3>> =
        (0..1000).map(|i| vector![0.1, 1e6 + 0.1, f64::from(i) * 1e-9]).collect();
    let scaler = Standardizer::fit(&samples).unwrap();
    assert_relative_eq!(
        scaler.std().as_slice(),
        &reference()["constant_columns.scale"][..],
        max_relative = 1e-12
    );
    let mut first = [samples[0]];
    scaler.transform(&mut first);
    assert!(first[0][0].abs() < 1e-12);

    let one = Standardizer::fit(&[vector![5.0f32]]).unwrap();
    assert_eq!((one.mean()[0], one.std()[0]), (5.0, 1.0));
}

#[test]
fn errors() {
    let none: [SVector<f32, 2>; 0] = [];
    let message = |error: axonal::Error| error.to_string();
    assert_eq!(
        message(Standardizer::fit(&none).unwrap_err()),
        "the data to standardize is empty: expected at least one sample"
    );
    assert_eq!(
        message(Standardizer::fit(&[vector![1.0, 2.0], vector![1.0, f32::NAN]]).unwrap_err()),
        "sample 1, feature 1 of the data to standardize: expected a finite number, found NaN"
    );
    assert_eq!(
        message(Standardizer::fit(&[vector![1e200], vector![-1e200]]).unwrap_err()),
        "standard deviation of feature 0: expected a finite number above 0, found inf"
    );
    assert_eq!(
        message(Standardizer::new(vector![0.0, 0.0], vector![1.0, 0.0]).unwrap_err()),
        "standard deviation of feature 1: expected a finite number above 0, found 0"
    );
    assert_eq!(
        message(Standardizer::new(vector![f64::INFINITY], vector![1.0]).unwrap_err()),
        "mean of feature 0: expected a finite number, found inf"
    );
}

#[test]
fn saved_values_make_the_same_standardizer() {
    let scaler = Standardizer::fit(&[vector![1.0f32, 2.0], vector![3.0, 8.0]]).unwrap();
    assert_eq!(Standardizer::new(*scaler.mean(), *scaler.std()).unwrap(), scaler);
}

proptest! {
    #[test]
    fn mean_0_deviation_1_and_back(
        values in prop::collection::vec((-1e6f64..1e6, -1e-3f64..1e-3), 2..50)
    ) {
        let samples: Vec<SVector<f64, 2>> = values.iter().map(|&(a, b)| vector![a, b]).collect();
        let scaler = Standardizer::fit(&samples).unwrap();
        let mut scaled = samples.clone();
        scaler.transform(&mut scaled);
        let n = scaled.len() as f64;
        for j in 0..2 {
            let mean = scaled.iter().map(|sample| sample[j]).sum::<f64>() / n;
            let square = scaled.iter().map(|sample| sample[j] * sample[j]).sum::<f64>() / n;
            prop_assert!(mean.abs() < 1e-6, "{}", mean);
            prop_assert!((square - 1.0).abs() < 1e-6, "{}", square);
        }
        scaler.inverse(&mut scaled);
        for (scaled, sample) in scaled.iter().zip(&samples) {
            prop_assert!((scaled - sample).abs().max() < 1e-9);
        }
    }
}
