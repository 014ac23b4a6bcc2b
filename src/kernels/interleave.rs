//! Two vectors are taken apart into their even and odd lanes, and put together again.

use pulp::Simd;

use super::{Scalar, Vector};

/// The even lanes of two vectors that follow each other, and the odd ones.
#[inline(always)]
pub(super) fn deinterleave<T: Scalar, S: Simd>(
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
pub(super) fn interleave<T: Scalar, S: Simd>(
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
    use core::any::TypeId;
    use core::arch::x86_64::{__m256, __m512};

    use pulp::Simd;
    use pulp::x86::{V3, V4};

    use crate::kernels::{Scalar, Vector};

    #[inline(always)]
    pub(super) fn deinterleave<T: Scalar, S: Simd>(
        simd: S,
        [a, b]: [Vector<T, S>; 2],
    ) -> Option<[Vector<T, S>; 2]> {
        if let Some(V4 { avx512f: avx, .. }) = avx512::<T, S>() {
            let even =
                avx._mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd =
                avx._mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            let [a, b]: [__m512; 2] = [read(a), read(b)];
            let even = avx._mm512_permutex2var_ps(a, even, b);
            let odd = avx._mm512_permutex2var_ps(a, odd, b);
            return Some([write(simd, even), write(simd, odd)]);
        }
        let V3 { avx, avx2, .. } = avx2::<T, S>()?;
        let [a, b]: [__m256; 2] = [read(a), read(b)];
        // Inside of halves, then the quarters in order.
        let even = avx._mm256_castps_pd(avx._mm256_shuffle_ps::<0b10_00_10_00>(a, b));
        let odd = avx._mm256_castps_pd(avx._mm256_shuffle_ps::<0b11_01_11_01>(a, b));
        let even = avx2._mm256_permute4x64_pd::<0b11_01_10_00>(even);
        let odd = avx2._mm256_permute4x64_pd::<0b11_01_10_00>(odd);
        Some([write(simd, even), write(simd, odd)])
    }

    #[inline(always)]
    pub(super) fn interleave<T: Scalar, S: Simd>(
        simd: S,
        [even, odd]: [Vector<T, S>; 2],
    ) -> Option<[Vector<T, S>; 2]> {
        if let Some(V4 { avx512f: avx, .. }) = avx512::<T, S>() {
            let first =
                avx._mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let second =
                avx._mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            let [even, odd]: [__m512; 2] = [read(even), read(odd)];
            let first = avx._mm512_permutex2var_ps(even, first, odd);
            let second = avx._mm512_permutex2var_ps(even, second, odd);
            return Some([write(simd, first), write(simd, second)]);
        }
        let V3 { avx, .. } = avx2::<T, S>()?;
        let [even, odd]: [__m256; 2] = [read(even), read(odd)];
        let low = avx._mm256_unpacklo_ps(even, odd);
        let high = avx._mm256_unpackhi_ps(even, odd);
        let first = avx._mm256_permute2f128_ps::<0x20>(low, high);
        let second = avx._mm256_permute2f128_ps::<0x31>(low, high);
        Some([write(simd, first), write(simd, second)])
    }

    /// AVX-512, if it is `S`, and vectors hold `f32`.
    #[inline(always)]
    fn avx512<T: Scalar, S: Simd>() -> Option<V4> {
        let is_set = TypeId::of::<S>() == TypeId::of::<V4>() && size_of::<T>() == 4;
        // SAFETY: there is a value of `S`, so the machine has it.
        is_set.then(|| unsafe { V4::new_unchecked() })
    }

    /// AVX2, if it is `S`, and vectors hold `f32`.
    #[inline(always)]
    fn avx2<T: Scalar, S: Simd>() -> Option<V3> {
        let is_set = TypeId::of::<S>() == TypeId::of::<V3>() && size_of::<T>() == 4;
        // SAFETY: there is a value of `S`, so the machine has it.
        is_set.then(|| unsafe { V3::new_unchecked() })
    }

    /// The register of a vector.
    #[inline(always)]
    fn read<T: Scalar, S: Simd, R: Copy>(vector: Vector<T, S>) -> R {
        assert!(size_of_val(vector.as_slice()) == size_of::<R>(), "a register of another size");
        // SAFETY: a register is as large as the vector, and any bits are one.
        unsafe { vector.as_slice().as_ptr().cast::<R>().read_unaligned() }
    }

    /// A register as a vector.
    #[inline(always)]
    fn write<T: Scalar, S: Simd, R: Copy>(simd: S, register: R) -> Vector<T, S> {
        assert!(
            size_of::<R>() == Vector::<T, S>::LANES * size_of::<T>(),
            "a register of another size"
        );
        // SAFETY: a register is as large as the vector, and any bits are one.
        unsafe { Vector::load_ptr(simd, core::ptr::from_ref(&register).cast()) }
    }
}
