use axonal::prelude::*;

network! {
    pub struct Fused<input a: 4, b: 4 => add a { } b { } => dense 3>;
    pub struct Behind<input 8 => Fused>;
    pub struct Encoder<input 8 => dense 3>;
    pub struct Takes<input a: 4, b: 4 => Encoder => dense 4>;
    pub struct Others<input a: 4, c: 4 => Fused>;
    pub struct Twins<input 8 => heads a { dense 4 } b { dense 4 }>;
    pub struct Vector<input 8 => Twins => Encoder>;
    pub struct Between<input 8 => dense 8 => Fused => dense 2>;
}

fn main() {
    _ = Behind::zeros();
}
