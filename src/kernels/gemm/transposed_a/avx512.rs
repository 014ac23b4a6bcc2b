//! C = Aᵀ B with vectors of 512 bits: one or two vectors of samples (columns of `B`) at a time.
//!
//! A tile gives vectors of samples, one for each row of `C`; but the columns of `C` are contiguous. So four vectors (rows) are transposed in registers, 4 rows x 16 lanes
//! to 16 *quads* of 4 rows, before they are stored, while the multiplications of the next tile begin. The quads are then copied to the columns of `C`,
//! a few cache lines of a column at a time. (Stored to `C` at once, each would go to another cache line, and all would wait for it.)

use core::array::from_fn;
use core::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use crate::kernels::cache::{Aligned, beyond_line, prefetch};
use crate::kernels::gemm::operands::GemmTransposedA;
use crate::kernels::gemm::plan::{QUAD, TRANSPOSE_K, TRANSPOSED_ROWS, TransposedAPlan};
use crate::kernels::matrix_mut::MatrixMut;
use crate::simd::{Columns, Element, MOST_LANES, Registers, Vector, transpose};

/// The kernel of [`TransposedAPlan::Avx512`], for its whole vectors of columns.
pub(crate) struct Quads<'a, T>(pub(crate) GemmTransposedA<'a, T>);

impl<T: Element> WithSimd for Quads<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let GemmTransposedA { a, b, mut c, k, .. } = self.0;
        let (m, n, lanes) = (c.rows(), c.columns(), Vector::<T, S>::LANES);
        let plan = TransposedAPlan::as_it_stands([m, k, n], Registers::of::<T, S>());
        assert!(plan == TransposedAPlan::Avx512 { columns: n }, "a product of another size");
        let mut room =
            Aligned([const { MaybeUninit::<T>::uninit() }; 2 * MOST_LANES * TRANSPOSE_K]);
        let mut sample = 0;
        while sample < n {
            let count = if n - sample >= 2 * lanes { 2 * lanes } else { lanes };
            let columns = Columns { first: b[sample * k..][..count * k].as_ptr(), stride: k };
            let samples = room.0[..count * k].as_mut_ptr().cast::<T>();
            // SAFETY: both slices have `count * k` elements; all of the second are written.
            let samples = unsafe {
                transpose(simd, columns, Columns { first: samples, stride: count }, [k, count]);
                core::slice::from_raw_parts(samples.cast_const(), count * k)
            };
            let c = c.block(0..c.rows(), sample..sample + count);
            if count == lanes {
                Piece::<T, 1> { a, samples, k }.multiply(simd, c);
            } else {
                Piece::<T, 2> { a, samples, k }.multiply(simd, c);
            }
            sample += count;
        }
    }
}

/// C = Aᵀ B for `R` vectors of samples.
#[derive(Clone, Copy)]
struct Piece<'a, T, const R: usize> {
    a: &'a [T],
    /// The `R` vectors of `B`, transposed: the first number of each sample, then the second, and so on.
    samples: &'a [T],
    k: usize,
}

/// Quads of at most [`TRANSPOSED_ROWS`] rows: those of the first four rows for all samples, then those of the next four.
type Results<T> = Aligned<[T; TRANSPOSED_ROWS * 2 * MOST_LANES]>;

impl<T: Element, const R: usize> Piece<'_, T, R> {
    #[inline(always)]
    fn multiply<S: Simd>(self, simd: S, mut c: MatrixMut<'_, T>) {
        let m = c.rows();
        let mut results: Results<T> = Aligned([T::zero(); _]);
        let mut first = 0;
        while first < m {
            // The first rows end where a cache line does: the stores of the later ones do not cross lines.
            let beyond = if first == 0 { beyond_line(c.as_mut_ptr()) } else { 0 };
            // Fewer than four last rows overlap those before them; so does the last quad.
            first = first.min(m - QUAD);
            let rows = (TRANSPOSED_ROWS - beyond).min(m - first);
            let row = |quad: usize| (QUAD * quad).min(rows - QUAD);
            let mut quad = 0;
            while QUAD * quad < rows {
                let row = row(quad);
                quad += match rows - row {
                    12.. => self.tile::<S, 3>(simd, first + row, &mut results, quad, &mut c),
                    8.. => self.tile::<S, 2>(simd, first + row, &mut results, quad, &mut c),
                    _ => self.tile::<S, 1>(simd, first + row, &mut results, quad, &mut c),
                };
            }
            let block = c.block(first..first + rows, 0..c.columns());
            Self::copy::<S>(&results, block);
            first += rows;
        }
    }

    /// 4 `Q` rows of the result from `row` on, as the quads from `quad` on. Meanwhile it prefetches a cache line of each column of `c`, to which the quads are
    /// copied later. Gives back `Q`.
    #[inline(always)]
    fn tile<S: Simd, const Q: usize>(
        self,
        simd: S,
        row: usize,
        results: &mut Results<T>,
        quad: usize,
        c: &mut MatrixMut<'_, T>,
    ) -> usize {
        let Self { a, samples, k } = self;
        let lanes = Vector::<T, S>::LANES;
        let a = &a[row * k..][..QUAD * Q * k];
        assert!(samples.len() == k * R * lanes, "other samples");
        let mut sums = [[[Vector::splat(simd, T::zero()); QUAD]; R]; Q];
        let (mut left, mut right) = (samples.as_ptr(), a.as_ptr());
        let (mut line, every) = (c.as_mut_ptr().wrapping_add(row), k / (R * lanes));
        let mut next = 0;
        for step in 0..k {
            if step == next {
                prefetch(line);
                line = line.wrapping_add(c.stride());
                next += every;
            }
            // SAFETY: there are `k` steps with as many samples each, and `k` elements in each column of `A`.
            unsafe {
                let vectors: [_; R] = from_fn(|r| Vector::load_ptr(simd, left.add(r * lanes)));
                for q in 0..Q {
                    for j in 0..QUAD {
                        let factor = Vector::splat(simd, *right.add((q * QUAD + j) * k));
                        for r in 0..R {
                            sums[q][r][j] = vectors[r].mul_add(factor, sums[q][r][j]);
                        }
                    }
                }
                left = left.add(R * lanes);
                right = right.add(1);
            }
        }
        for q in 0..Q {
            for r in 0..R {
                let at = QUAD * lanes * ((quad + q) * R + r);
                store_quads(simd, sums[q][r], &mut results.0[at..]);
            }
        }
        Q
    }

    /// Copies quads to the columns of `C`.
    #[inline(always)]
    fn copy<S: Simd>(results: &Results<T>, mut c: MatrixMut<'_, T>) {
        let (rows, lanes, stride) = (c.rows(), Vector::<T, S>::LANES, c.stride());
        assert!(c.columns() == R * lanes && (QUAD..=TRANSPOSED_ROWS).contains(&rows));
        for vector in 0..R {
            for lane in 0..lanes {
                let at = QUAD * (vector * lanes + place::<T>(lane, lanes));
                // SAFETY: there are as many columns as samples, of `rows` elements, and as many quads for each of them.
                unsafe {
                    let from = results.0.as_ptr().add(at);
                    let to = c.as_mut_ptr().add((vector * lanes + lane) * stride);
                    for quad in 0..rows / QUAD {
                        let values = from.add(QUAD * R * lanes * quad).cast::<[T; QUAD]>();
                        to.add(QUAD * quad).cast::<[T; QUAD]>().write(values.read());
                    }
                    if rows % QUAD > 0 {
                        let values = from.add(QUAD * R * lanes * (rows / QUAD));
                        let to = to.add(rows - QUAD).cast::<[T; QUAD]>();
                        to.write(values.cast::<[T; QUAD]>().read());
                    }
                }
            }
        }
    }
}

