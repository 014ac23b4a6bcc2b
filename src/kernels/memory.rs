//! Plain old data: networks and layers as flat slices of their scalars, and on the heap without a detour over the stack.

use bytemuck::{Pod, Zeroable};
use nalgebra::SMatrix;

use super::Scalar;
use crate::Image;

/// A type that is, in memory, a sequence of scalars and nothing else: a layer, a network, its gradient.
///
/// This is what lets an optimizer walk one flat slice, and a gradient have the network's own type.
/// `network!` implements it for what it defines, with compile-time assertions beside it.
///
/// # Safety
///
/// The type must be `repr(C)` (or `repr(transparent)`), hold only values of `Scalar` and types that are themselves `Parameters`
/// or nalgebra's static matrices of `Scalar`, be as large as [`COUNT`](Self::COUNT) scalars, and be aligned as one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of numbers of one type",
    note = "`Parameters` are nalgebra's static matrices, `SVector<T, 1>` for one number, and structs with `#[derive(Parameters)]`"
)]
pub unsafe trait Parameters: Sized + Send + Sync + 'static {
    /// `f32` or `f64`.
    type Scalar: Scalar;

    /// How many scalars it holds.
    const COUNT: usize = size_of::<Self>() / size_of::<Self::Scalar>();

    /// All scalars, in memory order.
    #[inline(always)]
    fn as_slice(&self) -> &[Self::Scalar] {
        if Self::COUNT == 0 {
            // A type of size zero may be at any address, also one that is not aligned as a scalar.
            return &[];
        }
        // SAFETY: the contract of the trait: COUNT scalars and nothing else.
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), Self::COUNT) }
    }

    /// All scalars, in memory order.
    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [Self::Scalar] {
        if Self::COUNT == 0 {
            return &mut [];
        }
        // SAFETY: the contract of the trait: COUNT scalars and nothing else; every bit pattern is a scalar.
        unsafe { core::slice::from_raw_parts_mut(core::ptr::from_mut(self).cast(), Self::COUNT) }
    }

    /// A flat slice seen as this type.
    ///
    /// # Panics
    ///
    /// If the slice does not hold exactly [`COUNT`](Self::COUNT) scalars.
    #[inline(always)]
    fn from_slice(scalars: &[Self::Scalar]) -> &Self {
        assert_eq!(scalars.len(), Self::COUNT, "a slice of another length than the parameters");
        // SAFETY: the contract of the trait: COUNT scalars (just checked), aligned as one, every bit pattern valid.
        unsafe { &*scalars.as_ptr().cast::<Self>() }
    }

    /// A flat slice seen as this type.
    ///
    /// # Panics
    ///
    /// If the slice does not hold exactly [`COUNT`](Self::COUNT) scalars.
    #[inline(always)]
    fn from_mut_slice(scalars: &mut [Self::Scalar]) -> &mut Self {
        assert_eq!(scalars.len(), Self::COUNT, "a slice of another length than the parameters");
        // SAFETY: the contract of the trait: COUNT scalars (just checked), aligned as one, every bit pattern valid.
        unsafe { &mut *scalars.as_mut_ptr().cast::<Self>() }
    }

    /// All zeros, on the heap: the value is never on the stack, however large it is.
    #[cfg(feature = "std")]
    fn zeros() -> Box<Self> {
        let layout = std::alloc::Layout::new::<Self>();
        if layout.size() == 0 {
            // SAFETY: a type of size zero lives at any aligned address, and has nothing to initialize.
            return unsafe { Box::from_raw(core::ptr::NonNull::dangling().as_ptr()) };
        }
        // SAFETY: the layout has a size; all-zero bits are a valid value (the contract of the trait);
        // the memory comes from the allocator and with the layout that `Box` will free it with.
        unsafe {
            let memory = std::alloc::alloc_zeroed(layout);
            if memory.is_null() {
                std::alloc::handle_alloc_error(layout);
            }
            Box::from_raw(memory.cast())
        }
    }
}

/// What [`Parameters`] is, for the one place where `#[derive(Parameters)]` asks it of a field.
///
/// Of `Parameters`, rustc would list what implements it, and of a type of the user's own show the definition.
#[diagnostic::on_unimplemented(
    message = "`{P}` is not made of numbers of one type",
    note = "`Parameters` are nalgebra's static matrices, `SVector<T, 1>` for one number, and structs with `#[derive(Parameters)]`"
)]
pub trait IsParameters<P> {
    /// That of the field.
    type Scalar;
}

#[diagnostic::do_not_recommend]
impl<P: Parameters> IsParameters<P> for &P {
    type Scalar = P::Scalar;
}

// SAFETY: a static nalgebra matrix is an array of its scalars (`ArrayStorage`, a transparent `[[T; R]; C]`, and a marker).
#[diagnostic::do_not_recommend]
unsafe impl<T: Scalar, const R: usize, const C: usize> Parameters for SMatrix<T, R, C> {
    type Scalar = T;
}

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`), and those may be zero.
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Zeroable
    for Image<C, H, W, T>
{
}

// SAFETY: it is, in memory, an array of scalars (`repr(transparent)`), which are plain old data.
unsafe impl<const C: usize, const H: usize, const W: usize, T: Scalar> Pod for Image<C, H, W, T> {}
