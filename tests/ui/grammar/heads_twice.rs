axonal::network! {
    struct Net<input 8 => dense 16 => heads action { dense 2 } value { dense 1 } action { dense 3 }>;
}

fn main() {}
