axonal::network! {
    struct Net<input 1x8x8 => repeat 9 { conv 4 3x3 relu } => flatten => dense 10>;
    struct Wider<input 8 => repeat N { dense 8 } => repeat 2 { hidden: dense 4 } => hidden2: dense 2>;
}

const N: usize = 3;

fn main() {
    println!("{}", N);
}
