axonal::network! {
    struct Word<input image: 28x28 grey, features: 12 => concat image { flatten } features { } => dense 4>;
    struct Numbers<input image: 28 28, features: 12 => concat image { flatten } features { } => dense 4>;
    struct Braces<input { image: 28x28, features: 12 } => concat image { flatten } features { } => dense 4>;
    struct Parentheses<input (image: 28x28, features: 12) => concat image { flatten } features { } => dense 4>;
}

fn main() {}
