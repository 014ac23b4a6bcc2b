axonal::network! {
    struct Two<input 784, 12 => dense 4>;
    struct Images<input 28x28, 12 => dense 4>;
    struct One<input image: 28x28, 12 => concat image { flatten } { from features } => dense 4>;
    struct And<input image: 28x28 and features: 12 => concat image { flatten } features { } => dense 4>;
}

fn main() {}
