use axonal::prelude::*;

pub struct NoLayer<T>(T);

network! {
    pub struct Sum<input 3x8x8 => add { } { conv 3 3x3 } { conv 3 1x1 } => flatten => dense 2>;
    pub struct Join<input 3x8x8 => concat { } { maxpool 2 } { conv 3 1x1 } => flatten => dense 2>;
    pub struct Misspelt<input 8 => add { } { desne 8 } { dense 8 } => dense 2>;
    pub struct Unknown<input 8 => add { } { dense 8 => self::NoLayer } { dense 8 } => dense 2>;
    pub struct Constant<input 8 => add { dense { SIZE + 1 } } { dense SIZE } => dense 2>;
}

const SIZE: usize = 4;

fn main() {
    let sum = Sum::random(&mut StdRng::seed_from_u64(1));
    println!("{} {}", sum.add1.second.conv1.bias, Sum::summary());
    let misspelt = Misspelt::random(&mut StdRng::seed_from_u64(1));
    let _ = misspelt.forward(&SVector::zeros());
    println!("{}", misspelt.add1.third.dense1.bias);
    let unknown = Unknown::random(&mut StdRng::seed_from_u64(1));
    let _ = unknown.forward(&SVector::zeros());
}
