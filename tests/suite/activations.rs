//! Activations and their derivatives: against PyTorch's numbers (`fixtures/activations.py`), against finite differences, and
//! one instruction set against another.

use std::marker::PhantomData;

use axonal::Scalar;
use axonal::activations::{
    self, Activation, ActivationGradient, Elementwise, ElementwiseGradient, Elu, Gelu, HardSigmoid,
    Identity, LeakyRelu, Relu, Relu6, Selu, Sigmoid, Silu, Softmax, Softplus, Softsign, Step, Tanh,
};
use proptest::prelude::*;
use pulp::{Simd, WithSimd};

use crate::common::differences::{STEP, slope};
use crate::common::on_every_machine;

/// The outputs of one sample.
struct Forward<'a, A, T>(&'a [T], PhantomData<A>);

impl<A, T> Clone for Forward<'_, A, T> {
    fn clone(&self) -> Self {
        Self(self.0, PhantomData)
    }
}

impl<A: Activation, T: Scalar> WithSimd for Forward<'_, A, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<T> {
        let mut sample = self.0.to_vec();
        activations::apply_on::<A, T, S>(simd, &mut sample);
        sample
    }
}

/// The gradient of the scores of one sample, from that of the outputs. Scores that are not needed are not given.
struct Backward<'a, A, T>(&'a [T], &'a [T], PhantomData<A>);

impl<A, T> Clone for Backward<'_, A, T> {
    fn clone(&self) -> Self {
        Self(self.0, self.1, PhantomData)
    }
}

impl<A: ActivationGradient, T: Scalar> WithSimd for Backward<'_, A, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<T> {
        let Self(scores, gradient, _) = self;
        let outputs = Forward::<A, T>(scores, PhantomData).with_simd(simd);
        let mut gradient = gradient.to_vec();
        let scores = if A::NEEDS_SCORES { scores } else { &[] };
        A::backward(simd, scores, &outputs, &mut gradient);
        gradient
    }
}

struct Row {
    x: f64,
    value: f64,
    derivative: Option<f64>,
}

fn fixture(name: &str) -> Vec<Row> {
    let rows: Vec<Row> = include_str!("../fixtures/activations.csv")
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(','))
        .map(|line| {
            let mut numbers = line.split(',').map(|number| number.parse().ok());
            let (x, value) = (numbers.next().flatten(), numbers.next().flatten());
            Row { x: x.unwrap(), value: value.unwrap(), derivative: numbers.next().flatten() }
        })
        .collect();
    assert!(rows.len() > 100, "no rows of {name}");
    rows
}

/// Whether two numbers differ by a few roundings of numbers as large as `scale`.
fn close<T: Scalar>(a: f64, b: f64, scale: f64) -> bool {
    let tolerance = 8.0 * T::epsilon().as_f64() * scale.max(b.abs());
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance
}

fn check_values<A: Elementwise, T: Scalar>() {
    let name = A::name().to_string();
    let rows = fixture(&name);
    let scores: Vec<T> = rows.iter().map(|row| T::of(row.x)).collect();
    for (machine, outputs) in on_every_machine(Forward::<A, T>(&scores, PhantomData)) {
        for (row, y) in rows.iter().zip(&outputs) {
            let magnitude = if row.x.is_finite() { row.x.abs() } else { 0.0 };
            // `gelu` is as accurate as the sum `1 + erf` in it; the others have small relative errors, down to subnormal factors
            // of `x`.
            let scale = if name == "gelu" { magnitude.min(6.0) } else { 0.0 };
            let scale = scale + T::min_positive_value().as_f64() * magnitude.clamp(1.0, 1000.0);
            assert!(
                close::<T>(y.as_f64(), T::of(row.value).as_f64(), scale),
                "{name}({}) on {machine}: {y}, not {}",
                row.x,
                row.value
            );
        }
    }
    for row in &rows {
        let y = A::of(T::of(row.x)).as_f64();
        assert!(close::<T>(y, T::of(row.value).as_f64(), 6.0), "{name}::of({}) is {y}", row.x);
    }
}

