axonal::network! {
    struct Branch<input a: 2, b: 3 => concat a { dense 2 } b { } a { dense 3 } => dense 4>;
    struct From<input a: 2, b: 3 => concat a { from b => dense 2 } b { } => dense 4>;
    struct Input<input a: 2, b: 3 => concat a { } b { } { from input } => dense 4>;
    struct Name<input a: 2, a: 3 => concat a { } { from a } => dense 4>;
}

fn main() {}
