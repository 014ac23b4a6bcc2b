use axonal::Parameters;
use axonal::prelude::SVector;

#[repr(C)]
#[derive(Parameters)]
struct Own<'a, T: axonal::Scalar> {
    scale: &'a SVector<T, 3>,
}

fn main() {}
