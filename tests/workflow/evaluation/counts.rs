//! Measures that follow from counts and sums.

use axonal::evaluation::{Confusion, Meter, MultiLabel, RegressionMetrics, Report, Score};
use axonal::losses::Loss;
use axonal::prelude::*;
use axonal::shapes::vector;

use super::{assert_close, reference};

fn confusion<const C: usize>(actual: &[f64], predicted: &[f64]) -> Confusion<C> {
    let class = |index: f64| Class::new(index as usize).unwrap();
    actual.iter().zip(predicted).map(|(&a, &p)| (class(a), class(p))).collect()
}

#[test]
fn agreement_as_scikit_learn_measures_it() {
    let reference = reference();
    for name in ["", "_gaps", "_two", "_one_predicted", "_one"] {
        let value = |key: &str| &reference[format!("agreement{name}.{key}").as_str()][..];
        let confusion: Confusion<5> = confusion(value("actual"), value("predicted"));
        for (key, measured) in [
            ("balanced_accuracy", confusion.balanced_accuracy()),
            ("matthews", confusion.matthews()),
            ("kappa", confusion.cohen_kappa()),
            ("weighted_f1", confusion.weighted_f1()),
        ] {
            assert_close(measured, value(key)[0], &format!("{key} of agreement{name}"));
        }
    }
}

#[test]
fn agreement_without_a_sample_is_not_a_number() {
    let none = Confusion::<3>::new();
    assert!(none.matthews().is_nan() && none.cohen_kappa().is_nan());
    assert!(none.balanced_accuracy().is_nan() && none.weighted_f1().is_nan());
}

#[test]
fn an_output_that_is_nan_agrees_with_nothing() {
    let class = |index| Class::new(index).unwrap();
    let pairs = [(0, 0), (1, 1), (1, 1), (0, 1)];
    let mut nan: Confusion<2> = pairs.map(|(a, p)| (class(a), class(p))).into_iter().collect();
    nan.record_nan(class(0));
    // Three classes, of which the last is predicted once and never actual.
    let pairs = [(0, 0), (1, 1), (1, 1), (0, 1), (0, 2)];
    let third: Confusion<3> = pairs.map(|(a, p)| (of_three(a), of_three(p))).into_iter().collect();
    assert_eq!(nan.matthews().to_bits(), third.matthews().to_bits());
    assert_eq!(nan.cohen_kappa().to_bits(), third.cohen_kappa().to_bits());
    assert_eq!(nan.balanced_accuracy().to_bits(), third.balanced_accuracy().to_bits());
}

fn of_three(index: usize) -> Class<3> {
    Class::new(index).unwrap()
}

#[test]
fn a_billion_samples_do_not_overflow_the_coefficients() {
    let mut twice: Confusion<2> = confusion(&[0.0, 0.0, 1.0, 1.0, 1.0], &[0.0, 1.0, 1.0, 1.0, 0.0]);
    let once = twice.matthews();
    // 5 * 2^40 samples.
    for _ in 0..40 {
        twice.merge(&twice.clone());
    }
    assert_eq!(twice.samples(), 5 << 40);
    assert_close(twice.matthews(), once, "Matthews");
}

#[test]
fn errors_as_scikit_learn_measures_them() {
    let reference = reference();
    for name in ["", "_zero", "_constant", "_constant_but"] {
        let value = |key: &str| &reference[format!("errors{name}.{key}").as_str()][..];
        let pairs = value("target").iter().zip(value("output"));
        let measured = if name.is_empty() {
            let mut metrics = RegressionMetrics::new();
            for (target, output) in value("target").chunks(3).zip(value("output").chunks(3)) {
                let vector = |numbers: &[f64]| SVector::<f64, 3>::from_column_slice(numbers);
                metrics.record(&vector(target), &vector(output));
            }
            all(&metrics)
        } else {
            let mut metrics = RegressionMetrics::new();
            pairs.for_each(|(&y, &p)| metrics.record(&SVector::from([y]), &SVector::from([p])));
            all(&metrics)
        };
        for (key, measured) in ["explained_variance", "mape", "max_error"].iter().zip(measured) {
            assert_close(measured, value(key)[0], &format!("{key} of errors{name}"));
        }
    }
}

fn all<S>(metrics: &RegressionMetrics<S>) -> [f64; 3] {
    [metrics.explained_variance(), metrics.mape(), metrics.max_error()]
}

