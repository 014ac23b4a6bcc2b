//! Another trait that is called `Parameters`: `derive` is not a way to write `unsafe` where it is forbidden.
#![forbid(unsafe_code)]

mod other {
    pub trait Parameters {
        type Scalar;
    }
}

#[repr(C)]
#[derive(axonal::Parameters)]
#[parameters(crate = crate::other, scalar = f32)]
struct Own;

fn main() {}
