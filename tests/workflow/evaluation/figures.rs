//! Reports and curves as pictures: what is in them. How they look is for eyes.

use axonal::data::Class;
use axonal::evaluation::{BinaryPredictions, Confusion, Residuals};
use axonal::prelude::*;
use axonal::shapes::vector;

fn confusion<const C: usize>(pairs: impl Iterator<Item = (usize, usize)>) -> Confusion<C> {
    let class = |index| Class::new(index).unwrap();
    pairs.map(|(actual, predicted)| (class(actual), class(predicted))).collect()
}

#[test]
fn a_confusion_has_its_names_and_counts() {
    let long = "a name that is much longer than there is room for in a picture";
    let pairs = [(0, 0); 17].into_iter().chain([(0, 1); 3]).chain([(1, 1); 41]);
    let svg = confusion::<3>(pairs).with_names(["cat", long, "never"]).figure().to_svg();
    for text in ["accuracy 0.9508", ">cat<", ">17<", ">3<", ">41<", "actual", "predicted"] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(!svg.contains(long) && svg.contains(">a name") && svg.contains("picture<"), "{svg}");
    assert!(!svg.contains("never"), "a class that does not occur is left out");
    assert!(!svg.contains("NaN"));
}

/// Names that begin alike are told apart in the picture.
#[test]
fn long_names_keep_their_ends() {
    let pairs = (0..30).map(|class| (class, class));
    let names = (0..30).map(|class| format!("a class with a rather long name, number {class}"));
    let svg = confusion::<30>(pairs).with_names(names).figure().to_svg();
    for class in 0..30 {
        assert_eq!(svg.matches(&format!("r {class}<")).count(), 2, "{class}");
    }
}

#[test]
fn of_many_classes_the_worst_are_shown() {
    // The lower half is always right.
    let pairs = (0..1000).map(|class| (class, if class < 500 { class } else { 999 }));
    let figure = confusion::<1000>(pairs).figure();
    let svg = figure.to_svg();
    assert!(svg.contains("the 400 of 1000 classes with the lowest F1"));
    assert!(svg.len() < 1_000_000 && figure.width() < 1500.0, "{} bytes", svg.len());
}

#[test]
fn curves_have_their_numbers() {
    let scores: Vec<f64> =
        (0..100_000).map(|i| f64::from(i * 7919 % 100_003) / 100_003.0).collect();
    let answers: Vec<bool> =
        scores.iter().enumerate().map(|(i, score)| *score > 0.5 || i % 3 == 0).collect();
    let predictions = BinaryPredictions::from_probabilities(&scores, &answers).unwrap();
    let roc = predictions.roc_curve().figure().to_svg();
    assert!(roc.contains(&format!("AUC {:.4}", predictions.roc_auc())) && roc.contains("chance"));
    let curve = predictions.precision_recall_curve().figure().to_svg();
    assert!(curve.contains(&format!("average precision {:.4}", predictions.average_precision())));
    assert!(roc.len() + curve.len() < 200_000, "many points are thinned");
    let error = predictions.expected_calibration_error(10);
    let diagram = predictions.calibration(10).figure().to_svg();
    assert!(diagram.contains(&format!("expected calibration error {error:.4}")));
}

#[test]
fn nothing_and_nan_are_pictures_too() {
    let none = BinaryPredictions::from_scores::<f32>(&[], &[]).unwrap();
    let one = BinaryPredictions::from_scores(&[0.5], &[true]).unwrap();
    let nan = BinaryPredictions::from_scores(&[f64::NAN, 0.5], &[true, false]).unwrap();
    for predictions in [none, one, nan] {
        for figure in [
            predictions.roc_curve().figure(),
            predictions.precision_recall_curve().figure(),
            predictions.calibration(3).figure(),
            predictions.calibration_by_quantiles(3).figure(),
        ] {
            let svg = figure.to_svg();
            // In the words that say so, but not in the numbers of a path.
            assert!(
                !svg.contains("\"NaN") && !svg.contains("NaN,") && !svg.contains(" NaN "),
                "{svg}"
            );
        }
    }
    assert!(Confusion::<3>::new().figure().to_svg().contains("accuracy NaN"));
    let mut residuals = Residuals::<vector<1>>::new();
    assert!(residuals.figure().to_svg().contains("RMSE NaN"));
    for output in [1.0_f32, 1.0, f32::INFINITY, f32::NAN] {
        residuals.record(&SVector::from([1.0]), &SVector::from([output]));
        assert!(residuals.figure().to_svg().starts_with("<svg"));
    }
}
