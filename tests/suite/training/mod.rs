//! Training steps, the training loop, the perceptron rule.
#![cfg(feature = "std")]

mod arguments;
mod divergence;
mod learning;
mod metrics;
mod one_number;
mod own_loop;
mod panics;
mod perceptron;
mod settings;
mod spoiled;
mod steps;
mod trainer;
mod whole_batch;

use axonal::prelude::*;

network! {
    pub(crate) struct Xor<input 2 => dense 2 tanh => dense 1 sigmoid>;
    pub(crate) struct Line<input 2 => dense 4 tanh => dense 1>;
}

/// The four inputs of a gate.
fn corners<T: axonal::Scalar>() -> Vec<SVector<T, 2>> {
    let corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    corners.map(|corner| SVector::from(corner.map(T::of))).to_vec()
}

/// Samples of a smooth function, in a fixed order.
fn curve(samples: usize) -> Dataset<SVector<f32, 2>, SVector<f32, 1>> {
    (0..samples)
        .map(|index| {
            let (x, y) = ((index as f32 * 0.7).sin(), (index as f32 * 1.3).cos());
            (SVector::from([x, y]), SVector::from([x * y]))
        })
        .collect()
}
