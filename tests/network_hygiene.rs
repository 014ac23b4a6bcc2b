//! `network!` in a crate that has names of its own for everything. A crate of its own: it has no prelude.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(missing_docs, unused, clippy::pedantic)]
#![allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]

extern crate axonal as neural;

use ::core::{assert_eq, assert_ne};

/// In the place of the standard library's.
pub mod shadows {
    /// Not a vector.
    pub struct Vec;
    /// Not a box.
    pub struct Box;
    /// Not an option.
    pub struct Option;
    /// Not a result.
    pub struct Result;
    /// Not a number.
    pub struct f32;
    /// Not a size.
    pub struct usize;
    /// Not a string.
    pub struct str;
    /// Not a layer.
    pub struct Dense;
    /// Not a trait.
    pub struct Layer;
    /// Not a scalar.
    pub struct T;
    /// Not an instruction set.
    pub struct S;
    /// Not an activation.
    pub struct Sigmoid;

    /// Not the library.
    pub mod core {}
    /// Not the library.
    pub mod std {}
    /// Not the library.
    pub mod axonal {}

    /// Inputs.
    pub const T_SIZE: ::core::primitive::usize = 3;
    /// Outputs.
    pub const R: ::core::primitive::usize = 2;

    ::axonal::network! {
        /// A network among them.
        pub struct Network<input T_SIZE => dense 4 sigmoid init he_normal => dense R relu => tanh>;
        #[axonal(crate = crate::neural)]
        pub(crate) struct Renamed<input 3 => dense 2>;
    }
}

#[test]
fn names_mean_what_they_mean_in_the_library() {
    use ::axonal::nalgebra::SVector;
    let net = ::axonal::network!(input 3 => dense 2 sigmoid);
    let other = shadows::Network::zeros();
    assert_eq!(shadows::Network::PARAMETERS, 3 * 4 + 4 + 4 * 2 + 2);
    assert_eq!(shadows::Renamed::PARAMETERS, 8);
    assert_ne!(
        ::axonal::Network::forward(&*net, &SVector::repeat(1.0)),
        ::axonal::Network::forward(&*other, &SVector::repeat(1.0))
    );
}
