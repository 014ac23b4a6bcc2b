use axonal::prelude::*;

#[repr(C)]
#[derive(Parameters)]
struct Pair<N> {
    online: N,
    target: N,
}

fn main() {}
