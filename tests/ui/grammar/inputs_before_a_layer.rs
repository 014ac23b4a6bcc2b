axonal::network! {
    struct Dense<input a: 2, b: 3 => dense 4>;
    struct Activation<input a: 2, b: 3 => tanh => dense 4>;
    struct Nothing<input a: 2, b: 3>;
    struct Residual<input a: 2, b: 3 => residual { dense 3 }>;
    struct Heads<input a: 2, b: 3 => heads action { dense 2 } value { dense 1 }>;
}

fn main() {}
