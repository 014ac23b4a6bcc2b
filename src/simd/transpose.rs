//! Rows become columns: a square that fits the registers at a time, where the instruction set has the shuffles for it.

use pulp::Simd;

/// A matrix in memory, column-major: its first element, and the distance from one column to the next.
#[derive(Clone, Copy)]
pub(crate) struct Columns<P> {
    pub(crate) first: P,
    pub(crate) stride: usize,
}

/// Writes the matrix `from`, of `rows` x `columns`, to `to`, transposed.
///
/// # Safety
///
/// All elements of the one must be readable, and of the other writable; they must not overlap.
#[inline(always)]
pub(crate) unsafe fn transpose<T: Copy, S: Simd>(
    simd: S,
    from: Columns<*const T>,
    to: Columns<*mut T>,
    [rows, columns]: [usize; 2],
) {
    let side = square_side::<T, S>(simd, rows.min(columns));
    // The last squares overlap those before them, where there are enough rows or columns.
    let start = |at: usize, count: usize| at.min(count.saturating_sub(side));
    for column in (0..columns).step_by(side) {
        let column = start(column, columns);
        let width = side.min(columns);
        for row in (0..rows).step_by(side) {
            let row = start(row, rows);
            let height = side.min(rows);
            // SAFETY: these elements are inside the matrices (the caller's promise).
            unsafe {
                let from = Columns { first: from.first.add(row + column * from.stride), ..from };
                let to = Columns { first: to.first.add(column + row * to.stride), ..to };
                if width == side && height == side {
                    let row = |row: usize| to.first.add(row * to.stride);
                    transpose_square(simd, side, from, row);
                } else {
                    one_by_one(from, to, [height, width]);
                }
            }
        }
    }
}

/// The most rows and columns of a square.
pub(crate) const MOST_SIDE: usize = 16;

/// Rows and columns of the largest square that an instruction set has shuffles for, and that fits a matrix of so many rows or columns; or of the smallest one.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "for shuffles of x86"))]
#[inline(always)]
pub(crate) fn square_side<T, S: Simd>(simd: S, most: usize) -> usize {
    // As many as a register of AVX-512, or of AVX, has lanes.
    let (large, small) = (64 / size_of::<T>(), 32 / size_of::<T>());
    #[cfg(target_arch = "x86_64")]
    if most >= large && super::x86::avx512(simd).is_some() {
        return large;
    }
    small
}

/// Element by element.
///
/// # Safety
///
/// As for [`transpose`].
#[inline(always)]
unsafe fn one_by_one<T: Copy>(
    from: Columns<*const T>,
    to: Columns<*mut T>,
    [rows, columns]: [usize; 2],
) {
    for row in 0..rows {
        for column in 0..columns {
            // SAFETY: the caller's promise.
            unsafe {
                let value = *from.first.add(row + column * from.stride);
                to.first.add(column + row * to.stride).write(value);
            }
        }
    }
}

