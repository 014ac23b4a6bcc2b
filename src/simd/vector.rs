//! [`Vector`]: one register of scalars, with operators, on whatever instruction set the pass runs on.

use core::ops::{Add, Div, Mul, Neg, Sub};

use pulp::Simd;

use crate::simd::Element;

/// One vector register of `T` on the instruction set `S`.
///
/// Arithmetic is written once, with operators, and compiled for each instruction set.
#[derive(Clone, Copy, Debug)]
pub struct Vector<T: Element, S: Simd> {
    simd: S,
    register: T::Register<S>,
}

/// The result of comparing two [`Vector`]s, lane by lane.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "not every instruction set can print its masks")]
pub struct Mask<T: Element, S: Simd> {
    simd: S,
    mask: T::Mask<S>,
}

/// The most lanes of any vector.
pub(crate) const MOST_LANES: usize = 16;

/// Whether an instruction set has 32 vector registers (AVX-512, NEON) and not 16 (AVX2): tiles have twice as many accumulators then.
#[inline(always)]
pub(crate) const fn has_many_registers<S: Simd>() -> bool {
    // `InstructionSet::Shapes` has the vectors of AVX-512, and is there to test its tiles.
    S::REGISTER_COUNT >= 32 || cfg!(test) && size_of::<S::f32s>() == 64
}

impl<T: Element, S: Simd> Vector<T, S> {
    /// The number of lanes.
    pub const LANES: usize = size_of::<T::Register<S>>() / size_of::<T>();

    /// `value` in every lane.
    #[inline(always)]
    pub fn splat(simd: S, value: T) -> Self {
        Self { simd, register: T::splat(simd, value) }
    }

    /// A constant in every lane, on the same instruction set as `self`.
    #[inline(always)]
    #[must_use]
    pub fn constant(self, value: f64) -> Self {
        Self::splat(self.simd, T::nearest(value))
    }

    /// The first [`LANES`](Self::LANES) values of a slice.
    ///
    /// # Panics
    ///
    /// If the slice is shorter than that.
    #[inline(always)]
    pub fn load(simd: S, values: &[T]) -> Self {
        let values = &values[..Self::LANES];
        // SAFETY: the slice has LANES elements.
        unsafe { Self::load_ptr(simd, values.as_ptr()) }
    }

    /// Writes the lanes to the start of a slice.
    ///
    /// # Panics
    ///
    /// If the slice is shorter than [`LANES`](Self::LANES).
    #[inline(always)]
    pub fn store(self, values: &mut [T]) {
        let values = &mut values[..Self::LANES];
        // SAFETY: the slice has LANES elements.
        unsafe { self.store_ptr(values.as_mut_ptr()) }
    }

    /// As many values as the slice has, up to [`LANES`](Self::LANES); zero in the other lanes.
    #[inline(always)]
    pub fn load_partial(simd: S, values: &[T]) -> Self {
        let mut vector = Self::splat(simd, T::zero());
        let count = values.len().min(Self::LANES);
        vector.as_mut_slice()[..count].copy_from_slice(&values[..count]);
        vector
    }

    /// Writes as many lanes as the slice has room for.
    #[inline(always)]
    pub fn store_partial(self, values: &mut [T]) {
        let count = values.len().min(Self::LANES);
        values[..count].copy_from_slice(&self.as_slice()[..count]);
    }

    /// The values at `values`, which needs no alignment.
    ///
    /// # Safety
    ///
    /// [`LANES`](Self::LANES) elements must be readable there.
    #[inline(always)]
    pub(crate) unsafe fn load_ptr(simd: S, values: *const T) -> Self {
        // SAFETY: the caller's promise; a register is plain old data of LANES scalars.
        let register = unsafe { values.cast::<T::Register<S>>().read_unaligned() };
        Self { simd, register }
    }

    /// Writes the lanes at `values`, which needs no alignment.
    ///
    /// # Safety
    ///
    /// [`LANES`](Self::LANES) elements must be writable there.
    #[inline(always)]
    pub(crate) unsafe fn store_ptr(self, values: *mut T) {
        // SAFETY: the caller's promise; a register is plain old data of LANES scalars.
        unsafe { values.cast::<T::Register<S>>().write_unaligned(self.register) }
    }

    /// The lanes.
    #[inline(always)]
    pub fn as_slice(&self) -> &[T] {
        bytemuck::cast_slice(core::slice::from_ref(&self.register))
    }

