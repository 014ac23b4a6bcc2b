use axonal::prelude::*;

network! {
    pub struct Generator<input 16 => reshape 4x2x2 => conv_transpose 3 8x8>;
    pub struct Discriminator<input 1x9x9 => conv 4 3x3 => flatten => dense 1>;
    pub struct Adversarial<input 16 => Generator => Discriminator>;
    pub struct Scores<input 16 => Generator => dense 2>;
    pub struct Given<input 15 => Generator>;
}

fn main() {
    Adversarial::zeros();
}
