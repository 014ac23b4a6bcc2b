axonal::network! {
    struct Last<input a: 2, b: 3, c: 4 => concat a { dense 2 } b { } => dense 4>;
    struct First<input a: 2, b: 3 => concat b { dense 2 } { from b } => dense 4>;
    struct One<input a: 2, b: 3 => add a { dense 2 } { from a } => dense 4>;
}

fn main() {}