    /// The lanes.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(core::slice::from_mut(&mut self.register))
    }

    /// The lanes as bits: integer work is written as a loop over them, which compiles to vector instructions.
    #[inline(always)]
    pub fn as_mut_bits(&mut self) -> &mut [T::Bits] {
        bytemuck::cast_slice_mut(core::slice::from_mut(&mut self.register))
    }

    /// `self * a + b`, in one rounding where the machine can.
    #[inline(always)]
    #[must_use]
    pub fn mul_add(self, a: Self, b: Self) -> Self {
        self.with(T::v_mul_add(self.simd, self.register, a.register, b.register))
    }

    /// The smaller, lane by lane. Which operand is given back where one is NaN depends on the machine.
    #[inline(always)]
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        self.with(T::v_min(self.simd, self.register, other.register))
    }

    /// The larger, lane by lane. Which operand is given back where one is NaN depends on the machine.
    #[inline(always)]
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        self.with(T::v_max(self.simd, self.register, other.register))
    }

    /// The absolute value.
    #[inline(always)]
    #[must_use]
    pub fn abs(self) -> Self {
        self.with(T::v_abs(self.simd, self.register))
    }

    /// The magnitude of `self` with the sign of `sign`.
    #[inline(always)]
    #[must_use]
    pub fn copysign(self, sign: Self) -> Self {
        let sign = T::v_and(self.simd, sign.register, self.constant(-0.0).register);
        self.with(T::v_or(self.simd, self.abs().register, sign))
    }

    /// x − x: zero for every number, NaN for NaN and infinity.
    #[inline(always)]
    #[must_use]
    #[cfg(feature = "train")]
    #[expect(clippy::eq_op, reason = "infinity minus infinity is NaN")]
    pub(crate) fn off_finite(self) -> Self {
        self - self
    }

    /// The bits of both.
    #[inline(always)]
    #[must_use]
    #[cfg(feature = "train")]
    pub(crate) fn or(self, other: Self) -> Self {
        self.with(T::v_or(self.simd, self.register, other.register))
    }

    /// The square root.
    #[inline(always)]
    #[must_use]
    pub fn sqrt(self) -> Self {
        self.with(T::v_sqrt(self.simd, self.register))
    }

    /// Where `self < other`; false where one of them is NaN.
    #[inline(always)]
    pub fn less_than(self, other: Self) -> Mask<T, S> {
        Mask { simd: self.simd, mask: T::less_than(self.simd, self.register, other.register) }
    }

    /// Where `self == other`; false where one of them is NaN.
    #[inline(always)]
    pub fn equal(self, other: Self) -> Mask<T, S> {
        Mask { simd: self.simd, mask: T::equal(self.simd, self.register, other.register) }
    }

    /// The sum of all lanes.
    #[inline(always)]
    pub fn sum(self) -> T {
        T::reduce_sum(self.simd, self.register)
    }

    /// The largest lane.
    #[inline(always)]
    pub fn largest(self) -> T {
        T::reduce_max(self.simd, self.register)
    }

    #[inline(always)]
    fn with(self, register: T::Register<S>) -> Self {
        Self { simd: self.simd, register }
    }
}

impl<T: Element, S: Simd> Mask<T, S> {
    /// `if_true` in the lanes where the comparison held, `if_false` in the others.
    #[inline(always)]
    pub fn select(self, if_true: Vector<T, S>, if_false: Vector<T, S>) -> Vector<T, S> {
        if_true.with(T::select(self.simd, self.mask, if_true.register, if_false.register))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $lanes:ident) => {
        impl<T: Element, S: Simd> $trait for Vector<T, S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.with(T::$lanes(self.simd, self.register, other.register))
            }
        }
    };
}

operator!(Add, add, v_add);
operator!(Sub, sub, v_sub);
operator!(Mul, mul, v_mul);
operator!(Div, div, v_div);

impl<T: Element, S: Simd> Neg for Vector<T, S> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.with(T::v_neg(self.simd, self.register))
    }
}

/// The lanes from one on, and before another.
#[inline(always)]
pub(crate) fn lanes_between<T: Element, S: Simd>(simd: S, start: usize, end: usize) -> Mask<T, S> {
    let zero = Vector::splat(simd, T::zero());
    let mut lanes = zero;
    for (lane, value) in lanes.as_mut_slice().iter_mut().enumerate() {
        *value = if lane >= start && lane < end { T::one() } else { T::zero() };
    }
    zero.less_than(lanes)
}
