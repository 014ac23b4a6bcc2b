//! `#[derive(Parameters)]` in a program with types of another edition, whose paths mean something else, and with a module that is called as the library.
//!
//! A crate of its own: paths of edition 2015 begin at its root.
#![forbid(unsafe_code)]
#![allow(dead_code, missing_docs)]

use std::marker::PhantomData;

use ::axonal::Parameters;

/// Everything is `Parameters` here.
mod axonal {
    #![allow(unreachable_pub)]

    pub trait Scalar {}
    impl<T> Scalar for T {}

    pub trait Parameters {
        type Scalar;
    }
    impl<T> Parameters for T {
        type Scalar = f32;
    }

    pub mod __private {
        pub trait IsParameters<P> {
            type Scalar;
        }
        impl<P, T> IsParameters<P> for T {
            type Scalar = f32;
        }
    }
}

axonal_edition_2015::held!(#[derive(::axonal::Parameters)] #[repr(C)] #[parameters(scalar = f32)]);
axonal_edition_2015::sound!(
    [#[derive(::axonal::Parameters)] #[repr(C)] #[parameters(scalar = f32)]] nalgebra::SVector
);

struct Test<T>(PhantomData<T>);

trait Otherwise {
    const IS: bool = false;
}

impl<T> Otherwise for Test<T> {}

impl<T: Parameters> Test<T> {
    const IS: bool = true;
}

#[test]
fn a_type_of_another_edition_is_what_it_is() {
    assert_eq!([Test::<Held>::IS, Test::<Sound>::IS], [false, true]);
    assert_eq!(Sound::zeros().as_slice(), [0.0; 3]);
}
