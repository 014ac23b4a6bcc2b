use approx::assert_relative_eq;
use axonal::data::Class;
use axonal::evaluation::{Confusion, RegressionMetrics};
use axonal::shapes::vector;
use nalgebra::SVector;
use proptest::prelude::*;

use crate::reference;

fn confusion<const C: usize>(actual: &[f64], predicted: &[f64]) -> Confusion<C> {
    let class = |index: f64| Class::new(index as usize).unwrap();
    actual.iter().zip(predicted).map(|(&a, &p)| (class(a), class(p))).collect()
}

#[test]
fn classes_as_scikit_learn_measures_them() {
    let reference = reference();
    for name in ["five", "gaps"] {
        let value = |key: &str| &reference[format!("{name}.{key}").as_str()][..];
        let confusion: Confusion<5> = confusion(value("actual"), value("predicted"));
        assert_relative_eq!(confusion.accuracy(), value("accuracy")[0]);
        assert_relative_eq!(confusion.macro_f1(), value("macro_f1")[0], epsilon = 1e-15);
        for class in Class::all() {
            let i = class.index();
            assert_relative_eq!(confusion.precision(class), value("precision")[i]);
            assert_relative_eq!(confusion.recall(class), value("recall")[i]);
            assert_relative_eq!(confusion.f1(class), value("f1")[i], epsilon = 1e-15);
            assert_eq!(confusion.support(class) as f64, value("support")[i]);
        }
        let matrix: Vec<f64> =
            confusion.matrix().transpose().iter().map(|&count| count as f64).collect();
        assert_eq!(matrix, value("matrix"));
        for (label, average) in [("average", "macro"), ("weighted average", "weighted")] {
            let [precision, recall, f1] = value(average) else { panic!("three averages") };
            let line = format!("{label:>16} {precision:10.4}{recall:10.4}{f1:10.4}");
            assert!(confusion.to_string().contains(&line), "{line}");
        }
    }
}

fn check_regression<const N: usize>(name: &str) {
    let reference = reference();
    let value = |key: &str| &reference[format!("{name}.{key}").as_str()][..];
    let mut metrics = RegressionMetrics::<vector<N>>::new();
    for (target, output) in value("target").chunks(N).zip(value("output").chunks(N)) {
        metrics.record(&SVector::from_column_slice(target), &SVector::from_column_slice(output));
    }
    assert_eq!(metrics.samples(), (value("target").len() / N) as u64);
    assert_relative_eq!(metrics.mse(), value("mse")[0], max_relative = 1e-12);
    assert_relative_eq!(metrics.rmse(), value("rmse")[0], max_relative = 1e-12);
    assert_relative_eq!(metrics.mae(), value("mae")[0], max_relative = 1e-12);
    assert_relative_eq!(metrics.r2(), value("r2")[0], max_relative = 1e-10);
}

#[test]
fn regression_as_scikit_learn_measures_it() {
    check_regression::<3>("three");
    check_regression::<1>("one");
    check_regression::<1>("constant");
    check_regression::<1>("perfect");
}

#[test]
fn nothing_recorded() {
    let confusion = Confusion::<3>::new();
    assert_eq!((confusion.accuracy(), confusion.macro_f1(), confusion.samples()), (0.0, 0.0, 0));
    assert!(confusion.to_string().starts_with("accuracy 0.0000 (0 of 0)"));
    let mut metrics = RegressionMetrics::<vector<1>>::new();
    assert!(metrics.mse().is_nan() && metrics.r2().is_nan());
    // R² needs two.
    metrics.record(&vector![1.0], &vector![1.5]);
    assert!(metrics.mse() == 0.25 && metrics.r2().is_nan());
    assert!(!Confusion::<0>::new().to_string().is_empty());
}

#[test]
fn the_table_of_classes() {
    let reference = reference();
    let confusion: Confusion<5> =
        confusion(&reference["five.actual"], &reference["five.predicted"]);
    let expected = "\
accuracy 0.8000 (48 of 60)

                  precision    recall        F1   support
               0     0.6667    0.6667    0.6667         9
             one     0.8889    0.8889    0.8889         9
               2     0.8667    0.8667    0.8667        15
               3     0.6923    0.9000    0.7826        10
               4     0.8571    0.7059    0.7742        17
         average     0.7943    0.8056    0.7958        60
weighted average     0.8082    0.8000    0.7998        60

confusion matrix (rows: actual, columns: predicted)
       0  one    2    3    4
  0    6    0    2    0    1
one    0    8    0    0    1
  2    1    0   13    1    0
  3    1    0    0    9    0
  4    1    1    0    3   12";
    assert_eq!(confusion.with_names(["0", "one"]).to_string(), expected);
}

#[test]
fn the_table_of_many_classes_is_cut() {
    let mut confusion = Confusion::<1000>::new();
    for class in Class::all() {
        confusion.record(class, class);
    }
    confusion.record(Class::new(3).unwrap(), Class::new(5).unwrap());
    let text = confusion.to_string();
    assert!(text.lines().count() < 40, "{text}");
    assert!(text.contains("(the 20 of 1000 classes with the lowest F1)"), "{text}");
    assert!(text.ends_with("most frequent confusions\n         1  3 taken for 5"), "{text}");
}

#[test]
fn the_lines_of_a_regression() {
    let mut metrics = RegressionMetrics::<vector<1>>::new();
    for (target, output) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
        metrics.record(&vector![target], &vector![output]);
    }
    let expected = "\
samples  4
MSE      0.3750
RMSE     0.6124
MAE      0.5000
R²       0.9486";
    assert_eq!(metrics.to_string(), expected);
}

proptest! {
    #[test]
    fn parts_merge_into_the_whole(
        pairs in prop::collection::vec((0usize..4, 0usize..4), 0..60),
        cut in 0usize..60,
    ) {
        let of = |pairs: &[(usize, usize)]| -> Confusion<4> {
            let class = |index| Class::new(index).unwrap();
            pairs.iter().map(|&(a, p)| (class(a), class(p))).collect()
        };
        let cut = cut.min(pairs.len());
        let mut merged = of(&pairs[..cut]);
        merged.merge(&of(&pairs[cut..]));
        prop_assert_eq!(&merged, &of(&pairs));
        prop_assert_eq!(merged.samples(), pairs.len() as u64);
        prop_assert!((0.0..=1.0).contains(&merged.macro_f1()));
    }
}
