//! The products: one matrix product for each of the 36 numbers of a transformed tile, and their microkernel.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::winograd::NUMBERS;
use crate::simd::{Element, Vector, has_many_registers};

/// The most vectors of outputs that a tile of registers has.
#[inline(always)]
pub(super) const fn most_vectors(registers_are_many: bool) -> usize {
    if registers_are_many { 4 } else { 2 }
}

/// `sums(n) = Σₖ left(k) right(k, n)` for each of the 36 numbers, where `sums(n)` and `left(k)` are vectors of outputs, and `right(k, n)` is one number.
///
/// A tile of registers has `vectors` vectors of several n: 24 sums with 32 registers, 12 with 16.
#[derive(Clone, Copy)]
pub(super) struct Products<T, const SIDE_BY_SIDE: bool> {
    /// How many vectors of outputs there are, up to [`most_vectors`].
    pub(super) vectors: usize,
    pub(super) k: usize,
    pub(super) n: usize,
    pub(super) left: Numbers<*const T>,
    /// Its steps are along n. With `SIDE_BY_SIDE`, they are along k, and the numbers of all n are side by side.
    pub(super) right: Numbers<*const T>,
    pub(super) sums: Numbers<*mut T>,
    /// Whether the products are added to what is there.
    pub(super) adds: bool,
}

/// A matrix for each of the 36 numbers.
#[derive(Clone, Copy)]
pub(super) struct Numbers<P> {
    pub(super) first: P,
    /// From one row or column to the next.
    pub(super) step: usize,
    /// From one matrix to the next.
    pub(super) stride: usize,
}

impl<T: Element, const SIDE_BY_SIDE: bool> Products<T, SIDE_BY_SIDE> {
    /// # Safety
    ///
    /// All numbers must be there.
    #[inline(always)]
    pub(super) unsafe fn run<S: Simd>(self, simd: S) {
        match self.vectors {
            1 => simd.vectorize(Strips::<T, SIDE_BY_SIDE, 1>(self)),
            2 => simd.vectorize(Strips::<T, SIDE_BY_SIDE, 2>(self)),
            3 => simd.vectorize(Strips::<T, SIDE_BY_SIDE, 3>(self)),
            _ => simd.vectorize(Strips::<T, SIDE_BY_SIDE, 4>(self)),
        }
    }

    /// The tile: `R` vectors of `N` columns from `column` on.
    ///
    /// # Safety
    ///
    /// All numbers must be there.
    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const N: usize>(
        &self,
        simd: S,
        number: usize,
        column: usize,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let zero = Vector::splat(simd, T::zero());
        let mut sums = [[zero; N]; R];
        let Self { left, right, sums: to, .. } = *self;
        // SAFETY: every offset is that of a number that is there (the caller's promise).
        unsafe {
            let to_first = to.first.add(number * to.stride + column * to.step);
            if self.adds {
                for n in 0..N {
                    for r in 0..R {
                        sums[r][n] = Vector::load_ptr(simd, to_first.add(n * to.step + r * lanes));
                    }
                }
            }
            let mut at = left.first.add(number * left.stride);
            let first = right.first.add(number * right.stride);
            let (mut from, step) = if SIDE_BY_SIDE {
                (first.add(column), right.step)
            } else {
                (first.add(column * right.step), 1)
            };
            for _ in 0..self.k {
                let mut vectors = [zero; R];
                for r in 0..R {
                    vectors[r] = Vector::load_ptr(simd, at.add(r * lanes));
                }
                for n in 0..N {
                    let offset = if SIDE_BY_SIDE { n } else { n * right.step };
                    let value = Vector::splat(simd, *from.add(offset));
                    for r in 0..R {
                        sums[r][n] = vectors[r].mul_add(value, sums[r][n]);
                    }
                }
                // They run one step past the end in the last round, where they are not read.
                at = at.wrapping_add(left.step);
                from = from.wrapping_add(step);
            }
            for n in 0..N {
                for r in 0..R {
                    sums[r][n].store_ptr(to_first.add(n * to.step + r * lanes));
                }
            }
        }
    }
}

/// All tiles of `R` vectors. A function of its own for each `R`.
struct Strips<T, const SIDE_BY_SIDE: bool, const R: usize>(Products<T, SIDE_BY_SIDE>);

impl<T: Element, const SIDE_BY_SIDE: bool, const R: usize> WithSimd for Strips<T, SIDE_BY_SIDE, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let products = self.0;
        if R > most_vectors(has_many_registers::<S>()) {
            return;
        }
        let most = match R {
            4 => 6,
            3 => 8,
            2 if !has_many_registers::<S>() => 6,
            _ => 12,
        };
        // Tiles of about as many columns.
        let tiles = products.n.div_ceil(most);
        for number in 0..NUMBERS {
            let mut column = 0;
            for tile in 1..=tiles {
                let end = products.n * tile / tiles;
                // SAFETY: the columns are there, by the promise of `run`.
                unsafe {
                    match end - column {
                        1 => products.tile::<S, R, 1>(simd, number, column),
                        2 => products.tile::<S, R, 2>(simd, number, column),
                        3 => products.tile::<S, R, 3>(simd, number, column),
                        4 => products.tile::<S, R, 4>(simd, number, column),
                        5 => products.tile::<S, R, 5>(simd, number, column),
                        6 => products.tile::<S, R, 6>(simd, number, column),
                        7 if R <= 3 => products.tile::<S, R, 7>(simd, number, column),
                        8 if R <= 3 => products.tile::<S, R, 8>(simd, number, column),
                        9 if R <= 2 => products.tile::<S, R, 9>(simd, number, column),
                        10 if R <= 2 => products.tile::<S, R, 10>(simd, number, column),
                        11 if R <= 2 => products.tile::<S, R, 11>(simd, number, column),
                        12 if R <= 2 => products.tile::<S, R, 12>(simd, number, column),
                        _ => {}
                    }
                }
                column = end;
            }
        }
    }
}
