//! The Jacobian of a network's outputs with respect to its inputs, at a point: J = ∂**y** / ∂**x**.

use num_traits::{One, Zero};

use super::batch::{Room, of_batch};
use super::pass::OutputGradient;
use crate::core::{Sample, flat_mut, split_samples};
use crate::layers::{Context, Differentiable, End};

/// How many columns or rows are computed at a time: what is kept of them stays in the cache.
const BLOCK: usize = 64;

/// J into `jacobian`, a matrix of `OUTPUT` x `INPUT` in columns, in the mode that takes fewer passes.
pub(super) fn jacobian<N: Differentiable>(net: &N, input: &N::Input, jacobian: &mut [N::Scalar]) {
    let [inputs, outputs] = [<N::Input as Sample>::LEN, <N::Output as Sample>::LEN];
    assert_eq!(jacobian.len(), inputs * outputs, "a Jacobian of other sizes");
    // Forward takes a pass for each input and one for the point; backward, two for each output.
    if N::TANGENTS && inputs < 2 * outputs {
        forward_mode(net, input, jacobian);
    } else {
        reverse_mode(net, input, jacobian);
    }
}

/// Column after column: J times the unit vectors of the inputs, as tangents at the point.
fn forward_mode<N: Differentiable>(net: &N, input: &N::Input, jacobian: &mut [N::Scalar]) {
    let [inputs, outputs] = [<N::Input as Sample>::LEN, <N::Output as Sample>::LEN];
    let most = inputs.min(BLOCK) + 1;
    let mut room = Room::default();
    let (points, rest) =
        split_samples::<N::Input>(room.take(most * (inputs + outputs) + N::trace_len(most)), most);
    let (images, trace) = split_samples::<N::Output>(rest, most);
    copy(input, &mut points[..1]);
    for (index, columns) in jacobian.chunks_mut(BLOCK * outputs).enumerate() {
        let count = columns.len() / outputs;
        unit_vectors(&mut points[1..=count], index * BLOCK);
        let (points, images) = (&points[..=count], &mut images[..=count]);
        let trace = &mut trace[..N::trace_len(count + 1)];
        net.forward_pass(Context::TANGENTS, points, images, trace, End::Outputs);
        for (column, image) in columns.chunks_exact_mut(outputs).zip(&images[1..]) {
            column.copy_from_slice(image.as_slice());
        }
    }
}

/// Row after row: the gradient of each output, in a batch of the same input.
fn reverse_mode<N: Differentiable>(net: &N, input: &N::Input, jacobian: &mut [N::Scalar]) {
    let [inputs, outputs] = [<N::Input as Sample>::LEN, <N::Output as Sample>::LEN];
    let most = outputs.min(BLOCK);
    let mut room = Room::default();
    let (points, rest) = split_samples::<N::Input>(room.take(most * (2 * inputs + outputs)), most);
    let (rows, rest) = split_samples::<N::Input>(rest, most);
    let (units, _) = split_samples::<N::Output>(rest, most);
    copy(input, points);
    for first in (0..outputs).step_by(BLOCK) {
        let count = BLOCK.min(outputs - first);
        unit_vectors(&mut units[..count], first);
        let batch = (&points[..count], &units[..count]);
        of_batch(net, batch, &OutputGradient, Context::INFERENCE, None, Some(&mut rows[..count]));
        for (row, of_output) in rows[..count].iter().enumerate() {
            for (column, number) in of_output.as_slice().iter().enumerate() {
                jacobian[column * outputs + first + row] = *number;
            }
        }
    }
}

/// Copies of the input, which may be too large to be passed by value.
fn copy<X: Sample>(input: &X, points: &mut [X]) {
    for point in points {
        point.as_mut_slice().copy_from_slice(input.as_slice());
    }
}

/// The unit vectors from the one of number `first` on.
fn unit_vectors<X: Sample>(vectors: &mut [X], first: usize) {
    flat_mut(vectors).fill(X::Scalar::zero());
    for (index, vector) in vectors.iter_mut().enumerate() {
        vector.as_mut_slice()[first + index] = X::Scalar::one();
    }
}
