//! A function whose body is compiled for each instruction set.

/// A function whose body is compiled for each instruction set, and runs on the [current](super::InstructionSet::current) one.
///
/// The loops of a layer or a loss of one's own stand in such functions: elsewhere they would be compiled for the oldest processor of the target. Generic parameters
/// stand in brackets, and each is in an argument's type (`PhantomData<A>`, if nothing else). A first argument without a type is the instruction set, to
/// make [`Vector`](super::Vector)s with. What the body calls is compiled with it if it is `#[inline(always)]`. A closure would not be.
///
/// ```
/// axonal::simd::vectorized! {
///     /// `to += factor · values`
///     fn add_scaled[T: axonal::Scalar](to: &mut [T], values: &[T], factor: T) {
///         for (to, value) in to.iter_mut().zip(values) {
///             *to += factor * *value;
///         }
///     }
/// }
///
/// let mut sums = [1.0, 2.0];
/// add_scaled(&mut sums, &[10.0, 20.0], 0.5);
/// assert_eq!(sums, [6.0, 12.0]);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __vectorized {
    (
        $(#[$meta:meta])*
        $visibility:vis fn $name:ident[$($generics:tt)*](
            $simd:ident, $($argument:ident: $type:ty),* $(,)?
        ) -> $result:ty $body:block
    ) => {
        $(#[$meta])*
        $visibility fn $name<$($generics)*>($($argument: $type),*) -> $result {
            struct Pass<Arguments>(Arguments);

            impl<$($generics)*> $crate::WithSimd for Pass<($($type,)*)> {
                type Output = $result;

                #[inline(always)]
                fn with_simd<Instructions: $crate::Simd>(self, $simd: Instructions) -> $result {
                    let Self(($($argument,)*)) = self;
                    $body
                }
            }

            $crate::simd::dispatch(Pass(($($argument,)*)))
        }
    };
    (
        $(#[$meta:meta])*
        $visibility:vis fn $name:ident[$($generics:tt)*](
            $simd:ident, $($argument:ident: $type:ty),* $(,)?
        ) $body:block
    ) => {
        $crate::__vectorized! {
            $(#[$meta])*
            $visibility fn $name[$($generics)*]($simd, $($argument: $type),*) -> () $body
        }
    };
    (
        $(#[$meta:meta])*
        $visibility:vis fn $name:ident[$($generics:tt)*](
            $($argument:ident: $type:ty),* $(,)?
        ) $(-> $result:ty)? $body:block
    ) => {
        $crate::__vectorized! {
            $(#[$meta])*
            $visibility fn $name[$($generics)*](_simd, $($argument: $type),*) $(-> $result)? $body
        }
    };
}

#[doc(inline)]
pub use crate::__vectorized as vectorized;
