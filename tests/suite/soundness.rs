//! What `#[derive(Parameters)]` takes for a sequence of numbers, where a program without unsafe code does its best to deceive it.
//!
//! What does not compile is in `tests/ui/soundness`.
#![forbid(unsafe_code)]
#![allow(dead_code, unreachable_pub)]

use std::marker::PhantomData;
use std::rc::Rc;

use axonal::Parameters;
use axonal::prelude::*;

/// Whether a type is `Parameters`.
macro_rules! is_parameters {
    ($type:ty) => {{
        trait Otherwise {
            const IS: bool = false;
        }
        struct Test<T>(PhantomData<T>);
        impl<T> Otherwise for Test<T> {}
        impl<T: Parameters> Test<T> {
            const IS: bool = true;
        }
        Test::<$type>::IS
    }};
}

/// All that `derive` writes a path for, except the trait itself.
mod forged {
    pub use axonal::Parameters;

    pub trait Scalar {}
    impl<T> Scalar for T {}

    pub mod __private {
        pub trait IsParameters<P> {
            type Scalar;
        }
        impl<P> IsParameters<P> for &P {
            type Scalar = f32;
        }
    }
}

const ONE: usize = 1;

#[test]
fn a_forged_crate_proves_nothing() {
    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(crate = crate::soundness::forged, scalar = f32)]
    struct Held {
        held: Box<f32>,
    }

    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(crate = crate::soundness::forged)]
    struct Generic<T: axonal::Scalar> {
        weight: SVector<T, 3>,
        held: Box<T>,
    }

    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(crate = crate::soundness::forged, scalar = f32)]
    struct Longer {
        weight: SVector<f32, 3>,
        name: String,
    }

    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(crate = crate::soundness::forged, scalar = f32)]
    struct Padded {
        first: SVector<f32, 1>,
        second: SVector<f64, 1>,
    }

    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(crate = crate::soundness::forged, scalar = f32)]
    struct Checked {
        #[parameters(check = ONE)]
        held: Box<f32>,
    }

    /// The same path, and nothing to object to.
    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(crate = crate::soundness::forged)]
    struct Honest<T: axonal::Scalar> {
        weight: SVector<T, 3>,
        shift: [SVector<T, 2>; 4],
        #[parameters(check = ONE)]
        last: SVector<T, 1>,
        marker: PhantomData<T>,
    }

    assert!(!is_parameters!(Held));
    assert!(!is_parameters!(Generic<f32>));
    assert!(!is_parameters!(Longer));
    assert!(!is_parameters!(Padded));
    assert!(!is_parameters!(Checked));
    assert!(is_parameters!(Honest<f32>));
    assert!(is_parameters!(Honest<f64>));
    let mut honest = Honest::<f64>::zeros();
    honest.as_mut_slice()[11] = 2.0;
    assert_eq!((honest.as_slice().len(), honest.last[0]), (12, 2.0));
}

/// Called like the one of `core`, and it has something in it.
mod own {
    #[derive(Debug)]
    pub struct PhantomData<T>(pub Box<T>);
}

/// Of size zero, but there is no value of it.
mod never {
    #[derive(Debug)]
    pub enum PhantomData {}
}

#[test]
fn nothing_but_the_marker_of_core_is_one() {
    // What the bound of a field that is called so asks.
    assert!(is_parameters!((PhantomData<String>, [f32; 0])));
    assert!(is_parameters!((PhantomData<dyn Send + Sync>, [f64; 0])));
    assert!(!is_parameters!((PhantomData<Rc<u8>>, [f32; 0])));
    assert!(!is_parameters!((own::PhantomData<f32>, [f32; 0])));
    assert!(!is_parameters!((never::PhantomData, [f32; 0])));
    assert!(!is_parameters!((PhantomData<String>, [f32; 1])));
    assert!(!is_parameters!((PhantomData<String>, [u8; 0])));
    assert!(!is_parameters!(PhantomData<String>));

    #[repr(C)]
    #[derive(Parameters)]
    struct Own<T: axonal::Scalar, A> {
        marker: PhantomData<A>,
        weight: SVector<T, 3>,
    }

    assert!(is_parameters!(Own<f32, String>));
    assert!(!is_parameters!(Own<f32, Rc<u8>>));
    assert_eq!(Own::<f32, String>::PARAMETERS, 3);
}

mod message {
    use axonal::__private::IsParameters;
    use axonal::Parameters;

    #[repr(C)]
    pub struct Held(Box<f32>);

    impl IsParameters<Held> for &Held {
        type Scalar = f32;
    }

    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(scalar = f32)]
    pub struct Own {
        held: Held,
    }
}

#[test]
fn the_trait_of_the_message_proves_nothing() {
    assert!(!is_parameters!(message::Held));
    assert!(!is_parameters!(message::Own));
}

#[test]
fn a_field_of_any_type_is_what_it_is_where_it_is_used() {
    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(scalar = f64)]
    struct Both<First, Second> {
        first: First,
        second: Second,
    }

    type One<T> = SVector<T, 1>;
    assert!(is_parameters!(Both<One<f64>, [SVector<f64, 3>; 2]>));
    // There would be room between them.
    assert!(!is_parameters!(Both<One<f64>, One<f32>>));
    assert!(!is_parameters!(Both<One<f32>, One<f64>>));
    assert!(!is_parameters!(Both<One<f64>, [&'static f64; 0]>));
    assert!(!is_parameters!(Both<One<f64>, ()>));
    assert!(!is_parameters!(Both<f64, One<f64>>));
    assert_eq!(Both::<One<f64>, [SVector<f64, 3>; 2]>::zeros().as_slice(), [0.0; 7]);
    assert_eq!(Both::<[One<f64>; 0], [[One<f64>; 2]; 0]>::zeros().as_slice().len(), 0);

    // Numbers that are not there any more when the layer is.
    assert!(!is_parameters!(Both<One<f64>, std::cell::Cell<One<f64>>>));
    assert!(!is_parameters!(&'static Both<One<f64>, One<f64>>));
    assert!(!is_parameters!(Box<Both<One<f64>, One<f64>>>));
    assert!(!is_parameters!(Option<One<f64>>));
}

#[test]
fn a_layer_of_ones_own_that_is_zeros_of_nothing() {
    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(scalar = f32)]
    struct Nothing;

    assert_eq!((Nothing::PARAMETERS, Nothing::zeros().as_slice().len()), (0, 0));
    let _: &Nothing = Nothing::from_slice(&[]);
}
