//! What needs all predictions.

use std::collections::HashMap;

use axonal::evaluation::{
    BinaryPredictions, Calibration, ClassPredictions, LabelPredictions, Residuals, Threshold,
};
use axonal::prelude::*;
use axonal::shapes::vector;

use super::{assert_close, reference};

/// The values of one case.
struct Case<'a> {
    name: &'a str,
    values: &'a HashMap<&'static str, Vec<f64>>,
}

impl Case<'_> {
    fn get(&self, key: &str) -> &[f64] {
        &self.values[format!("{}.{key}", self.name).as_str()]
    }

    #[track_caller]
    fn assert(&self, key: &str, ours: impl IntoIterator<Item = f64>) {
        let (ours, theirs): (Vec<f64>, _) = (ours.into_iter().collect(), self.get(key));
        assert_eq!(ours.len(), theirs.len(), "{}.{key}: {ours:?}, not {theirs:?}", self.name);
        for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            assert_close(*ours, *theirs, &format!("{}.{key}[{place}]", self.name));
        }
    }
}

fn of_calibration(calibration: &Calibration) -> Vec<f64> {
    let pair =
        |bin: &axonal::evaluation::CalibrationBin| [bin.fraction_of_positives, bin.mean_predicted];
    calibration.bins().iter().flat_map(pair).collect()
}

#[test]
fn rankings_as_scikit_learn_measures_them() {
    let values = reference();
    for name in [
        "",
        "_ties",
        "_f32",
        "_constant",
        "_positives",
        "_negatives",
        "_extremes",
        "_perfect",
        "_reversed",
        "_one",
        "_scores",
    ] {
        let case = Case { name: &format!("ranking{name}"), values: &values };
        let yes: Vec<bool> = case.get("yes").iter().map(|&yes| yes == 1.0).collect();
        let outputs = case.get("outputs");
        let predictions = match name {
            "_scores" => BinaryPredictions::from_scores(outputs, &yes),
            "_f32" => {
                let outputs: Vec<f32> = outputs.iter().map(|&output| output as f32).collect();
                BinaryPredictions::from_probabilities(&outputs, &yes)
            }
            _ => BinaryPredictions::from_probabilities(outputs, &yes),
        }
        .unwrap();
        case.assert("roc_auc", [predictions.roc_auc()]);
        case.assert("average_precision", [predictions.average_precision()]);
        case.assert("log_loss", [predictions.log_loss()]);
        case.assert("brier", [predictions.brier_score()]);

        let curve = predictions.roc_curve();
        let points = curve.points().iter();
        let point = |p: &axonal::evaluation::RocPoint| {
            [p.false_positive_rate, p.true_positive_rate, p.threshold]
        };
        case.assert("roc", points.flat_map(point));
        assert_eq!(curve.area().to_bits(), predictions.roc_auc().to_bits());

        let curve = predictions.precision_recall_curve();
        let points = curve.points().iter();
        case.assert("pr", points.flat_map(|p| [p.precision, p.recall, p.threshold]));

        for bins in [1, 5, 10] {
            let uniform = predictions.calibration(bins);
            case.assert(&format!("uniform{bins}"), of_calibration(&uniform));
            let quantiles = predictions.calibration_by_quantiles(bins);
            case.assert(&format!("quantile{bins}"), of_calibration(&quantiles));
            for calibration in [uniform, quantiles] {
                let count: u64 = calibration.bins().iter().map(|bin| bin.count).sum();
                assert_eq!(count, predictions.samples());
            }
        }

        let best = predictions.best_threshold_by_f1().unwrap();
        case.assert("best_f1", [best.value]);
        assert_close(best.confusion.f1(Class::new(1).unwrap()), best.value, "F1 of its confusion");
        let best = predictions.best_threshold_by_cost(1.0, 5.0).unwrap();
        case.assert("best_cost", [best.value]);
        let count = |actual, predicted| {
            best.confusion.count(Class::from(actual), Class::from(predicted)) as f64
        };
        let cost = (count(false, true) + 5.0 * count(true, false)) / yes.len() as f64;
        assert_close(cost, best.value, "cost of its confusion");
        let _ = Threshold::new(best.threshold);
        assert!(!predictions.to_string().contains("NaN") || !predictions.roc_auc().is_finite());
    }
}

