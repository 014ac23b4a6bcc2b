//! What an attribute says of a field proves nothing.
#![forbid(unsafe_code)]

use axonal::Parameters;

#[repr(C)]
#[derive(Parameters)]
struct Own<T: axonal::Scalar> {
    #[parameters(known = axonal::prelude::SVector<T, 2>)]
    held: Box<T>,
}

fn main() {}
