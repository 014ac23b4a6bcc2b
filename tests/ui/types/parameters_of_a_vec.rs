use axonal::Parameters;
use axonal::prelude::SVector;

#[repr(C)]
#[derive(Parameters)]
struct Own<T: axonal::Scalar> {
    scale: SVector<T, 3>,
    shift: Vec<T>,
}

fn main() {}