fn classes<const C: usize>(name: &str, scores: bool) {
    let values = reference();
    let case = Case { name, values: &values };
    let class = |&index: &f64| Class::<C>::new(index as usize).unwrap();
    let actual: Vec<_> = case.get("actual").iter().map(class).collect();
    let (outputs, _) = case.get("outputs").as_chunks::<C>();
    let predictions = if scores {
        ClassPredictions::from_scores(outputs, &actual).unwrap()
    } else {
        ClassPredictions::from_probabilities(outputs, &actual).unwrap()
    };
    if C > 2 && !name.ends_with("ties") {
        case.assert("top", [1, 2, 3].map(|k| predictions.top_k_accuracy(k)));
    }
    assert_eq!(predictions.top_k_accuracy(1), predictions.confusion().accuracy());
    assert_eq!(predictions.top_k_accuracy(C), 1.0);
    case.assert("log_loss", [predictions.log_loss()]);
    case.assert("brier", [predictions.brier_score()]);
    case.assert("roc_auc.macro", [predictions.roc_auc()]);
    case.assert("roc_auc.weighted", [predictions.roc_auc_weighted()]);
    case.assert("roc_auc.None", Class::all().map(|class| predictions.roc_auc_of(class)));
    case.assert("average_precision.macro", [predictions.average_precision()]);
    case.assert("average_precision.weighted", [predictions.average_precision_weighted()]);
    let of_classes = Class::all().map(|class| predictions.average_precision_of(class));
    case.assert("average_precision.None", of_classes);
    case.assert("calibration", of_calibration(&predictions.calibration(8)));
    for class in Class::all() {
        let one = predictions.one_against_rest(class);
        assert_close(one.roc_auc(), predictions.roc_auc_of(class), "one against the rest");
        assert_eq!(one.positives(), predictions.support(class));
    }
}

#[test]
fn classes_as_scikit_learn_measures_them() {
    classes::<4>("classes", false);
    classes::<4>("classes_scores", true);
    classes::<4>("classes_absent", false);
    classes::<4>("classes_ties", false);
    classes::<2>("classes_two", false);
}

#[test]
fn labels_as_scikit_learn_measures_them() {
    let values = reference();
    let case = Case { name: "label_ranking", values: &values };
    let mut predictions = LabelPredictions::<3>::of_probabilities();
    for (set, outputs) in case.get("set").chunks(3).zip(case.get("outputs").as_chunks().0) {
        predictions.record(outputs, &std::array::from_fn(|label| set[label] == 1.0));
    }
    case.assert("roc_auc", [predictions.roc_auc()]);
    case.assert("average_precision", [predictions.average_precision()]);
    case.assert("log_loss", [predictions.log_loss()]);
    case.assert("brier", [predictions.brier_score()]);
    let best = (0..3).map(|label| predictions.label(label).best_threshold_by_f1().unwrap().value);
    case.assert("best_f1", best);
    let report = predictions.report(&predictions.best_thresholds_by_f1().unwrap());
    case.assert("best_f1", (0..3).map(|label| report.f1(label)));
}

#[test]
fn residuals_as_numpy_and_scikit_learn_measure_them() {
    let values = reference();
    let case = Case { name: "residuals", values: &values };
    let mut residuals = Residuals::new();
    let samples = case.get("target").as_chunks::<2>().0.iter();
    for (&target, &output) in samples.zip(case.get("output").as_chunks().0) {
        residuals.record(&SVector::<f64, 2>::from(target), &SVector::from(output));
    }
    let shares = case.get("shares");
    case.assert("together", residuals.quantiles(shares));
    case.assert("first", residuals.quantiles_of(0, shares));
    case.assert("second", residuals.quantiles_of(1, shares));
    case.assert("median", [residuals.median_absolute_error()]);
    let largest = residuals.of(0).chain(residuals.of(1)).map(f64::abs).fold(0.0, f64::max);
    assert_eq!(residuals.max_error(), largest);
}

