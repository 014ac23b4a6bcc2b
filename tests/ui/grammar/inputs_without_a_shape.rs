axonal::network! {
    struct Last<input image: 28x28, features => concat image { flatten } features { } => dense 4>;
    struct First<input image, features: 12 => concat image { flatten } features { } => dense 4>;
    struct Colon<input image: 28x28, features: => concat image { flatten } features { } => dense 4>;
    struct Comma<input image: 28x28 features: 12 => concat image { flatten } features { } => dense 4>;
    struct Arrow<input image: 28x28, features: 12, => concat image { flatten } features { } => dense 4>;
}

fn main() {}
