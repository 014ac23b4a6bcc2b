//! C = Aᵀ B by dot products: C[i, j] is the sum over k of column i of `A` times column j of `B`, both contiguous.
//!
//! A dot product ends in a sum over the lanes of its vector. Four are summed up together, in as many shuffles as one.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::operands::GemmTransposedA;
use crate::simd::{Element, Vector, has_many_registers, lanes_between};

/// The kernel of [`TransposedAPlan::DotProducts`](crate::kernels::gemm::plan::TransposedAPlan::DotProducts).
pub(crate) struct DotProducts<'a, T>(pub(crate) GemmTransposedA<'a, T>);

impl<T: Element> WithSimd for DotProducts<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let n = self.0.c.columns();
        let mut column = 0;
        while column < n {
            column += match n - column {
                1 => self.columns::<S, 8, 1>(simd, column),
                2 => self.columns::<S, 4, 2>(simd, column),
                4.. if has_many_registers::<S>() => self.columns::<S, 4, 4>(simd, column),
                _ => self.columns::<S, 4, 3>(simd, column),
            };
        }
    }
}

impl<T: Element> DotProducts<'_, T> {
    /// `C` columns from `column` on, `R` rows at a time, where `R` is a multiple of 4. Gives back `C`.
    #[inline(always)]
    fn columns<S: Simd, const R: usize, const C: usize>(
        &mut self,
        simd: S,
        column: usize,
    ) -> usize {
        let GemmTransposedA { a, b, c, k, .. } = &mut self.0;
        let (k, m, lanes) = (*k, c.rows(), Vector::<T, S>::LANES);
        let zero = Vector::splat(simd, T::zero());
        let whole = k - k % lanes;
        let rest = lanes_between(simd, 0, k % lanes);
        let b: [&[T]; C] = core::array::from_fn(|j| &b[(column + j) * k..][..k]);
        let last_right = b.map(|b| Vector::load_partial(simd, &b[whole..]));
        let mut row = 0;
        while row < m {
            // The last rows overlap those before them; where there are fewer than `R`, the last one is taken again.
            let first = row.min(m.saturating_sub(R));
            let a: [&[T]; R] = core::array::from_fn(|r| &a[(first + r).min(m - 1) * k..]);
            let mut sums = [[zero; R]; C];
            for at in (0..whole).step_by(lanes) {
                let mut right = [zero; C];
                for j in 0..C {
                    // SAFETY: `at + lanes` is not above `k`, which is the length of `b`.
                    right[j] = unsafe { Vector::load_ptr(simd, b[j].as_ptr().add(at)) };
                }
                for r in 0..R {
                    // SAFETY: `at + lanes` is not above `k`, and `a` is not shorter.
                    let left = unsafe { Vector::load_ptr(simd, a[r].as_ptr().add(at)) };
                    for j in 0..C {
                        sums[j][r] = left.mul_add(right[j], sums[j][r]);
                    }
                }
            }
            if whole < k {
                for r in 0..R {
                    let left = match a[r].get(whole..whole + lanes) {
                        Some(left) => rest.select(Vector::load(simd, left), zero),
                        None => Vector::load_partial(simd, &a[r][whole..k]),
                    };
                    for j in 0..C {
                        sums[j][r] = left.mul_add(last_right[j], sums[j][r]);
                    }
                }
            }
            for j in 0..C {
                let c = &mut c.column(column + j)[first..];
                for part in 0..R / 4 {
                    let sums = lane_sums(simd, core::array::from_fn(|r| sums[j][4 * part + r]));
                    let (_, c) = c.split_at_mut(c.len().min(4 * part));
                    if let Some(c) = c.first_chunk_mut() {
                        *c = sums;
                    } else {
                        c.copy_from_slice(&sums[..c.len()]);
                    }
                }
            }
            row += R;
        }
        C
    }
}

/// The sum of the lanes of each of four vectors. Each is added up in the same order, whatever is beside it.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "for shuffles of x86"))]
fn lane_sums<T: Element, S: Simd>(simd: S, vectors: [Vector<T, S>; 4]) -> [T; 4] {
    #[cfg(target_arch = "x86_64")]
    if let Some(sums) = x86::lane_sums(simd, vectors) {
        return sums;
    }
    vectors.map(Vector::sum)
}

