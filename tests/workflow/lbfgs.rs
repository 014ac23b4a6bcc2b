//! L-BFGS against PyTorch's, iteration by iteration, and against the minima that SciPy finds.

use std::ops::ControlFlow;

use axonal::layers::Context;
use axonal::training::LbfgsStop;
use axonal::{Error, Trainable, prelude::*};

network! {
    struct Net<input 4 => dense 6 tanh => dense 3>;
    struct Layer<input 4 => dense 3>;
    struct Point<input 1 => dense 1>;
    struct Mixed<input 4 => dense 6 => batchnorm tanh => dropout 0.4 => dense 3>;
    struct Empty<input 3 => relu>;
}

const FIXTURE: &str = include_str!("../fixtures/lbfgs.txt");

fn numbers(name: &str) -> Vec<f64> {
    let mut lines = FIXTURE.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let line = lines.find(|line| line[0] == name).unwrap();
    line[1..].iter().map(|word| word.parse().unwrap()).collect()
}

fn inputs() -> Vec<SVector<f64, 4>> {
    numbers("inputs").chunks(4).map(SVector::from_column_slice).collect()
}

fn classes() -> Vec<Class<3>> {
    numbers("classes").into_iter().map(|class| Class::new(class as usize).unwrap()).collect()
}

fn targets() -> Vec<SVector<f64, 3>> {
    numbers("targets").chunks(3).map(SVector::from_column_slice).collect()
}

/// PyTorch's weights are row after row.
fn start() -> Box<Net<f64>> {
    let numbers = numbers("start");
    let mut net = Net::<f64>::zeros();
    let (weight1, rest) = numbers.split_at(6 * 4);
    let (bias1, rest) = rest.split_at(6);
    let (weight2, bias2) = rest.split_at(3 * 6);
    net.dense1.weight = SMatrix::from_row_slice(weight1);
    net.dense1.bias = SVector::from_row_slice(bias1);
    net.dense2.weight = SMatrix::from_row_slice(weight2);
    net.dense2.bias = SVector::from_row_slice(bias2);
    net
}

/// Without tolerances, as the fixture.
fn exact<'a>(iterations: usize) -> Lbfgs<'a> {
    Lbfgs::new()
        .max_iterations(iterations)
        .max_evaluations(10_000)
        .tolerance_gradient(0.0)
        .tolerance_change(0.0)
}

fn assert_near(found: &[f64], expected: &[f64], relative: f64) {
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs() / expected.abs().max(1e-12);
        assert!(off < relative, "iteration {index}: {found}, PyTorch has {expected}");
    }
}

#[test]
fn the_losses_are_pytorchs() {
    let mut net = start();
    let report = exact(25).minimize(&mut *net, &inputs(), &classes(), &CrossEntropy).unwrap();
    assert_eq!((report.iterations(), report.stop), (25, LbfgsStop::Iterations));
    assert_near(&report.losses[..13], &numbers("losses"), 1e-9);

    let mut net = start();
    let report = exact(25).minimize(&mut net, &inputs(), &targets(), &MeanSquaredError).unwrap();
    assert_near(&report.losses[..13], &numbers("regression"), 1e-9);
    assert_near(&report.losses, &numbers("regression"), 1e-3);
    assert_eq!(report.loss(), net.loss(&inputs(), &targets(), &MeanSquaredError));
}

