//! What a network ends in whose last layers pass on, mix or drop the probabilities of the activation before them.

use core::fmt::{self, Display};
use core::marker::PhantomData;

use pulp::Simd;

use super::{Activation, LastActivation};
use crate::core::Scalar;

/// The probabilities of `A`, mixed: the end of a network such as `conv 1 3x3 sigmoid => maxpool 2x2`.
///
/// - Formula: `y = x`. The numbers are probabilities already, and the cross-entropies take them as such
/// - Decision boundary: that of `A`
///
/// The layers are named in [`Passes`](crate::layers::Passes). Where they leave the numbers of `A` as they are (`sigmoid => flatten`),
/// the network ends in `A` itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probabilities<A>(PhantomData<A>);

/// The probabilities of `A`, of which some are zero and the others larger while training: the end of `dense 3 softmax => dropout 0.5`.
///
/// - Formula: `y = x`
/// - Decision boundary: that of `A`
///
/// What dropout leaves of probabilities are none, so the cross-entropies do not take them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped<A>(PhantomData<A>);

/// The outputs of `A` and of `B` side by side, at least one of which gives probabilities: the end of
/// `concat { dense 1 sigmoid } { dense 2 sigmoid }`.
///
/// - Formula: `y = x`. The numbers are outputs already
/// - Decision boundary: that of both, if they are `ALIKE`
///
/// Where one gives scores and the other one probabilities, they are not `ALIKE`: a cross-entropy would be wrong of one of them, and is a
/// compile error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined<A, B, const ALIKE: bool>(PhantomData<(A, B)>);

#[diagnostic::do_not_recommend]
impl<A: Activation, B: Activation, const ALIKE: bool> Activation for Joined<A, B, ALIKE> {
    const ELEMENTWISE: bool = true;
    const THRESHOLD: f64 = if ALIKE { A::THRESHOLD } else { 0.0 };
    const DISTRIBUTION: bool = ALIKE && A::DISTRIBUTION;

    fn name() -> impl Display {
        struct Name<A, B>(PhantomData<(A, B)>);

        impl<A: Activation, B: Activation> Display for Name<A, B> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{} beside {}", A::name(), B::name())
            }
        }

        Name::<A, B>(PhantomData)
    }
}

#[diagnostic::do_not_recommend]
impl<A: Activation, B: Activation, const ALIKE: bool> LastActivation for Joined<A, B, ALIKE> {
    const SCORES: bool = false;

    #[inline(always)]
    fn through<T: Scalar, S: Simd>(_: S, _: &[T], _: &[T], _: &mut [T]) {}
}

/// Nothing is done to numbers; what they mean is what `A` gave.
macro_rules! passed {
    ($($name:ident),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<A: Activation> Activation for $name<A> {
            const ELEMENTWISE: bool = true;
            const THRESHOLD: f64 = A::THRESHOLD;
            const DISTRIBUTION: bool = A::DISTRIBUTION;

            fn name() -> impl Display {
                struct Name<A>(PhantomData<A>);

                impl<A: Activation> Display for Name<A> {
                    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(formatter, "{}, passed on", A::name())
                    }
                }

                Name::<A>(PhantomData)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<A: Activation> LastActivation for $name<A> {
            const SCORES: bool = false;

            #[inline(always)]
            fn through<T: Scalar, S: Simd>(_: S, _: &[T], _: &[T], _: &mut [T]) {}
        }
    )*};
}

passed!(Probabilities, Dropped);
