axonal::network! {
    struct Layer<input 8 => heads action { dense 2 } value { dense 1 } => dense 4>;
    struct Activation<input 8 => heads action { dense 2 } value { dense 1 } => tanh>;
    struct Behind<input 8 => heads action { dense 2 } value { dense 1 } tanh>;
    struct Heads<input 8 => heads action { dense 2 } => heads value { dense 1 }>;
    struct Residual<input 8 => heads action { dense 2 } value { dense 1 } => concat { } { dense 3 }>;
}

fn main() {}