#[test]
fn a_threshold_says_the_same_to_a_network() {
    network! { struct Alarm<input 1 => dense 1 sigmoid>; }
    let mut net = Alarm::<f32>::zeros();
    net.dense1.weight = SMatrix::from([[1.0]]);
    let inputs: Vec<_> = (-20..20).map(|x| SVector::from([x as f32 * 0.25])).collect();
    let answers = (0..40).map(|x| x > 25 || x % 7 == 3).collect();
    let data = Dataset::new(inputs, answers).unwrap();
    let predictions = Evaluation::predictions(&*net, &data);
    assert_eq!(predictions.confusion(), *Evaluation::of(&*net, &data));
    for best in [
        predictions.best_threshold_by_f1().unwrap(),
        predictions.best_threshold_by_cost(1.0, 0.1).unwrap(),
        predictions.best_threshold_by_cost(0.0, 1.0).unwrap(),
    ] {
        let by = Evaluation::by(&*net, &data, &Threshold::new(best.threshold));
        assert_eq!(*by, best.confusion, "{best:?}");
    }
}

/// What a network gives is what its loss takes it for: the log loss is the value of the cross-entropy, for scores and for probabilities.
#[test]
fn the_log_loss_is_the_loss_whatever_the_network_ends_in() {
    let mut rng = StdRng::seed_from_u64(5);
    let inputs: Vec<SVector<f64, 3>> =
        (0..50).map(|i| SVector::from([f64::from(i).sin(), f64::from(i).cos(), 0.1])).collect();
    let answers: Vec<bool> = (0..50).map(|i| i % 3 == 0).collect();
    let of_three: Vec<Class<3>> = (0..50).map(|i| Class::new(i % 3).unwrap()).collect();
    let binary = Dataset::new(inputs.clone(), answers.clone()).unwrap();
    let several = Dataset::new(inputs.clone(), of_three.clone()).unwrap();

    macro_rules! alike {
        ($data:expr, $targets:expr, $loss:expr, $($end:tt)+) => {{
            network! { struct Net<input 3 => $($end)+>; }
            let net = Net::<f64>::random(&mut rng);
            let predictions = Evaluation::predictions(&*net, &$data);
            let loss = net.loss(&inputs, &$targets, &$loss);
            assert!((predictions.log_loss() - loss).abs() < 1e-12, "{}", stringify!($($end)+));
        }};
    }
    alike!(binary, answers, BinaryCrossEntropy, dense 1);
    alike!(binary, answers, BinaryCrossEntropy, dense 1 sigmoid);
    alike!(binary, answers, BinaryCrossEntropy, dense 1 tanh);
    alike!(binary, answers, BinaryCrossEntropy, dense 4 sigmoid => reshape 1x4x1 => maxpool 4x1 => flatten);
    alike!(several, of_three, CrossEntropy, dense 3);
    alike!(several, of_three, CrossEntropy, dense 3 softmax);
    alike!(several, of_three, CrossEntropy, dense 3 sigmoid);
}

#[test]
fn pixels_are_samples() {
    network! { struct Masks<input 1x2x2 => conv 1 1x1 sigmoid>; }
    network! { struct Kinds<input 1x2x2 => conv 3 1x1>; }
    let mut rng = StdRng::seed_from_u64(1);
    let image = Image::<1, 2, 2>::from_slice(&[0.0_f32, 1.0, 2.0, 3.0]).unwrap();
    let masks = Dataset::new(vec![image], vec![[[true, false], [false, true]]]).unwrap();
    let net = Masks::random(&mut rng);
    let predictions = Evaluation::predictions(&*net, &masks);
    assert_eq!((predictions.samples(), predictions.positives()), (4, 2));
    assert_eq!(predictions.confusion(), *Evaluation::of(&*net, &masks));

    let class = |index| Class::<3>::new(index).unwrap();
    let kinds =
        Dataset::new(vec![image], vec![[[class(0), class(1)], [class(2), class(2)]]]).unwrap();
    let net = Kinds::random(&mut rng);
    let predictions = Evaluation::predictions(&*net, &kinds);
    assert_eq!((predictions.samples(), predictions.support(class(2))), (4, 2));
    assert_eq!(predictions.confusion(), *Evaluation::of(&*net, &kinds));
}

