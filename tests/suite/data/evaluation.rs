use approx::assert_relative_eq;
use axonal::evaluation::{Confusion, MultiLabel, RegressionMetrics, Report, Threshold};
use axonal::prelude::*;
use axonal::shapes::vector;
use proptest::prelude::*;

use super::reference;

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
        assert_relative_eq!(confusion.mean_iou(), value("mean_iou")[0], epsilon = 1e-15);
        for class in Class::all() {
            let i = class.index();
            assert_relative_eq!(confusion.precision(class), value("precision")[i]);
            assert_relative_eq!(confusion.recall(class), value("recall")[i]);
            assert_relative_eq!(confusion.f1(class), value("f1")[i], epsilon = 1e-15);
            assert_relative_eq!(confusion.iou(class), value("iou")[i], epsilon = 1e-15);
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

/// The labels of each sample.
fn sets<const N: usize>(numbers: &[f64]) -> impl Iterator<Item = [bool; N]> {
    numbers.chunks(N).map(|labels| std::array::from_fn(|label| labels[label] == 1.0))
}

#[test]
fn labels_as_scikit_learn_measures_them() {
    let reference = reference();
    for name in ["labels", "never"] {
        let value = |key: &str| &reference[format!("{name}.{key}").as_str()][..];
        let mut labels = MultiLabel::<4>::new();
        for (actual, predicted) in sets(value("actual")).zip(sets(value("predicted"))) {
            labels.record(&actual, &predicted);
        }
        let measured = [
            ("accuracy", labels.accuracy()),
            ("subset_accuracy", labels.subset_accuracy()),
            ("micro_precision", labels.micro_precision()),
            ("micro_recall", labels.micro_recall()),
            ("micro_f1", labels.micro_f1()),
            ("macro_precision", labels.macro_precision()),
            ("macro_recall", labels.macro_recall()),
            ("macro_f1", labels.macro_f1()),
        ];
        for (key, measured) in measured {
            assert_relative_eq!(measured, value(key)[0], epsilon = 1e-15);
        }
        for label in 0..4 {
            let scores =
                [labels.precision(label), labels.recall(label), labels.f1(label)].into_iter();
            for (key, score) in ["precision", "recall", "f1"].into_iter().zip(scores) {
                let expected = value(&format!("label_{key}"))[label];
                assert_relative_eq!(score, expected, epsilon = 1e-15);
            }
            assert_eq!(labels.support(label) as f64, value("support")[label]);
        }
        assert_eq!(labels.samples(), (value("actual").len() / 4) as u64);
        let score = labels.score();
        assert_eq!((score.metric, score.value), ("accuracy", labels.accuracy()));
    }
}

#[test]
fn the_table_of_labels() {
    let mut labels = MultiLabel::<2>::new();
    labels.record(&[true, false], &[true, true]);
    labels.record(&[true, false], &[false, false]);
    labels.record(&[false, true], &[false, true]);
    let expected = "\
accuracy        0.6667 (4 of 6 labels)
subset accuracy 0.3333 (1 of 3 samples)

               precision    recall        F1   support
       urgent     1.0000    0.5000    0.6667         2
            1     0.5000    1.0000    0.6667         1
micro average     0.6667    0.6667    0.6667         3
macro average     0.7500    0.7500    0.6667         3";
    assert_eq!(labels.with_names(["urgent"]).to_string(), expected);

    let mut labels = MultiLabel::<1000>::new();
    labels.record(&[true; 1000], &std::array::from_fn(|label| label != 3));
    let text = labels.to_string();
    assert!(text.lines().count() < 40, "{text}");
    assert!(text.contains("(the 20 of 1000 labels with the lowest F1)"), "{text}");
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
    assert!(confusion.accuracy().is_nan() && confusion.macro_f1().is_nan());
    assert!(confusion.mean_iou().is_nan());
    assert_eq!(confusion.samples(), 0);
    assert!(confusion.to_string().starts_with("accuracy NaN (0 of 0)"));
    let labels = MultiLabel::<3>::new();
    assert!(labels.accuracy().is_nan() && labels.subset_accuracy().is_nan());
    assert!(labels.to_string().starts_with("accuracy        NaN (0 of 0 labels)"));
    let mut metrics = RegressionMetrics::<vector<1>>::new();
    assert!(metrics.mse().is_nan() && metrics.r2().is_nan());
    // R² needs two.
    metrics.record(&vector![1.0], &vector![1.5]);
    assert!(metrics.mse() == 0.25 && metrics.r2().is_nan());
    assert!(!Confusion::<0>::new().to_string().is_empty());
    assert!(!MultiLabel::<0>::new().to_string().is_empty());
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

/// A million classes: all pairs of them would take eight terabytes.
#[test]
fn memory_and_time_are_those_of_classes_and_samples() {
    const MANY: usize = 1_000_000;
    let class = |index| Class::<MANY>::new(index % MANY).unwrap();
    let mut confusion: Confusion<MANY> =
        (0..10_000).map(|i| (class(i * 7919), class(i * 7919 + i % 2))).collect();
    confusion.merge(&confusion.clone());
    assert_eq!((confusion.samples(), confusion.accuracy()), (20_000, 0.5));
    assert_eq!(confusion.count(class(7919), class(7920)), 2);
    assert_eq!(confusion.counts().map(|(_, _, count)| count).sum::<u64>(), 20_000);
    let present =
        confusion.counts().map(|(a, _, _)| a).chain(confusion.counts().map(|(_, p, _)| p));
    let present: std::collections::HashSet<_> = present.collect();
    let expected = 5_000.0 / present.len() as f64;
    assert_relative_eq!(confusion.macro_f1(), expected, epsilon = 1e-3);
    let text = confusion.to_string();
    assert!(text.starts_with("accuracy 0.5000 (10000 of 20000)"), "{text}");
    assert!(text.contains("most frequent confusions\n         2  "), "{text}");
}

network! {
    struct Scores<input 3 => dense 3>;
    struct Answer<input 1 => dense 1>;
    struct Pixels<input 3x1x2 => identity>;
    struct Mask<input 1x1x2 => identity>;
    struct Steps<input 3 => dense 3 step>;
    struct Probabilities<input 3 => dense 3 sigmoid>;
}

const NAN: f32 = f32::NAN;

/// Whose outputs are its inputs.
fn scores() -> Box<Scores> {
    let mut net = Scores::zeros();
    net.dense1.weight = SMatrix::identity();
    net
}

fn data<X: Copy, Y: Copy, const N: usize>(inputs: [X; N], targets: [Y; N]) -> Dataset<X, Y> {
    Dataset::new(inputs.to_vec(), targets.to_vec()).unwrap()
}

#[test]
fn nan_is_no_class() {
    let inputs = [[NAN, 0.0, 1.0], [3.0, NAN, 0.0], [2.0, 0.0, f32::INFINITY], [1.0, 0.0, 0.0]];
    let targets = [0, 0, 2, 0].map(|class| Class::<3>::new(class).unwrap());
    // A sum with a weight of 0 would make the outputs NaN that are not.
    let mut net = scores();
    net.dense1.weight = SMatrix::identity();
    let evaluation = Evaluation::of(&*net, &data(inputs.map(SVector::from), targets));
    // NaN and infinity times 0 is NaN: all outputs of the first three samples.
    assert_eq!(evaluation.nan_outputs(), 3);
    assert_eq!((evaluation.samples(), evaluation.accuracy()), (4, 0.25));
    assert_eq!(evaluation.support(Class::new(0).unwrap()), 3);
    assert_relative_eq!(evaluation.recall(Class::new(0).unwrap()), 1.0 / 3.0);
    assert_eq!(evaluation.precision(Class::new(0).unwrap()), 1.0, "NaN is not taken for 0");
    let text = evaluation.to_string();
    let start = "accuracy 0.2500 (1 of 4)\n3 outputs are NaN, which count as wrong\n\n";
    assert!(text.starts_with(start), "{text}");

    let mut twice = (*evaluation).clone();
    twice.merge(&evaluation);
    assert_eq!((twice.nan_outputs(), twice.samples()), (6, 8));
}

#[test]
fn nan_is_no_answer_and_no_number() {
    let mut net = Answer::zeros();
    net.dense1.weight = SMatrix::from([[1.0]]);
    let inputs = [-1.0, NAN, 1.0, NAN].map(|x| SVector::from([x]));
    let evaluation = Evaluation::of(&*net, &data(inputs, [false, false, true, true]));
    assert_eq!((evaluation.nan_outputs(), evaluation.accuracy()), (2, 0.5));

    let targets = [-1.0, 0.0, 1.0, NAN].map(|x| SVector::from([x]));
    let evaluation = Evaluation::of(&*net, &data(inputs, targets));
    assert_eq!((evaluation.nan_outputs(), evaluation.nan_targets()), (2, 1));
    assert!(evaluation.mse().is_nan() && evaluation.r2().is_nan());
    let line = "NaN      in the outputs of 2, the targets of 1";
    assert!(evaluation.to_string().contains(line), "{evaluation}");
    // Where all targets are equal, too.
    let evaluation = Evaluation::of(&*net, &data(inputs, [SVector::from([1.0]); 4]));
    assert!(evaluation.r2().is_nan());

    let zeros_and_ones = [0.0, 0.0, 1.0, NAN].map(|x| SVector::from([x]));
    let evaluation = Evaluation::by(&*net, &data(inputs, zeros_and_ones), &BinaryCrossEntropy);
    assert_eq!((evaluation.nan_outputs(), evaluation.nan_targets()), (2, 1));
    assert_eq!((evaluation.accuracy(), evaluation.samples()), (0.5, 4));
    assert!(evaluation.to_string().contains("2 outputs are NaN"), "{evaluation}");

    let soft = [[NAN, 0.0, 1.0], [0.1, 0.9, 0.0]].map(SVector::from);
    let inputs = [[0.0, 0.0, 1.0], [0.1, 0.9, 0.0]].map(SVector::from);
    let evaluation = Evaluation::by(&*scores(), &data(inputs, soft), &CrossEntropy);
    assert_eq!((evaluation.nan_targets(), evaluation.nan_outputs()), (1, 0));
    assert_eq!((evaluation.samples(), evaluation.accuracy()), (2, 0.5));
    assert!(evaluation.to_string().contains("1 target is NaN, which counts as wrong"));
}

#[test]
fn a_pixel_is_a_sample() {
    // Channel after channel: pixel 0 is of class 2, pixel 1 of class 0.
    let pixels = Image::<3, 1, 2>::from_slice(&[0.0, 5.0, 1.0, 2.0, 3.0, -1.0]).unwrap();
    let class = |index| Class::<3>::new(index).unwrap();
    let evaluation = Evaluation::of(&*Pixels::zeros(), &data([pixels], [[[class(2), class(1)]]]));
    assert_eq!((evaluation.samples(), evaluation.accuracy()), (2, 0.5));
    assert_eq!(evaluation.count(class(1), class(0)), 1);
    assert_eq!(evaluation.mean_iou(), 1.0 / 3.0);
    let probabilities = [0.0, 0.1, 0.2, 0.8, 0.8, 0.1];
    let probabilities = Image::<3, 1, 2>::from_slice(&probabilities).unwrap();
    let soft = data([pixels], [probabilities]);
    assert_eq!(*Evaluation::by(&*Pixels::zeros(), &soft, &CrossEntropy), *evaluation);

    let mask = Image::<1, 1, 2>::from_slice(&[0.5, -0.5]).unwrap();
    let data_of = data([mask], [[[true, true]]]);
    let evaluation = Evaluation::of(&*Mask::zeros(), &data_of);
    assert_eq!((evaluation.samples(), evaluation.accuracy()), (2, 0.5));
    let classes = data([mask], [[[Class::from(true); 2]]]);
    assert_eq!(*Evaluation::of(&*Mask::zeros(), &classes), *evaluation);
    let lower = Evaluation::by(&*Mask::zeros(), &data_of, &Threshold::new(-1.0));
    assert_eq!(lower.accuracy(), 1.0);
    let both = data([mask], [Image::<1, 1, 2>::from_slice(&[1.0, 1.0]).unwrap()]);
    let evaluation = Evaluation::by(&*Mask::zeros(), &both, &BinaryCrossEntropy);
    assert_eq!((evaluation.samples(), evaluation.recall(0)), (2, 0.5));
}

/// On a test's thread, whose stack is 2 MiB; a sample is 3.
#[test]
fn large_images_stay_on_the_heap() {
    network! { struct Photo<input 3x512x512 => identity>; }
    // `clone` of a vector passes each sample over the stack in a debug build.
    let photos = || {
        let mut photos = Image::<3, 512, 512>::zeros_vec(2);
        photos[1].as_mut_slice().fill(1.0);
        photos
    };
    let data = Dataset::new(photos(), photos()).unwrap();
    let net = Photo::zeros();
    assert_eq!(Evaluation::of(&*net, &data).r2(), 1.0);
    let labels = Evaluation::by(&*net, &data, &BinaryCrossEntropy);
    assert_eq!((labels.samples(), labels.accuracy()), (2 * 512 * 512, 1.0));
}

#[test]
fn thresholds() {
    let labels = data([SVector::from([-2.0, 0.2, 2.0])], [SVector::from([0.0, 1.0, 1.0])]);
    let accuracy =
        |threshold: f64| Evaluation::by(&*scores(), &labels, &Threshold::new(threshold)).accuracy();
    assert_eq!(accuracy(0.0), 1.0);
    assert_eq!(accuracy(0.5), 2.0 / 3.0);
    assert_eq!(accuracy(-3.0), 2.0 / 3.0);
    assert_eq!(accuracy(f64::INFINITY), 1.0 / 3.0);
    // The default is that of the last activation: 0 of scores, 1/2 of probabilities and of `step`.
    let measure = |evaluation: Evaluation<MultiLabel<3>>| evaluation.accuracy();
    let hinge = data([SVector::from([-2.0, 0.2, 2.0])], [SVector::from([-1.0, 1.0, 1.0])]);
    let (mut step, mut sigmoid) = (Steps::zeros(), Probabilities::zeros());
    step.dense1.weight = SMatrix::identity();
    sigmoid.dense1.weight = SMatrix::identity();
    assert_eq!(measure(Evaluation::by(&*scores(), &labels, &BinaryCrossEntropy)), 1.0);
    assert_eq!(measure(Evaluation::by(&*step, &labels, &BinaryCrossEntropy)), 1.0);
    assert_eq!(measure(Evaluation::by(&*scores(), &hinge, &Hinge)), 1.0);
    assert_eq!(measure(Evaluation::by(&*step, &hinge, &Hinge)), 1.0);
    assert_eq!(measure(Evaluation::by(&*sigmoid, &hinge, &Hinge)), 1.0);
    assert_eq!(measure(Evaluation::by(&*sigmoid, &labels, &BinaryCrossEntropy)), 1.0);
}

#[test]
#[should_panic(expected = "a threshold is a number, not NaN")]
fn a_threshold_is_a_number() {
    let _ = Threshold::new(f64::NAN);
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
        prop_assert!(pairs.is_empty() || (0.0..=1.0).contains(&merged.macro_f1()));
    }
}
