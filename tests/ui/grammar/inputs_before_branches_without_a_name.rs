axonal::network! {
    struct Concat<input a: 2, b: 3 => concat a { dense 2 } { dense 3 } => dense 4>;
    struct Both<input a: 2, b: 3 => add { dense 3 } { dense 3 } => dense 4>;
}

fn main() {}