fn rosenbrock(point: &Point<f64>, gradient: &mut Point<f64>) -> f64 {
    let [x, y] = [point.dense1.weight[0], point.dense1.bias[0]];
    gradient.dense1.weight[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
    gradient.dense1.bias[0] = 200.0 * (y - x * x);
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

fn first_point() -> Box<Point<f64>> {
    let mut point = Point::<f64>::zeros();
    point.dense1.weight[0] = -1.2;
    point.dense1.bias[0] = 1.0;
    point
}

#[test]
fn a_valley() {
    let mut point = first_point();
    let report = exact(30).minimize_with(&mut *point, rosenbrock).unwrap();
    let expected = numbers("rosenbrock");
    assert_near(&report.losses[..20], &expected, 1e-9);

    let mut point = first_point();
    let mut lbfgs = Lbfgs::new().tolerance_change(1e-16);
    let report = lbfgs.minimize_with(&mut *point, rosenbrock).unwrap();
    assert!(report.converged() && report.iterations() < 45, "{report}");
    assert!(point.as_slice().iter().all(|number| (number - 1.0).abs() < 1e-7), "{point:?}");
    // A short history needs more steps, and gets there.
    let mut point = first_point();
    let report = Lbfgs::new().history_size(1).minimize_with(&mut *point, rosenbrock).unwrap();
    assert!(report.converged() && report.loss() < 1e-6, "{report}");
}

#[test]
fn the_minimum_is_scipys() {
    let (inputs, classes) = (inputs(), classes());
    let mut layer = Layer::<f64>::zeros();
    let report = Lbfgs::new()
        .tolerance_gradient(1e-12)
        .tolerance_change(0.0)
        .minimize_with(&mut *layer, |layer: &Layer<f64>, gradient: &mut Layer<f64>| {
            let context = Context::INFERENCE;
            let loss = layer.gradient_with(context, &inputs, &classes, &CrossEntropy, gradient);
            gradient.add_scaled(0.01, layer);
            loss + 0.01 / 2.0 * layer.dot(layer)
        })
        .unwrap();
    let expected = numbers("ridge");
    assert!((report.loss() - expected[0]).abs() < 1e-13, "{report}");
    let weight = SMatrix::<f64, 3, 4>::from_row_slice(&expected[1..13]);
    let off = (layer.dense1.weight - weight).norm();
    assert!(off < 1e-7, "{off} after {report}");
    assert!((layer.dense1.bias - SVector::from_row_slice(&expected[13..])).norm() < 1e-7);
}

/// The loss never rises, the report is that of the weights that are left, and the same start gives the same bits.
#[test]
fn in_both_scalars_with_each_loss() {
    fn check<N, L, Y>(inputs: &[N::Input], targets: &[Y], loss: &L)
    where
        N: Trainable<L, Y>,
        N::Scalar: Into<f64>,
    {
        let run = |iterations| {
            let mut net = N::random(&mut StdRng::seed_from_u64(3));
            let mut lbfgs = Lbfgs::new().max_iterations(iterations);
            let report = lbfgs.minimize(&mut *net, inputs, targets, loss).unwrap();
            (net, report)
        };
        let (net, report) = run(60);
        assert!(report.losses.windows(2).all(|pair| pair[1] <= pair[0]), "{report}");
        assert!(report.loss() < 0.9 * report.losses[0], "{report}");
        assert_eq!(report.loss(), net.loss(inputs, targets, loss).into());
        let (again, same) = run(60);
        assert!(again.as_slice() == net.as_slice() && same == report);
        let (_, first) = run(7);
        assert_eq!(first.losses, report.losses[..8]);
    }
    let narrow: Vec<SVector<f32, 4>> = inputs().iter().map(|input| input.cast()).collect();
    let narrow_targets: Vec<SVector<f32, 3>> = targets().iter().map(|t| t.cast()).collect();
    check::<Net<f64>, _, _>(&inputs(), &classes(), &CrossEntropy);
    check::<Net<f64>, _, _>(&inputs(), &targets(), &Huber);
    check::<Net<f32>, _, _>(&narrow, &classes(), &CrossEntropy);
    check::<Net<f32>, _, _>(&narrow, &narrow_targets, &MeanSquaredError);
    // 100 times as many samples.
    let many: Vec<_> = narrow.iter().cycle().take(2000).copied().collect();
    let classes: Vec<_> = classes().into_iter().cycle().take(2000).collect();
    check::<Net<f32>, _, _>(&many, &classes, &CrossEntropy);
}

/// In `f32` a search finds at last no better point, and the weights are the best ones.
#[test]
fn the_end_of_precision() {
    let narrow: Vec<SVector<f32, 4>> = inputs().iter().map(|input| input.cast()).collect();
    let mut net = Net::<f32>::random(&mut StdRng::seed_from_u64(3));
    let mut lbfgs = exact(100_000);
    let report = lbfgs.minimize(&mut *net, &narrow, &classes(), &CrossEntropy).unwrap();
    assert!(matches!(report.stop, LbfgsStop::LineSearch | LbfgsStop::Gradient | LbfgsStop::Change));
    assert!(report.loss() < 1e-4, "{report}");
    assert_eq!(report.loss(), f64::from(net.loss(&narrow, &classes(), &CrossEntropy)));
}

/// A gradient with the wrong sign: the weights are those that were given.
#[test]
fn a_gradient_that_is_none() {
    let mut point = first_point();
    let report = Lbfgs::new()
        .minimize_with(&mut *point, |point: &Point<f64>, gradient: &mut Point<f64>| {
            let loss = rosenbrock(point, gradient);
            gradient.scale(-1.0);
            loss
        })
        .unwrap();
    assert_eq!((report.stop, report.iterations()), (LbfgsStop::LineSearch, 0));
    assert!(!report.converged());
    assert_eq!(point, first_point());
}

/// Beyond a border there is no loss: steps end before it.
#[test]
fn a_loss_that_is_not_everywhere() {
    let mut point = Point::<f64>::zeros();
    let mut refused = 0;
    let report = Lbfgs::new()
        .first_step(1e6)
        .minimize_with(&mut *point, |point: &Point<f64>, gradient: &mut Point<f64>| {
            let [x, y] = [point.dense1.weight[0], point.dense1.bias[0]];
            refused += usize::from(x >= 1.0);
            gradient.dense1.weight[0] = 1.0 / (1.0 - x) - 2.0;
            gradient.dense1.bias[0] = 2.0 * y;
            -(1.0 - x).ln() - 2.0 * x + y * y
        })
        .unwrap();
    assert!(report.converged() && refused > 0, "{report}, {refused}");
    assert!((point.dense1.weight[0] - 0.5).abs() < 1e-4);
}

/// What draws and what looks at the batch is as in inference, and statistics stay.
#[test]
fn a_pass_of_inference() {
    let mut net = Mixed::<f64>::random(&mut StdRng::seed_from_u64(5));
    net.batchnorm1.running_mean.fill(0.25);
    net.batchnorm1.running_var.fill(2.0);
    let before = net.clone();
    let loss = net.loss(&inputs(), &targets(), &MeanSquaredError);
    let mut lbfgs = Lbfgs::new().max_iterations(20);
    let report = lbfgs.minimize(&mut *net, &inputs(), &targets(), &MeanSquaredError).unwrap();
    assert_eq!(report.losses[0], loss);
    assert_eq!(report.loss(), net.loss(&inputs(), &targets(), &MeanSquaredError));
    assert!(report.loss() < 0.5 * loss, "{report}");
    assert_eq!(net.batchnorm1.running_mean, before.batchnorm1.running_mean);
    assert_eq!(net.batchnorm1.running_var, before.batchnorm1.running_var);

    // A gradient of training has differences of the statistics in it: they are left out. A part that is kept has a gradient of zeros.
    let (inputs, targets) = (inputs(), targets());
    let mut net = before.clone();
    let report = Lbfgs::new()
        .max_iterations(5)
        .minimize_with(&mut *net, |net: &Mixed<f64>, gradient: &mut Mixed<f64>| {
            let context = Context::training(1);
            let loss = net.gradient_with(context, &inputs, &targets, &MeanSquaredError, gradient);
            assert!(gradient.batchnorm1.running_mean[0] != 0.0);
            gradient.dense1.as_mut_slice().fill(0.0);
            loss
        })
        .unwrap();
    assert!(report.loss() < report.losses[0]);
    assert_eq!(net.batchnorm1.running_mean, before.batchnorm1.running_mean);
    assert_eq!(net.dense1, before.dense1);
    assert_ne!(net.dense2, before.dense2);
}

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f64)]
struct Pair {
    points: [Point<f64>; 2],
}