#[test]
fn weights_of_samples_are_not_looked_at() {
    network! { struct Net<input 1 => dense 1>; }
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let inputs = [-1.0, 0.5, 2.0].map(|x| SVector::from([x])).to_vec();
    let weighted = Dataset::new(inputs, vec![(true, 0.0), (false, 2.0), (true, 1.0)]).unwrap();
    assert_eq!(Evaluation::predictions(&*net, &weighted).samples(), 3);
}

#[test]
fn nan_is_counted_and_named_and_no_measure_hides_it() {
    let answers = [true, false, true];
    let predictions = BinaryPredictions::from_scores(&[1.0, f32::NAN, -1.0], &answers).unwrap();
    assert_eq!((predictions.nan_outputs(), predictions.confusion().nan_outputs()), (1, 1));
    assert!(predictions.scores().iter().all(|score| score.value.is_nan()));
    assert!(
        predictions.roc_curve().points().is_empty() && predictions.calibration(5).bins().is_empty()
    );
    assert!(predictions.precision_recall_curve().points().is_empty());
    let error = predictions.best_threshold_by_f1().unwrap_err();
    assert_eq!(error.to_string(), "the output of sample 1: expected a number, found NaN");
    assert!(
        predictions.to_string().contains("NaN               in the outputs of 1, the targets of 0")
    );

    let class = |index| Class::<2>::new(index).unwrap();
    let outputs = [[0.0, f64::NAN], [1.0, 0.0]];
    let predictions = ClassPredictions::from_scores(&outputs, &[class(0), class(0)]).unwrap();
    assert_eq!((predictions.nan_outputs(), predictions.top_k_accuracy(1)), (1, 0.5));
    assert_eq!(predictions.top_k_accuracy(2), 0.5);
    assert!(predictions.scores().iter().all(|score| score.value.is_nan()));
    // Nothing is NaN, but the softmax of infinity is.
    let infinite = ClassPredictions::from_scores(&[[0.0, f64::INFINITY]], &[class(1)]).unwrap();
    assert!(infinite.roc_auc().is_nan() && infinite.log_loss().is_nan());
    assert_eq!(infinite.top_k_accuracy(1), 1.0);

    let mut residuals = Residuals::<vector<1>>::new();
    residuals.record(&SVector::from([1.0]), &SVector::from([0.5]));
    residuals.record(&SVector::from([1.0]), &SVector::from([-f64::NAN]));
    assert!(residuals.quantiles(&[0.0, 1.0]).iter().all(|quantile| quantile.is_nan()));
    assert!(residuals.median_absolute_error().is_nan() && residuals.max_error().is_nan());

    network! { struct Labels<input 2 => dense 2 sigmoid>; }
    let net = Labels::<f32>::zeros();
    let sets = vec![SVector::from([f32::NAN, 1.0]), SVector::from([0.0, 0.0])];
    let data = Dataset::new(vec![SVector::zeros(); 2], sets).unwrap();
    let labels = Evaluation::label_predictions(&*net, &data);
    assert!(labels.label(0).roc_auc().is_nan() && labels.label(0).log_loss().is_nan());
    assert_eq!(labels.label(1).roc_auc(), 0.5);
    let report = labels.report(&[0.5, 0.5]);
    assert_eq!(report, *Evaluation::by(&*net, &data, &BinaryCrossEntropy));
    let error = labels.best_thresholds_by_f1().unwrap_err();
    assert_eq!(error.to_string(), "the target of sample 0: expected an answer, found NaN");
}

#[test]
fn nothing_is_not_a_number() {
    let none = BinaryPredictions::from_scores::<f64>(&[], &[]).unwrap();
    assert!(none.scores().iter().all(|score| score.value.is_nan()));
    let error = none.best_threshold_by_cost(1.0, 1.0).unwrap_err();
    assert_eq!(error.to_string(), "what was predicted is empty: expected at least one sample");
    assert_eq!(none.confusion().samples(), 0);
    let none = ClassPredictions::<12>::from_scores::<f32>(&[], &[]).unwrap();
    assert!(none.scores().iter().all(|score| score.value.is_nan()));
    let none = Residuals::<vector<2>>::new();
    assert!(none.quantiles(&[0.5])[0].is_nan() && none.quantiles_of(1, &[0.5])[0].is_nan());
    assert!(none.median_absolute_error().is_nan() && none.r2().is_nan());
    let none = LabelPredictions::<2>::of_scores();
    assert!(none.scores().iter().all(|score| score.value.is_nan()));
    // All of them can be printed.
    assert!(none.to_string().contains("samples           0"));
}

