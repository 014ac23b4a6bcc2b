//! Plain old data: networks and layers as flat slices of their scalars, and on the heap without a detour over the stack.

#[cfg(feature = "alloc")]
use alloc::{alloc::Layout, boxed::Box};
use core::marker::PhantomData;

use nalgebra::SMatrix;

use crate::core::scalar::Scalar;
#[cfg(feature = "alloc")]
use crate::memory::alloc::allocate_zeros;

/// A type that is, in memory, a sequence of scalars and nothing else: a layer, a network, its gradient.
///
/// This is what lets an optimizer walk one flat slice, and a gradient have the network's own type.
/// `#[derive(Parameters)]` implements it where each field is `Parameters` of the same scalar or `PhantomData`; `network!` does so for what it defines.
///
/// # Safety
///
/// The type must be `repr(C)` (or `repr(transparent)`), hold only values of `Scalar` and types that are themselves `Parameters`, be as large as [`PARAMETERS`](Self::PARAMETERS) scalars, and be aligned as one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of numbers of one type",
    note = "`Parameters` are nalgebra's static matrices, `SVector<T, 1>` for one number, and structs with `#[derive(Parameters)]`"
)]
pub unsafe trait Parameters: Sized + Send + Sync + 'static {
    /// `f32` or `f64`.
    type Scalar: Scalar;

    /// How many parameters it has: scalars, those of statistics included.
    const PARAMETERS: usize = {
        let (size, of_one) = (size_of::<Self>(), size_of::<Self::Scalar>());
        assert!(
            size.is_multiple_of(of_one) && align_of::<Self>() <= align_of::<Self::Scalar>(),
            "`Parameters` are as large as their numbers, and aligned as one"
        );
        size / of_one
    };

    /// `#[derive(Parameters)]` implements the trait that has this.
    #[doc(hidden)]
    const DERIVED: () = ();

    /// All scalars, in memory order: the layers as the description has them, in each its fields, in each matrix a column after the other.
    /// [`guide::bytes`](crate::guide::bytes#the-order-in-memory) says it in full.
    #[inline(always)]
    fn as_slice(&self) -> &[Self::Scalar] {
        if Self::PARAMETERS == 0 {
            // A type of size zero may be at any address, also one that is not aligned as a scalar.
            return &[];
        }
        // SAFETY: the contract of the trait: `PARAMETERS` scalars and nothing else.
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), Self::PARAMETERS) }
    }

    /// All scalars, in memory order.
    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [Self::Scalar] {
        if Self::PARAMETERS == 0 {
            return &mut [];
        }
        // SAFETY: the contract of the trait: `PARAMETERS` scalars and nothing else; every bit pattern is a scalar.
        unsafe {
            core::slice::from_raw_parts_mut(core::ptr::from_mut(self).cast(), Self::PARAMETERS)
        }
    }

    /// A flat slice seen as this type.
    ///
    /// # Panics
    ///
    /// If the slice does not hold exactly [`PARAMETERS`](Self::PARAMETERS) scalars.
    #[inline(always)]
    #[track_caller]
    fn from_slice(scalars: &[Self::Scalar]) -> &Self {
        if scalars.len() != Self::PARAMETERS {
            another_length(Self::PARAMETERS, scalars.len());
        }
        // SAFETY: the contract of the trait: `PARAMETERS` scalars (just checked), aligned as one, every bit pattern valid.
        unsafe { &*scalars.as_ptr().cast::<Self>() }
    }

    /// A flat slice seen as this type.
    ///
    /// # Panics
    ///
    /// If the slice does not hold exactly [`PARAMETERS`](Self::PARAMETERS) scalars.
    #[inline(always)]
    #[track_caller]
    fn from_mut_slice(scalars: &mut [Self::Scalar]) -> &mut Self {
        if scalars.len() != Self::PARAMETERS {
            another_length(Self::PARAMETERS, scalars.len());
        }
        // SAFETY: the contract of the trait: `PARAMETERS` scalars (just checked), aligned as one, every bit pattern valid.
        unsafe { &mut *scalars.as_mut_ptr().cast::<Self>() }
    }

    /// All zeros, on the heap: the value is never on the stack, however large it is. It begins at a cache line, if the allocator can be brought to it.
    #[cfg(feature = "alloc")]
    fn zeros() -> Box<Self> {
        let layout = Layout::new::<Self>();
        if layout.size() == 0 {
            // SAFETY: a type of size zero lives at any aligned address, and has nothing to initialize.
            return unsafe { Box::from_raw(core::ptr::NonNull::dangling().as_ptr()) };
        }
        // SAFETY: the layout has a size; all-zero bits are a valid value (the contract of the trait);
        // the memory comes from the allocator and with the layout that `Box` will free it with.
        unsafe { Box::from_raw(allocate_zeros(layout).cast()) }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn another_length(parameters: usize, found: usize) -> ! {
    panic!(
        "a slice seen as a layer or a network holds its {parameters} parameters, found {found} numbers"
    )
}

/// What [`Parameters`] is, for the place where `#[derive(Parameters)]` says that a field is not. It words a message and proves nothing: that is for the
/// bounds of the implementation.
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

// SAFETY: an array of what is a sequence of scalars is one too, without anything between.
#[diagnostic::do_not_recommend]
unsafe impl<P: Parameters, const N: usize> Parameters for [P; N] {
    type Scalar = P::Scalar;
}

// How `#[derive(Parameters)]` proves that a field which is called `PhantomData` is the one of `core`: a type that has its name has no such implementation,
// and safe code cannot write one.
// SAFETY: no scalar, and nothing else: both are of size zero, and aligned as a scalar.
#[diagnostic::do_not_recommend]
unsafe impl<X, T> Parameters for (PhantomData<X>, [T; 0])
where
    X: ?Sized + Send + Sync + 'static,
    T: Scalar,
{
    type Scalar = T;
}

// SAFETY: a static nalgebra matrix is an array of its scalars (`ArrayStorage`, a transparent `[[T; R]; C]`, and a marker).
#[diagnostic::do_not_recommend]
unsafe impl<T: Scalar, const R: usize, const C: usize> Parameters for SMatrix<T, R, C> {
    type Scalar = T;
}
