//! Loops that do the same to each number of a slice.

use pulp::Simd;

use crate::kernels::epilogue::Epilogue;
use crate::simd::{Element, Vector};

/// `values[i] = f(values[i])`, for the elementwise part of an activation f.
///
/// `f` is a type, since a closure or function would not be compiled for the instruction set of the pass.
#[inline(always)]
pub(crate) fn activate<E: Epilogue<T>, T: Element, S: Simd>(simd: S, values: &mut [T]) {
    if E::IDENTITY {
        return;
    }
    let lanes = Vector::<T, S>::LANES;
    let whole = values.len() - values.len() % lanes;
    let (vectors, rest) = values.split_at_mut(whole);
    if whole > 0 {
        // The next vector is loaded before this one is stored. Otherwise a compiler may see that some lanes are stored as they were,
        // and store the others alone: a masked store, which takes 12 cycles on some machines.
        let mut next = Vector::load(simd, vectors);
        for at in (lanes..whole).step_by(lanes) {
            let vector = next;
            // SAFETY: `whole` is a multiple of `lanes`, so a vector at `at` and the one before it are inside of `vectors`.
            unsafe {
                let place = vectors.as_mut_ptr().add(at);
                next = Vector::load_ptr(simd, place);
                E::element(vector).store_ptr(place.sub(lanes));
            }
        }
        E::element(next).store(&mut vectors[whole - lanes..]);
    }
    if !rest.is_empty() {
        E::element(Vector::load_partial(simd, rest)).store_partial(rest);
    }
}

/// `sums[i] += values[i]`, in the vectors of the pass that this is inlined into: the compiler's are as fast as ones by hand, and faster at the end
/// of a slice.
#[inline(always)]
pub(crate) fn add<T: Element>(sums: &mut [T], values: &[T]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += *value;
    }
}

/// `y = scale (x - mean) + shift`
#[inline(always)]
pub(crate) fn normalize<T: Element>(x: &[T], y: &mut [T], mean: T, scale: T, shift: T) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = (*x - mean) * scale + shift;
    }
}
