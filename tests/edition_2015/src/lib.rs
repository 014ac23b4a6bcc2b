//! In the edition of 2015, `::axonal` is the module of that name of the crate, and not the library.
#![forbid(unsafe_code)]

/// A struct whose field has a type of this edition, behind attributes of the caller's.
#[macro_export]
macro_rules! held {
    ($($attributes:tt)*) => {
        $($attributes)*
        struct Held {
            held: Box<f32>,
        }
    };
}

/// The same with a matrix.
#[macro_export]
macro_rules! sound {
    ([$($attributes:tt)*] $($vector:tt)*) => {
        $($attributes)*
        struct Sound {
            weight: $($vector)*<f32, 3>,
        }
    };
}