#[test]
fn several_networks() {
    let mut pair = Pair::zeros();
    let report = Lbfgs::new()
        .tolerance_change(1e-14)
        .minimize_with(&mut *pair, |pair: &Pair, gradient: &mut Pair| {
            let [a, b] = &pair.points;
            let [of_a, of_b] = &mut gradient.points;
            rosenbrock(a, of_a) + rosenbrock(b, of_b)
        })
        .unwrap();
    assert!(
        report.converged() && pair.as_slice().iter().all(|x| (x - 1.0).abs() < 1e-5),
        "{report}"
    );
}

#[test]
fn how_it_ends() {
    let run = |lbfgs: &mut Lbfgs<'_>| {
        lbfgs.minimize(&mut *start(), &inputs(), &targets(), &MeanSquaredError).unwrap()
    };
    let none = run(&mut Lbfgs::new().max_iterations(0));
    assert_eq!((none.iterations(), none.evaluations, none.stop), (0, 1, LbfgsStop::Iterations));
    let few = run(&mut Lbfgs::new().max_evaluations(10));
    assert!(few.stop == LbfgsStop::Evaluations && few.evaluations <= 11, "{few}");
    let flat = run(&mut Lbfgs::new().tolerance_gradient(0.05));
    assert!(flat.stop == LbfgsStop::Gradient && flat.gradient <= 0.05, "{flat}");
    let small = run(&mut Lbfgs::new().tolerance_change(1e-3));
    assert_eq!(small.stop, LbfgsStop::Change);
    assert_eq!(small.to_string().split_once("; ").unwrap().1, "converged: steps change nothing");

    let mut seen = Vec::new();
    let stopped = run(&mut Lbfgs::new().on_iteration(|iteration| {
        seen.push(*iteration);
        if iteration.number == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }));
    assert_eq!((stopped.iterations(), stopped.stop), (4, LbfgsStop::Callback));
    assert_eq!(seen.iter().map(|it| it.loss).collect::<Vec<_>>(), stopped.losses[1..]);
    assert_eq!(seen.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(seen[3].evaluations, stopped.evaluations);

    // At a minimum already, and with nothing to move.
    let mut net = Point::<f64>::zeros();
    let report =
        Lbfgs::new().minimize(&mut *net, &[[1.0].into()], &[[0.0].into()], &MeanSquaredError);
    assert_eq!(report.unwrap().stop, LbfgsStop::Gradient);
    let inputs = [SVector::from([1.0, -1.0, 0.5])];
    let report =
        Lbfgs::new().minimize(&mut *Empty::<f64>::zeros(), &inputs, &inputs, &MeanSquaredError);
    assert_eq!(report.unwrap().stop, LbfgsStop::Gradient);
}