fn check_derivatives<A: ElementwiseGradient, T: Scalar>() {
    let name = A::name().to_string();
    let rows = fixture(&name);
    // PyTorch has no rule for the derivative of NaN.
    let rows: Vec<Row> = rows.into_iter().filter(|row| !row.x.is_nan()).collect();
    let scores: Vec<T> = rows.iter().map(|row| T::of(row.x)).collect();
    let ones = vec![T::one(); scores.len()];
    for (machine, gradient) in on_every_machine(Backward::<A, T>(&scores, &ones, PhantomData)) {
        for (row, g) in rows.iter().zip(&gradient) {
            let derivative = row.derivative.unwrap();
            // `silu` has the term `x (1 - sigmoid)`.
            let scale = if row.x.is_finite() { row.x.abs().clamp(1.0, 20.0) } else { 1.0 };
            assert!(
                close::<T>(g.as_f64(), derivative, scale),
                "{name}'({}) on {machine}: {g}, not {derivative}",
                row.x,
            );
        }
    }
    for row in &rows {
        let g = A::derivative_of(T::of(row.x)).as_f64();
        assert!(close::<T>(g, row.derivative.unwrap(), 20.0), "{name}'({}) is {g}", row.x);
    }
}

/// Against central differences, and each machine's result against the others'.
fn check_differences<A: ElementwiseGradient>(scores: &[f64]) {
    let name = A::name().to_string();
    let kinks = [-3.0, 0.0, 3.0, 20.0];
    let upstream: Vec<f64> = (0..scores.len()).map(|i| 1.5 - i as f64).collect();
    for (machine, gradient) in on_every_machine(Backward::<A, f64>(scores, &upstream, PhantomData))
    {
        for ((&x, g), upstream) in scores.iter().zip(&gradient).zip(&upstream) {
            if kinks.iter().any(|kink| (x - kink).abs() < 2.0 * STEP) {
                continue;
            }
            let expected = upstream * slope(STEP, |by| A::of(x + by));
            assert!(
                (g - expected).abs() <= 1e-8 * (1.0 + upstream.abs()) * (1.0 + x.abs()),
                "{name}'({x}) * {upstream} on {machine}: {g}, not {expected}"
            );
        }
    }
}

macro_rules! tests {
    ($($test:ident: $activation:ty, $name:literal;)*) => {
        $(
            mod $test {
                use super::*;

                #[test]
                fn name() {
                    assert_eq!(<$activation>::name().to_string(), $name);
                }

                #[test]
                fn values() {
                    check_values::<$activation, f32>();
                    check_values::<$activation, f64>();
                }

                #[test]
                fn derivatives() {
                    check_derivatives::<$activation, f32>();
                    check_derivatives::<$activation, f64>();
                }

                proptest! {
                    #[test]
                    fn differences(scores in prop::collection::vec(-30.0..30.0_f64, 1..20)) {
                        check_differences::<$activation>(&scores);
                    }
                }
            }
        )*
    };
}

tests! {
    identity: Identity, "identity";
    sigmoid: Sigmoid, "sigmoid";
    tanh: Tanh, "tanh";
    relu: Relu, "relu";
    relu6: Relu6, "relu6";
    leaky_relu: LeakyRelu, "leaky_relu(0.01)";
    leaky_relu_flat: LeakyRelu<0, 1>, "leaky_relu(0.0)";
    leaky_relu_negative: LeakyRelu<-1, 2>, "leaky_relu(-0.5)";
    elu: Elu, "elu(1.0)";
    elu_quarter: Elu<1, 4>, "elu(0.25)";
    elu_flat: Elu<0, 1>, "elu(0.0)";
    elu_negative: Elu<-1, 2>, "elu(-0.5)";
    selu: Selu, "selu";
    gelu: Gelu, "gelu";
    silu: Silu, "silu";
    softplus: Softplus, "softplus";
    softsign: Softsign, "softsign";
    hard_sigmoid: HardSigmoid, "hard_sigmoid";
}

#[test]
fn step() {
    assert_eq!(Step::name().to_string(), "step");
    check_values::<Step, f32>();
    check_values::<Step, f64>();
}

#[test]
fn thresholds() {
    assert_eq!(<Sigmoid as Activation>::THRESHOLD, 0.5);
    assert_eq!(<HardSigmoid as Activation>::THRESHOLD, 0.5);
    assert_eq!(<Step as Activation>::THRESHOLD, 0.5);
    assert_eq!(<Softmax as Activation>::THRESHOLD, 0.5);
    assert_eq!(<Identity as Activation>::THRESHOLD, 0.0);
    assert_eq!(<Tanh as Activation>::THRESHOLD, 0.0);
}