/// Writes the numbers that four vectors have in the same lane, for each lane: at the [`place`] of the lane.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "for shuffles of x86"))]
fn store_quads<T: Element, S: Simd>(simd: S, vectors: [Vector<T, S>; QUAD], to: &mut [T]) {
    let lanes = Vector::<T, S>::LANES;
    let to = &mut to[..QUAD * lanes];
    #[cfg(target_arch = "x86_64")]
    if let Some(quads) = x86::quads(simd, vectors) {
        for (quads, to) in quads.into_iter().zip(to.chunks_exact_mut(lanes)) {
            quads.store(to);
        }
        return;
    }
    for lane in 0..lanes {
        let quad = &mut to[QUAD * place::<T>(lane, lanes)..][..QUAD];
        for (number, vector) in quad.iter_mut().zip(&vectors) {
            *number = vector.as_slice()[lane];
        }
    }
}

/// Where the quad of a lane is: the shuffles give those of the first lanes of each 128 bits, then those of the second ones.
#[inline(always)]
fn place<T>(lane: usize, lanes: usize) -> usize {
    let together = 16 / size_of::<T>();
    lane % together * (lanes / together) + lane / together
}

/// With the shuffles of AVX-512.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m512, __m512d};

    use pulp::Simd;
    use pulp::x86::V4;

    use crate::simd::x86::{avx512, register, vector};
    use crate::simd::{Element, Vector};

    #[inline(always)]
    pub(crate) fn quads<T: Element, S: Simd>(
        simd: S,
        vectors: [Vector<T, S>; 4],
    ) -> Option<[Vector<T, S>; 4]> {
        let avx512 = avx512(simd)?;
        Some(if size_of::<T>() == 4 {
            quads_of_16(avx512, vectors.map(register)).map(|quads| vector(simd, quads))
        } else {
            quads_of_8_doubles(avx512, vectors.map(register)).map(|quads| vector(simd, quads))
        })
    }

    #[inline(always)]
    fn quads_of_16(simd: V4, [a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        let avx = simd.avx512f;
        let (ab, cd) = (avx._mm512_unpacklo_ps(a, b), avx._mm512_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (avx._mm512_unpackhi_ps(a, b), avx._mm512_unpackhi_ps(c, d));
        [
            avx._mm512_shuffle_ps::<0b01_00_01_00>(ab, cd),
            avx._mm512_shuffle_ps::<0b11_10_11_10>(ab, cd),
            avx._mm512_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            avx._mm512_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }

    #[inline(always)]
    fn quads_of_8_doubles(simd: V4, [a, b, c, d]: [__m512d; 4]) -> [__m512d; 4] {
        let avx = simd.avx512f;
        let (ab, cd) = (avx._mm512_unpacklo_pd(a, b), avx._mm512_unpacklo_pd(c, d));
        let (ab_high, cd_high) = (avx._mm512_unpackhi_pd(a, b), avx._mm512_unpackhi_pd(c, d));
        let low = avx._mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
        let high = avx._mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
        [
            avx._mm512_permutex2var_pd(ab, low, cd),
            avx._mm512_permutex2var_pd(ab, high, cd),
            avx._mm512_permutex2var_pd(ab_high, low, cd_high),
            avx._mm512_permutex2var_pd(ab_high, high, cd_high),
        ]
    }
}
