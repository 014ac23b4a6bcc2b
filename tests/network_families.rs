//! `network!` where it is written by other macros, in functions and modules, and beside types of the same names.
//!
//! A crate of its own: it gives the library another name.
#![forbid(unsafe_code)]
#![deny(missing_docs, unused, clippy::pedantic)]

extern crate axonal as neural;

use neural::prelude::*;

/// A network for each size and activation, in one line each.
macro_rules! family {
    ($($(#[$attribute:meta])* $visibility:vis $name:ident: $inputs:literal, $hidden:expr, $activation:ident;)*) => {
        $(
            neural::network! {
                $(#[$attribute])*
                #[axonal(crate = neural)]
                $visibility struct $name<input $inputs => first: dense {$hidden} $activation => dense 2>;
            }
        )*
    };
}

family! {
    /// The small one.
    pub Small: 4, 8, relu;
    /// The large one.
    pub(crate) Large: 4, WIDTH * 2, tanh;
    Alone: 4, 16, leaky_relu;
}

/// Half of a width.
pub const WIDTH: usize = 16;

#[test]
fn a_family_of_networks() {
    assert_eq!(Small::PARAMETERS, 4 * 8 + 8 + 8 * 2 + 2);
    assert_eq!(Large::PARAMETERS, 4 * 32 + 32 + 32 * 2 + 2);
    assert_eq!(Alone::zeros().first.bias.len(), 16);
    assert!(Alone::summary().to_string().contains("leaky_relu"));
}

/// An expression inside a macro: the size, the activation and the layer come from outside.
macro_rules! trained {
    ($inputs:expr, $activation:ident, $layer:path, $outputs:literal) => {
        neural::network!(input {$inputs} => dense 3 $activation => $layer => dense $outputs)
    };
}

mod layers {
    neural::network! {
        /// A network that is a layer of others; its name is that of a layer of the library.
        pub(crate) struct Dense<input 3 => dense 3 sigmoid>;
    }

    /// The names that other libraries have for layers of ours, as types of one's own.
    pub(crate) mod foreign {
        neural::network! {
            pub(crate) struct Linear<input 3 => dense 2>;
            pub(crate) struct Nested<input 3 => self::Linear => layer: self::super::Dense3 => dense 1>;
        }
    }

    neural::network! {
        pub(crate) struct Dense3<input 2 => dense 4>;
        pub(crate) struct Batched<input 3 => self::Dense => dense 1>;
    }
}

#[test]
fn types_of_the_same_names() {
    let net = trained!(WIDTH / 4, gelu, layers::Dense, 2);
    let scores: SVector<f32, 2> = net.forward(&SVector::repeat(0.5));
    assert!(scores.iter().all(|score| score.is_finite()));
    assert_eq!(layers::Batched::PARAMETERS, 3 * 3 + 3 + 3 + 1);
    assert_eq!(layers::foreign::Nested::PARAMETERS, (3 * 2 + 2) + (2 * 4 + 4) + (4 + 1));
}

#[test]
fn inside_functions() {
    const SIZE: usize = 3;
    #[allow(non_camel_case_types)]
    type f32 = f64;
    struct Result;
    struct Option;

    neural::network! {
        struct Local<input SIZE => dense SIZE relu => dense 1>;
    }

    fn inner() -> usize {
        neural::network! { struct Local<input 2 => dense 2>; }
        Local::PARAMETERS
    }

    let _: (Result, Option) = (Result, Option);
    let number: f32 = 1.0;
    assert!((number - 1.0).abs() < 1e-9);
    assert_eq!(Local::PARAMETERS, 3 * 3 + 3 + 3 + 1);
    assert_eq!(inner(), 6);
}

/// What the allocator can be brought to in a process that has not done much yet.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn large_networks_begin_at_a_cache_line() {
    network! { struct Wide<input 784 => dense 128 no_bias>; }
    const COUNT: usize = 8;
    let nets: Vec<Box<Wide>> = (0..COUNT).map(|_| Wide::zeros()).collect();
    let found = nets.iter().filter(|net| net.as_slice().as_ptr().addr().is_multiple_of(64)).count();
    // Other tests of this process allocate at the same time; as `malloc` gives large blocks, none would.
    assert!(found >= COUNT - 2, "{found} of {COUNT}");
}
