//! The elementary functions: their largest errors in units in the last place, and their special values, on every instruction
//! set that the machine has.

use axonal::Scalar;
use axonal::simd::Vector;
use pulp::{Simd, WithSimd};

use crate::common::on_every_machine;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Exp,
    ExpM1,
    Ln,
    Ln1p,
    Tanh,
    Sigmoid,
    Erf,
}

use Function::{Erf, Exp, ExpM1, Ln, Ln1p, Sigmoid, Tanh};

const ALL: [Function; 7] = [Exp, ExpM1, Ln, Ln1p, Tanh, Sigmoid, Erf];

impl Function {
    fn named(name: &str) -> Self {
        match name {
            "exp" => Exp,
            "exp_m1" => ExpM1,
            "ln" => Ln,
            "ln_1p" => Ln1p,
            "tanh" => Tanh,
            "sigmoid" => Sigmoid,
            "erf" => Erf,
            _ => panic!("no function {name}"),
        }
    }

    /// The largest errors that the documentation states: of f32, of f64.
    fn largest_error(self) -> (f64, f64) {
        match self {
            Exp => (1.1, 1.1),
            ExpM1 => (1.7, 2.3),
            Ln => (0.9, 0.9),
            Ln1p => (0.9, 0.9),
            Tanh => (2.5, 2.7),
            Sigmoid => (2.5, 2.5),
            Erf => (1.3, 1.4),
        }
    }

    #[inline(always)]
    fn apply<T: Scalar, S: Simd>(self, x: Vector<T, S>) -> Vector<T, S> {
        match self {
            Exp => x.exp(),
            ExpM1 => x.exp_m1(),
            Ln => x.ln(),
            Ln1p => x.ln_1p(),
            Tanh => x.tanh(),
            Sigmoid => x.sigmoid(),
            Erf => x.erf(),
        }
    }

    fn reference(self, x: f64) -> f64 {
        match self {
            Exp => x.exp(),
            ExpM1 => x.exp_m1(),
            Ln => x.ln(),
            Ln1p => x.ln_1p(),
            Tanh => x.tanh(),
            Sigmoid if x < 0.0 => x.exp() / (1.0 + x.exp()),
            Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Erf => libm::erf(x),
        }
    }
}

#[derive(Clone)]
struct Apply<'a, T>(Function, &'a [T]);

impl<T: Scalar> WithSimd for Apply<'_, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<T> {
        let Self(function, input) = self;
        let lanes = Vector::<T, S>::LANES;
        let mut output = vec![T::zero(); input.len()];
        for (x, y) in input.chunks(lanes).zip(output.chunks_mut(lanes)) {
            function.apply(Vector::load_partial(simd, x)).store_partial(y);
        }
        output
    }
}

/// The unit in the last place of an `f32`.
fn ulp_f32(value: f32) -> f64 {
    let magnitude = value.abs().min(f32::MAX);
    if magnitude == f32::MAX {
        return f64::from(magnitude) - f64::from(magnitude.next_down());
    }
    f64::from(magnitude.next_up()) - f64::from(magnitude)
}

