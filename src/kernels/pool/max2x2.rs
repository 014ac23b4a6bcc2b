//! Max-pool 2x2 with stride 2, the usual one: two vectors of a row are deinterleaved into even and odd columns, so that a lane has a window.
//!
//! Sizes are not constants here, so that all layers share the code.

use pulp::{Simd, WithSimd};

use crate::simd::{Element, Vector};
use crate::simd::{MOST_LANES, lanes_between};
use crate::simd::{deinterleave, interleave};

/// The most lanes that two vectors have.
const PAIR: usize = 2 * MOST_LANES;

/// Planes of rows x columns; an odd last row or column is in no window.
#[derive(Clone, Copy)]
pub(crate) struct Planes {
    pub(crate) count: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// The largest number of each window.
pub(crate) struct MaxPool2x2<'a, T> {
    pub(crate) planes: Planes,
    pub(crate) inputs: &'a [T],
    pub(crate) outputs: &'a mut [T],
}

/// The gradient of [`MaxPool2x2`]. Numbers in no window are left as they are, or set to zero.
pub(crate) struct MaxPool2x2Gradient<'a, T> {
    pub(crate) planes: Planes,
    pub(crate) inputs: &'a [T],
    pub(crate) output_gradient: &'a [T],
    pub(crate) input_gradient: &'a mut [T],
}

/// The kernel of both.
pub(crate) struct Windows2x2<W>(pub(crate) W);

impl Planes {
    fn inputs(self) -> usize {
        self.count * self.rows * self.columns
    }

    fn outputs(self) -> usize {
        self.count * (self.rows / 2) * (self.columns / 2)
    }

    /// Whether two vectors of the row from `at` on, and of the one after it, are inside.
    #[inline(always)]
    fn have_vectors<T: Element, S: Simd>(self, at: usize) -> bool {
        at + self.columns + 2 * Vector::<T, S>::LANES <= self.inputs()
    }
}

/// The four taps of a vector of windows, the first of them at `inputs[at]`; beyond the end, they are zero.
#[inline(always)]
fn load<T: Element, S: Simd>(
    simd: S,
    planes: Planes,
    inputs: &[T],
    at: usize,
) -> [Vector<T, S>; 4] {
    let inputs = &inputs[at..];
    let (top, bottom);
    if !planes.have_vectors::<T, S>(at) {
        let mut rows = [[T::zero(); PAIR]; 2];
        for (row, inputs) in rows.iter_mut().zip([inputs, &inputs[planes.columns..]]) {
            let count = inputs.len().min(PAIR);
            row[..count].copy_from_slice(&inputs[..count]);
        }
        // SAFETY: two vectors are not longer than the buffers.
        (top, bottom) = unsafe { (pair(simd, rows[0].as_ptr()), pair(simd, rows[1].as_ptr())) };
    } else {
        let row = inputs.as_ptr();
        // SAFETY: there are enough numbers for two vectors at the beginning of both rows.
        (top, bottom) = unsafe { (pair(simd, row), pair(simd, row.add(planes.columns))) };
    }
    let ([a, b], [c, d]) = (top, bottom);
    [a, b, c, d]
}

/// The even and the odd columns of two vectors.
///
/// # Safety
///
/// The vectors must be readable at `row`.
#[inline(always)]
unsafe fn pair<T: Element, S: Simd>(simd: S, row: *const T) -> [Vector<T, S>; 2] {
    // SAFETY: the caller's promise.
    let vectors = unsafe {
        [Vector::load_ptr(simd, row), Vector::load_ptr(simd, row.add(Vector::<T, S>::LANES))]
    };
    deinterleave(simd, vectors)
}

/// The largest of the numbers, or NaN if one is.
#[inline(always)]
fn largest<T: Element, S: Simd>(numbers: [Vector<T, S>; 4]) -> Vector<T, S> {
    let mut largest = numbers[0];
    for number in &numbers[1..] {
        let larger = largest.less_than(*number).select(*number, largest);
        largest = number.equal(*number).select(larger, *number);
    }
    largest
}

