//! The machine's peak: what nothing that multiplies and adds can be faster than.

// Two packages take this file as a module.
#![allow(unreachable_pub)]

use std::hint::black_box;

use axonal::simd::Vector;
use axonal::{Simd, WithSimd};

/// Independent fused multiply-adds in registers, nothing else: so many that none waits for another,
/// so few that they stay in 16 registers.
const ACCUMULATORS: usize = 12;
const ROUNDS: usize = 10_000;

pub struct Peak {
    pub factor: f32,
}

impl WithSimd for Peak {
    /// The operations that were done.
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let factor = Vector::splat(simd, self.factor);
        let addend = Vector::splat(simd, 1.0 - self.factor);
        let mut accumulators = [addend; ACCUMULATORS];
        for _ in 0..ROUNDS {
            for accumulator in &mut accumulators {
                *accumulator = accumulator.mul_add(factor, addend);
            }
        }
        let sum = accumulators.into_iter().fold(addend, |sum, accumulator| sum + accumulator);
        black_box(sum.sum());
        2 * ROUNDS * ACCUMULATORS * Vector::<f32, S>::LANES
    }
}
