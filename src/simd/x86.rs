//! Where a kernel needs shuffles that pulp has not: the instruction set of a pass by its name, and its registers.

use core::any::TypeId;

use pulp::Simd;
use pulp::x86::{V3, V4};

use crate::simd::Element;
use crate::simd::vector::Vector;

/// AVX-512, if it is `S`.
#[inline(always)]
pub(crate) fn avx512<S: Simd>(_simd: S) -> Option<V4> {
    // SAFETY: there is a value of `S`, so the machine has it.
    (TypeId::of::<S>() == TypeId::of::<V4>()).then(|| unsafe { V4::new_unchecked() })
}

/// AVX2, if it is `S`.
#[inline(always)]
pub(crate) fn avx2<S: Simd>(_simd: S) -> Option<V3> {
    // SAFETY: there is a value of `S`, so the machine has it.
    (TypeId::of::<S>() == TypeId::of::<V3>()).then(|| unsafe { V3::new_unchecked() })
}

/// The register of a vector.
#[inline(always)]
pub(crate) fn register<T: Element, S: Simd, R: Copy>(vector: Vector<T, S>) -> R {
    assert!(size_of_val(vector.as_slice()) == size_of::<R>(), "a register of another size");
    // SAFETY: a register is as large as the vector, and any bits are one.
    unsafe { vector.as_slice().as_ptr().cast::<R>().read_unaligned() }
}

/// A register as a vector.
#[inline(always)]
pub(crate) fn vector<T: Element, S: Simd, R: Copy>(simd: S, register: R) -> Vector<T, S> {
    assert!(size_of::<R>() == Vector::<T, S>::LANES * size_of::<T>(), "a register of another size");
    // SAFETY: a register is as large as the vector, and any bits are one.
    unsafe { Vector::load_ptr(simd, core::ptr::from_ref(&register).cast()) }
}