/// The first column after a vector; the last vector overlaps the one before it.
#[inline(always)]
fn next(x: usize, columns: usize, lanes: usize) -> usize {
    if x + lanes < columns { (x + lanes).min(columns - lanes) } else { columns }
}

impl<T: Element> WithSimd for Windows2x2<MaxPool2x2<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MaxPool2x2 { planes, inputs, outputs } = self.0;
        assert!(
            inputs.len() == planes.inputs() && outputs.len() == planes.outputs(),
            "planes of other sizes"
        );
        let (lanes, columns) = (Vector::<T, S>::LANES, planes.columns / 2);
        let mut to = outputs;
        for plane in 0..planes.count {
            for row in 0..planes.rows / 2 {
                let from = (plane * planes.rows + 2 * row) * planes.columns;
                let mut x = 0;
                while x < columns {
                    let largest = largest(load(simd, planes, inputs, from + 2 * x));
                    // Beyond this row, they are overwritten by the next one.
                    let to = &mut to[x..];
                    if to.len() >= lanes {
                        largest.store(to);
                    } else {
                        largest.store_partial(to);
                    }
                    x = next(x, columns, lanes);
                }
                to = &mut to[columns..];
            }
        }
    }
}

impl<T: Element> WithSimd for Windows2x2<MaxPool2x2Gradient<'_, T>> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MaxPool2x2Gradient { planes, inputs, output_gradient, input_gradient } = self.0;
        assert!(
            inputs.len() == planes.inputs()
                && input_gradient.len() == inputs.len()
                && output_gradient.len() == planes.outputs(),
            "planes of other sizes"
        );
        let (lanes, columns) = (Vector::<T, S>::LANES, planes.columns / 2);
        let zero = Vector::splat(simd, T::zero());
        let inside = lanes_between(simd, 0, columns);
        let mut gradient = output_gradient;
        for plane in 0..planes.count {
            for row in 0..planes.rows / 2 {
                let from = (plane * planes.rows + 2 * row) * planes.columns;
                let mut x = 0;
                while x < columns {
                    let at = from + 2 * x;
                    let numbers = load(simd, planes, inputs, at);
                    let largest = largest(numbers);
                    // What is left of the gradient: nothing after the first number that is the largest, and nothing beyond the row.
                    let gradient = &gradient[x..];
                    let mut rest = if gradient.len() >= lanes {
                        Vector::load(simd, gradient)
                    } else {
                        Vector::load_partial(simd, gradient)
                    };
                    rest = inside.select(rest, zero);
                    let mut gradients = [zero; 4];
                    for (number, gradient) in numbers[..3].iter().zip(&mut gradients) {
                        let (hit, nan) = (number.equal(largest), number.equal(*number));
                        *gradient = nan.select(hit.select(rest, zero), rest);
                        rest = nan.select(hit.select(zero, rest), zero);
                    }
                    // The largest is one of the four: what is left belongs to the last.
                    gradients[3] = rest;
                    store(simd, planes, gradients, input_gradient, at);
                    x = next(x, columns, lanes);
                }
                gradient = &gradient[columns..];
            }
        }
    }
}

/// Writes the four taps of a vector of windows. Those beyond a row are zero, and overwritten by those of the next.
#[inline(always)]
fn store<T: Element, S: Simd>(
    simd: S,
    planes: Planes,
    [a, b, c, d]: [Vector<T, S>; 4],
    to: &mut [T],
    at: usize,
) {
    let lanes = Vector::<T, S>::LANES;
    let (top, bottom) = (interleave(simd, [a, b]), interleave(simd, [c, d]));
    let to = &mut to[at..];
    if !planes.have_vectors::<T, S>(at) {
        for (at, [first, second]) in [(0, top), (planes.columns, bottom)] {
            let to = &mut to[at..];
            let (left, right) = to.split_at_mut(lanes.min(to.len()));
            first.store_partial(left);
            second.store_partial(right);
        }
        return;
    }
    for (at, vectors) in [(0, top), (planes.columns, bottom)] {
        for (index, vector) in vectors.into_iter().enumerate() {
            // SAFETY: there are enough numbers for two vectors at the beginning of both rows.
            unsafe { vector.store_ptr(to.as_mut_ptr().add(at + index * lanes)) };
        }
    }
}
