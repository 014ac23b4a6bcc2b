use axonal::prelude::*;

network! {
    pub struct Fused<input a: 4, b: 4 => add a { } b { } => dense 3>;
    pub struct Behind<input 8 => Fused>;
    pub struct Between<input 8 => dense 8 => Fused => dense 2>;
}

fn main() {
    _ = Behind::zeros();
}
