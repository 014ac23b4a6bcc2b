//! An update rule, and the loop that runs it over the parameters of a tensor.

use core::slice::ChunksExactMut;

use pulp::Simd;

use crate::simd::{Element, Vector};

/// What an optimizer does to each parameter, in vectors: from a parameter w, its gradient g and its `M` moments to the new parameter and moments.
///
/// [`Update::apply`](crate::optimizers::Update::apply) runs it over a tensor; the page [optimizers](crate::guide::optimizers) has whole optimizers.
///
/// ```
/// use axonal::optimizers::Rule;
/// use axonal::simd::Vector;
/// use axonal::{Scalar, Simd};
///
/// /// v ← μ v + g, w ← w − γ v
/// struct Momentum {
///     rate: f64,
///     momentum: f64,
/// }
///
/// impl<T: Scalar> Rule<T, 1> for Momentum {
///     #[inline(always)]
///     fn apply<S: Simd>(
///         &self,
///         w: Vector<T, S>,
///         g: Vector<T, S>,
///         [v]: [Vector<T, S>; 1],
///     ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
///         let v = w.constant(self.momentum).mul_add(v, g);
///         (w.constant(-self.rate).mul_add(v, w), [v])
///     }
/// }
/// ```
// A trait, not a closure: a closure would not be compiled for the instruction set of the pass.
pub trait Rule<T: Element, const M: usize> {
    /// The new parameters and moments. With `#[inline(always)]` it is compiled for the instruction set of the pass.
    fn apply<S: Simd>(
        &self,
        parameter: Vector<T, S>,
        gradient: Vector<T, S>,
        moments: [Vector<T, S>; M],
    ) -> (Vector<T, S>, [Vector<T, S>; M]);
}

/// Runs a rule over some parameters.
#[inline(always)]
pub(crate) fn for_each<T: Element, S: Simd, const M: usize>(
    simd: S,
    parameters: &mut [T],
    gradient: &[T],
    factors: &[T],
    moments: [&mut [T]; M],
    rule: &impl Rule<T, M>,
) {
    let lanes = Vector::<T, S>::LANES;
    let length = gradient.len();
    let total = parameters.len();
    assert_eq!(total, length * factors.len(), "a gradient of another length than the parameters");
    for moment in &moments {
        assert_eq!(moment.len(), total, "the slices of one tensor have different lengths");
    }
    if factors.len() > 1 && length == 8 * lanes {
        return columns::<T, S, M, 8>(simd, parameters, gradient, factors, moments, rule);
    }
    if factors.len() > 1 && length == 4 * lanes {
        return columns::<T, S, M, 4>(simd, parameters, gradient, factors, moments, rule);
    }
    let bytes = lanes * size_of::<T>();
    let before = (bytes - parameters.as_ptr().addr() % bytes) % bytes / size_of::<T>();
    let mut numbers = Numbers { simd, parameters, moments };
    let Some((last, others)) = factors.split_last() else { return };
    if before == 0 || others.is_empty() || length == 0 || !length.is_multiple_of(lanes) {
        for (index, factor) in factors.iter().enumerate() {
            let factor = Vector::splat(simd, *factor);
            numbers.apply(index * length, gradient, factor, rule);
        }
        return;
    }
    // A store that crosses a cache line costs two: vectors begin at multiples of their size in memory, and one of them lies in two columns.
    let (head, tail) = gradient.split_at(before);
    let (tail, end) = tail.split_at(length - lanes);
    let mut joint = Vector::splat(simd, T::zero());
    let mut is_first = joint;
    for (lane, value) in end.iter().chain(head).enumerate() {
        joint.as_mut_slice()[lane] = *value;
        is_first.as_mut_slice()[lane] = if lane < end.len() { T::one() } else { T::zero() };
    }
    let is_first = is_first.equal(Vector::splat(simd, T::one()));
    let mut factor = Vector::splat(simd, factors[0]);
    numbers.apply(0, head, factor, rule);
    let mut start = before;
    for next in &factors[1..] {
        numbers.apply(start, tail, factor, rule);
        let next = Vector::splat(simd, *next);
        numbers.apply_vector(start + tail.len(), joint * is_first.select(factor, next), rule);
        factor = next;
        start += length;
    }
    numbers.apply(start, tail, Vector::splat(simd, *last), rule);
    numbers.apply(start + tail.len(), end, Vector::splat(simd, *last), rule);
}

/// Along an outer product of `R` vectors and the factors. The vectors stay in registers, and nothing is computed for a column but its numbers: twice as fast
/// as loops of so few vectors, which begin and end for each column.
#[inline(always)]
fn columns<T: Element, S: Simd, const M: usize, const R: usize>(
    simd: S,
    parameters: &mut [T],
    gradient: &[T],
    factors: &[T],
    moments: [&mut [T]; M],
    rule: &impl Rule<T, M>,
) {
    let lanes = Vector::<T, S>::LANES;
    let mut vectors = [Vector::splat(simd, T::zero()); R];
    for (vector, values) in vectors.iter_mut().zip(gradient.chunks_exact(lanes)) {
        *vector = Vector::load(simd, values);
    }
    let mut moments = moments.map(|moment| moment.chunks_exact_mut(R * lanes));
    for (parameters, factor) in parameters.chunks_exact_mut(R * lanes).zip(factors) {
        let factor = Vector::splat(simd, *factor);
        let mut moments = moments.each_mut().map(|columns| columns.next().unwrap_or_default());
        for r in 0..R {
            let range = r * lanes..(r + 1) * lanes;
            let moments = moments.each_mut().map(|moment| &mut moment[range.clone()]);
            move_vector(simd, &mut parameters[range], moments, vectors[r] * factor, rule);
        }
    }
}

