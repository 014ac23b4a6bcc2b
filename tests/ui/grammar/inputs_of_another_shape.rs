axonal::network! {
    struct Net<input image: 1x8x8, features: 12 => concat image { dense 3 } features { dense 16 } => dense 4>;
    struct Joined<input image: 1x8x8, features: 12 => concat image { conv 2 3x3 } features { dense 16 } => dense 4>;
    struct Conv<input image: 1x8x8, features: 12 => concat image { flatten } features { conv 3 3x3 } => dense 4>;
}

fn main() {}
