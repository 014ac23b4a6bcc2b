use axonal::Parameters;
use axonal::prelude::SVector;

#[derive(Parameters)]
struct Own<T: axonal::Scalar> {
    scale: SVector<T, 3>,
}

fn main() {}