#[test]
fn a_nan_is_in_every_error_whatever_comes_after_it() {
    for place in 0..3 {
        let mut metrics = RegressionMetrics::<vector<1>>::new();
        for sample in 0..3 {
            let output = if sample == place { f32::NAN } else { 1.0 };
            metrics.record(&SVector::from([sample as f32]), &SVector::from([output]));
        }
        assert!(all(&metrics).iter().all(|number| number.is_nan()), "{metrics:?}");
        assert!(metrics.mean_error().is_nan());
    }
    let nothing = RegressionMetrics::<vector<1>>::new();
    assert!(all(&nothing).iter().all(|number| number.is_nan()));
    let mut bias = RegressionMetrics::<vector<1>>::new();
    bias.record(&SVector::from([3.0_f32]), &SVector::from([1.0]));
    bias.record(&SVector::from([3.0_f32]), &SVector::from([4.0]));
    assert_eq!((bias.mean_error(), bias.max_error()), (0.5, 2.0));
}

fn names(scores: &[Score]) -> Vec<&'static str> {
    scores.iter().map(|score| score.metric).collect()
}

/// The table in the documentation of `Report::scores`.
#[test]
fn the_scores_have_the_names_of_the_table() {
    let of_classes = [
        "accuracy",
        "balanced accuracy",
        "macro F1",
        "macro precision",
        "macro recall",
        "weighted F1",
        "mean IoU",
        "Matthews",
        "Cohen's kappa",
    ];
    let three: Confusion<3> = confusion(&[0.0, 1.0, 2.0, 2.0], &[0.0, 1.0, 1.0, 2.0]);
    let scores = three.scores();
    assert_eq!(names(&scores), of_classes);
    assert_eq!(scores[0], three.score());
    assert_eq!(scores[2].value, three.macro_f1());
    assert!(scores.iter().all(|score| score.larger_is_better && score.value.is_finite()));

    let two: Confusion<2> = confusion(&[0.0, 1.0, 1.0], &[0.0, 0.0, 1.0]);
    let scores = two.scores();
    assert_eq!(names(&scores)[..9], of_classes);
    assert_eq!(names(&scores)[9..], ["F1", "precision", "recall"]);
    let values: Vec<f64> = scores[9..].iter().map(|score| score.value).collect();
    assert_eq!(values, [2.0 / 3.0, 1.0, 0.5]);

    let mut labels = MultiLabel::<2>::new();
    labels.record(&[true, false], &[true, true]);
    let scores = labels.scores();
    let names_of_labels = [
        "accuracy",
        "subset accuracy",
        "macro F1",
        "macro precision",
        "macro recall",
        "micro F1",
        "micro precision",
        "micro recall",
    ];
    assert_eq!(names(&scores), names_of_labels);
    assert_eq!(scores[0], labels.score());

    let mut numbers = RegressionMetrics::<vector<1>>::new();
    for (target, output) in [(1.0, 1.5), (3.0, 2.0)] {
        numbers.record(&SVector::from([target]), &SVector::from([output]));
    }
    let scores = numbers.scores();
    let names_of_errors = ["R²", "explained variance", "MSE", "RMSE", "MAE", "MAPE", "max error"];
    assert_eq!(names(&scores), names_of_errors);
    assert_eq!(scores[0], numbers.score());
    assert!(scores.iter().enumerate().all(|(place, score)| score.larger_is_better == (place < 2)));
}

#[test]
fn meters_pass_the_scores_of_their_reports_on() {
    let class = |index| Class::<3>::new(index).unwrap();
    let outputs = [SVector::from([1.0_f32, 0.0, 2.0]), SVector::from([1.0, 0.0, 0.0])];
    let plain = [class(2), class(1)];
    let weighted = plain.map(|class| (class, 0.5));
    let mut of_plain: Box<dyn Meter<SVector<f32, 3>, Class<3>>> =
        Loss::<_, _, axonal::activations::Identity>::meter(&CrossEntropy).unwrap();
    let mut of_weighted: Box<dyn Meter<SVector<f32, 3>, (Class<3>, f32)>> =
        Loss::<_, _, axonal::activations::Identity>::meter(&CrossEntropy.weighted()).unwrap();
    of_plain.record(&outputs, &plain);
    of_weighted.record(&outputs, &weighted);
    let scores = of_plain.scores();
    assert_eq!((scores.len(), scores[0]), (9, of_plain.score()));
    assert_eq!(of_weighted.scores(), scores);
}
