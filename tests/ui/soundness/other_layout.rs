//! Another layout than that of a sequence.
#![forbid(unsafe_code)]

use axonal::Parameters;
use axonal::prelude::SVector;

#[repr(C)]
#[r#repr(packed)]
#[derive(Parameters)]
struct Packed<T: axonal::Scalar> {
    held: SVector<T, 3>,
}

#[derive(Parameters)]
#[r#repr(C, align(64))]
struct Wide<T: axonal::Scalar> {
    held: SVector<T, 3>,
}

fn main() {}
