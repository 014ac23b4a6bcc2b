axonal::network! {
    struct Residual<input 8 => residual { dense 8 => heads action { dense 2 } value { dense 1 } } => dense 4>;
    struct Concat<input 8 => concat { heads action { dense 2 } value { dense 1 } } { dense 4 }>;
    struct Heads<input 8 => heads action { dense 4 => heads up { dense 1 } down { dense 1 } } value { dense 1 }>;
    struct Repeat<input 8 => repeat 2 { dense 8 => heads action { dense 2 } value { dense 1 } }>;
}

fn main() {}
