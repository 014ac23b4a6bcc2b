axonal::network! {
    struct Misspelt<input image: 1x8x8, features: 12 => concat imge { flatten } features { dense 16 } => dense 4>;
    struct Other<input image: 1x8x8, features: 12 => concat image { flatten } numbers { dense 16 } => dense 4>;
    struct Stage<input image: 1x8x8, features: 12 => joined: concat image { flatten } features { dense 16 } => add joined { } { dense 80 } => dense 4>;
    struct From<input image: 1x8x8, features: 12 => concat image { flatten } { from feature } => dense 4>;
    struct Alone<input 8 => a: dense 8 => concat a { dense 2 } { dense 3 } => dense 4>;
}

fn main() {}