/// Samples of `softmax.csv`: scores, gradient of the outputs, outputs, gradient of the scores.
fn softmax_fixture<T: Scalar>() -> Vec<[Vec<T>; 4]> {
    let rows: Vec<Vec<T>> = include_str!("../fixtures/softmax.csv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(',').map(|number| T::of(number.parse().unwrap())).collect())
        .collect();
    rows.chunks_exact(4).map(|rows| rows.to_vec().try_into().unwrap()).collect()
}

fn check_softmax<T: Scalar>() {
    for [scores, upstream, outputs, gradient] in softmax_fixture::<T>() {
        for (machine, result) in on_every_machine(Forward::<Softmax, T>(&scores, PhantomData)) {
            for (y, expected) in result.iter().zip(&outputs) {
                // The difference of two scores is rounded, and is as large as the logarithm of the result.
                let error = (y.as_f64() - expected.as_f64()).abs();
                let roundings = 8.0 - expected.as_f64().ln();
                let scale = expected.max(T::min_positive_value()).as_f64();
                assert!(
                    error <= roundings * T::epsilon().as_f64() * scale,
                    "{y} on {machine}, not {expected}"
                );
            }
        }
        let backward = Backward::<Softmax, T>(&scores, &upstream, PhantomData);
        for (machine, result) in on_every_machine(backward) {
            for (g, expected) in result.iter().zip(&gradient) {
                assert!(
                    close::<T>(g.as_f64(), expected.as_f64(), 1.0),
                    "{g} on {machine}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn softmax() {
    assert_eq!(Softmax::name().to_string(), "softmax");
    check_softmax::<f32>();
    check_softmax::<f64>();
}

#[derive(Clone)]
struct LogSumExp<'a, T>(&'a [T]);

impl<T: Scalar> WithSimd for LogSumExp<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        activations::log_sum_exp(simd, self.0)
    }
}

fn check_log_sum_exp<T: Scalar>() {
    for [scores, _, outputs, _] in softmax_fixture::<T>() {
        for (machine, result) in on_every_machine(LogSumExp(&scores)) {
            for (&score, y) in scores.iter().zip(&outputs) {
                // ln(y_i) = x_i - log_sum_exp(x)
                let expected = (score - result).exp();
                let scale = score.abs().max(T::one()).as_f64();
                assert!(
                    (expected - *y).abs().as_f64() <= 4.0 * scale * T::epsilon().as_f64(),
                    "{result} on {machine}"
                );
            }
        }
    }

    let (infinity, nan) = (T::infinity(), T::nan());
    let cases: [(Vec<T>, T); 6] = [
        (vec![], -infinity),
        (vec![-infinity; 9], -infinity),
        (vec![infinity, -infinity, T::one()], infinity),
        (vec![-infinity, T::one()], T::one()),
        (vec![T::one(), nan], nan),
        (vec![nan, infinity], nan),
    ];
    for (scores, expected) in cases {
        for (machine, result) in on_every_machine(LogSumExp(&scores)) {
            let same = result == expected || result.is_nan() && expected.is_nan();
            assert!(same, "log_sum_exp({scores:?}) on {machine}: {result}");
        }
    }
}

#[test]
fn log_sum_exp() {
    check_log_sum_exp::<f32>();
    check_log_sum_exp::<f64>();
}

#[test]
fn softmax_of_extremes() {
    let infinity = f32::INFINITY;
    let cases: [(&[f32], &[f32]); 6] = [
        (&[], &[]),
        (&[-7.0], &[1.0]),
        (&[1e38, 1e38, -1e38], &[0.5, 0.5, 0.0]),
        (&[-infinity, 3.0], &[0.0, 1.0]),
        (&[f32::NAN, 1.0], &[f32::NAN; 2]),
        (&[-infinity, -infinity], &[f32::NAN; 2]),
    ];
    for (scores, expected) in cases {
        for (machine, result) in on_every_machine(Forward::<Softmax, f32>(scores, PhantomData)) {
            let same = result.iter().zip(expected).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
            assert!(same, "softmax({scores:?}) on {machine}: {result:?}");
        }
    }
}

/// A user's own activation that needs the whole sample: it implements `Activation` itself.
struct Center;

impl Activation for Center {
    fn name() -> impl std::fmt::Display {
        "center"
    }

    fn sample<T: Scalar, S: Simd>(_: S, sample: &mut [T]) {
        let mean = sample.iter().copied().sum::<T>() / T::of(sample.len() as f64);
        for x in sample {
            *x -= mean;
        }
    }
}

#[test]
fn own_activation_of_whole_samples() {
    let mut sample = [1.0, 2.0, 6.0];
    activations::apply::<Center>(&mut sample);
    assert_eq!(sample, [-2.0, -1.0, 3.0]);
}

#[test]
fn apply_dispatches() {
    let mut sample: Vec<f32> = (0..21_i8).map(|i| f32::from(i) - 10.0).collect();
    activations::apply::<Relu>(&mut sample);
    assert!(sample.iter().enumerate().all(|(i, &y)| y == (i as f32 - 10.0).max(0.0)));
}
