use axonal::Parameters;
use axonal::prelude::SVector;

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f32)]
struct Own {
    scale: SVector<f32, 3>,
    shift: SVector<f64, 2>,
}

fn main() {}