/// Vectors are added in pairs, the halves of one beside those of the other, until there is one vector with a sum in each lane.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m128, __m256, __m256d, __m512, __m512d};

    use pulp::Simd;
    use pulp::x86::{V3, V4};

    use crate::simd::x86::{avx2, avx512, register};
    use crate::simd::{Element, Vector};

    #[inline(always)]
    pub(crate) fn lane_sums<T: Element, S: Simd>(
        simd: S,
        vectors: [Vector<T, S>; 4],
    ) -> Option<[T; 4]> {
        let is_single = size_of::<T>() == 4;
        if let Some(simd) = avx512(simd) {
            return Some(if is_single {
                scalars(sums_of_16(simd, vectors.map(register)))
            } else {
                scalars(sums_of_8_doubles(simd, vectors.map(register)))
            });
        }
        let simd = avx2(simd)?;
        Some(if is_single {
            scalars(sums_of_8(simd, vectors.map(register)))
        } else {
            scalars(sums_of_4_doubles(simd, vectors.map(register)))
        })
    }

    /// The lanes of a register of four scalars.
    #[inline(always)]
    fn scalars<T: Element, R>(register: R) -> [T; 4] {
        assert!(size_of::<R>() == size_of::<[T; 4]>(), "a register of another size");
        // SAFETY: the register is as large as the scalars, for which any bits will do.
        unsafe { core::mem::transmute_copy(&register) }
    }

    #[inline(always)]
    fn sums_of_16(simd: V4, [a, b, c, d]: [__m512; 4]) -> __m128 {
        let avx = simd.avx512f;
        let merge = |a, b| {
            let low = avx._mm512_shuffle_f32x4::<0b01_00_01_00>(a, b);
            avx._mm512_add_ps(low, avx._mm512_shuffle_f32x4::<0b11_10_11_10>(a, b))
        };
        let (ab, cd) = (merge(a, b), merge(c, d));
        let even = avx._mm512_shuffle_f32x4::<0b10_00_10_00>(ab, cd);
        let quarters = avx._mm512_add_ps(even, avx._mm512_shuffle_f32x4::<0b11_01_11_01>(ab, cd));
        let pairs = avx._mm512_add_ps(quarters, avx._mm512_permute_ps::<0b01_00_11_10>(quarters));
        let sums = avx._mm512_add_ps(pairs, avx._mm512_permute_ps::<0b10_11_00_01>(pairs));
        let firsts = avx._mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
        avx._mm512_castps512_ps128(avx._mm512_permutexvar_ps(firsts, sums))
    }

    #[inline(always)]
    fn sums_of_8(simd: V3, [a, b, c, d]: [__m256; 4]) -> __m128 {
        let avx = simd.avx;
        let (ab, cd) = (avx._mm256_hadd_ps(a, b), avx._mm256_hadd_ps(c, d));
        let halves = avx._mm256_hadd_ps(ab, cd);
        let high = avx._mm256_extractf128_ps::<1>(halves);
        simd.sse._mm_add_ps(avx._mm256_castps256_ps128(halves), high)
    }

    #[inline(always)]
    fn sums_of_8_doubles(simd: V4, vectors: [__m512d; 4]) -> __m256d {
        let (avx, avx512) = (simd.avx, simd.avx512f);
        let halves = vectors.map(|vector| {
            let high = avx512._mm512_extractf64x4_pd::<1>(vector);
            avx._mm256_add_pd(avx512._mm512_castpd512_pd256(vector), high)
        });
        sums_of_4_doubles(*simd, halves)
    }

    #[inline(always)]
    fn sums_of_4_doubles(simd: V3, [a, b, c, d]: [__m256d; 4]) -> __m256d {
        let avx = simd.avx;
        let (ab, cd) = (avx._mm256_hadd_pd(a, b), avx._mm256_hadd_pd(c, d));
        let low = avx._mm256_permute2f128_pd::<0x20>(ab, cd);
        avx._mm256_add_pd(low, avx._mm256_permute2f128_pd::<0x31>(ab, cd))
    }
}
