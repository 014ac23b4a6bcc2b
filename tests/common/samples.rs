//! Random samples and targets.

use axonal::prelude::*;
use axonal::{Sample, Scalar};
use rand::RngExt;

/// Numbers from -1 to 1.
pub(crate) fn numbers<T: Scalar, const N: usize>(
    count: usize,
    rng: &mut StdRng,
) -> Vec<SVector<T, N>> {
    from(count, || T::of(rng.random_range(-1.0..1.0)))
}

/// Numbers from -1 to 1, in samples of any shape.
pub(crate) fn random<X: Sample>(count: usize, rng: &mut StdRng) -> Vec<X> {
    let mut samples = vec![X::zeroed(); count];
    for number in samples.iter_mut().flat_map(|sample| sample.as_mut_slice()) {
        *number = X::Scalar::of(rng.random_range(-1.0..1.0));
    }
    samples
}

/// Numbers from 0 to 1.
pub(crate) fn probabilities<T: Scalar, const N: usize>(
    count: usize,
    rng: &mut StdRng,
) -> Vec<SVector<T, N>> {
    from(count, || T::of(rng.random_range(0.0..1.0)))
}

/// Numbers from 0 to 1 whose sum is 1.
pub(crate) fn distributions<T: Scalar, const N: usize>(
    count: usize,
    rng: &mut StdRng,
) -> Vec<SVector<T, N>> {
    let mut samples = probabilities::<T, N>(count, rng);
    for sample in &mut samples {
        *sample /= sample.iter().copied().sum::<T>();
    }
    samples
}

/// -1 or 1.
pub(crate) fn signs<T: Scalar, const N: usize>(
    count: usize,
    rng: &mut StdRng,
) -> Vec<SVector<T, N>> {
    from(count, || T::of(if rng.random() { 1.0 } else { -1.0 }))
}

/// Classes of as many as there are outputs.
pub(crate) fn classes<const N: usize>(count: usize, rng: &mut StdRng) -> Vec<Class<N>> {
    (0..count).map(|_| Class::new(rng.random_range(0..N)).unwrap()).collect()
}

/// One of two classes, for a single output.
pub(crate) fn halves(count: usize, rng: &mut StdRng) -> Vec<Class<2>> {
    classes(count, rng)
}

/// Yes or no, for a single output.
pub(crate) fn answers(count: usize, rng: &mut StdRng) -> Vec<bool> {
    (0..count).map(|_| rng.random()).collect()
}

fn from<T: Scalar, const N: usize>(
    count: usize,
    mut number: impl FnMut() -> T,
) -> Vec<SVector<T, N>> {
    (0..count).map(|_| SVector::from_fn(|_, _| number())).collect()
}