/// The error in units in the last place; infinite where one is NaN, or infinite, and the other is not, or a sign is wrong.
fn error_f32(result: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    if exact.is_nan() {
        return if result.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if result.is_sign_negative() != exact.is_sign_negative() {
        return f64::INFINITY;
    }
    if result == nearest && nearest.is_infinite() {
        return 0.0;
    }
    if result.is_infinite() || nearest.is_infinite() {
        // Beside the threshold, either is near enough.
        let beyond = 2.0 * f64::from(f32::MAX) - f64::from(f32::MAX.next_down());
        let result = if result.is_infinite() { beyond } else { f64::from(result) };
        return (result - exact).abs() / ulp_f32(f32::MAX);
    }
    (f64::from(result) - exact).abs() / ulp_f32(nearest)
}

fn check_f32(function: Function, inputs: &[f32]) -> f64 {
    let mut worst = 0.0_f64;
    for (machine, outputs) in on_every_machine(Apply(function, inputs)) {
        for (&x, &y) in inputs.iter().zip(&outputs) {
            let exact = function.reference(f64::from(x));
            let error = error_f32(y, exact);
            assert!(
                error <= function.largest_error().0,
                "{function:?}({x:e}) on {machine}: {y:e}, not {exact:e}: {error} ulp"
            );
            worst = worst.max(error);
        }
    }
    worst
}

fn special_f32() -> Vec<f32> {
    let mut values = vec![0.0, 1e-45, 1e-40, f32::MIN_POSITIVE, 1e-20, 1e-8, 0.5, 0.9, 1.0, 2.0];
    // Around the ends of the ranges.
    for center in [0.9, 3.95, 9.1, 17.0, 70.0, 87.4, 88.722_84, 103.97, 104.5, 1e30_f32] {
        let (mut below, mut above) = (center, center);
        for _ in 0..20 {
            values.extend([below, above]);
            below = below.next_down();
            above = above.next_up();
        }
    }
    values.extend([f32::EPSILON, f32::EPSILON / 2.0, f32::EPSILON / 4.0, f32::MAX, f32::INFINITY]);
    let negative: Vec<f32> = values.iter().map(|x| -x).collect();
    values.extend(negative);
    values.push(f32::NAN);
    values
}

#[test]
fn f32_special_values() {
    for function in ALL {
        check_f32(function, &special_f32());
    }
}

#[test]
fn f32_sample() {
    let inputs: Vec<f32> = (0..u32::MAX).step_by(40_009).map(f32::from_bits).collect();
    for function in ALL {
        check_f32(function, &inputs);
    }
}

#[test]
fn f64_sample() {
    let fixture =
        std::env::var("ELEMENTARY_CSV").unwrap_or("tests/fixtures/elementary.csv".to_owned());
    let fixture = std::fs::read_to_string(fixture).unwrap();
    let rows: Vec<(Function, [f64; 3])> = fixture
        .lines()
        .skip(1)
        .map(|line| {
            let (name, numbers) = line.split_once(',').unwrap();
            let numbers: Vec<f64> = numbers.split(',').map(|n| n.parse().unwrap()).collect();
            (Function::named(name), numbers.try_into().unwrap())
        })
        .collect();

    for function in ALL {
        let rows: Vec<[f64; 3]> =
            rows.iter().filter(|(of, _)| *of == function).map(|(_, row)| *row).collect();
        assert!(rows.len() > 200);
        let inputs: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        for (machine, outputs) in on_every_machine(Apply(function, &inputs)) {
            let mut worst = (0.0_f64, 0.0);
            for (&[x, nearest, rest], &y) in rows.iter().zip(&outputs) {
                assert_eq!(y.is_sign_negative(), nearest.is_sign_negative(), "{function:?}({x:e})");
                let error = if y == nearest {
                    rest.abs()
                } else {
                    let magnitude = nearest.abs();
                    ((y - nearest) / (magnitude.next_up() - magnitude) - rest).abs()
                };
                assert!(
                    error <= function.largest_error().1,
                    "{function:?}({x:e}) on {machine}: {y:e}, not {nearest:e}: {error} ulp"
                );
                if error > worst.0 {
                    worst = (error, x);
                }
            }
            println!("{function:?} on {machine}: {:.3} ulp at {:e}", worst.0, worst.1);
        }
    }
}

#[test]
fn f64_special_values() {
    let inf = f64::INFINITY;
    let nan = f64::NAN;
    let cases = [
        (Exp, -inf, 0.0),
        (Exp, inf, inf),
        (ExpM1, -inf, -1.0),
        (ExpM1, inf, inf),
        (ExpM1, -0.0, -0.0),
        (Ln, 0.0, -inf),
        (Ln, -0.0, -inf),
        (Ln, inf, inf),
        (Ln, -1.0, nan),
        (Ln, -inf, nan),
        (Ln1p, -1.0, -inf),
        (Ln1p, -1.5, nan),
        (Ln1p, -inf, nan),
        (Ln1p, inf, inf),
        (Ln1p, -0.0, -0.0),
        (Tanh, -inf, -1.0),
        (Tanh, inf, 1.0),
        (Sigmoid, -inf, 0.0),
        (Sigmoid, inf, 1.0),
        (Erf, -inf, -1.0),
        (Erf, inf, 1.0),
    ];
    for (function, x, y) in cases {
        for (machine, result) in on_every_machine(Apply(function, &[x])) {
            let same = result[0].to_bits() == y.to_bits() || result[0].is_nan() && y.is_nan();
            assert!(same, "{function:?}({x}) on {machine}: {}, not {y}", result[0]);
        }
    }
    for function in ALL {
        for (machine, result) in on_every_machine(Apply(function, &[nan; 9])) {
            assert!(result.iter().all(|y| y.is_nan()), "{function:?}(NaN) on {machine}");
        }
    }
}

#[test]
fn copysign_and_clamp() {
    #[derive(Clone)]
    struct Both;

    impl WithSimd for Both {
        type Output = [f32; 5];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [f32; 5] {
            let v = |x: f32| Vector::splat(simd, x);
            [
                v(3.0).copysign(v(-0.0)),
                v(-3.0).copysign(v(2.0)),
                v(-3.0).clamp(-1.0, 1.0),
                v(3.0).clamp(-1.0, 1.0),
                v(f32::NAN).clamp(-1.0, 1.0),
            ]
            .map(|v| v.as_slice()[0])
        }
    }

    for (machine, [a, b, c, d, e]) in on_every_machine(Both) {
        assert_eq!([a, b, c, d], [-3.0, 3.0, -1.0, 1.0], "{machine}");
        assert!(e.is_nan(), "{machine}");
    }
}
