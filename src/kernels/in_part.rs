//! Calls of kernels that several threads share.

use pulp::WithSimd;

use crate::parallel::{Part, share_parts};
use crate::simd::Isa;

/// A part of what a kernel is called for. It writes its own outputs alone, and to each the number that it has in the whole: with the same order of the sum.
#[derive(Clone, Copy)]
pub(crate) struct InPart<C> {
    pub(crate) call: C,
    pub(crate) part: Part,
}

/// Runs a kernel, in parts if the pass may use several threads.
pub(crate) fn run_in_parts<C: Copy + Sync>(isa: Isa, multiply_adds: usize, call: C)
where
    InPart<C>: WithSimd<Output = ()>,
{
    share_parts(multiply_adds, |part| isa.run(InPart { call, part }));
}

/// Whether parts write each of the outputs once, and the same as the whole. `run` is given a part and the outputs. How many parts there are depends on how many outputs:
/// tests with outputs of all sizes try all.
#[cfg(test)]
#[track_caller]
pub(crate) fn check_parts<T: crate::simd::Element>(
    whole: &[T],
    what: &str,
    mut run: impl FnMut(Part, &mut [T]),
) {
    let count = [2, 3, 16][whole.len() % 3];
    let mut parts = std::vec![T::nan(); whole.len()];
    for part in Part::all(count) {
        let mut own = std::vec![T::nan(); whole.len()];
        run(part, &mut own);
        for (index, (all, own)) in parts.iter_mut().zip(own).enumerate() {
            if !own.is_nan() {
                assert!(all.is_nan(), "{what}: {part:?} writes {index}, too");
                *all = own;
            }
        }
    }
    for (index, (found, expected)) in parts.iter().zip(whole).enumerate() {
        let same = found.wide().to_bits() == expected.wide().to_bits();
        assert!(same, "{what}: {count} parts give {found} for {expected} at {index}");
    }
}