/// A square of a [`square_side`]. `to` says where each row of it goes as a column.
///
/// # Safety
///
/// As for [`transpose`].
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "for shuffles of x86"))]
#[inline(always)]
pub(crate) unsafe fn transpose_square<T: Copy, S: Simd>(
    simd: S,
    side: usize,
    from: Columns<*const T>,
    to: impl Fn(usize) -> *mut T,
) {
    #[cfg(target_arch = "x86_64")]
    {
        use super::x86::{avx2, avx512};

        if let Some(simd) = avx512(simd).filter(|_| side * size_of::<T>() == 64) {
            // SAFETY: the caller's promise, for scalars seen as others of their size.
            unsafe {
                match size_of::<T>() {
                    4 => return x86::square_of_16(simd, from.cast(), |row| to(row).cast()),
                    8 => return x86::square_of_8_wide(simd, from.cast(), |row| to(row).cast()),
                    _ => {}
                }
            }
        }
        if let Some(simd) = avx2(simd).or(avx512(simd).map(|simd| *simd)) {
            // SAFETY: the caller's promise, for scalars seen as others of their size.
            unsafe {
                match size_of::<T>() {
                    4 => return x86::square_of_8(simd, from.cast(), |row| to(row).cast()),
                    8 => return x86::square_of_4(simd, from.cast(), |row| to(row).cast()),
                    _ => {}
                }
            }
        }
    }
    for row in 0..side {
        let to = to(row);
        for column in 0..side {
            // SAFETY: the caller's promise.
            unsafe { to.add(column).write(*from.first.add(row + column * from.stride)) };
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl<T> Columns<*const T> {
    /// Of scalars of the same size.
    #[inline(always)]
    fn cast<U>(self) -> Columns<*const U> {
        Columns { first: self.first.cast(), stride: self.stride }
    }
}

/// Squares in registers of AVX. Each begins as its four quarters, in place: what is left are shuffles inside of halves of registers.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m128, __m128d, __m256, __m256d, __m512, __m512d};

    use pulp::x86::{V3, V4};

    use super::Columns;

    /// 16 x 16 numbers of 32 bits.
    ///
    /// # Safety
    ///
    /// All must be readable at `from` and writable at `to`.
    #[inline(always)]
    pub(crate) unsafe fn square_of_16(
        simd: V4,
        from: Columns<*const f32>,
        to: impl Fn(usize) -> *mut f32,
    ) {
        let avx = simd.avx512f;
        for quarter in 0..4 {
            // SAFETY: four rows of a column are four elements of the matrix (the caller's promise).
            let rows = |column: usize| unsafe {
                let first = from.first.add(4 * quarter + column * from.stride);
                first.cast::<__m128>().read_unaligned()
            };
            let [a, b, c, d]: [__m512; 4] = core::array::from_fn(|column| {
                let columns = avx._mm512_castps128_ps512(rows(column));
                let columns = avx._mm512_insertf32x4::<1>(columns, rows(column + 4));
                let columns = avx._mm512_insertf32x4::<2>(columns, rows(column + 8));
                avx._mm512_insertf32x4::<3>(columns, rows(column + 12))
            });
            let (ab, cd) = (avx._mm512_unpacklo_ps(a, b), avx._mm512_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (avx._mm512_unpackhi_ps(a, b), avx._mm512_unpackhi_ps(c, d));
            let transposed = [
                avx._mm512_shuffle_ps::<0b01_00_01_00>(ab, cd),
                avx._mm512_shuffle_ps::<0b11_10_11_10>(ab, cd),
                avx._mm512_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
                avx._mm512_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
            ];
            for (row, values) in transposed.into_iter().enumerate() {
                // SAFETY: the sixteen columns of a row are sixteen elements of the result (the caller's promise).
                unsafe { to(4 * quarter + row).cast::<__m512>().write_unaligned(values) };
            }
        }
    }

    /// 8 x 8 numbers of 64 bits.
    ///
    /// # Safety
    ///
    /// All must be readable at `from` and writable at `to`.
    #[inline(always)]
    pub(crate) unsafe fn square_of_8_wide(
        simd: V4,
        from: Columns<*const f64>,
        to: impl Fn(usize) -> *mut f64,
    ) {
        let (avx, dq) = (simd.avx512f, simd.avx512dq);
        for quarter in 0..4 {
            // SAFETY: two rows of a column are two elements of the matrix (the caller's promise).
            let rows = |column: usize| unsafe {
                let first = from.first.add(2 * quarter + column * from.stride);
                first.cast::<__m128d>().read_unaligned()
            };
            let [a, b]: [__m512d; 2] = core::array::from_fn(|column| {
                let columns = avx._mm512_castpd128_pd512(rows(column));
                let columns = dq._mm512_insertf64x2::<1>(columns, rows(column + 2));
                let columns = dq._mm512_insertf64x2::<2>(columns, rows(column + 4));
                dq._mm512_insertf64x2::<3>(columns, rows(column + 6))
            });
            let transposed = [avx._mm512_unpacklo_pd(a, b), avx._mm512_unpackhi_pd(a, b)];
            for (row, values) in transposed.into_iter().enumerate() {
                // SAFETY: the eight columns of a row are eight elements of the result (the caller's promise).
                unsafe { to(2 * quarter + row).cast::<__m512d>().write_unaligned(values) };
            }
        }
    }

    /// 8 x 8 numbers of 32 bits.
    ///
    /// # Safety
    ///
    /// All must be readable at `from` and writable at `to`.
    #[inline(always)]
    pub(crate) unsafe fn square_of_8(
        simd: V3,
        from: Columns<*const f32>,
        to: impl Fn(usize) -> *mut f32,
    ) {
        let avx = simd.avx;
        for half in 0..2 {
            // SAFETY: four rows of a column are four elements of the matrix (the caller's promise).
            let rows = |column: usize| unsafe {
                let first = from.first.add(4 * half + column * from.stride);
                first.cast::<__m128>().read_unaligned()
            };
            let columns: [__m256; 4] = core::array::from_fn(|column| {
                let low = avx._mm256_castps128_ps256(rows(column));
                avx._mm256_insertf128_ps::<1>(low, rows(column + 4))
            });
            let [a, b, c, d] = columns;
            let (ab, cd) = (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (avx._mm256_unpackhi_ps(a, b), avx._mm256_unpackhi_ps(c, d));
            let transposed = [
                avx._mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
                avx._mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
                avx._mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
                avx._mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
            ];
            for (row, values) in transposed.into_iter().enumerate() {
                // SAFETY: the eight columns of a row are eight elements of the result (the caller's promise).
                unsafe {
                    to(4 * half + row).cast::<__m256>().write_unaligned(values);
                }
            }
        }
    }

    /// 4 x 4 numbers of 64 bits.
    ///
    /// # Safety
    ///
    /// All must be readable at `from` and writable at `to`.
    #[inline(always)]
    pub(crate) unsafe fn square_of_4(
        simd: V3,
        from: Columns<*const f64>,
        to: impl Fn(usize) -> *mut f64,
    ) {
        let avx = simd.avx;
        for half in 0..2 {
            // SAFETY: two rows of a column are two elements of the matrix (the caller's promise).
            let rows = |column: usize| unsafe {
                let first = from.first.add(2 * half + column * from.stride);
                first.cast::<__m128d>().read_unaligned()
            };
            let columns: [__m256d; 2] = core::array::from_fn(|column| {
                let low = avx._mm256_castpd128_pd256(rows(column));
                avx._mm256_insertf128_pd::<1>(low, rows(column + 2))
            });
            let [a, b] = columns;
            let transposed = [avx._mm256_unpacklo_pd(a, b), avx._mm256_unpackhi_pd(a, b)];
            for (row, values) in transposed.into_iter().enumerate() {
                // SAFETY: the four columns of a row are four elements of the result (the caller's promise).
                unsafe {
                    to(2 * half + row).cast::<__m256d>().write_unaligned(values);
                }
            }
        }
    }
}