#[test]
fn what_cannot_begin() {
    let mut net = Point::<f64>::zeros();
    let none = Lbfgs::new().minimize(&mut *net, &[], &[] as &[SVector<f64, 1>], &MeanSquaredError);
    assert!(matches!(none, Err(Error::Empty { .. })));
    let bad = [[f64::NAN].into()];
    let error = Lbfgs::new().minimize(&mut *net, &bad, &[[0.0].into()], &MeanSquaredError);
    let text = "the loss before the first iteration: expected a finite number, found NaN";
    assert_eq!(error.unwrap_err().to_string(), text);
    let error =
        Lbfgs::new().minimize_with(&mut *net, |_: &Point<f64>, gradient: &mut Point<f64>| {
            gradient.fill(f64::INFINITY);
            1.0
        });
    let text = "the gradient before the first iteration: expected a finite number, found inf";
    assert_eq!(error.unwrap_err().to_string(), text);
    assert_eq!(net, Point::<f64>::zeros());
}

#[test]
fn a_panic_leaves_the_network_as_it_was() {
    let mut point = first_point();
    let mut calls = 0;
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Lbfgs::new().minimize_with(&mut *point, |point: &Point<f64>, gradient: &mut Point<f64>| {
            calls += 1;
            assert!(calls < 8, "enough");
            rosenbrock(point, gradient)
        })
    }));
    assert!(result.is_err());
    assert_eq!(point, first_point());
}

#[test]
fn settings_are_checked() {
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(
            std::panic::catch_unwind(|| Lbfgs::new().tolerance_gradient(bad).max_iterations(1))
                .is_err()
        );
        assert!(
            std::panic::catch_unwind(|| Lbfgs::new().tolerance_change(bad).max_iterations(1))
                .is_err()
        );
        assert!(
            std::panic::catch_unwind(|| Lbfgs::new().first_step(bad).max_iterations(1)).is_err()
        );
    }
    assert!(std::panic::catch_unwind(|| Lbfgs::new().first_step(0.0).max_iterations(1)).is_err());
    assert!(std::panic::catch_unwind(|| Lbfgs::new().history_size(0).max_iterations(1)).is_err());
}
