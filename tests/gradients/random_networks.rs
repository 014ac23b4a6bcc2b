//! Random networks: widths from 1 to 70, up to four layers, every batch size that a kernel treats in its own way.

use axonal::Trainable;
use axonal::prelude::*;

use crate::architectures::{self, for_each_architecture};
use crate::common::differences::check;
use crate::common::samples::{
    answers, classes, distributions, halves, numbers, probabilities, signs,
};

const BATCHES: [usize; 4] = [1, 2, 7, 33];

/// A network with weights and biases that are not zero.
fn random<N: Network>(rng: &mut StdRng) -> Box<N> {
    let mut net = N::random(rng);
    for value in net.as_mut_slice() {
        *value += axonal::Scalar::of(0.1 * numbers::<f64, 1>(1, rng)[0][0]);
    }
    net
}

/// The gradient in f32 against the one in f64, for the same weights and samples: f32 has other vectors, so other remainders.
fn compare<N, M, Y: Sync, Z: Sync, L>(
    single: &N,
    double: &mut M,
    (inputs, targets): (&[N::Input], &[Y]),
    (double_inputs, double_targets): (&[M::Input], &[Z]),
    loss: &L,
) where
    N: Trainable<L, Y> + Parameters<Scalar = f32>,
    M: Trainable<L, Z> + Parameters<Scalar = f64>,
{
    for (double, single) in double.as_mut_slice().iter_mut().zip(single.as_slice()) {
        *double = f64::from(*single);
    }
    let (value, gradient) = single.gradient(inputs, targets, loss);
    let (exact_value, exact) = double.gradient(double_inputs, double_targets, loss);
    let largest = exact.as_slice().iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    assert!((f64::from(value) - exact_value).abs() <= 1e-5 * (1.0 + exact_value.abs()));
    for (index, (value, exact)) in gradient.as_slice().iter().zip(exact.as_slice()).enumerate() {
        let off = (f64::from(*value) - exact).abs();
        assert!(off <= 1e-5 * (largest + 0.1), "parameter {index}: {value} in f32, {exact} in f64");
    }
}

/// A sample in the other precision; classes and answers have none.
trait Widen {
    type Wide;
    fn widen(&self) -> Self::Wide;
}

impl<const N: usize> Widen for SVector<f32, N> {
    type Wide = SVector<f64, N>;
    fn widen(&self) -> Self::Wide {
        self.cast()
    }
}

impl<const N: usize> Widen for Class<N> {
    type Wide = Self;
    fn widen(&self) -> Self {
        *self
    }
}

impl Widen for bool {
    type Wide = Self;
    fn widen(&self) -> Self {
        *self
    }
}

macro_rules! run {
    ($($name:ident $net:ident $loss:ident $targets:ident;)+) => {$(
        #[test]
        fn $name() {
            type Net<T> = architectures::$net<T>;
            let mut rng = StdRng::seed_from_u64(5);
            let (mut kinks, mut checks) = (0, 0);
            for samples in BATCHES {
                let mut net = random::<Net<f64>>(&mut rng);
                let (inputs, targets) = (numbers(samples, &mut rng), $targets(samples, &mut rng));
                let met = check(&mut *net, &inputs, &targets, &$loss, &mut rng);
                kinks += met.0;
                checks += met.1;

                let single = random::<Net<f32>>(&mut rng);
                let (inputs, targets) = (numbers(samples, &mut rng), $targets(samples, &mut rng));
                let wide_inputs: Vec<_> = inputs.iter().map(Widen::widen).collect();
                let wide_targets: Vec<_> = targets.iter().map(Widen::widen).collect();
                compare(
                    &*single,
                    &mut *net,
                    (&inputs, &targets),
                    (&wide_inputs, &wide_targets),
                    &$loss,
                );
            }
            assert!(10 * kinks <= checks, "{kinks} kinks in {checks} parameters");
        }
    )+};
}

for_each_architecture!(run);