/// What a rule changes.
struct Numbers<'a, T, S, const M: usize> {
    simd: S,
    parameters: &'a mut [T],
    moments: [&'a mut [T]; M],
}

impl<T: Element, S: Simd, const M: usize> Numbers<'_, T, S, M> {
    /// Along a gradient times a factor, from a first parameter on.
    #[inline(always)]
    fn apply(
        &mut self,
        start: usize,
        gradient: &[T],
        factor: Vector<T, S>,
        rule: &impl Rule<T, M>,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let (simd, range) = (self.simd, start..start + gradient.len());
        // Iterators over whole vectors, whose lengths need no check; what follows the last one is less than a vector.
        let mut parameters = self.parameters[range.clone()].chunks_exact_mut(lanes);
        let mut moments = self.moments.each_mut().map(|m| m[range.clone()].chunks_exact_mut(lanes));
        let mut gradient = gradient.chunks_exact(lanes);
        for (parameters, gradient) in parameters.by_ref().zip(gradient.by_ref()) {
            let moments = moments.each_mut().map(|chunks| chunks.next().unwrap_or_default());
            let gradient = Vector::load(simd, gradient) * factor;
            move_vector(simd, parameters, moments, gradient, rule);
        }
        let gradient = gradient.remainder();
        if !gradient.is_empty() {
            let parameters = parameters.into_remainder();
            let moments = moments.map(ChunksExactMut::into_remainder);
            let mut vectors = [Vector::splat(simd, T::zero()); M];
            for (vector, moment) in vectors.iter_mut().zip(&moments) {
                *vector = Vector::load_partial(simd, moment);
            }
            let gradient = Vector::load_partial(simd, gradient) * factor;
            let parameter = Vector::load_partial(simd, parameters);
            let (parameter, new) = rule.apply(parameter, gradient, vectors);
            parameter.store_partial(parameters);
            for (moment, new) in moments.into_iter().zip(new) {
                new.store_partial(moment);
            }
        }
    }

    /// Along the gradient of a vector of parameters.
    #[inline(always)]
    fn apply_vector(&mut self, at: usize, gradient: Vector<T, S>, rule: &impl Rule<T, M>) {
        let range = at..at + Vector::<T, S>::LANES;
        let moments = self.moments.each_mut().map(|moment| &mut moment[range.clone()]);
        let parameters = &mut self.parameters[range.clone()];
        move_vector(self.simd, parameters, moments, gradient, rule);
    }
}

/// Runs a rule over a vector of parameters.
#[inline(always)]
fn move_vector<T: Element, S: Simd, const M: usize>(
    simd: S,
    parameters: &mut [T],
    moments: [&mut [T]; M],
    gradient: Vector<T, S>,
    rule: &impl Rule<T, M>,
) {
    let mut vectors = [Vector::splat(simd, T::zero()); M];
    for (vector, moment) in vectors.iter_mut().zip(&moments) {
        *vector = Vector::load(simd, moment);
    }
    let (parameter, new) = rule.apply(Vector::load(simd, parameters), gradient, vectors);
    parameter.store(parameters);
    for (moment, new) in moments.into_iter().zip(new) {
        new.store(moment);
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::simd::dispatch;

    /// parameter += gradient, and the moment counts.
    struct Add;

    impl<T: Element> Rule<T, 1> for Add {
        #[inline(always)]
        fn apply<S: Simd>(
            &self,
            parameter: Vector<T, S>,
            gradient: Vector<T, S>,
            [moment]: [Vector<T, S>; 1],
        ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
            (parameter + gradient, [moment + moment.constant(1.0)])
        }
    }

    struct Run<'a> {
        parameters: &'a mut [f32],
        gradient: &'a [f32],
        factors: &'a [f32],
        moments: &'a mut [f32],
    }

    impl WithSimd for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { parameters, gradient, factors, moments } = self;
            for_each(simd, parameters, gradient, factors, [moments], &Add);
        }
    }

    /// An outer product, wherever in memory the parameters begin: all numbers are changed once.
    #[test]
    fn every_parameter_is_moved_once() {
        for length in [0, 1, 5, 8, 16, 32, 48, 50, 64, 128] {
            for count in [0, 1, 2, 5] {
                for first in 0..17 {
                    let number = |index: usize| f32::from(u8::try_from(index % 50).unwrap());
                    let gradient: Vec<f32> = (1..=length).map(number).collect();
                    let factors: Vec<f32> = (0..count).map(|index| number(index) - 1.5).collect();
                    let mut parameters = vec![0.25; first + length * count];
                    let mut moments = vec![0.5; length * count];
                    let parameters = &mut parameters[first..];
                    dispatch(Run {
                        parameters,
                        gradient: &gradient,
                        factors: &factors,
                        moments: &mut moments,
                    });
                    for (index, found) in parameters.iter().enumerate() {
                        let expected = 0.25 + gradient[index % length] * factors[index / length];
                        assert_eq!(*found, expected, "{index} of {length} x {count} at {first}");
                    }
                    assert!(moments.iter().all(|moment| *moment == 1.5), "{length} x {count}");
                }
            }
        }
    }
}
