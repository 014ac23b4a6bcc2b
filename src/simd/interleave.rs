//! Two vectors are taken apart into their even and odd lanes, and put together again.

use pulp::Simd;

use crate::simd::Element;
use crate::simd::vector::Vector;

/// The even lanes of two vectors that follow each other, and the odd ones.
#[inline(always)]
pub(crate) fn deinterleave<T: Element, S: Simd>(
    simd: S,
    [a, b]: [Vector<T, S>; 2],
) -> [Vector<T, S>; 2] {
    #[cfg(target_arch = "x86_64")]
    if let Some(vectors) = x86::deinterleave(simd, [a, b]) {
        return vectors;
    }
    let lanes = Vector::<T, S>::LANES;
    let mut vectors = [Vector::splat(simd, T::zero()); 2];
    for (odd, vector) in vectors.iter_mut().enumerate() {
        for (lane, number) in vector.as_mut_slice().iter_mut().enumerate() {
            let from = 2 * lane + odd;
            *number = if from < lanes { a.as_slice()[from] } else { b.as_slice()[from - lanes] };
        }
    }
    vectors
}

/// The other way.
#[inline(always)]
pub(crate) fn interleave<T: Element, S: Simd>(
    simd: S,
    [even, odd]: [Vector<T, S>; 2],
) -> [Vector<T, S>; 2] {
    #[cfg(target_arch = "x86_64")]
    if let Some(vectors) = x86::interleave(simd, [even, odd]) {
        return vectors;
    }
    let lanes = Vector::<T, S>::LANES;
    let mut vectors = [Vector::splat(simd, T::zero()); 2];
    for (index, vector) in vectors.iter_mut().enumerate() {
        for (lane, number) in vector.as_mut_slice().iter_mut().enumerate() {
            let from = index * lanes + lane;
            *number = [even, odd][from % 2].as_slice()[from / 2];
        }
    }
    vectors
}

/// With the shuffles for 32 bits of AVX2 and AVX-512.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m256, __m512};

    use pulp::Simd;
    use pulp::x86::{V3, V4};

    use crate::simd::Element;
    use crate::simd::vector::Vector;
    use crate::simd::x86::{avx2, avx512, register, vector};

    #[inline(always)]
    pub(crate) fn deinterleave<T: Element, S: Simd>(
        simd: S,
        [a, b]: [Vector<T, S>; 2],
    ) -> Option<[Vector<T, S>; 2]> {
        if size_of::<T>() != 4 {
            return None;
        }
        if let Some(V4 { avx512f: avx, .. }) = avx512(simd) {
            let even =
                avx._mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd =
                avx._mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            let [a, b]: [__m512; 2] = [register(a), register(b)];
            let even = avx._mm512_permutex2var_ps(a, even, b);
            let odd = avx._mm512_permutex2var_ps(a, odd, b);
            return Some([vector(simd, even), vector(simd, odd)]);
        }
        let V3 { avx, avx2, .. } = avx2(simd)?;
        let [a, b]: [__m256; 2] = [register(a), register(b)];
        // Inside of halves, then the quarters in order.
        let even = avx._mm256_castps_pd(avx._mm256_shuffle_ps::<0b10_00_10_00>(a, b));
        let odd = avx._mm256_castps_pd(avx._mm256_shuffle_ps::<0b11_01_11_01>(a, b));
        let even = avx2._mm256_permute4x64_pd::<0b11_01_10_00>(even);
        let odd = avx2._mm256_permute4x64_pd::<0b11_01_10_00>(odd);
        Some([vector(simd, even), vector(simd, odd)])
    }

    #[inline(always)]
    pub(crate) fn interleave<T: Element, S: Simd>(
        simd: S,
        [even, odd]: [Vector<T, S>; 2],
    ) -> Option<[Vector<T, S>; 2]> {
        if size_of::<T>() != 4 {
            return None;
        }
        if let Some(V4 { avx512f: avx, .. }) = avx512(simd) {
            let first =
                avx._mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let second =
                avx._mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            let [even, odd]: [__m512; 2] = [register(even), register(odd)];
            let first = avx._mm512_permutex2var_ps(even, first, odd);
            let second = avx._mm512_permutex2var_ps(even, second, odd);
            return Some([vector(simd, first), vector(simd, second)]);
        }
        let V3 { avx, .. } = avx2(simd)?;
        let [even, odd]: [__m256; 2] = [register(even), register(odd)];
        let low = avx._mm256_unpacklo_ps(even, odd);
        let high = avx._mm256_unpackhi_ps(even, odd);
        let first = avx._mm256_permute2f128_ps::<0x20>(low, high);
        let second = avx._mm256_permute2f128_ps::<0x31>(low, high);
        Some([vector(simd, first), vector(simd, second)])
    }
}
