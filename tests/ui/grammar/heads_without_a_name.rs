axonal::network! {
    struct Net<input 8 => dense 16 => heads { dense 2 } { dense 1 }>;
    struct Second<input 8 => dense 16 => heads action { dense 2 } { dense 1 }>;
    struct Layer<input 8 => dense 16 => heads dense 2 value { dense 1 }>;
}

fn main() {}
