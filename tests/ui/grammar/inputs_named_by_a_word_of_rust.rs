axonal::network! {
    struct Word<input type: 2, b: 3 => concat b { } { from type } => dense 4>;
}

fn main() {}