#[test]
fn scores_without_an_end() {
    let scores = [f64::NEG_INFINITY, f64::MIN, -0.0, 0.0, f64::MAX, f64::INFINITY];
    let answers = [false, false, true, false, true, true];
    let predictions = BinaryPredictions::from_scores(&scores, &answers).unwrap();
    // 0 and -0 are one tie.
    assert_eq!(predictions.precision_recall_curve().points().len(), 6);
    assert_eq!(predictions.roc_auc(), (6.0 + 2.0 + 0.5) / 9.0);
    let best = predictions.best_threshold_by_f1().unwrap();
    assert_eq!((best.value, best.confusion.f1(Class::new(1).unwrap())), (6.0 / 7.0, 6.0 / 7.0));
    // Everything above minus infinity is yes, but minus infinity itself can not be.
    let always = predictions.best_threshold_by_cost(0.0, 1.0).unwrap();
    assert_eq!(always.value, 0.0);
    let all_infinite = BinaryPredictions::from_scores(&scores[..1], &[true]).unwrap();
    let never = all_infinite.best_threshold_by_cost(0.0, 1.0).unwrap();
    assert_eq!((never.threshold, never.value), (f64::INFINITY, 1.0));
    // Neighbours, between which there is no number.
    let close = [1.0, 1.0_f64.next_up()];
    let predictions = BinaryPredictions::from_scores(&close, &[false, true]).unwrap();
    let best = predictions.best_threshold_by_f1().unwrap();
    assert_eq!((best.value, best.confusion.accuracy()), (1.0, 1.0));
}

#[test]
fn wrong_arguments_are_named() {
    let error = BinaryPredictions::from_scores(&[1.0], &[true, false]).unwrap_err();
    assert_eq!(error.to_string(), "expected one target for each of the 1 inputs, found 2 targets");
    let error = BinaryPredictions::from_probabilities(&[0.5, 1.5], &[true, false]).unwrap_err();
    let expected = "the prediction of sample 1: expected a probability, from 0 to 1, found 1.5";
    assert_eq!(error.to_string(), expected);
    let class = Class::<2>::new(1).unwrap();
    let error = ClassPredictions::from_probabilities(&[[0.5, 0.4]], &[class]).unwrap_err();
    let expected = "the prediction of sample 0: expected probabilities whose sum is 1, found 0.9";
    assert_eq!(error.to_string(), expected);
    let error = ClassPredictions::from_probabilities(&[[1.5, -0.5]], &[class]).unwrap_err();
    assert!(error.to_string().contains("from 0 to 1, found 1.5"), "{error}");
}

#[test]
fn of_equal_outputs_the_first_is_the_prediction() {
    let class = |index| Class::<3>::new(index).unwrap();
    let outputs = [[1.0_f32, 1.0, 1.0]; 3];
    let actual = [class(0), class(1), class(2)];
    let predictions = ClassPredictions::from_scores(&outputs, &actual).unwrap();
    let top = [1, 2, 3].map(|k| predictions.top_k_accuracy(k));
    assert_eq!(top, [1.0 / 3.0, 2.0 / 3.0, 1.0]);
    assert_eq!(predictions.roc_auc(), 0.5);
}

/// A sort that is quadratic in equal or in sorted scores would be seen here.
#[test]
fn hundreds_of_thousands_of_samples() {
    let count = 300_000;
    let scores: Vec<f32> = (0..count).map(|i| (i % 1000) as f32).collect();
    let answers: Vec<bool> = (0..count).map(|i| i % 1000 >= 500).collect();
    let mut predictions = BinaryPredictions::from_scores(&scores, &answers).unwrap();
    assert_eq!((predictions.roc_auc(), predictions.average_precision()), (1.0, 1.0));
    assert_eq!(predictions.roc_curve().points().len(), 4);
    assert_eq!(predictions.best_threshold_by_f1().unwrap().threshold, 499.5);
    // What is recorded later is in the order, too.
    predictions.record(1e9, false);
    assert!(predictions.roc_auc() < 1.0);
}
